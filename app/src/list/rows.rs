//! The rows of a list's table: cells by their type, a skeleton while they load, a notice instead of them.

use leptos::either::EitherOf3;
use leptos::prelude::*;
use longshore_protocol::{Cell, ColumnType, ColumnView, DatasetView, RowsPage};

use super::value::{is_numeric, shown};
use crate::i18n::Texts;

/// Rows that the skeleton shows: about a screen.
const SKELETON_ROWS: usize = 14;

/// The rows of a page.
pub fn table_rows(page: &RowsPage, dataset: &DatasetView, t: Texts) -> impl IntoView + use<> {
    page.rows
        .iter()
        .map(|row| {
            let cells = dataset.columns.iter().zip(row).map(|(column, cell)| {
                let is_key = dataset.key.contains(&column.name);
                table_cell(cell, column, is_key, t)
            });
            view! { <tr role="row">{cells.collect_view()}</tr> }
        })
        .collect_view()
}

fn table_cell(cell: &Cell, column: &ColumnView, is_key: bool, t: Texts) -> impl IntoView + use<> {
    let text = cell.as_ref().map(|text| shown(text, column, is_key, t));
    let is_text = column.column_type == ColumnType::Text;
    let content = match (cell, column.column_type) {
        (None, _) => EitherOf3::A(view! {
            <span class="no-value" aria-hidden="true">"—"</span>
            <span class="visually-hidden">{t.no_value()}</span>
        }),
        (Some(value), ColumnType::Boolean) => EitherOf3::B(view! {
            <span aria-hidden="true">{if value == "true" { "✓" } else { "–" }}</span>
            <span class="visually-hidden">{text.clone().unwrap_or_default()}</span>
        }),
        (Some(_), _) => {
            EitherOf3::C(view! { <span class="cell-text">{text.clone().unwrap_or_default()}</span> })
        }
    };
    view! {
        <td
            role="cell"
            class=is_numeric(column.column_type).then_some("is-number")
            data-label=column.labels.get(t.lang).to_owned()
            title=text.filter(|_| is_text)
        >
            {content}
        </td>
    }
}

/// A row across the whole table, for a notice instead of rows.
pub fn whole_row(column_count: usize, content: impl IntoView) -> impl IntoView {
    view! {
        <tr role="row" class="whole-row">
            <td role="cell" colspan=column_count.to_string()>{content}</td>
        </tr>
    }
}

/// Grey rows of the height that the real ones will have.
pub fn skeleton_rows(column_count: usize) -> impl IntoView {
    let row = move |_| {
        let cells = (0..column_count).map(|_| view! { <td role="cell"><span class="skeleton"></span></td> });
        view! { <tr role="row" aria-hidden="true">{cells.collect_view()}</tr> }
    };
    (0..SKELETON_ROWS).map(row).collect_view()
}
