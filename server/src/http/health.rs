//! `/health`: whether this process can do its work.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use longshore_jobs::Centre;

/// 200 and `ok`, or 503 while the task store does not answer.
pub(super) async fn health(State(centre): State<Centre>) -> impl IntoResponse {
    let version = env!("CARGO_PKG_VERSION");
    match centre.ping().await {
        Ok(()) => (StatusCode::OK, Json(serde_json::json!({ "status": "ok", "version": version }))),
        Err(error) => {
            tracing::warn!(error = %error, "health: the task store does not answer");
            let body = serde_json::json!({ "status": "task store unavailable", "version": version });
            (StatusCode::SERVICE_UNAVAILABLE, Json(body))
        }
    }
}
