//! The second step: which column goes into which field.

use leptos::prelude::*;
use longshore_protocol::import::{
    CheckRequest, DraftProblem, ImportDraft, ImportMode, MappedTo, MatchedBy, SourceColumn,
    UpdateDraftRequest,
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
            let find =
                |draft: &ImportDraft| draft.columns.iter().find(|column| column.index == index).cloned();
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
    // What is being submitted is what the page shows.
    let is_submitting = wizard.is_submitting();
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
            disabled=move || is_submitting.get()
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
    let is_submitting = wizard.is_submitting();
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
                    disabled=move || is_submitting.get()
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
    let step = Memo::new(move |_| wizard.check.state.with(|state| state.step));
    let next = Memo::new(move |_| {
        let is_saving = draft.is_saving.get();
        draft.now.with(|draft| draft.as_ref().map(|draft| Next::of(draft, is_saving, step.get())))
    });
    let go = move |_| match next.get_untracked() {
        Some(Next::Gaps) => browser::focus("gaps"),
        Some(Next::Go(step)) => wizard.go.run(step),
        Some(Next::Start) => start_check(wizard, t.get_untracked()),
        Some(Next::Saving) => wizard.announce(t.get_untracked().saving_change().to_owned()),
        // The panel says what is waited for.
        Some(Next::Busy) | None => {}
    };
    let label = move || match step.get() {
        Step::Submitting => t.get().submitting(),
        Step::Queued | Step::Running | Step::Cancelling if next.get() == Some(Next::Busy) => {
            t.get().working_label(wizard.check.kind)
        }
        _ => t.get().start_check(),
    };
    let has_gaps = move || next.get() == Some(Next::Gaps);
    let is_blocked = move || !matches!(next.get(), Some(Next::Go(_) | Next::Start));
    view! {
        <div class="wizard__actions">
            <a class="button" href=WizardStep::Upload.path(&wizard.dataset_id())>{move || t.get().previous_step()}</a>
            <button
                type="button"
                id="next-button"
                class="button button--primary"
                aria-disabled=move || is_blocked().to_string()
                aria-describedby=move || if has_gaps() { "gaps" } else { "saving" }
                on:click=go
            >
                {label}
            </button>
            <Saving wizard/>
        </div>
    }
    .into_any()
}

/// What the button leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Nowhere, until the gaps are filled.
    Gaps,
    /// Nowhere, until the server has the last change.
    Saving,
    /// Nowhere, until it is known what becomes of a check.
    Busy,
    /// To a step, as the check of this state is there.
    Go(WizardStep),
    /// To a new check.
    Start,
}

impl Next {
    fn of(draft: &ImportDraft, is_saving: bool, check: Step) -> Next {
        if !draft.problems.is_empty() && !is_saving {
            return Next::Gaps;
        }
        match (is_saving, &draft.check, &draft.plan) {
            (true, ..) => Next::Saving,
            (false, Some(_), Some(_)) => Next::Go(WizardStep::Review),
            (false, Some(_), None) => Next::Go(WizardStep::Check),
            (false, None, _) if check.is_busy() => Next::Busy,
            (false, None, _) => Next::Start,
        }
    }
}

/// Says why the way on is closed while a change is on its way to the server.
#[component]
pub fn Saving(wizard: Wizard) -> impl IntoView {
    let t = use_texts();
    let words = move || wizard.draft.is_saving.get().then(|| t.get().saving_change());
    view! { <span class="hint wizard__saving" id="saving">{words}</span> }
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

#[cfg(test)]
mod tests {
    use longshore_protocol::TaskId;

    use super::*;
    use crate::import::change::tests::draft;

    #[test]
    fn the_way_on_is_open_or_says_why_not() {
        let task = || Some(TaskId::parse("t1").expect("an id"));
        let with_gap = || ImportDraft { problems: vec![DraftProblem::NothingMatched], ..draft() };
        let checked = || ImportDraft { check: task(), ..draft() };
        for (draft, is_saving, check, want) in [
            (draft(), false, Step::Idle, Next::Start),
            (draft(), false, Step::Failed, Next::Start),
            (draft(), true, Step::Idle, Next::Saving),
            // Whether there is a gap still, the server says with the change that may fill it.
            (with_gap(), true, Step::Idle, Next::Saving),
            (with_gap(), false, Step::Idle, Next::Gaps),
            (draft(), false, Step::Submitting, Next::Busy),
            // Whether the check came to be is not known, as no answer came.
            (draft(), false, Step::Unknown, Next::Busy),
            (draft(), false, Step::Running, Next::Busy),
            (checked(), false, Step::Running, Next::Go(WizardStep::Check)),
            (checked(), true, Step::Running, Next::Saving),
        ] {
            assert_eq!(Next::of(&draft, is_saving, check), want, "{check:?} {is_saving}");
        }
    }
}
