//! A button that asks once more before it does something that can't be taken back.

use leptos::prelude::*;

use crate::browser;
use crate::i18n::use_texts;

/// The button, and in its place the question with both answers once it is pressed.
#[component]
pub fn Confirmation(
    /// Id of the button; the answers have `-yes` and `-no` behind it.
    #[prop(into)]
    id: String,
    /// The button, which is also the answer yes.
    label: Signal<String>,
    /// The question.
    question: Signal<String>,
    /// What happens at yes.
    confirmed: Callback<()>,
    /// What gets the focus at yes, as the button that has it is gone then; nothing where that is cared for elsewhere.
    #[prop(optional, into)]
    then_focus: String,
) -> impl IntoView {
    let t = use_texts();
    let is_asking = RwSignal::new(false);
    let (yes, no) = (format!("{id}-yes"), format!("{id}-no"));
    let (focus_no, own_id) = (no.clone(), StoredValue::new(id.clone()));
    let ask = move |_| {
        is_asking.set(true);
        browser::focus_soon(focus_no.clone());
    };
    let leave = move || {
        is_asking.set(false);
        browser::focus_soon(own_id.get_value());
    };
    let keydown = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" && !event.is_composing() && is_asking.get_untracked() {
            event.prevent_default();
            leave();
        }
    };
    let then_focus = StoredValue::new(then_focus);
    let question_id = format!("{id}-question");
    let labelled_by = question_id.clone();
    view! {
        <div class="confirmation" on:keydown=keydown>
            <button type="button" id=id class="button button--quiet" hidden=move || is_asking.get() on:click=ask>
                {move || label.get()}
            </button>
            <div
                class="confirmation__question"
                role="group"
                aria-labelledby=labelled_by
                hidden=move || !is_asking.get()
            >
                <p id=question_id>{move || question.get()}</p>
                <div class="confirmation__answers">
                    <button
                        type="button"
                        id=yes
                        class="button button--danger"
                        on:click=move |_| {
                            is_asking.set(false);
                            confirmed.run(());
                            if then_focus.with_value(|id| !id.is_empty()) {
                                browser::focus_soon(then_focus.get_value());
                            }
                        }
                    >
                        {move || label.get()}
                    </button>
                    <button type="button" id=no class="button" on:click=move |_| leave()>
                        {move || t.get().keep_it()}
                    </button>
                </div>
            </div>
        </div>
    }
    .into_any()
}
