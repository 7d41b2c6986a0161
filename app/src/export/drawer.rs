//! The drawer in which an export is chosen: format, name and columns, with defaults so good that Enter is enough.

use leptos::ev::{KeyboardEvent, MouseEvent, SubmitEvent};
use leptos::html::{Button, Dialog};
use leptos::prelude::*;
use longshore_protocol::{DatasetView, ExportFormat, ExportRequest, FieldProblem};

use super::choice::Choice;
use super::columns::ColumnList;
use super::file_name;
use super::summary::{filters_in_words, order_in_words, sheet_count};
use crate::browser;
use crate::i18n::use_texts;
use crate::icon::{Icon, Picture};
use crate::list::url::ListQuery;
use crate::task::flow::TaskFlow;
use crate::task::state::{Event, Request, Step};

/// Time in which a second click belongs to the one that opened the drawer.
const DOUBLE_CLICK_MS: u64 = 500;
const NAME_FIELD: &str = "export-name";
const NAME_PROBLEM: &str = "export-name-problem";
const CONFIRM: &str = "export-confirm";

/// Where the last choice for a dataset is remembered.
fn storage_key(dataset: &DatasetView) -> String {
    format!("longshore.export.{}", dataset.id)
}

/// The drawer; it exists while it is open. A modal `<dialog>`, so that the browser keeps the focus inside.
///
/// It opens with the focus on the button that exports: what most people want then takes one key, and screen readers hear the
/// title and which rows are meant before it. It closes when the server has taken the request, and stays open when something in
/// the request is to be corrected.
#[component]
pub fn ExportDrawer(
    /// The export that it starts.
    flow: TaskFlow,
    /// What is exported.
    dataset: StoredValue<DatasetView>,
    /// What the list shows.
    query: Memo<ListQuery>,
    /// Rows that match, once known.
    total: Signal<Option<u64>>,
    /// Whether it is open.
    is_open: RwSignal<bool>,
    /// The button that opens it, which gets the focus back.
    button: NodeRef<Button>,
) -> impl IntoView {
    let t = use_texts();
    let opened_at_ms = browser::now_ms();
    let key = dataset.with_value(storage_key);
    let stored = browser::stored(&key);
    let choice = RwSignal::new(dataset.with_value(|dataset| Choice::restored(stored.as_deref(), dataset)));
    let format = Memo::new(move |_| choice.with(|choice| choice.format));
    let name = RwSignal::new(String::new());
    let is_columns_missing = RwSignal::new(false);
    let is_sent = StoredValue::new(false);
    let dialog = NodeRef::<Dialog>::new();

    let step = Memo::new(move |_| flow.state.with(|state| state.step));
    let is_sending = move || step.get() == Step::Submitting;
    let title =
        Signal::derive(move || dataset.with_value(|dataset| dataset.labels.get(t.get().lang).to_owned()));

    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
        // What was wrong with a choice is nobody's news once the choice is given up; what is wrong with the list is.
        let is_ours = |problem: &FieldProblem| {
            !problem.field.starts_with("filters") && !problem.field.starts_with("sort")
        };
        let has_only_ours = flow.state.with_untracked(|state| {
            state.step == Step::Idle && !state.problems.is_empty() && state.problems.iter().all(is_ours)
        });
        if has_only_ours {
            flow.send(Event::Dismissed);
        }
        is_open.set(false);
        if let Some(button) = button.get_untracked() {
            let _ = button.focus();
        }
    };

    Effect::new(move |_| {
        if let Some(dialog) = dialog.get()
            && !dialog.open()
            && dialog.show_modal().is_ok()
        {
            browser::focus(CONFIRM);
        }
    });
    let stage = Memo::new(move |_| {
        flow.state.with(|state| {
            let is_waiting = state.step == Step::Submitting && state.offline.is_none();
            let is_refused =
                state.step == Step::Idle && (!state.problems.is_empty() || state.error.is_some());
            (is_waiting, is_refused, state.step.is_busy())
        })
    });
    Effect::new(move |_| match stage.get() {
        (true, _, _) => {}
        (false, true, _) if is_sent.get_value() => {
            is_sent.set_value(false);
            let is_name = |problem: &FieldProblem| problem.field == "file_name";
            let is_about_name = flow.state.with_untracked(|state| state.problems.iter().any(is_name));
            browser::focus_soon(if is_about_name { NAME_FIELD } else { "export-problems" }.to_owned());
        }
        // Taken by the server, or another tab was quicker: the panel tells the rest.
        (_, _, true) => close(),
        (..) if is_sent.get_value() => close(),
        (..) => {}
    });

    // What the server has said of the name holds until the name is changed.
    let name_sent = RwSignal::new(None::<String>);
    let name_problem = Memo::new(move |_| {
        let typed = name.get();
        file_name::problem(&typed).map(|kind| t.get().problem(&kind)).or_else(|| {
            let is_the_one = name_sent.with(|sent| sent.as_ref() == Some(&typed));
            flow.state.with(|state| {
                let about_name = state.problems.iter().find(|problem| problem.field == "file_name");
                about_name.filter(|_| is_the_one).map(|problem| t.get().problem(&problem.kind))
            })
        })
    });
    let problems = move || {
        flow.state.with(|state| {
            let others = state.problems.iter().filter(|problem| problem.field != "file_name");
            let words = others.map(|problem| t.get().problem(&problem.kind));
            let error = state.error.filter(|_| state.step == Step::Idle);
            words.chain(error.map(|code| t.get().error(code).to_owned())).collect::<Vec<_>>()
        })
    };
    let has_problems = Memo::new(move |_| !problems().is_empty());

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if flow.state.with_untracked(|state| state.step.is_busy()) {
            return;
        }
        if choice.with_untracked(|choice| choice.wanted_count() == 0) {
            is_columns_missing.set(true);
            return;
        }
        if name.with_untracked(|name| file_name::problem(name).is_some()) {
            browser::focus(NAME_FIELD);
            return;
        }
        let chosen = choice.get_untracked();
        browser::store(&key, &chosen.to_stored());
        name_sent.set(Some(name.get_untracked()));
        let request = query.with_untracked(|query| ExportRequest {
            dataset: dataset.with_value(|dataset| dataset.id.to_string()),
            format: chosen.format.name().to_owned(),
            columns: dataset.with_value(|dataset| chosen.request_columns(dataset)),
            filters: query.request_filters(),
            sort: query.sort.clone(),
            file_name: name.get_untracked(),
            lang: Some(t.get_untracked().lang),
            time_zone: browser::time_zone(),
            idempotency_key: browser::fresh_key(),
        });
        flow.is_open.set(true);
        flow.send(Event::Clicked(Box::new(Request::Export(request))));
        is_sent.set_value(true);
    };

    let escape = move |event: KeyboardEvent| {
        // Esc also ends what an input method is composing; that one is not ours.
        if event.key() == "Escape" && !event.is_composing() {
            event.prevent_default();
            event.stop_propagation();
            close();
        }
    };
    // The second half of a double click on the button would choose whatever the drawer has put under the pointer, and take the
    // focus there.
    let ignore_double_click = move |event: MouseEvent| {
        if event.detail() > 1 && browser::now_ms().saturating_sub(opened_at_ms) < DOUBLE_CLICK_MS {
            event.prevent_default();
            event.stop_propagation();
        }
    };
    let press_beside = move |event: MouseEvent| {
        // Only the backdrop itself counts as the dialog; everything in it is the form's.
        let is_beside = event.target().is_some() && event.target() == event.current_target();
        if is_beside && event.detail() == 1 {
            // Or the press would take the focus away from where closing puts it.
            event.prevent_default();
            close();
        }
    };

    let is_filtered = move || query.with(|query| !query.filters.is_empty());
    let scope = move || t.get().export_scope(total.get(), is_filtered());
    let filters = move || {
        let words = dataset.with_value(|dataset| {
            query.with(|query| filters_in_words(&query.request_filters(), Some(dataset), t.get()))
        });
        words.into_iter().map(|words| view! { <li>{words}</li> }).collect_view()
    };
    let order = move || {
        dataset.with_value(|dataset| query.with(|query| order_in_words(&query.sort, Some(dataset), t.get())))
    };
    let sheets = move || {
        let count = sheet_count(total.get().unwrap_or_default(), format.get());
        (count > 1).then(|| t.get().goes_on_to_sheets(count))
    };
    let default_name = move || file_name::default_name(&title.get(), browser::local_time(opened_at_ms));
    let is_csv = move || matches!(format.get(), ExportFormat::Csv | ExportFormat::CsvGz);

    view! {
        <dialog
            id="export-drawer"
            class="drawer"
            aria-labelledby="drawer-title"
            aria-describedby="drawer-scope"
            // A click on a text in it keeps the focus here, and with it the keys.
            tabindex="-1"
            node_ref=dialog
            on:cancel=move |_: leptos::web_sys::Event| close()
            on:keydown=escape
            on:mousedown=press_beside
            on:mousedown:capture=ignore_double_click
            on:click:capture=ignore_double_click
        >
            <form class="drawer__form" novalidate on:submit=submit>
                <div class="drawer__head">
                    <h2 id="drawer-title">{move || t.get().drawer_title(&title.get())}</h2>
                    <button
                        type="button"
                        class="button button--quiet button--square"
                        aria-label=move || t.get().close()
                        title=move || t.get().close()
                        on:click=move |_| close()
                    >
                        <Picture icon=Icon::Cross/>
                    </button>
                </div>
                <div class="drawer__body">
                    <div class="drawer__scope">
                        <p class="drawer__count" id="drawer-scope">{scope}</p>
                        <dl class="facts">
                            <dt hidden=move || !is_filtered()>{move || t.get().filters()}</dt>
                            <dd hidden=move || !is_filtered()><ul>{filters}</ul></dd>
                            <dt>{move || t.get().order()}</dt>
                            <dd>{order}</dd>
                        </dl>
                        <p class="hint" hidden=move || sheets().is_none()>{sheets}</p>
                    </div>
                    <div
                        class="drawer__problems"
                        id="export-problems"
                        role="alert"
                        tabindex="-1"
                        hidden=move || !has_problems.get()
                    >
                        <p>{move || t.get().not_submitted(flow.kind)}</p>
                        <ul>
                            {move || problems().into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}
                        </ul>
                    </div>
                    <FormatChoice choice/>
                    <p class="hint" hidden=move || !is_csv()>{move || t.get().csv_hint()}</p>
                    <div class="drawer__field">
                        <label class="drawer__label" for=NAME_FIELD>{move || t.get().file_name()}</label>
                        <div class="named">
                            <input
                                id=NAME_FIELD
                                class="field named__stem"
                                type="text"
                                autocomplete="off"
                                spellcheck="false"
                                placeholder=default_name
                                aria-invalid=move || name_problem.with(Option::is_some).then_some("true")
                                aria-describedby=NAME_PROBLEM
                                prop:value=move || name.get()
                                on:input=move |event| name.set(event_target_value(&event))
                            />
                            <span class="named__ending">{move || format!(".{}", format.get().name())}</span>
                        </div>
                        <p class="field-problem" id=NAME_PROBLEM aria-live="polite">{move || name_problem.get()}</p>
                    </div>
                    <ColumnList dataset choice is_missing=is_columns_missing/>
                </div>
                <div class="drawer__foot">
                    <button type="button" class="button" on:click=move |_| close()>{move || t.get().cancel()}</button>
                    <button
                        type="submit"
                        id=CONFIRM
                        class="button button--primary drawer__confirm"
                        aria-disabled=move || is_sending().to_string()
                    >
                        {move || if is_sending() { t.get().submitting().to_owned() } else { t.get().export_rows(total.get()) }}
                    </button>
                </div>
            </form>
        </dialog>
    }
    .into_any()
}

/// The formats as cards.
#[component]
fn FormatChoice(choice: RwSignal<Choice>) -> impl IntoView {
    let t = use_texts();
    let cards = ExportFormat::ALL.into_iter().map(|format| {
        view! {
            <label class="format">
                <input
                    type="radio"
                    class="format__radio"
                    name="export-format"
                    value=format.name()
                    prop:checked=move || choice.with(|choice| choice.format == format)
                    on:change=move |_| choice.update(|choice| choice.format = format)
                />
                <span class="format__name">{move || t.get().format_name(format)}</span>
                <span class="hint">{move || t.get().format_hint(format)}</span>
            </label>
        }
    });
    view! {
        <fieldset id="export-format" class="formats">
            <legend class="drawer__label">{move || t.get().format()}</legend>
            {cards.collect_view()}
        </fieldset>
    }
    .into_any()
}
