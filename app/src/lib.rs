//! The user interface and the server functions of Longshore.
//!
//! Purpose: one crate that is rendered on the server (feature `ssr`) and hydrated in the browser (feature
//! `hydrate`, never both). Components show; what they decide is a plain function with its own tests
//! (`export::state`, `export::poll`, `list::url`, `format`).
//!
//! Invariants:
//! - The browser's half knows `longshore-protocol` only; what the server functions call is behind [`serve`].
//! - Everything only a browser can do is in `browser`, and does nothing on the server.
//! - The first render in the browser equals the server's: what depends on the person's zone, storage or
//!   tasks appears after the page is mounted.

pub mod api;
mod browser;
pub mod call_error;
mod format;
pub mod i18n;
mod preferences;
#[cfg(feature = "ssr")]
pub mod serve;

use leptos::prelude::*;

pub use preferences::{LANG_COOKIE, Preferences, RequestPreferences, THEME_COOKIE, Theme};

/// The whole application, inside `<body>`.
#[component]
pub fn App() -> impl IntoView {
    Preferences::provide();
}
