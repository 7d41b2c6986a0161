//! What status polls are compared with: the least that an HTTP server with the same store can do. One axum handler, one
//! command to Redis over one connection, one small JSON answer.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use clap::Args;
use longshore_protocol::TaskId;
use longshore_tasks::TaskStore;
use longshore_tasks::store::RedisStore;
use redis::aio::MultiplexedConnection;
use serde::Serialize;
use tokio::net::TcpListener;

/// What is printed, before the address, when it listens.
pub const READY: &str = "ready at http://";

/// Arguments of `bench-tasks limit`.
#[derive(Clone, Debug, Args)]
pub struct LimitArgs {
    /// The Redis server.
    #[arg(long)]
    pub redis: String,
    /// The task that is asked about.
    #[arg(long)]
    pub task: String,
    /// Bytes that the answer is to have.
    #[arg(long)]
    pub bytes: usize,
}

#[derive(Clone)]
struct Shared {
    connection: MultiplexedConnection,
    store: RedisStore,
    task: TaskId,
    key: Arc<str>,
    filling: Arc<str>,
}

#[derive(Serialize)]
struct Answer {
    status: u8,
    state: Option<String>,
    version: Option<String>,
    entity_bytes: usize,
    filling: String,
}

/// Serves until it is killed.
///
/// # Errors
/// If Redis does not answer.
pub async fn serve(args: LimitArgs) -> anyhow::Result<()> {
    let store = RedisStore::connect(&args.redis).await?;
    let connection = redis::Client::open(args.redis)?.get_multiplexed_async_connection().await?;
    let task = TaskId::parse(args.task)?;
    let key = format!("longshore:{{ls0}}:task:{task}").into();
    // What the other fields take.
    let filling = "x".repeat(args.bytes.saturating_sub(90));
    let shared = Shared { connection, store, task, key, filling: filling.into() };
    let router = Router::new()
        .route("/poll", post(poll))
        .route("/load", post(load))
        .route("/plain", post(plain))
        .with_state(shared);
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    println!("{READY}{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

async fn poll(
    State(shared): State<Shared>,
    Json(_): Json<serde_json::Value>,
) -> Result<Json<Answer>, StatusCode> {
    let (state, version, entity): (Option<String>, Option<String>, Option<String>) = redis::cmd("HMGET")
        .arg(&*shared.key)
        .arg("state")
        .arg("version")
        .arg("entity")
        .query_async(&mut shared.connection.clone())
        .await
        .map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let entity_bytes = entity.map(|entity| entity.len()).ok_or(StatusCode::NOT_FOUND)?;
    Ok(Json(Answer { status: 1, state, version, entity_bytes, filling: shared.filling.to_string() }))
}

/// The same by way of the task store, which reads the whole task.
async fn load(
    State(shared): State<Shared>,
    Json(_): Json<serde_json::Value>,
) -> Result<Json<Answer>, StatusCode> {
    let loaded = shared.store.load(&shared.task).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let task = loaded.task.ok_or(StatusCode::NOT_FOUND)?;
    let (state, version) = (Some(task.state.name().to_owned()), Some(task.version.to_string()));
    Ok(Json(Answer { status: 1, state, version, entity_bytes: 0, filling: shared.filling.to_string() }))
}

/// The same without Redis.
async fn plain(State(shared): State<Shared>, Json(_): Json<serde_json::Value>) -> Json<Answer> {
    Json(Answer {
        status: 1,
        state: None,
        version: None,
        entity_bytes: 0,
        filling: shared.filling.to_string(),
    })
}
