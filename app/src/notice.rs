//! A quiet notice in place of content: nothing there, or something went wrong.

use leptos::prelude::*;

use crate::icon::{Icon, Picture};

/// A heading and what to do, with room for a button or a link.
#[component]
pub fn Notice(
    /// Whether it tells of something wrong.
    #[prop(optional)]
    is_error: bool,
    /// What there is to say.
    #[prop(into)]
    title: Signal<String>,
    /// What to do about it.
    #[prop(into)]
    hint: Signal<String>,
    /// Buttons and links.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="notice" class:notice--error=is_error role=is_error.then_some("alert")>
            {is_error.then(|| view! { <Picture icon=Icon::Alert/> })}
            <p class="notice__title">{move || title.get()}</p>
            <p class="notice__hint">{move || hint.get()}</p>
            {children.map(|children| children())}
        </div>
    }
}
