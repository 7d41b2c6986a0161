//! The last step: the decision, the import, and what came of it.

use leptos::either::Either;
use leptos::prelude::*;
use leptos::task::spawn_local;
use longshore_protocol::TaskDetails;
use longshore_protocol::import::{CommitRequest, ImportPlan, ImportWay, PlanCounts};

use super::map_step::start_check;
use super::report::ReportFacts;
use super::step::WizardStep;
use super::undo::UndoControls;
use super::wizard::Wizard;
use crate::answer::in_time;
use crate::api::get_task_details;
use crate::i18n::use_texts;
use crate::icon::{Icon, Picture};
use crate::task::panel::TaskPanel;
use crate::task::state::{Event, Request, Step};

/// The form until the import is registered, and its course and result from then on.
#[component]
pub fn ConfirmStep(wizard: Wizard) -> impl IntoView {
    let is_registered = Memo::new(move |_| {
        wizard.draft.now.with(|draft| draft.as_ref().is_some_and(|draft| draft.import.is_some()))
    });
    let plan = Memo::new(move |_| {
        wizard.draft.now.with(|draft| draft.as_ref().and_then(|draft| draft.plan.clone()))
    });
    let form =
        move || plan.get().filter(|_| !is_registered.get()).map(|plan| view! { <Decision wizard plan/> });
    view! {
        {form}
        <TaskPanel flow=wizard.import/>
        <Show when=move || is_registered.get()>
            <Outcome wizard/>
        </Show>
    }
    .into_any()
}

/// Whether a plan can be carried out in a way: all or nothing needs all.
fn is_possible(way: ImportWay, counts: PlanCounts) -> bool {
    way == ImportWay::ValidRows || counts.error == 0
}

/// Whether an import has ended so that another check of the same file would find rows to import.
fn is_worth_another_check(step: Step) -> bool {
    matches!(step, Step::Stopped | Step::Failed | Step::Cancelled | Step::Abandoned)
}

#[component]
fn Decision(wizard: Wizard, plan: ImportPlan) -> impl IntoView {
    let t = use_texts();
    let ImportPlan { task, counts, .. } = plan;
    let way = RwSignal::new(ImportWay::ValidRows);
    let step = Memo::new(move |_| wizard.import.state.with(|state| state.step));
    let option = move |wanted: ImportWay| {
        let is_possible = is_possible(wanted, counts);
        let value = match wanted {
            ImportWay::ValidRows => "valid_rows",
            ImportWay::AllOrNothing => "all_or_nothing",
        };
        view! {
            <label class="format" class:format--impossible=!is_possible>
                <input
                    type="radio"
                    class="format__radio"
                    name="import-way"
                    value=value
                    disabled=!is_possible
                    prop:checked=move || way.get() == wanted
                    checked=move || way.get() == wanted
                    on:change=move |_| way.set(wanted)
                />
                <span class="format__name">{move || t.get().way_name(wanted)}</span>
                <span class="hint">{move || t.get().way_hint(wanted, counts.error)}</span>
            </label>
        }
    };
    let plan_task = task.to_string();
    let confirm = move |_| {
        if step.get_untracked().is_busy() {
            return;
        }
        let request = wizard.draft.request();
        let request = CommitRequest {
            dataset: request.dataset,
            draft: request.draft,
            plan: plan_task.clone(),
            way: way.get_untracked(),
        };
        wizard.import.send(Event::Clicked(Box::new(Request::Import(request))));
    };
    let label = move || match step.get() {
        Step::Submitting => t.get().submitting().to_owned(),
        _ => t.get().import_rows(counts.writes()),
    };
    view! {
        <p class="wizard__lead wizard__counts">{move || t.get().plan_counts(counts)}</p>
        <fieldset class="modes">
            <legend class="wizard__legend">{move || t.get().way_label()}</legend>
            <div class="modes__list">{[ImportWay::ValidRows, ImportWay::AllOrNothing].map(option).collect_view()}</div>
        </fieldset>
        <p class="hint">{move || t.get().will_write(counts)}</p>
        <div class="wizard__actions">
            <a class="button" href=WizardStep::Review.path(&wizard.dataset_id())>{move || t.get().previous_step()}</a>
            <button
                type="button"
                id="import-button"
                class="button button--primary"
                aria-disabled=move || step.get().is_busy().to_string()
                on:click=confirm
            >
                {label}
            </button>
        </div>
    }
    .into_any()
}

/// What came of the import, once it has ended.
#[component]
fn Outcome(wizard: Wizard) -> impl IntoView {
    let t = use_texts();
    let step = Memo::new(move |_| wizard.import.state.with(|state| state.step));
    let task = Memo::new(move |_| {
        wizard
            .import
            .state
            .with(|state| state.task.as_ref().map(|task| task.id.clone()))
            .filter(|_| step.get().is_end())
    });
    let details = RwSignal::new(None::<TaskDetails>);
    let ask = move || {
        let Some(task) = task.get_untracked() else { return };
        spawn_local(async move {
            match in_time(get_task_details(task.to_string())).await {
                Ok(got) => {
                    // Of one that was cancelled, only the details know how much is in.
                    let _ = wizard.import.state.try_update(|state| state.task = Some(got.task.clone()));
                    let _ = details.try_set(Some(got));
                }
                Err(error) => {
                    let _ = wizard.draft.trouble.try_set(Some(error));
                }
            }
        });
    };
    Effect::new(move |_| {
        if task.get().is_some() {
            ask();
        }
    });
    let errors = move || {
        let file = wizard.import.state.with(|state| state.task.as_ref().and_then(|task| task.file.clone()));
        file.filter(|_| matches!(step.get(), Step::Ready | Step::Stopped))
    };
    let errors_link = move || match errors() {
        Some(file) => Either::Left(view! {
            <a id="errors-link" class="button" href=file.url download=file.name rel="external">
                <Picture icon=Icon::Download/>
                {move || t.get().download_errors()}
            </a>
        }),
        None => Either::Right(()),
    };
    let report = move || {
        let import = details.get()?.import?;
        let task = task.get()?;
        let undo = import.clone();
        Some(view! {
            <section id="import-report" class="report" aria-labelledby="page-title">
                <ReportFacts report=import/>
                <UndoControls import=task dataset=wizard.dataset_id() report=undo announcement=wizard.announcement/>
            </section>
        })
    };
    let is_ended = move || step.get().is_end() || step.get() == Step::Idle;
    let check_step = Memo::new(move |_| wizard.check.state.with(|state| state.step));
    let can_check = move || is_worth_another_check(step.get());
    let check_again = move |_| start_check(wizard, t.get_untracked());
    // Of the new check the step of its own tells; here only what becomes of the wish.
    let is_check_told = move || can_check() && (check_step.get().is_busy() || check_step.get() == Step::Idle);
    let path = wizard.dataset_id();
    view! {
        {report}
        <div hidden=move || !is_check_told()>
            <TaskPanel flow=wizard.check/>
        </div>
        <div class="wizard__actions wizard__actions--end" hidden=move || !is_ended()>
            <a class="button" href="/tasks">{move || t.get().open_tasks()}</a>
            {errors_link}
            <button
                type="button"
                id="check-file-again"
                class="button"
                hidden=move || !can_check()
                aria-disabled=move || check_step.get().is_busy().to_string()
                on:click=check_again
            >
                {move || t.get().check_file_again()}
            </button>
            <a id="import-another" class="button" href=WizardStep::Upload.path(&path)>{move || t.get().import_another()}</a>
            <a class="button button--primary" href=format!("/d/{path}")>{move || t.get().see_list()}</a>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_file_is_checked_again_where_rows_may_be_left() {
        for (step, want) in [
            (Step::Stopped, true),
            (Step::Failed, true),
            (Step::Cancelled, true),
            (Step::Abandoned, true),
            (Step::Ready, false),
            (Step::Running, false),
            (Step::Unknown, false),
        ] {
            assert_eq!(is_worth_another_check(step), want, "{step:?}");
        }
    }

    #[test]
    fn all_or_nothing_needs_all() {
        for (way, error, want) in [
            (ImportWay::ValidRows, 0, true),
            (ImportWay::ValidRows, 3, true),
            (ImportWay::AllOrNothing, 0, true),
            (ImportWay::AllOrNothing, 1, false),
        ] {
            assert_eq!(is_possible(way, PlanCounts { error, ..PlanCounts::default() }), want);
        }
    }
}
