//! The client's files.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use leptos::config::Env;
use leptos::prelude::LeptosOptions;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// The name that `cargo leptos` gives the client's files: `output-name` in the workspace's Cargo.toml.
const OUTPUT_NAME: &str = "longshore";
/// Where `cargo leptos build` puts the client below the workspace.
const BUILT_SITE: &str = "target/site";

/// The options of Leptos. `cargo leptos watch` sets the environment variables that matter while developing.
pub(super) fn options(site_dir: &Path) -> LeptosOptions {
    let is_development = std::env::var_os("LEPTOS_WATCH").is_some();
    let reload_port =
        std::env::var("LEPTOS_RELOAD_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(8081);
    LeptosOptions::builder()
        .output_name(OUTPUT_NAME)
        .site_root(site_root(site_dir).to_string_lossy().into_owned())
        .hash_files(true)
        .env(if is_development { Env::DEV } else { Env::PROD })
        .reload_port(reload_port)
        .build()
}

fn site_root(configured: &Path) -> PathBuf {
    if configured != Path::new("") {
        return configured.to_path_buf();
    }
    if let Some(root) = std::env::var_os("LEPTOS_SITE_ROOT") {
        return PathBuf::from(root);
    }
    let beside = std::env::current_exe().ok().and_then(|exe| exe.parent().map(|folder| folder.join("site")));
    beside.filter(|folder| folder.is_dir()).unwrap_or_else(|| PathBuf::from(BUILT_SITE))
}

/// Scripts, WASM and styles: their names carry a hash of what is in them, so browsers keep them for ever.
pub(super) fn packages(options: &LeptosOptions) -> Router {
    let folder = Path::new(&*options.site_root).join(&*options.site_pkg_dir);
    let files = ServeDir::new(folder).precompressed_br().precompressed_gzip();
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    Router::new().fallback_service(files).layer(SetResponseHeaderLayer::appending(CACHE_CONTROL, forever))
}
