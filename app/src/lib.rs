//! The user interface and the server functions of Longshore.
//!
//! Purpose: one crate that is rendered on the server (feature `ssr`) and hydrated in the browser (feature
//! `hydrate`, never both). Components show; what they decide is a plain function with its own tests
//! (`task::state`, `task::poll`, `export::choice`, `import::step`, `import::upload`, `list::url`, `format`).
//!
//! Invariants:
//! - The browser's half knows `longshore-protocol` only; what the server functions call is behind `serve`.
//! - Everything only a browser can do is in `browser`, and does nothing on the server.
//! - The first render in the browser equals the server's: what depends on the person's zone, storage or
//!   tasks appears after the page is mounted.

#![recursion_limit = "256"]

mod answer;
#[allow(missing_docs, reason = "the server macro gives its argument structs undocumented fields")]
pub mod api;
mod browser;
pub mod call_error;
mod export;
mod format;
pub mod i18n;
mod icon;
mod import;
mod list;
mod notice;
mod pages;
mod preferences;
mod running;
#[cfg(feature = "ssr")]
pub mod serve;
mod task;
mod top_bar;

use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};

pub use preferences::{LANG_COOKIE, Preferences, RequestPreferences, THEME_COOKIE, TIME_ZONE_COOKIE, Theme};

use i18n::use_texts;
use pages::dataset::DatasetPage;
use pages::datasets::DatasetsPage;
use pages::import::ImportPage;
use pages::not_found::NotFoundPage;
use pages::tasks::TasksPage;
use running::RunningTasks;
use top_bar::TopBar;

/// The document around the application, rendered on the server only.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let RequestPreferences { lang, theme, time_zone } = RequestPreferences::current();
    view! {
        <!DOCTYPE html>
        <html lang=lang.tag() data-theme=theme.name() data-time-zone=time_zone>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <HashedStylesheet id="leptos" options=options.clone()/>
                <AutoReload options=options.clone()/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The whole application, inside `<body>`.
///
/// Pages are rendered completely before they are sent (`SsrMode::Async`): their data is a page of rows and a
/// few definitions, and a complete page needs no script to be read.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let preferences = Preferences::provide();
    let running = RunningTasks::provide();
    pages::Datasets::provide();
    let t = use_texts();
    view! {
        <Router>
            <a class="skip-link" href="#content" rel="external">{move || t.get().skip_to_content()}</a>
            <TopBar preferences running/>
            <main id="content" class="content" tabindex="-1">
                <Routes fallback=NotFoundPage>
                    <Route path=path!("/") view=DatasetsPage ssr=SsrMode::Async/>
                    <Route path=path!("/d/:dataset") view=DatasetPage ssr=SsrMode::Async/>
                    <Route path=path!("/d/:dataset/import") view=ImportPage ssr=SsrMode::Async/>
                    <Route path=path!("/tasks") view=TasksPage ssr=SsrMode::Async/>
                </Routes>
            </main>
        </Router>
    }
}
