//! The pages, one a module.

pub mod dataset;
pub mod datasets;
pub mod import;
pub mod not_found;
pub mod tasks;

use leptos::prelude::*;
use leptos_meta::Title;
use longshore_protocol::{DatasetView, ErrorCode};

use crate::api::list_datasets;
use crate::call_error::CallError;
use crate::i18n::use_texts;
use crate::notice::Notice;

/// The datasets of the configuration, loaded once for all pages.
#[derive(Clone, Copy)]
pub struct Datasets(pub Resource<Result<Vec<DatasetView>, CallError>>);

impl Datasets {
    /// Begins to load them and provides them as context.
    pub fn provide() {
        provide_context(Datasets(Resource::new(|| (), |()| list_datasets())));
    }
}

/// The document's title: the page's name and the application's.
#[component]
pub fn PageTitle(
    /// The page's name.
    #[prop(into)]
    name: Signal<String>,
) -> impl IntoView {
    let t = use_texts();
    view! { <Title text=move || t.get().document_title(&name.get())/> }
}

/// Says why the datasets did not come, and offers to ask again.
#[component]
pub fn DatasetsFailed(
    /// Why.
    code: ErrorCode,
) -> impl IntoView {
    let t = use_texts();
    let datasets = use_context::<Datasets>();
    let retry = move |_| {
        if let Some(Datasets(datasets)) = datasets {
            datasets.refetch();
        }
    };
    view! {
        <Notice
            is_error=true
            title=Signal::derive(move || t.get().rows_failed().to_owned())
            hint=Signal::derive(move || t.get().error(code).to_owned())
        >
            <button type="button" class="button" on:click=retry>
                {move || t.get().retry()}
            </button>
        </Notice>
    }
}
