//! A moment on the page of tasks.

use leptos::prelude::*;

use crate::browser;
use crate::format::CivilTime;
use crate::i18n::use_texts;

/// A moment in the person's zone once the page is there; before that, as on the server, in UTC.
#[component]
pub fn When(
    /// Milliseconds since the Unix epoch.
    at: u64,
    /// Whether the page is there.
    is_local: RwSignal<bool>,
) -> impl IntoView {
    let t = use_texts();
    let utc = CivilTime::utc(at);
    let words = move || {
        if is_local.get() {
            t.get().moment(browser::local_time(at))
        } else {
            format!("{} UTC", t.get().moment(utc))
        }
    };
    view! { <time datetime=utc.machine()>{words}</time> }
}
