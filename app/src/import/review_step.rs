//! The fourth step: what the check has found.

use leptos::prelude::*;
use longshore_protocol::TaskId;
use longshore_protocol::import::{ImportPlan, PlanCounts, ProblemCount, RowAction};

use super::plan_rows::PlanRows;
use super::plan_table::told;
use super::step::WizardStep;
use super::wizard::Wizard;
use crate::browser;
use crate::format::grouped;
use crate::i18n::use_texts;
use crate::icon::{Icon, Picture};

/// The plan in numbers, its rows, and the workbook of errors.
#[component]
pub fn ReviewStep(wizard: Wizard) -> impl IntoView {
    // Another check has another plan; everything about the old one goes with it.
    let plan = Memo::new(move |_| {
        wizard.draft.now.with(|draft| draft.as_ref().and_then(|draft| draft.plan.clone()))
    });
    move || plan.get().map(|plan| view! { <Plan wizard plan/> })
}

#[component]
fn Plan(wizard: Wizard, plan: ImportPlan) -> impl IntoView {
    let t = use_texts();
    let ImportPlan { task, counts, warning_count, problems, checked_at, .. } = plan;
    let moment = move || {
        wizard.is_local.get().then(|| t.get().checked_at(&t.get().moment(browser::local_time(checked_at))))
    };
    view! {
        <p id="plan-counts" class="wizard__lead wizard__counts">{move || t.get().plan_counts(counts)}</p>
        <p class="hint">{moment}</p>
        <Tiles counts/>
        <p class="hint" hidden={warning_count == 0}>{move || t.get().plan_warnings(warning_count)}</p>
        {(!problems.is_empty()).then(|| view! { <ErrorRows wizard task=task.clone() problems has_errors={counts.error > 0}/> })}
        <PlanRows wizard task counts has_warnings={warning_count > 0}/>
        <ReviewActions wizard counts/>
    }
    .into_any()
}

/// The four numbers.
#[component]
fn Tiles(counts: PlanCounts) -> impl IntoView {
    let t = use_texts();
    let tile = move |action: RowAction, count: u64, class: &'static str| {
        view! {
            <li class=format!("tile {class}")>
                <span class="tile__count">{grouped(count)}</span>
                <span class="tile__name">{move || t.get().plan_number(action)}</span>
            </li>
        }
    };
    let error_class = if counts.error > 0 { "tile--bad" } else { "tile--quiet" };
    view! {
        // The sentence above says the same.
        <ul class="tiles" aria-hidden="true">
            {tile(RowAction::Create, counts.create, "tile--good")}
            {tile(RowAction::Update, counts.update, "tile--changed")}
            {tile(RowAction::Unchanged, counts.unchanged, "tile--quiet")}
            {tile(RowAction::Error, counts.error, error_class)}
        </ul>
    }
    .into_any()
}

/// What is wrong most often, warnings among it, and the workbook of errors where there are some.
#[component]
fn ErrorRows(wizard: Wizard, task: TaskId, problems: Vec<ProblemCount>, has_errors: bool) -> impl IntoView {
    let t = use_texts();
    let url = format!("/files/{task}");
    let kind = Memo::new(move |_| wizard.draft.now.with(|draft| draft.as_ref().map(|draft| draft.file.kind)));
    let line = move |found: ProblemCount| {
        let words = move || {
            let t = t.get();
            let field = found
                .column
                .as_ref()
                .map_or_else(|| t.whole_row().to_owned(), |name| wizard.label(name, t.lang));
            let told = told(&found.problem, found.column.as_deref(), wizard, t.lang);
            let told = if found.problem.is_warning() { format!("{}: {told}", t.warning()) } else { told };
            (field, told, t.rows_with(found.count))
        };
        let parts = StoredValue::new(words);
        view! {
            <li>
                <b>{move || parts.with_value(|words| words().0)}</b>
                <span>{move || parts.with_value(|words| words().1)}</span>
                <span class="hint">{move || parts.with_value(|words| words().2)}</span>
            </li>
        }
    };
    let shown = problems.into_iter().take(5).map(line).collect_view();
    view! {
        <section class="error-rows" aria-labelledby="most-frequent">
            <div class="error-rows__kinds">
                <h2 id="most-frequent">{move || t.get().most_frequent()}</h2>
                <ul class="problem-kinds">{shown}</ul>
            </div>
            <div class="error-rows__file" hidden=!has_errors>
                <a id="errors-link" class="button" href=url download="" rel="external">
                    <Picture icon=Icon::Download/>
                    {move || t.get().download_errors()}
                </a>
                <a id="corrected-link" class="button button--quiet" href=WizardStep::Upload.path(&wizard.dataset_id())>
                    {move || t.get().upload_corrected()}
                </a>
                <p class="hint">{move || kind.get().map(|kind| t.get().download_errors_hint(kind))}</p>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn ReviewActions(wizard: Wizard, counts: PlanCounts) -> impl IntoView {
    let t = use_texts();
    let is_blocked = counts.writes() == 0;
    let next = move |_| {
        if is_blocked {
            browser::focus("nothing-to-import");
        } else {
            wizard.go.run(WizardStep::Confirm);
        }
    };
    view! {
        <p id="nothing-to-import" class="trouble wizard__trouble" tabindex="-1" hidden=!is_blocked>
            {move || t.get().nothing_to_import(counts)}
        </p>
        <div class="wizard__actions">
            <a class="button" href=WizardStep::Map.path(&wizard.dataset_id())>{move || t.get().previous_step()}</a>
            <button
                type="button"
                id="next-button"
                class="button button--primary"
                aria-disabled=is_blocked.to_string()
                aria-describedby=is_blocked.then_some("nothing-to-import")
                on:click=next
            >
                {move || t.get().next_step()}
            </button>
        </div>
    }
    .into_any()
}
