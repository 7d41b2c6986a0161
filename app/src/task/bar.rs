//! The progress bar.

use leptos::prelude::*;
use longshore_protocol::Unit;

use super::state::ShownProgress;

/// How far a task has come, as a bar that never goes backwards; without a total it only moves.
#[component]
pub fn ProgressBar(
    /// What it shows.
    progress: Signal<ShownProgress>,
    /// Its name.
    label: Signal<String>,
    /// The same in words.
    words: Signal<String>,
    /// Whether there is nothing to show.
    #[prop(optional)]
    is_hidden: Signal<bool>,
) -> impl IntoView {
    let fraction = Memo::new(move |_| progress.with(|progress| progress.fraction));
    let percent = move || progress.with(|progress| progress.percent()).map(|percent| percent.to_string());
    let width = move || fraction.get().map(|fraction| format!("{:.2}%", fraction * 100.0));
    view! {
        <div
            class="bar"
            class:bar--open-ended=move || fraction.get().is_none()
            class:bar--writing=move || progress.with(|progress| progress.unit == Unit::Bytes)
            hidden=move || is_hidden.get()
            role="progressbar"
            aria-label=move || label.get()
            aria-valuemin="0"
            aria-valuemax="100"
            aria-valuenow=percent
            aria-valuetext=move || words.get()
        >
            <div class="bar__fill" style:width=move || width().unwrap_or_else(|| "100%".to_owned())></div>
        </div>
    }
}
