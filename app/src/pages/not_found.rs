//! The page for an address that leads nowhere.

use leptos::prelude::*;

use super::PageTitle;
use crate::i18n::use_texts;

/// Says that there is nothing, and the way out. On the server the answer carries the status 404.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
    let t = use_texts();
    view! {
        <PageTitle name=Signal::derive(move || t.get().not_found().to_owned())/>
        <h1 id="page-title">{move || t.get().not_found()}</h1>
        <p class="lead">{move || t.get().not_found_hint()}</p>
        <p><a class="button button--primary" href="/">{move || t.get().go_to_datasets()}</a></p>
    }
}
