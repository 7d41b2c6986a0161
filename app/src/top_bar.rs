//! The bar over every page: name, pages, language, theme.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use longshore_protocol::Lang;

use crate::format::grouped;
use crate::i18n::use_texts;
use crate::icon::{Icon, Picture};
use crate::preferences::{Preferences, Theme};
use crate::running::RunningTasks;

/// The bar over every page.
#[component]
pub fn TopBar(
    /// The person's choices.
    preferences: Preferences,
    /// The count beside Tasks.
    running: RunningTasks,
) -> impl IntoView {
    let t = use_texts();
    let path = use_location().pathname;
    let current = move |is_here: bool| is_here.then_some("page");
    let other_lang = move || match preferences.lang.get() {
        Lang::En => Lang::Zh,
        Lang::Zh => Lang::En,
    };
    let theme_icon = Signal::derive(move || match preferences.theme.get() {
        Theme::System => Icon::HalfDisc,
        Theme::Light => Icon::Sun,
        Theme::Dark => Icon::Moon,
    });
    view! {
        <header class="top-bar">
            <div class="top-bar__inner">
                <a class="top-bar__brand" href="/">
                    <svg class="top-bar__mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
                        <path d="M5 12h22v14H5zM5 12l3-6h16l3 6M16 15.5v7M12.5 20a3.5 3.5 0 0 0 7 0M13.5 16h5"></path>
                    </svg>
                    <span class="top-bar__name">"Longshore"</span>
                </a>
                <nav class="top-bar__nav" aria-label=move || t.get().main_navigation()>
                    <a
                        class="top-bar__link"
                        href="/"
                        aria-current=move || current(path.with(|path| path == "/" || path.starts_with("/d/")))
                    >
                        {move || t.get().datasets()}
                    </a>
                    <a class="top-bar__link" href="/tasks" aria-current=move || current(path.with(|path| path == "/tasks"))>
                        {move || t.get().tasks_title()}
                        <span class="count" hidden=move || running.count.get() == 0>
                            <span aria-hidden="true">{move || grouped(running.count.get())}</span>
                            <span class="visually-hidden">{move || t.get().running_count(running.count.get())}</span>
                        </span>
                    </a>
                </nav>
                <button
                    type="button"
                    class="button button--quiet"
                    lang=move || other_lang().tag()
                    on:click=move |_| preferences.choose_lang(other_lang())
                >
                    <Picture icon=Icon::Globe/>
                    <span>{move || t.get().other_language()}</span>
                </button>
                <button
                    type="button"
                    class="button button--quiet button--square"
                    title=move || t.get().theme(preferences.theme.get())
                    aria-label=move || t.get().theme(preferences.theme.get())
                    on:click=move |_| preferences.choose_theme(preferences.theme.get().next())
                >
                    <Picture icon=theme_icon/>
                </button>
            </div>
        </header>
    }
}
