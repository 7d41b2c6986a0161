//! The export button with its choice of format.

use leptos::html::Button;
use leptos::prelude::*;
use longshore_protocol::{ExportFormat, ExportRequest};

use super::flow::ExportFlow;
use super::state::{Event, Step};
use crate::browser;
use crate::i18n::use_texts;
use crate::list::url::ListQuery;

/// Where the last choice of format is remembered.
const FORMAT_KEY: &str = "longshore.export.format";

/// Format, button, and what a click would export.
#[component]
pub fn ExportControls(
    /// The export they belong to.
    flow: ExportFlow,
    /// The dataset's id.
    dataset: String,
    /// What the list shows.
    query: Memo<ListQuery>,
    /// Rows that match, once known.
    total: Signal<Option<u64>>,
    /// The button, which gets the focus back when the panel is folded.
    button: NodeRef<Button>,
) -> impl IntoView {
    let t = use_texts();
    let format = RwSignal::new(ExportFormat::default());
    Effect::new(move |_| {
        if let Some(stored) = browser::stored(FORMAT_KEY).and_then(|name| ExportFormat::from_name(&name)) {
            format.set(stored);
        }
    });
    let choose = move |name: String| {
        let chosen = ExportFormat::from_name(&name).unwrap_or_default();
        browser::store(FORMAT_KEY, chosen.name());
        format.set(chosen);
    };
    let step = Memo::new(move |_| flow.state.with(|state| state.step));
    let is_busy = move || step.get().is_busy();
    let label = move || match step.get() {
        Step::Submitting => t.get().submitting(),
        Step::Queued | Step::Running | Step::Cancelling => t.get().exporting_label(),
        _ => t.get().export(),
    };
    let dataset = StoredValue::new(dataset);
    let click = move |_| {
        if flow.state.with_untracked(|state| state.step.is_busy()) {
            return;
        }
        flow.is_open.set(true);
        let request = query.with_untracked(|query| ExportRequest {
            dataset: dataset.get_value(),
            format: format.get_untracked().name().to_owned(),
            columns: Vec::new(),
            filters: query.request_filters(),
            sort: query.sort.clone(),
            file_name: String::new(),
            lang: Some(t.get_untracked().lang),
            time_zone: browser::time_zone(),
            idempotency_key: browser::fresh_key(),
        });
        flow.send(Event::Clicked(Box::new(request)));
    };
    let is_folded = move || !flow.is_open.get() && flow.state.with(|state| state.has_news());
    let unfold_label = move || if is_busy() { t.get().show_progress() } else { t.get().show_result() };
    let scope = move || {
        total.get().map(|rows| t.get().export_scope(rows, query.with(|query| !query.filters.is_empty())))
    };
    view! {
        <div class="export-controls">
            <div class="export-controls__row">
                <button
                    type="button"
                    class="button button--quiet"
                    aria-controls="task-panel"
                    aria-expanded="false"
                    hidden=move || !is_folded()
                    on:click=move |_| flow.is_open.set(true)
                >
                    {unfold_label}
                </button>
                <label class="visually-hidden" for="export-format">{move || t.get().format()}</label>
                <select
                    id="export-format"
                    class="field"
                    prop:value=move || format.get().name()
                    on:change=move |event| choose(event_target_value(&event))
                >
                    {ExportFormat::ALL
                        .into_iter()
                        .map(|format| view! { <option value=format.name()>{move || t.get().format_name(format)}</option> })
                        .collect_view()}
                </select>
                <button
                    type="button"
                    id="export-button"
                    class="button export-button"
                    class:button--primary=move || step.get() != Step::Ready
                    aria-disabled=move || is_busy().to_string()
                    aria-describedby="export-hint"
                    node_ref=button
                    on:click=click
                >
                    {label}
                </button>
            </div>
            <p class="hint export-controls__hint" id="export-hint">
                <span>{scope}</span>
                <span class="export-controls__warning" hidden=move || format.get() != ExportFormat::Csv>
                    {move || t.get().csv_hint()}
                </span>
            </p>
        </div>
    }
}
