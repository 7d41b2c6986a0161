//! The first page: which datasets there are.

use leptos::either::Either;
use leptos::prelude::*;
use longshore_protocol::DatasetView;

use super::{Datasets, PageTitle};
use crate::i18n::use_texts;
use crate::notice::Notice;

/// All datasets as cards.
#[component]
pub fn DatasetsPage() -> impl IntoView {
    let t = use_texts();
    let title = Signal::derive(move || t.get().datasets().to_owned());
    let datasets = Datasets::current();
    let cards = if datasets.all().is_empty() {
        Either::Left(view! {
            <Notice
                title=Signal::derive(move || t.get().no_datasets().to_owned())
                hint=Signal::derive(move || t.get().no_datasets_hint().to_owned())
            />
        })
    } else {
        let cards = datasets.all().iter().cloned();
        let cards = cards.map(|dataset| view! { <DatasetCard dataset/> }).collect_view();
        Either::Right(view! { <ul class="cards">{cards}</ul> })
    };
    view! {
        <PageTitle name=title/>
        <h1 id="page-title">{move || title.get()}</h1>
        <p class="lead">{move || t.get().datasets_hint()}</p>
        {cards}
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
