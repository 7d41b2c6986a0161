//! The frame of an import: heading, steps, the step at hand, deadline and discarding.

use leptos::either::EitherOf5;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use longshore_protocol::import::{ImportDraft, ImportView};
use longshore_protocol::{DatasetView, ErrorCode, TaskId, TaskKind};

use super::check_step::CheckStep;
use super::confirm_step::ConfirmStep;
use super::confirmation::Confirmation;
use super::draft::{Draft, is_worth_asking_again, words_of};
use super::map_step::MapStep;
use super::review_step::ReviewStep;
use super::step::{WizardStep, shown};
use super::stepper::Stepper;
use super::upload_step::UploadStep;
use crate::browser;
use crate::call_error::CallError;
use crate::i18n::use_texts;
use crate::pages::PageTitle;
use crate::running::RunningTasks;
use crate::task::flow::TaskFlow;
use crate::task::state::Step;

/// What the steps share.
#[derive(Clone, Copy)]
pub struct Wizard {
    /// What is imported into.
    pub dataset: StoredValue<DatasetView>,
    /// How.
    pub rules: StoredValue<ImportView>,
    /// The draft.
    pub draft: Draft,
    /// The step that is shown.
    pub step: Memo<WizardStep>,
    /// Leads to a step.
    pub go: Callback<WizardStep>,
    /// What screen readers are told.
    pub announcement: RwSignal<String>,
    /// The check of the draft.
    pub check: TaskFlow,
    /// The import of its plan.
    pub import: TaskFlow,
    /// Whether the page is there, so that times can be told in the person's zone.
    pub is_local: RwSignal<bool>,
}

impl Wizard {
    /// The dataset's id.
    pub fn dataset_id(self) -> String {
        self.dataset.with_value(|dataset| dataset.id.to_string())
    }

    /// The label of one of the dataset's columns.
    pub fn label(self, name: &str, lang: longshore_protocol::Lang) -> String {
        self.rules.with_value(|rules| {
            let column = rules.columns.iter().find(|column| column.name == name);
            column.map_or_else(|| name.to_owned(), |column| column.labels.get(lang).to_owned())
        })
    }

    /// Whether the check is being submitted: what it is of must stay as it is until the server has it.
    pub fn is_submitting(self) -> Signal<bool> {
        Signal::derive(move || self.check.state.with(|state| state.step == Step::Submitting))
    }

    /// Tells screen readers.
    pub fn announce(self, words: String) {
        let _ = self.announcement.try_set(words);
    }
}

/// The whole import.
#[component]
pub fn ImportWizard(
    /// What is imported into.
    dataset: DatasetView,
    /// How.
    rules: ImportView,
    /// The draft as the server has it.
    first: Result<Option<ImportDraft>, CallError>,
) -> impl IntoView {
    let t = use_texts();
    let id = dataset.id.to_string();
    let labels = dataset.labels.clone();
    let name = Signal::derive(move || labels.get(t.get().lang).to_owned());
    let (first, refusal) = match first {
        Ok(draft) => (draft, None),
        Err(error) => (None, Some(error.0)),
    };
    let draft = Draft::new(id.clone(), first);
    draft.trouble.set(refusal);
    let location = use_location();
    let own_path = format!("/d/{id}/import");
    let asked = Memo::new(move |before: Option<&Option<WizardStep>>| {
        // While the person leaves for another page, the step stays as it is.
        if location.pathname.with(|path| path.trim_end_matches('/') != own_path) {
            return before.copied().flatten();
        }
        location.query.with(|query| WizardStep::from_name(&query.get("step")?))
    });
    let step = Memo::new(move |_| draft.now.with(|draft| shown(asked.get(), draft.as_ref())));
    let navigate = use_navigate();
    let target = id.clone();
    let go = Callback::new(move |step: WizardStep| navigate(&step.path(&target), NavigateOptions::default()));
    let running = use_context::<RunningTasks>().unwrap_or_else(RunningTasks::provide);
    let announcement = RwSignal::new(String::new());
    let task = move |which: fn(&ImportDraft) -> Option<TaskId>| {
        draft.now.with_untracked(|draft| draft.as_ref().and_then(which))
    };
    let check = TaskFlow::following(TaskKind::ImportCheck, task(check_of), id.clone(), running, announcement);
    let import = TaskFlow::following(TaskKind::Import, task(import_of), id.clone(), running, announcement);
    let wizard = Wizard {
        dataset: StoredValue::new(dataset),
        rules: StoredValue::new(rules),
        draft,
        step,
        go,
        announcement,
        check,
        import,
        is_local: RwSignal::new(false),
    };
    Effect::new(move |_| wizard.is_local.set(true));
    keep_together(draft, check, check_of, move || {
        // A short check may be over when the draft is heard of again.
        let has_plan =
            draft.now.with_untracked(|draft| draft.as_ref().is_some_and(|draft| draft.plan.is_some()));
        go.run(if has_plan { WizardStep::Review } else { WizardStep::Check });
    });
    keep_together(draft, import, import_of, move || go.run(WizardStep::Confirm));
    for flow in [check, import] {
        // What was refused for it is told by the panel; the page is to show the draft as it is.
        let is_stale = Memo::new(move |_| {
            flow.state.with(|state| matches!(&state.error, Some(error) if *error == ErrorCode::DraftChanged))
        });
        Effect::new(move |_| {
            if is_stale.get() {
                draft.load(|| ());
            }
        });
    }
    // The plan is in the draft once the check has ended.
    let check_step = Memo::new(move |_| check.state.with(|state| state.step));
    Effect::new(move |before: Option<Step>| {
        let now = check_step.get();
        if now == Step::Ready && before.is_some_and(Step::is_busy) {
            draft.load(move || {
                let has_plan = draft
                    .now
                    .with_untracked(|draft| draft.as_ref().is_some_and(|draft| draft.plan.is_some()));
                if has_plan && step.get_untracked() == WizardStep::Check {
                    go.run(WizardStep::Review);
                }
            });
        }
        now
    });
    Effect::new(move |before: Option<WizardStep>| {
        let now = step.get();
        if before.is_some_and(|before| before != now) {
            browser::focus_soon("page-title".to_owned());
        }
        now
    });
    let shown_again = window_event_listener_untyped("visibilitychange", move |_| {
        // Another tab may have gone on with the same draft.
        if browser::is_visible() && !draft.is_saving.get_untracked() {
            draft.load(|| ());
        }
    });
    on_cleanup(move || shown_again.remove());
    let heading = Signal::derive(move || t.get().step_heading(step.get()));
    let title = Signal::derive(move || format!("{} – {}", heading.get(), t.get().import_into(&name.get())));
    let content = move || match step.get() {
        WizardStep::Upload => EitherOf5::A(view! { <UploadStep wizard/> }),
        WizardStep::Map => EitherOf5::B(view! { <MapStep wizard/> }),
        WizardStep::Check => EitherOf5::C(view! { <CheckStep wizard/> }),
        WizardStep::Review => EitherOf5::D(view! { <ReviewStep wizard/> }),
        WizardStep::Confirm => EitherOf5::E(view! { <ConfirmStep wizard/> }),
    };
    view! {
        <PageTitle name=title/>
        <div class="wizard" data-alive=move || wizard.is_local.get().then_some("")>
            <p class="wizard__into">
                <a href=format!("/d/{id}")>{move || name.get()}</a>
                <span aria-hidden="true">" / "</span>
                {move || t.get().import()}
            </p>
            <Stepper wizard/>
            <h1 id="page-title" class="wizard__heading" tabindex="-1">{move || heading.get()}</h1>
            <div class="visually-hidden" role="status">{move || announcement.get()}</div>
            <Trouble draft/>
            {content}
            <WizardFoot wizard/>
        </div>
    }
    .into_any()
}

fn check_of(draft: &ImportDraft) -> Option<TaskId> {
    draft.check.clone()
}

fn import_of(draft: &ImportDraft) -> Option<TaskId> {
    draft.import.clone()
}

/// Lets the flow follow the task that the draft names, and the draft learn of the task that was started here.
fn keep_together(
    draft: Draft,
    flow: TaskFlow,
    which: fn(&ImportDraft) -> Option<TaskId>,
    started: impl Fn() + Copy + 'static,
) {
    let named = Memo::new(move |_| draft.now.with(|draft| draft.as_ref().and_then(which)));
    let followed =
        Memo::new(move |_| flow.state.with(|state| state.task.as_ref().map(|task| task.id.clone())));
    Effect::new(move |before: Option<Option<TaskId>>| {
        let named = named.get();
        if before.is_some_and(|before| before != named) {
            flow.follow(named.clone());
        }
        named
    });
    Effect::new(move |before: Option<Option<TaskId>>| {
        let followed = followed.get();
        let is_news = before.is_some() && followed.is_some() && followed != named.get_untracked();
        if is_news {
            let task = followed.clone();
            draft.load(move || {
                // The task of another state of the draft, such as a check that is being stopped, leads nowhere.
                if draft.now.with_untracked(|draft| draft.as_ref().and_then(which)) == task {
                    started();
                }
            });
        }
        followed
    });
}

/// Why the last call was refused, and what can be done.
#[component]
fn Trouble(draft: Draft) -> impl IntoView {
    let t = use_texts();
    let words = move || draft.trouble.with(|error| error.as_ref().map(|error| words_of(error, t.get())));
    let can_ask = move || draft.trouble.with(|error| error.as_ref().is_some_and(is_worth_asking_again));
    let again = move |_| draft.load(move || draft.no_trouble());
    view! {
        <div class="trouble wizard__trouble" role="alert" hidden=move || words().is_none()>
            <p>{words}</p>
            <button type="button" class="button" hidden=move || !can_ask() on:click=again>
                {move || t.get().retry()}
            </button>
        </div>
    }
    .into_any()
}

/// Until when the draft is kept, and giving it up.
#[component]
fn WizardFoot(wizard: Wizard) -> impl IntoView {
    let t = use_texts();
    let draft = wizard.draft;
    let is_open = Memo::new(move |_| {
        draft.now.with(|draft| draft.as_ref().is_some_and(|draft| draft.import.is_none()))
    });
    let deadline = move || {
        let at = draft.now.with(|draft| draft.as_ref().map(|draft| draft.expires_at))?;
        let moment = t.get().moment(browser::local_time(at));
        wizard.is_local.get().then(|| t.get().draft_kept_until(&moment))
    };
    let discard = Callback::new(move |()| {
        draft.discard(move || {
            wizard.announce(t.get_untracked().discarded().to_owned());
            wizard.go.run(WizardStep::Upload);
            browser::focus_soon("page-title".to_owned());
        });
    });
    view! {
        <footer class="wizard__foot" hidden=move || !is_open.get()>
            <p class="hint" id="draft-deadline">{deadline}</p>
            <Confirmation
                id="discard-button"
                label=Signal::derive(move || t.get().discard().to_owned())
                question=Signal::derive(move || t.get().discard_question().to_owned())
                confirmed=discard
            />
        </footer>
    }
    .into_any()
}
