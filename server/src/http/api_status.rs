//! Refusals as HTTP: one code, one status, one JSON body, in one place.
//!
//! Leptos answers every error of a server function with 500 and marks it with a header; here it gets the status that
//! belongs to its code.

use std::any::Any;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use longshore_app::i18n::Texts;
use longshore_protocol::{ApiError, ErrorCode, Lang};

/// The header by which Leptos marks an error of a server function.
const ERROR_HEADER: &str = "serverfnerror";
/// The largest refusal we read back: problems of a request with every filter wrong stay far below.
const REFUSAL_BYTES_MAX: usize = 1 << 20;

/// A refusal as a response.
pub(super) fn respond(refusal: &ApiError) -> Response {
    let status =
        StatusCode::from_u16(refusal.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(refusal).unwrap_or_default();
    let mut response = (status, Body::from(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(ms) = refusal.retry_after_ms {
        headers.insert(RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000)));
    }
    response
}

/// A refusal in the words of its code.
pub(super) fn refuse(code: ErrorCode, lang: Lang) -> Response {
    respond(&ApiError::new(code, Texts::new(lang).error(code)))
}

/// A refusal in the words of its code, under a status of its own.
pub(super) fn refuse_as(status: StatusCode, code: ErrorCode, lang: Lang) -> Response {
    let mut response = refuse(code, lang);
    *response.status_mut() = status;
    response
}

/// Answers a method that a path does not take.
pub(super) async fn wrong_method(headers: HeaderMap) -> Response {
    refuse_as(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::UnknownCall, super::page::preferences(&headers).lang)
}

/// Middleware around the pages and calls.
pub(super) async fn set_status(request: Request, next: Next) -> Response {
    let is_call = request.uri().path().starts_with("/api/");
    let lang = super::page::preferences(request.headers()).lang;
    let response = next.run(request).await;
    if !is_call {
        return response;
    }
    if response.headers().contains_key(ERROR_HEADER) {
        let Ok(body) = to_bytes(response.into_body(), REFUSAL_BYTES_MAX).await else {
            return refuse(ErrorCode::Internal, lang);
        };
        return match serde_json::from_slice::<ApiError>(&body) {
            Ok(refusal) => respond(&refusal),
            Err(_) => refuse(ErrorCode::Internal, lang),
        };
    }
    // Calls are POST; axum answers other methods without a body of ours.
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        return refuse_as(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::UnknownCall, lang);
    }
    let mut response = response;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Answers a path below `/api/` that is no call.
pub(super) async fn unknown_call(headers: HeaderMap) -> Response {
    refuse(ErrorCode::UnknownCall, super::page::preferences(&headers).lang)
}

/// What is answered where a handler panicked; the panic itself is in the log.
pub(super) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let said =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(cause = said.unwrap_or("no message"), "a handler panicked");
    refuse(ErrorCode::Internal, Lang::En)
}
