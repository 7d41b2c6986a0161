//! The Redis server of the measurement, as an operator sees it.

use std::time::Duration;

use anyhow::Context;
use longshore_tasks::store::RedisStore;
use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;

/// How often a server that works in the background is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How long a command may take; deleting a million tasks takes a while.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection for questions about the server.
#[derive(Clone)]
pub struct RedisServer {
    url: String,
    connection: MultiplexedConnection,
}

/// Scripts that ran so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scripts {
    /// How many.
    pub calls: u64,
    /// For how long.
    pub time: Duration,
}

impl RedisServer {
    /// Connects.
    ///
    /// # Errors
    /// If nobody answers at `url`.
    pub async fn connect(url: &str) -> anyhow::Result<RedisServer> {
        let client = redis::Client::open(url)?;
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
        let connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .context("Redis does not answer")?;
        Ok(RedisServer { url: url.to_owned(), connection })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A task store with a connection of its own.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn store(&self) -> anyhow::Result<RedisStore> {
        Ok(RedisStore::connect(&self.url).await?)
    }

    /// Deletes everything.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn clear(&self) -> anyhow::Result<()> {
        redis::cmd("FLUSHALL").query_async::<()>(&mut self.connection.clone()).await?;
        Ok(())
    }

    async fn info(&self, section: &str) -> anyhow::Result<String> {
        Ok(redis::cmd("INFO").arg(section).query_async(&mut self.connection.clone()).await?)
    }

    /// Its process.
    ///
    /// # Errors
    /// If the server does not say.
    pub async fn pid(&self) -> anyhow::Result<u32> {
        let info = self.info("server").await?;
        field(&info, "process_id:").and_then(|id| id.parse().ok()).context("Redis does not tell its process")
    }

    /// Bytes that its data takes.
    ///
    /// # Errors
    /// If the server does not say.
    pub async fn used_memory(&self) -> anyhow::Result<u64> {
        let info = self.info("memory").await?;
        field(&info, "used_memory:")
            .and_then(|used| used.parse().ok())
            .context("Redis does not tell its memory")
    }

    /// Scripts that ran so far.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn scripts(&self) -> anyhow::Result<Scripts> {
        let info = self.info("commandstats").await?;
        // Absent until the first script.
        let Some(line) = field(&info, "cmdstat_evalsha:") else { return Ok(Scripts::default()) };
        let number = |name: &str| {
            line.split(',').find_map(|pair| pair.strip_prefix(name)?.parse::<u64>().ok()).unwrap_or_default()
        };
        Ok(Scripts { calls: number("calls="), time: Duration::from_micros(number("usec=")) })
    }

    /// Waits until the server writes nothing in the background, which would disturb what is measured.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn settle(&self) -> anyhow::Result<()> {
        loop {
            tokio::time::sleep(LOOK).await;
            let info = self.info("persistence").await?;
            let rests = |name: &str| field(&info, name).is_none_or(|value| value == "0");
            if ["aof_rewrite_in_progress:", "aof_rewrite_scheduled:", "rdb_bgsave_in_progress:"]
                .into_iter()
                .all(rests)
            {
                return Ok(());
            }
        }
    }
}

fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}
