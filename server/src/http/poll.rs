//! `getTaskStatus` once more, in the one case that matters for speed: every open page asks it again and again.
//!
//! A well-formed question of somebody with a session is answered here, without the layers that pages need; whatever else comes to the
//! same address goes on to the server function, which is the definition of the call. Both give the answer of
//! [`longshore_app::serve::status_of`].

use std::convert::Infallible;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use longshore_jobs::Centre;
use longshore_protocol::TaskQuery;
use tower::ServiceExt;

use super::api_status::respond;
use super::page::preferences;
use super::session::{Session, Sessions};

/// A question is shorter: two ids of 64 characters at most.
const QUESTION_BYTES_MAX: usize = 4096;

/// What answers polls, and everything else.
#[derive(Clone)]
struct Poll {
    centre: Centre,
    sessions: Sessions,
    others: Router,
}

/// The router of polls before that of everything else.
pub(super) fn before(others: Router, centre: Centre, sessions: Sessions) -> Router {
    let poll = Poll { centre, sessions, others: others.clone() };
    let path = "/api/getTaskStatus";
    // Other methods than POST go on, too.
    Router::new()
        .route(path, post(answer).fallback_service(others.clone()).with_state(poll))
        .fallback_service(others)
}

async fn answer(State(poll): State<Poll>, request: Request) -> Result<Response, Infallible> {
    let (parts, body) = request.into_parts();
    let (Session::Known(caller), true) = (poll.sessions.read(&parts.headers), is_short(&parts.headers))
    else {
        return poll.others.oneshot(Request::from_parts(parts, body)).await;
    };
    // A body that breaks off is nobody's question any more.
    let bytes = to_bytes(body, QUESTION_BYTES_MAX).await.unwrap_or_default();
    let Ok(query) = serde_json::from_slice::<TaskQuery>(&bytes) else {
        return poll.others.oneshot(Request::from_parts(parts, Body::from(bytes))).await;
    };
    let lang = preferences(&parts.headers).lang;
    Ok(match longshore_app::serve::status_of(&poll.centre, &caller, lang, &query).await {
        Ok(status) => {
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static("application/json")),
                (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ];
            (headers, serde_json::to_vec(&status).unwrap_or_default()).into_response()
        }
        Err(refusal) => respond(&refusal),
    })
}

/// JSON whose length is known and small.
fn is_short(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    text(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json"))
        && text(CONTENT_LENGTH)
            .and_then(|length| length.parse::<usize>().ok())
            .is_some_and(|length| length <= QUESTION_BYTES_MAX)
}
