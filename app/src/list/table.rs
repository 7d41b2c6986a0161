//! The table of a list: its header, which sorts, and a select that sorts on narrow screens.

use leptos::prelude::*;
use longshore_protocol::{DatasetView, Sort};

use super::url::ListQuery;
use super::value::is_numeric;
use crate::i18n::use_texts;

/// The frame of the table; the rows go inside. The roles keep it a table for screen readers where narrow
/// screens show its rows as cards.
#[component]
pub fn ListTable(
    /// What it shows.
    dataset: StoredValue<DatasetView>,
    /// Filters, order and page.
    query: Memo<ListQuery>,
    /// Shows another.
    go: Callback<ListQuery>,
    /// The rows are being loaded.
    is_loading: Signal<bool>,
    /// The rows, as `<tr>`.
    children: Children,
) -> impl IntoView {
    let t = use_texts();
    let headers = dataset.with_value(|dataset| dataset.columns.clone()).into_iter().map(|column| {
        let labels = column.labels.clone();
        let label = Signal::derive(move || labels.get(t.get().lang).to_owned());
        let name = StoredValue::new(column.name.clone());
        let descending = Memo::new(move |_| {
            name.with_value(|name| {
                query.with(|query| {
                    query.sort.iter().find(|sort| sort.column == *name).map(|sort| sort.descending)
                })
            })
        });
        let direction =
            move || descending.get().map(|descending| if descending { "descending" } else { "ascending" });
        let click = move |_| {
            let query = query.get_untracked();
            let sort = name.with_value(|name| query.sort_after_click(name));
            go.run(query.with_sort(sort));
        };
        view! {
            <th
                scope="col"
                role="columnheader"
                class=is_numeric(column.column_type).then_some("is-number")
                aria-sort=direction
            >
                <button
                    type="button"
                    class="sort-button"
                    title=move || t.get().sort_by(&label.get())
                    on:click=click
                >
                    <span>{move || label.get()}</span>
                    <span class="sort-button__arrow" aria-hidden="true">
                        {move || match descending.get() {
                            None => "",
                            Some(true) => "↓",
                            Some(false) => "↑",
                        }}
                    </span>
                </button>
            </th>
        }
    });
    view! {
        <div class="table-frame" aria-busy=move || is_loading.get().to_string() class:is-loading=is_loading>
            <table class="list-table" role="table" aria-labelledby="page-title">
                <thead role="rowgroup">
                    <tr role="row">{headers.collect_view()}</tr>
                </thead>
                <tbody role="rowgroup">{children()}</tbody>
            </table>
        </div>
    }
}

/// Sorting for narrow screens, which have no header.
#[component]
pub fn SortSelect(
    /// Whose columns can be sorted.
    dataset: StoredValue<DatasetView>,
    /// Filters, order and page.
    query: Memo<ListQuery>,
    /// Shows another.
    go: Callback<ListQuery>,
) -> impl IntoView {
    let t = use_texts();
    let current = move || match query.with(|query| query.sort.first().cloned()) {
        Some(Sort { column, descending: true }) => format!("-{column}"),
        Some(Sort { column, .. }) => column,
        None => String::new(),
    };
    let options = move || {
        let t = t.get();
        let columns = dataset.with_value(|dataset| dataset.columns.clone());
        let options = columns.into_iter().flat_map(|column| {
            let label = column.labels.get(t.lang).to_owned();
            let down = (format!("-{}", column.name), t.descending(&label));
            [(column.name, t.ascending(&label)), down]
        });
        let options = [(String::new(), t.sort_default().to_owned())].into_iter().chain(options);
        options
            .map(|(value, words)| {
                let own = value.clone();
                view! { <option value=value selected=move || current() == own>{words}</option> }
            })
            .collect_view()
    };
    let choose = move |text: String| {
        let descending = text.starts_with('-');
        let column = text.trim_start_matches('-').to_owned();
        let sort = if column.is_empty() { Vec::new() } else { vec![Sort { column, descending }] };
        go.run(query.get_untracked().with_sort(sort));
    };
    view! {
        <div class="sort-select">
            <label for="sort-select">{move || t.get().sort()}</label>
            <select id="sort-select" class="field" on:change=move |event| choose(event_target_value(&event))>
                {options}
            </select>
        </div>
    }
}
