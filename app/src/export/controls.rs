//! The buttons that start tasks: the export with its choice of format, and the daily statistics.

use leptos::html::Button;
use leptos::prelude::*;
use longshore_protocol::{ExportFormat, ExportRequest, StatisticsRequest};

use super::flow::ExportFlow;
use super::panel::PanelIds;
use super::state::{Event, Request, Step};
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
    /// More buttons beside it.
    #[prop(optional)]
    children: Option<Children>,
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
        Step::Queued | Step::Running | Step::Cancelling => t.get().working_label(flow.kind),
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
        flow.send(Event::Clicked(Box::new(Request::Export(request))));
    };
    let scope = move || {
        total.get().map(|rows| t.get().export_scope(rows, query.with(|query| !query.filters.is_empty())))
    };
    view! {
        <div class="export-controls">
            <div class="export-controls__row">
                <Unfold flow/>
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
                {children.map(|children| children())}
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

/// Unfolds the panel of a flow that was folded.
#[component]
fn Unfold(flow: ExportFlow) -> impl IntoView {
    let t = use_texts();
    let is_folded = move || !flow.is_open.get() && flow.state.with(|state| state.has_news());
    let label = move || {
        if flow.state.with(|state| state.step.is_busy()) {
            t.get().show_progress(flow.kind)
        } else {
            t.get().show_result(flow.kind)
        }
    };
    view! {
        <button
            type="button"
            class="button button--quiet"
            aria-controls=PanelIds::of(flow.kind).panel
            aria-expanded="false"
            hidden=move || !is_folded()
            on:click=move |_| flow.is_open.set(true)
        >
            {label}
        </button>
    }
}

/// The button for daily statistics of the rows that the list shows.
#[component]
pub fn StatisticsButton(
    /// The statistics it starts.
    flow: ExportFlow,
    /// The dataset's id.
    dataset: String,
    /// What the list shows; its filters count, its order does not.
    query: Memo<ListQuery>,
    /// The button, which gets the focus back when the panel is folded.
    button: NodeRef<Button>,
) -> impl IntoView {
    let t = use_texts();
    let step = Memo::new(move |_| flow.state.with(|state| state.step));
    let label = move || match step.get() {
        Step::Submitting => t.get().submitting(),
        Step::Queued | Step::Running | Step::Cancelling => t.get().working_label(flow.kind),
        _ => t.get().kind(flow.kind),
    };
    let dataset = StoredValue::new(dataset);
    let click = move |_| {
        if flow.state.with_untracked(|state| state.step.is_busy()) {
            return;
        }
        flow.is_open.set(true);
        let request = query.with_untracked(|query| StatisticsRequest {
            dataset: dataset.get_value(),
            filters: query.request_filters(),
            lang: Some(t.get_untracked().lang),
            time_zone: browser::time_zone(),
            idempotency_key: browser::fresh_key(),
        });
        flow.send(Event::Clicked(Box::new(Request::Statistics(request))));
    };
    view! {
        <button
            type="button"
            id="statistics-button"
            class="button statistics-button"
            aria-disabled=move || step.get().is_busy().to_string()
            node_ref=button
            on:click=click
        >
            {label}
        </button>
        <Unfold flow/>
    }
}
