//! The third step: the check, which goes on in the background.

use leptos::prelude::*;

use super::map_step::start_check;
use super::step::WizardStep;
use super::wizard::Wizard;
use crate::i18n::use_texts;
use crate::task::panel::TaskPanel;
use crate::task::state::Step;

/// How far the check is, and what to do when it came to nothing.
#[component]
pub fn CheckStep(wizard: Wizard) -> impl IntoView {
    let t = use_texts();
    let step = Memo::new(move |_| wizard.check.state.with(|state| state.step));
    let has_plan =
        move || wizard.draft.now.with(|draft| draft.as_ref().is_some_and(|draft| draft.plan.is_some()));
    let came_to_nothing = move || !step.get().is_busy() && !has_plan();
    view! {
        <p class="wizard__lead">{move || t.get().check_hint()}</p>
        <TaskPanel flow=wizard.check/>
        <div class="wizard__actions">
            <a class="button" href=WizardStep::Map.path(&wizard.dataset_id()) hidden=move || step.get().is_busy()>
                {move || t.get().previous_step()}
            </a>
            <button
                type="button"
                id="check-again"
                class="button button--primary"
                hidden=move || !came_to_nothing() || step.get() == Step::Ready
                on:click=move |_| start_check(wizard, t.get_untracked())
            >
                {move || t.get().check_again()}
            </button>
            <a
                class="button button--primary"
                id="next-button"
                href=WizardStep::Review.path(&wizard.dataset_id())
                hidden=move || !has_plan()
            >
                {move || t.get().see_result()}
            </a>
        </div>
    }
    .into_any()
}
