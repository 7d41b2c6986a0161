//! HTTP: pages and calls by Leptos, downloads and health by plain axum.
//!
//! ```text
//! request ─▶ panic guard ─▶ poll ─▶ session (who calls) ─▶ page │ /api/<call> │ /files/<task> │ /upload/<dataset>
//!                             └───▶ /health, /pkg/… and other files, without a session
//! ```

mod api_status;
mod assets;
mod download;
mod health;
mod import;
mod manifest;
mod page;
mod poll;
mod session;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};
use leptos::prelude::LeptosOptions;
use leptos_axum::{LeptosRoutes, generate_route_list};
use longshore_app::{App, shell};
use longshore_jobs::Centre;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate, SizeAbove};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::config::Config;

/// Answers of this size and more are compressed: what fits one packet arrives no sooner for it.
const COMPRESSED_FROM_BYTES: u16 = 1400;

/// The whole server as a router.
///
/// # Errors
/// If the session key can't be read or made.
pub fn router(centre: Centre, config: &Config) -> anyhow::Result<Router> {
    // A short answer costs more to compress than to send.
    let worth_compressing = DefaultPredicate::new().and(SizeAbove::new(COMPRESSED_FROM_BYTES));
    let options = assets::options(&config.site_dir);
    let sessions = session::Sessions::open(&config.session_secret.0, &config.data_dir)?;
    let context = page::context(centre.clone());
    let pages = Router::new()
        .leptos_routes_with_context(&options, generate_route_list(App), context.clone(), {
            let options = options.clone();
            move || shell(options.clone())
        })
        .route("/api/{*call}", any(api_status::unknown_call))
        .fallback(leptos_axum::file_and_error_handler_with_context::<LeptosOptions, _>(context, shell))
        .layer(from_fn(api_status::set_status))
        .layer(CompressionLayer::new().compress_when(worth_compressing))
        .with_state(options.clone());
    let files = Router::new()
        .route("/files/{task}", get(download::download).fallback(api_status::wrong_method))
        .route("/files/{task}/manifest", get(manifest::manifest).fallback(api_status::wrong_method))
        .route("/upload/{dataset}", post(import::upload).fallback(api_status::wrong_method))
        .route("/imports/{dataset}/template.xlsx", get(import::template).fallback(api_status::wrong_method))
        .with_state(centre.clone());
    let with_session = pages.merge(files).layer(from_fn_with_state(sessions.clone(), session::identify));
    let without = Router::new()
        .route("/health", get(health::health))
        .with_state(centre.clone())
        .nest_service("/pkg", assets::packages(&options));
    let nosniff =
        SetResponseHeaderLayer::overriding(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let referrer =
        SetResponseHeaderLayer::overriding(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    let everything = without.merge(with_session);
    Ok(poll::before(everything, centre, sessions)
        .layer(nosniff)
        .layer(referrer)
        .layer(CatchPanicLayer::custom(api_status::panicked)))
}
