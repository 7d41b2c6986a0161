//! The first page: which datasets there are.

use leptos::either::EitherOf3;
use leptos::prelude::*;
use longshore_protocol::DatasetView;

use super::{Datasets, DatasetsFailed, PageTitle};
use crate::i18n::use_texts;
use crate::notice::Notice;

/// All datasets as cards.
#[component]
pub fn DatasetsPage() -> impl IntoView {
    let t = use_texts();
    let title = Signal::derive(move || t.get().datasets().to_owned());
    let datasets = use_context::<Datasets>().map(|datasets| datasets.0);
    let cards = move || {
        let list = datasets?.get()?;
        Some(match list {
            Ok(list) if list.is_empty() => EitherOf3::A(view! {
                <Notice
                    title=Signal::derive(move || t.get().no_datasets().to_owned())
                    hint=Signal::derive(move || t.get().no_datasets_hint().to_owned())
                />
            }),
            Ok(list) => {
                let cards = list.into_iter().map(|dataset| view! { <DatasetCard dataset/> }).collect_view();
                EitherOf3::B(view! { <ul class="cards">{cards}</ul> })
            }
            Err(error) => EitherOf3::C(view! { <DatasetsFailed code=error.code()/> }),
        })
    };
    view! {
        <PageTitle name=title/>
        <h1 id="page-title">{move || title.get()}</h1>
        <p class="lead">{move || t.get().datasets_hint()}</p>
        <Transition fallback=move || view! { <p class="hint">{move || t.get().loading()}</p> }>{cards}</Transition>
    }
}

#[component]
fn DatasetCard(dataset: DatasetView) -> impl IntoView {
    let t = use_texts();
    let href = format!("/d/{}", dataset.id);
    let column_count = dataset.columns.len();
    let labels = dataset.labels;
    let columns = dataset.columns;
    let names = move || {
        let t = t.get();
        let names: Vec<_> =
            columns.iter().take(6).map(|column| column.labels.get(t.lang).to_owned()).collect();
        t.join(&names)
    };
    view! {
        <li>
            <a class="card card--link" href=href>
                <span class="card__title">{move || labels.get(t.get().lang).to_owned()}</span>
                <span class="hint">{names}</span>
                <span class="hint">{move || t.get().column_count(column_count)}</span>
            </a>
        </li>
    }
}
