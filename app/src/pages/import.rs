//! The import into one dataset.

use leptos::prelude::*;
use leptos::tachys::reactive_graph::OwnedView;
use leptos_router::hooks::use_params_map;
use longshore_protocol::DatasetView;
use longshore_protocol::import::{DraftRequest, ImportView};

use super::not_found::NotFoundPage;
use super::{Datasets, PageTitle, with_first};
use crate::api::get_import_draft;
use crate::i18n::use_texts;
use crate::import::wizard::ImportWizard;
use crate::notice::Notice;

/// The wizard of the dataset that the address names.
#[component]
pub fn ImportPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("dataset").unwrap_or_default()));
    let datasets = Datasets::current();
    // The page's own: the closure may be called by one who forgets his before the draft has come.
    let page = Owner::current().unwrap_or_default();
    move || match datasets.find(&id.get()) {
        Some(mut dataset) => match dataset.import.take() {
            Some(rules) => {
                let owner = page.child();
                let view = owner.with(|| wizard(dataset, rules));
                OwnedView::new_with_owner(view, owner).into_any()
            }
            None => view! { <NotImportable id=dataset.id.to_string()/> }.into_any(),
        },
        None => view! { <NotFoundPage/> }.into_any(),
    }
}

/// The wizard, once the caller's draft is known.
fn wizard(dataset: DatasetView, rules: ImportView) -> impl IntoView {
    let id = dataset.id.to_string();
    let draft = Resource::new(|| (), move |()| get_import_draft(DraftRequest { dataset: id.clone() }));
    with_first(draft, move |first| view! { <ImportWizard dataset rules first/> })
}

#[component]
fn NotImportable(id: String) -> impl IntoView {
    let t = use_texts();
    let title = Signal::derive(move || t.get().import().to_owned());
    view! {
        <PageTitle name=title/>
        <h1 id="page-title" class="visually-hidden">{move || title.get()}</h1>
        <Notice
            title=title
            hint=Signal::derive(move || t.get().problem(&longshore_protocol::ProblemKind::NotImportable))
        >
            <a class="button" href=format!("/d/{id}")>{move || t.get().see_list()}</a>
        </Notice>
    }
}
