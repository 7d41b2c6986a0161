//! The second step: which column goes into which field.

use leptos::prelude::*;
use longshore_protocol::import::{
    CheckRequest, DraftProblem, ImportMode, MappedTo, MatchedBy, SourceColumn, UpdateDraftRequest,
};

use super::change::freed;
use super::step::WizardStep;
use super::wizard::Wizard;
use crate::browser;
use crate::i18n::{Texts, use_texts};
use crate::icon::{Icon, Picture};
use crate::task::panel::TaskPanel;
use crate::task::state::{Event, Request, Step};

/// The columns of the file with their fields, what is missing, and what to import.
#[component]
pub fn MapStep(wizard: Wizard) -> impl IntoView {
    let t = use_texts();
    let draft = wizard.draft;
    let label = move |index: usize| move || t.get().map_headers()[index];
    let columns =
        move || draft.now.with(|draft| draft.as_ref().map(|draft| draft.columns.clone())).unwrap_or_default();
    let headers = move || {
        t.get().map_headers().map(|header| view! { <th scope="col" role="columnheader">{header}</th> })
    };
    let row = move |column: SourceColumn| {
        let index = column.index;
        let now = Memo::new(move |before: Option<&SourceColumn>| {
            let find = |draft: &longshore_protocol::import::ImportDraft| {
                draft.columns.iter().find(|column| column.index == index).cloned()
            };
            draft
                .now
                .with(|draft| draft.as_ref().and_then(find))
                .unwrap_or_else(|| before.unwrap_or(&column).clone())
        });
        view! {
            <tr role="row" data-column=index.to_string()>
                <td role="cell" data-label=label(0)>
                    <span class="cell-text map__header">{move || now.with(|column| header_of(column, t.get()))}</span>
                </td>
                <td role="cell" data-label=label(1) class="map__samples">
                    <Samples now/>
                </td>
                <td role="cell" data-label=label(2)><FieldSelect wizard now/></td>
                <td role="cell" data-label=label(3)><Badge now/></td>
            </tr>
        }
    };
    view! {
        <FileLine wizard/>
        <Gaps wizard/>
        <div class="table-frame">
            <table class="list-table map-table" role="table" aria-labelledby="page-title">
                <thead role="rowgroup"><tr role="row">{headers}</tr></thead>
                <tbody role="rowgroup">
                    <For each=columns key=|column| (column.index, column.header.clone()) children=row/>
                </tbody>
            </table>
        </div>
        <ModeChoice wizard/>
        <TaskPanel flow=wizard.check/>
        <MapActions wizard/>
    }
    .into_any()
}

/// The header of a column, or its place where it has none.
fn header_of(column: &SourceColumn, t: Texts) -> String {
    if column.header.is_empty() { t.nameless_column(column.index + 1) } else { column.header.clone() }
}

/// Which file it is, and how many columns have a field.
#[component]
fn FileLine(wizard: Wizard) -> impl IntoView {
    let t = use_texts();
    let words = move || {
        wizard.draft.now.with(|draft| {
            let draft = draft.as_ref()?;
            let sheet = draft.sheets.get(draft.sheet as usize).filter(|_| draft.sheets.len() > 1);
            let sheet = sheet.map(|sheet| format!(" · {}", sheet.name)).unwrap_or_default();
            let matched = draft.columns.iter().filter(|column| column.target.is_some()).count();
            Some(format!(
                "{}{sheet} · {}",
                draft.file.name,
                t.get().columns_matched(matched, draft.columns.len())
            ))
        })
    };
    view! { <p class="wizard__lead">{words}</p> }
}

#[component]
fn Samples(now: Memo<SourceColumn>) -> impl IntoView {
    let samples = move || {
        let sample = |text: String| view! { <li><span class="cell-text" title=text.clone()>{text.clone()}</span></li> };
        now.with(|column| column.samples.iter().cloned().map(sample).collect_view())
    };
    view! { <ul class="map__values">{samples}</ul> }
}

/// The select with the fields. A field that another column has can be taken; that column is then left out.
#[component]
fn FieldSelect(wizard: Wizard, now: Memo<SourceColumn>) -> impl IntoView {
    let t = use_texts();
    let draft = wizard.draft;
    let fields = move || {
        let target = now.with(|column| column.target.clone());
        let lang = t.get().lang;
        wizard.rules.with_value(|rules| {
            let field = |column: &longshore_protocol::import::ImportColumnView| {
                let label = column.labels.get(lang);
                let label = if column.is_required { t.get().required_field(label) } else { label.to_owned() };
                let is_chosen = target.as_deref() == Some(&column.name);
                view! { <option value=column.name.clone() selected=is_chosen>{label}</option> }
            };
            rules.columns.iter().map(field).collect_view()
        })
    };
    let change = move |event| {
        let value = event_target_value(&event);
        let target = Some(value).filter(|value| !value.is_empty());
        let index = now.with_untracked(|column| column.index);
        let t = t.get_untracked();
        let from = draft
            .now
            .with_untracked(|draft| freed(draft.as_ref()?, index, target.as_deref()).map(ToOwned::to_owned));
        if let (Some(from), Some(field)) = (from, &target) {
            wizard.announce(t.field_freed(&wizard.label(field, t.lang), &from));
        }
        let mapping = vec![MappedTo { index, target }];
        draft.change(UpdateDraftRequest { mapping, ..draft.request() });
    };
    view! {
        <select
            class="field map__field"
            aria-label=move || t.get().goes_into(&now.with(|column| header_of(column, t.get())))
            prop:value=move || now.with(|column| column.target.clone().unwrap_or_default())
            on:change=change
        >
            <option value="" selected=move || now.with(|column| column.target.is_none())>
                {move || t.get().leave_out()}
            </option>
            {fields}
        </select>
    }
    .into_any()
}

#[component]
fn Badge(now: Memo<SourceColumn>) -> impl IntoView {
    let t = use_texts();
    // A column that was emptied by hand is ignored like any other.
    let by = Memo::new(move |_| {
        now.with(|column| if column.target.is_some() { column.matched_by } else { MatchedBy::Nothing })
    });
    let class = move || match by.get() {
        MatchedBy::Nothing => "badge badge--quiet",
        MatchedBy::Closeness => "badge badge--look",
        _ => "badge badge--good",
    };
    let icon = Signal::derive(move || match by.get() {
        MatchedBy::Nothing => Icon::Stop,
        MatchedBy::Closeness => Icon::Alert,
        _ => Icon::Check,
    });
    view! { <span class=class><Picture icon/>{move || t.get().matched(by.get())}</span> }
}

/// What keeps the check from being started.
#[component]
fn Gaps(wizard: Wizard) -> impl IntoView {
    let t = use_texts();
    let problems = move || {
        wizard.draft.now.with(|draft| draft.as_ref().map(|draft| draft.problems.clone())).unwrap_or_default()
    };
    let lines = move || {
        let t = t.get();
        let line = |problem: DraftProblem| {
            let labels = match &problem {
                DraftProblem::Missing { columns } => {
                    columns.iter().map(|name| wizard.label(name, t.lang)).collect::<Vec<_>>()
                }
                _ => Vec::new(),
            };
            let badge = matches!(problem, DraftProblem::Missing { .. }).then(|| {
                view! { <span class="badge badge--bad"><Picture icon=Icon::Alert/>{t.required_unmatched()}</span> }
            });
            view! { <li>{badge} " " {t.draft_problem(&problem, &labels)}</li> }
        };
        problems().into_iter().map(line).collect_view()
    };
    view! {
        <div id="gaps" class="trouble wizard__trouble" tabindex="-1" hidden=move || problems().is_empty()>
            <ul>{lines}</ul>
        </div>
    }
    .into_any()
}

/// What to do with rows that are, or are not, there; asked only where the dataset allows several.
#[component]
fn ModeChoice(wizard: Wizard) -> impl IntoView {
    let t = use_texts();
    let draft = wizard.draft;
    let (modes, key) = wizard.rules.with_value(|rules| (rules.modes.clone(), rules.key.clone()));
    let is_asked = modes.len() > 1;
    let hint = move || {
        let t = t.get();
        t.key_hint(&key.iter().map(|name| wizard.label(name, t.lang)).collect::<Vec<_>>())
    };
    let option = move |mode: ImportMode| {
        let is_chosen =
            move || draft.now.with(|draft| draft.as_ref().is_some_and(|draft| draft.mode == mode));
        let choose = move |_| draft.change(UpdateDraftRequest { mode: Some(mode), ..draft.request() });
        view! {
            <label class="format">
                <input
                    type="radio"
                    class="format__radio"
                    name="import-mode"
                    value=mode.name()
                    prop:checked=is_chosen
                    checked=is_chosen
                    on:change=choose
                />
                <span class="format__name">{move || t.get().mode_name(mode)}</span>
                <span class="hint">{move || t.get().mode_hint(mode)}</span>
            </label>
        }
    };
    view! {
        <fieldset class="modes" hidden=!is_asked>
            <legend class="wizard__legend">{move || t.get().mode_label()}</legend>
            <div class="modes__list">{modes.into_iter().map(option).collect_view()}</div>
        </fieldset>
        <p class="hint">{hint}</p>
    }
    .into_any()
}

#[component]
fn MapActions(wizard: Wizard) -> impl IntoView {
    let t = use_texts();
    let draft = wizard.draft;
    let flow = wizard.check;
    let is_starting = move || flow.state.with(|state| state.step == Step::Submitting);
    let has_gaps =
        move || draft.now.with(|draft| draft.as_ref().is_some_and(|draft| !draft.problems.is_empty()));
    let has_check = move || draft.now.with(|draft| draft.as_ref().is_some_and(|draft| draft.check.is_some()));
    let next = move |_| {
        if draft.is_saving.get_untracked()
            || flow.state.with_untracked(|state| state.step == Step::Submitting)
        {
            return;
        }
        if untrack(has_gaps) {
            browser::focus("gaps");
            return;
        }
        if untrack(has_check) {
            let has_plan =
                draft.now.with_untracked(|draft| draft.as_ref().is_some_and(|draft| draft.plan.is_some()));
            wizard.go.run(if has_plan { WizardStep::Review } else { WizardStep::Check });
            return;
        }
        start_check(wizard, t.get_untracked());
    };
    let label = move || if is_starting() { t.get().submitting() } else { t.get().start_check() };
    view! {
        <div class="wizard__actions">
            <a class="button" href=WizardStep::Upload.path(&wizard.dataset_id())>{move || t.get().previous_step()}</a>
            <button
                type="button"
                id="next-button"
                class="button button--primary"
                aria-disabled=move || (has_gaps() || draft.is_saving.get() || is_starting()).to_string()
                aria-describedby=move || has_gaps().then_some("gaps")
                on:click=next
            >
                {label}
            </button>
        </div>
    }
    .into_any()
}

/// Registers the check of the draft as it is.
pub fn start_check(wizard: Wizard, t: Texts) {
    let request = wizard.draft.request();
    let request = CheckRequest {
        dataset: request.dataset,
        draft: request.draft,
        revision: wizard.draft.revision(),
        lang: Some(t.lang),
        time_zone: browser::time_zone(),
    };
    wizard.check.send(Event::Clicked(Box::new(Request::Check(request))));
}
