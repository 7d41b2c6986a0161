//! What pages and server functions find as context.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE, HeaderName};
use axum::http::request::Parts;
use leptos::prelude::{provide_context, use_context};
use longshore_app::RequestPreferences;
use longshore_jobs::{Caller, Centre};

/// Provides the centre, the caller, and the request's language and theme.
pub(super) fn context(centre: Centre) -> impl Fn() + Clone + Send + Sync + 'static {
    move || {
        provide_context(centre.clone());
        let Some(parts) = use_context::<Parts>() else { return };
        provide_context(preferences(&parts.headers));
        if let Some(caller) = parts.extensions.get::<Caller>() {
            provide_context(caller.clone());
        }
    }
}

/// The language and theme that a request asks for.
pub(super) fn preferences(headers: &HeaderMap) -> RequestPreferences {
    RequestPreferences::from_headers(&text(headers, COOKIE), &text(headers, ACCEPT_LANGUAGE))
}

fn text(headers: &HeaderMap, name: HeaderName) -> String {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.collect::<Vec<_>>().join("; ")
}
