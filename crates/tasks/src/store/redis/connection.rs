//! One connection for all commands, to a single server or to a cluster, which comes back by itself; and the subscription
//! behind the doorbell.

use std::time::Duration;

use futures::StreamExt;
use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{Client, Cmd, FromRedisValue, Pipeline, RedisFuture, RedisResult, ScriptInvocation, Value};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::doorbell::Doorbell;

/// How long a command may take; a stalled server is an error then, not a hanging page.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection may take to come about.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(3);
/// A call is repeated for so long while the server is away or changes its role; then the caller hears of it.
const RETRY_FOR: Duration = Duration::from_secs(2);
/// The first pause between two tries; it doubles.
const RETRY_PAUSE: Duration = Duration::from_millis(25);
/// A subscription that is silent for so long is made anew: a connection can die without anybody noticing.
const SUBSCRIPTION_MAX: Duration = Duration::from_secs(60);
/// Pause before a lost subscription is made anew.
const SUBSCRIPTION_PAUSE: Duration = Duration::from_millis(500);

/// A connection to whatever answers at the address.
#[derive(Clone)]
pub(super) enum Connection {
    /// One server.
    Single(ConnectionManager),
    /// Whichever node of a cluster has the keys.
    Cluster(ClusterConnection),
}

impl Connection {
    /// Connects to a single server.
    pub(super) async fn single(client: Client) -> RedisResult<Connection> {
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            .set_connection_timeout(Some(CONNECTION_TIMEOUT))
            .set_number_of_retries(1);
        Ok(Connection::Single(ConnectionManager::new_with_config(client, config).await?))
    }

    /// Connects to the cluster that the server at `url` is a node of.
    pub(super) async fn cluster(url: &str) -> RedisResult<Connection> {
        let client = ClusterClient::builder([url])
            .connection_timeout(CONNECTION_TIMEOUT)
            .response_timeout(RESPONSE_TIMEOUT)
            .build()?;
        Ok(Connection::Cluster(client.get_async_connection().await?))
    }

    /// Calls a script, which must be safe to repeat: again while the server is away for a moment, also where the answer
    /// was lost on its way.
    pub(super) async fn call<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> RedisResult<T> {
        let mut patience = Patience::new();
        loop {
            match script.invoke_async(&mut self.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => patience.wait(error).await?,
            }
        }
    }

    /// Sends a command, which must be safe to repeat; as [`Connection::call`].
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        let mut patience = Patience::new();
        loop {
            match command.query_async(&mut self.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => patience.wait(error).await?,
            }
        }
    }
}

/// How long a call has been repeated.
struct Patience {
    began: Instant,
    pause: Duration,
}

impl Patience {
    fn new() -> Patience {
        Patience { began: Instant::now(), pause: RETRY_PAUSE }
    }

    /// Returns when it is time for the next try, or the error where there is none.
    async fn wait(&mut self, error: redis::RedisError) -> RedisResult<()> {
        if !may_pass(&error) || self.began.elapsed() + self.pause >= RETRY_FOR {
            return Err(error);
        }
        tracing::debug!(error = %error, pause_ms = self.pause.as_millis() as u64, "asking Redis again");
        tokio::time::sleep(self.pause).await;
        self.pause *= 2;
        Ok(())
    }
}

/// Whether the same call can succeed a moment later.
fn may_pass(error: &redis::RedisError) -> bool {
    // A replica that takes over, a server that loads its data, scripts that are flushed between being loaded and run. Where the code is not the error's own, its text may name it.
    const CODES: [&str; 6] = ["READONLY", "LOADING", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN", "NOSCRIPT"];
    let text = error.to_string();
    error.is_io_error()
        || error.is_connection_dropped()
        || error.is_cluster_error()
        || error.code().is_some_and(|code| CODES.contains(&code))
        || CODES.iter().any(|code| text.contains(code))
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Connection::Single(connection) => connection.req_packed_command(cmd),
            Connection::Cluster(connection) => connection.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        cmd: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Connection::Single(connection) => connection.req_packed_commands(cmd, offset, count),
            Connection::Cluster(connection) => connection.req_packed_commands(cmd, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Connection::Single(connection) => connection.get_db(),
            Connection::Cluster(connection) => connection.get_db(),
        }
    }
}

/// Rings `doorbell` at every message of `channel`, until `ended`. A message that is lost with a connection is made up for by
/// a ring when there is a new one.
pub(super) async fn listen(client: Client, channel: String, doorbell: Doorbell, ended: CancellationToken) {
    let listening = async {
        loop {
            if let Err(error) = subscribed(&client, &channel, &doorbell).await {
                tracing::debug!(error = %error, "the subscription to the doorbell was lost");
            }
            tokio::time::sleep(SUBSCRIPTION_PAUSE).await;
        }
    };
    tokio::select! {
        () = ended.cancelled() => {}
        () = listening => {}
    }
}

async fn subscribed(client: &Client, channel: &str, doorbell: &Doorbell) -> RedisResult<()> {
    let connecting = tokio::time::timeout(CONNECTION_TIMEOUT, client.get_async_pubsub()).await;
    let mut subscription = connecting.map_err(std::io::Error::from)??;
    subscription.subscribe(channel).await?;
    doorbell.ring();
    let mut messages = subscription.on_message();
    while let Ok(Some(_)) = tokio::time::timeout(SUBSCRIPTION_MAX, messages.next()).await {
        doorbell.ring();
    }
    Ok(())
}
