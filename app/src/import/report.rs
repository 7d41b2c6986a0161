//! What an import, or taking it back, has done: the same in the wizard and on the page of tasks.

use leptos::prelude::*;
use longshore_protocol::import::{ImportReport, KeptRow, RefusedRows, UndoReport};

use crate::format::grouped;
use crate::i18n::{Texts, use_texts};

/// The numbers of an import, and why it ended early, if so.
#[component]
pub fn ReportFacts(report: ImportReport) -> impl IntoView {
    let t = use_texts();
    let done = report.done;
    let counts = [done.create, done.update, done.unchanged, done.error];
    let facts = move || {
        let labels = t.get().done_labels();
        let fact = |(label, count): (&'static str, u64)| view! { <dt>{label}</dt> <dd>{grouped(count)}</dd> };
        labels.into_iter().zip(counts).map(fact).collect_view()
    };
    let (mode, way, duration_ms, name) = (report.mode, report.way, report.duration_ms, report.file_name);
    let stopped = report.stopped.map(|stopped| {
        let (reason, committed, drifted) = (stopped.reason, stopped.committed, stopped.drifted);
        let refused = StoredValue::new(stopped.refused);
        let said = move || refusals(refused, t.get());
        let has_drifted = !drifted.is_empty();
        view! {
            <div class="report__stopped">
                <p>{move || t.get().stopped(reason)}</p>
                <p id="committed-rows">{move || t.get().committed_rows(&committed)}</p>
                <p hidden=!has_drifted>{move || t.get().drifted_rows(&drifted)}</p>
                {said}
            </div>
        }
    });
    view! {
        {stopped}
        <dl class="facts report__facts">
            {facts}
            <dt>{move || t.get().file()}</dt>
            <dd>{name}</dd>
            <dt>{move || t.get().mode()}</dt>
            <dd>{move || t.get().mode_name(mode)}</dd>
            <dt>{move || t.get().way()}</dt>
            <dd>{move || t.get().way_name(way)}</dd>
            <dt>{move || t.get().took()}</dt>
            <dd>{move || t.get().duration(duration_ms)}</dd>
        </dl>
    }
    .into_any()
}

/// What the database said, a line each.
fn refusals(refused: StoredValue<Vec<RefusedRows>>, t: Texts) -> impl IntoView {
    let line = |rows: &RefusedRows| view! { <li>{t.refused_rows(rows)}</li> };
    let lines = refused.with_value(|refused| refused.iter().map(line).collect_view());
    let is_none = refused.with_value(Vec::is_empty);
    view! { <ul class="report__refused" hidden=is_none>{lines}</ul> }
}

/// The numbers of an import that was taken back, and the rows that were left.
#[component]
pub fn UndoFacts(report: UndoReport) -> impl IntoView {
    let t = use_texts();
    let counts = [report.removed_row_count, report.restored_row_count, report.kept_row_count];
    let facts = move || {
        let labels = t.get().undo_labels();
        let fact = |(label, count): (&'static str, u64)| view! { <dt>{label}</dt> <dd>{grouped(count)}</dd> };
        labels.into_iter().zip(counts).map(fact).collect_view()
    };
    let (kept_count, listed) = (report.kept_row_count, report.kept.len() as u64);
    let left_count = report.left_row_count;
    let refused = StoredValue::new(report.refused);
    let said = move || refusals(refused, t.get());
    let kept = StoredValue::new(report.kept);
    let rows = move || {
        let line = |row: &KeptRow| {
            let key = row.key.iter().flatten().cloned().collect::<Vec<_>>().join(" · ");
            view! { <li>{t.get().kept_row(row.row, &key)}</li> }
        };
        kept.with_value(|kept| kept.iter().map(line).collect_view())
    };
    view! {
        <dl class="facts report__facts" id="undo-report">{facts}</dl>
        <div class="report__stopped" hidden={left_count == 0}>
            <p>{move || t.get().left_rows(left_count)}</p>
            {said}
        </div>
        <div class="report__kept" hidden={kept_count == 0}>
            <p>{move || t.get().kept_rows(kept_count, listed)}</p>
            <ul>{rows}</ul>
        </div>
    }
    .into_any()
}
