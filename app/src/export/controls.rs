//! The buttons that start tasks: the export, which is chosen in a drawer first, and the daily statistics.

use leptos::html::Button;
use leptos::prelude::*;
use longshore_protocol::{DatasetView, StatisticsRequest};

use super::drawer::ExportDrawer;
use crate::browser;
use crate::i18n::use_texts;
use crate::list::url::ListQuery;
use crate::task::flow::TaskFlow;
use crate::task::panel::PanelIds;
use crate::task::state::{Event, Request, Step};

/// The export button and its drawer.
#[component]
pub fn ExportControls(
    /// The export they belong to.
    flow: TaskFlow,
    /// What is exported.
    dataset: StoredValue<DatasetView>,
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
    let is_drawer_open = RwSignal::new(false);
    let step = Memo::new(move |_| flow.state.with(|state| state.step));
    let label = move || match step.get() {
        Step::Submitting => t.get().submitting(),
        Step::Queued | Step::Running | Step::Cancelling => t.get().working_label(flow.kind),
        _ => t.get().export(),
    };
    let click = move |_| {
        if !flow.state.with_untracked(|state| state.step.is_busy()) {
            is_drawer_open.set(true);
        }
    };
    view! {
        <div class="export-controls">
            <Unfold flow/>
            <button
                type="button"
                id="export-button"
                class="button export-button"
                class:button--primary=move || step.get() != Step::Ready
                aria-disabled=move || step.get().is_busy().to_string()
                aria-haspopup="dialog"
                node_ref=button
                on:click=click
            >
                {label}
            </button>
            {children.map(|children| children())}
        </div>
        <Show when=move || is_drawer_open.get()>
            <ExportDrawer flow dataset query total is_open=is_drawer_open button/>
        </Show>
    }
}

/// Unfolds the panel of a flow that was folded.
#[component]
fn Unfold(flow: TaskFlow) -> impl IntoView {
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
            aria-controls=PanelIds::of(flow.kind, "").panel
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
    flow: TaskFlow,
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
