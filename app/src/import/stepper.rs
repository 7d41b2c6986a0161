//! The five steps as a list.

use leptos::either::Either;
use leptos::prelude::*;

use super::step::WizardStep;
use super::step::is_reachable;
use super::wizard::Wizard;
use crate::i18n::use_texts;
use crate::icon::{Icon, Picture};

/// The steps; those that the draft lets the person go back to are links.
#[component]
pub fn Stepper(
    /// The import.
    wizard: Wizard,
) -> impl IntoView {
    let t = use_texts();
    let item = move |step: WizardStep| {
        let is_current = move || wizard.step.get() == step;
        let is_done = move || step < wizard.step.get();
        let is_link = move || is_done() && wizard.draft.now.with(|draft| is_reachable(step, draft.as_ref()));
        let mark = move || match is_done() {
            true => Either::Left(view! {
                <Picture icon=Icon::Check/>
                <span class="visually-hidden">{move || t.get().step_done()} " "</span>
            }),
            false => Either::Right(step.number()),
        };
        let name = move || t.get().step_name(step);
        let content = move || match is_link() {
            true => Either::Left(view! { <a href=step.path(&wizard.dataset_id())>{name}</a> }),
            false => Either::Right(view! { <span>{name}</span> }),
        };
        view! {
            <li
                class="stepper__step"
                class:stepper__step--done=is_done
                aria-current=move || is_current().then_some("step")
            >
                <span class="stepper__mark">{mark}</span>
                <span class="stepper__name">{content}</span>
            </li>
        }
    };
    view! {
        <ol class="stepper" aria-label=move || t.get().steps()>
            {WizardStep::ALL.map(item).collect_view()}
        </ol>
    }
    .into_any()
}
