//! The import into one dataset.

use leptos::either::EitherOf3;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use longshore_protocol::import::DraftRequest;

use super::not_found::NotFoundPage;
use super::{Datasets, DatasetsFailed, PageTitle};
use crate::api::get_import_draft;
use crate::i18n::use_texts;
use crate::import::wizard::ImportWizard;
use crate::notice::Notice;

/// The wizard of the dataset that the address names.
#[component]
pub fn ImportPage() -> impl IntoView {
    let t = use_texts();
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("dataset").unwrap_or_default()));
    let datasets = use_context::<Datasets>().map(|datasets| datasets.0);
    let draft = Resource::new(move || id.get(), |dataset| get_import_draft(DraftRequest { dataset }));
    let content = move || {
        let list = datasets?.get()?;
        let first = draft.get()?;
        let id = id.get();
        Some(match list {
            Ok(list) => match list.into_iter().find(|dataset| dataset.id.as_str() == id) {
                Some(mut dataset) => match dataset.import.take() {
                    Some(rules) => EitherOf3::A(view! { <ImportWizard dataset rules first/> }.into_any()),
                    None => EitherOf3::A(view! { <NotImportable id/> }.into_any()),
                },
                None => EitherOf3::B(view! { <NotFoundPage/> }),
            },
            Err(error) => EitherOf3::C(view! { <DatasetsFailed code=error.code()/> }),
        })
    };
    view! {
        <Transition fallback=move || view! { <p class="hint">{move || t.get().loading()}</p> }>{content}</Transition>
    }
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
