//! What only a browser can do, in one place. Every function exists on the server too, where it does nothing
//! or answers with a harmless value, so that components need no conditional compilation.

use std::time::Duration;

use leptos::ev::DragEvent;
use leptos::prelude::{RwSignal, SignalSetter};
use longshore_protocol::Lang;

use crate::format::CivilTime;
use crate::import::upload::ChosenFile;
use crate::preferences::{RequestPreferences, Theme};

#[cfg(feature = "hydrate")]
mod leaving;
#[cfg(feature = "hydrate")]
mod sender;

#[cfg(feature = "hydrate")]
#[path = "real.rs"]
mod imp;
#[cfg(not(feature = "hydrate"))]
#[path = "absent.rs"]
mod imp;

/// One pending call at most. It is cancelled when another is started, and when the component that created the
/// timer is left.
#[derive(Clone, Copy)]
pub struct Timer(imp::Timer);

impl Timer {
    /// A timer of the current component, with nothing pending.
    pub fn new() -> Timer {
        Timer(imp::Timer::new())
    }

    /// Calls `call` after `wait`, instead of what was pending.
    pub fn start(self, wait: Duration, call: impl FnOnce() + 'static) {
        self.0.start(wait, call);
    }

    /// Cancels what is pending.
    pub fn stop(self) {
        self.0.stop();
    }
}

/// What is heard of a file on its way to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "nothing is sent on the server"))]
pub enum SendingNews {
    /// So many bytes have left.
    Sent(u64),
    /// The server has answered with this status and body.
    Answered(u16, String),
    /// There will be no answer.
    Lost,
}

/// One file that the person has chosen, and its way to the server. It stops when the component that created it is left.
#[derive(Clone, Copy)]
pub struct FileSender(imp::FileSender);

impl FileSender {
    /// A sender of the current component, with no file.
    pub fn new() -> FileSender {
        FileSender(imp::FileSender::new())
    }

    /// Takes the file that was chosen in the file input of that id, which is then empty again.
    pub fn take_chosen(self, input_id: &str) -> Option<ChosenFile> {
        self.0.take_chosen(input_id)
    }

    /// Takes the first file that was dropped.
    pub fn take_dropped(self, event: &DragEvent) -> Option<ChosenFile> {
        self.0.take_dropped(event)
    }

    /// Sends the file in the body of a POST to `path` with its name in the query, and tells how far it is.
    pub fn send(self, path: &str, tell: impl Fn(SendingNews) + Clone + 'static) {
        self.0.send(path, tell);
    }

    /// Stops sending; nothing is heard of it any more. The file is kept to be sent again.
    pub fn abort(self) {
        self.0.abort();
    }
}

/// Asks before the current component's page is left while `is_busy` says so: at a link by a question in these words, and at closing
/// or reloading by the browser's own. It ends with the component.
pub fn ask_before_leaving(
    is_busy: impl Fn() -> bool + Copy + 'static,
    question: impl Fn() -> &'static str + 'static,
) {
    imp::ask_before_leaving(is_busy, question);
}

/// Keeps files that are dropped anywhere in the window from being opened in its place, until the current component is left.
pub fn keep_dropped_files_out() {
    imp::keep_dropped_files_out();
}

/// Clicks the element of that id.
pub fn click(id: &str) {
    imp::click(id);
}

/// Lets time pass; on the server for ever, where nobody waits for a browser's time.
pub async fn sleep(wait: Duration) {
    imp::sleep(wait).await;
}

/// What a `Transition` tells of what it loads: `is_loading` in a browser, nobody on the server. There a page is sent when
/// all is loaded, and the `Transition` tells from another thread: a signal can't be read while it is being written, so
/// that whoever renders it at that moment would panic.
pub fn pending(is_loading: RwSignal<bool>) -> SignalSetter<bool> {
    if cfg!(feature = "hydrate") { is_loading.into() } else { SignalSetter::default() }
}

/// Milliseconds since the Unix epoch by the browser's clock; 0 on the server.
pub fn now_ms() -> u64 {
    imp::now_ms()
}

/// A random number from 0 up to but without 1; 0.5 on the server.
pub fn random() -> f64 {
    imp::random()
}

/// Whether the person can see this tab.
pub fn is_visible() -> bool {
    imp::is_visible()
}

/// Language, theme and time zone of the page as rendered; `None` on the server.
pub fn page_preferences() -> Option<RequestPreferences> {
    imp::page_preferences()
}

/// Sets `<html lang>`.
pub fn set_page_lang(lang: Lang) {
    imp::set_page_lang(lang);
}

/// Sets `<html data-theme>`.
pub fn set_page_theme(theme: Theme) {
    imp::set_page_theme(theme);
}

/// Sets a cookie for a year.
pub fn remember(cookie: &str, value: &str) {
    imp::remember(cookie, value);
}

/// The moment in the person's time zone; in UTC on the server, which does not know it.
pub fn local_time(epoch_ms: u64) -> CivilTime {
    imp::local_time(epoch_ms)
}

/// The IANA name of the person's time zone; empty on the server.
pub fn time_zone() -> String {
    imp::time_zone()
}

/// Reads from the browser's local storage.
pub fn stored(key: &str) -> Option<String> {
    imp::stored(key)
}

/// Writes to the browser's local storage, where it is allowed.
pub fn store(key: &str, value: &str) {
    imp::store(key, value);
}

/// Whether the focus is in the element.
pub fn has_focus(element: &leptos::web_sys::Element) -> bool {
    imp::has_focus(element)
}

/// Whether no element has the focus.
pub fn is_focus_nowhere() -> bool {
    imp::is_focus_nowhere()
}

/// Moves the focus to the element of that id, if there is one.
pub fn focus(id: &str) {
    imp::focus(id);
}

/// Moves the focus to the element of that id once the page shows what has just changed.
pub fn focus_soon(id: String) {
    leptos::prelude::request_animation_frame(move || imp::focus(&id));
}

/// The value of this attribute at the focused element, or at the nearest element around it that has one.
pub fn focused_part(attribute: &str) -> Option<String> {
    imp::focused_part(attribute)
}

/// The place, from 0, of the item of a vertical list at this height of the window; of its first or last item beyond its ends.
pub fn item_at(list: &leptos::web_sys::Element, y: f64) -> usize {
    imp::item_at(list, y)
}

/// Scrolls as little as shows the item at this place of a list.
pub fn show_item(list: &leptos::web_sys::Element, index: usize) {
    imp::show_item(list, index);
}

/// Selects the text of the element of that id and copies it; gives whether the browser did.
pub fn copy_text_of(id: &str) -> bool {
    imp::copy_text_of(id)
}

/// A moment in RFC 3339 as milliseconds since the Unix epoch; `None` on the server.
pub fn moment_of(text: &str) -> Option<u64> {
    imp::moment_of(text)
}

/// Starts the download of a URL of this server.
pub fn start_download(url: &str) {
    imp::start_download(url);
}

/// A text that no other click makes: the time and 64 random bits, in hexadecimal.
pub fn fresh_key() -> String {
    let part = || (random() * 4_294_967_296.0) as u32;
    format!("{:x}-{:08x}{:08x}", now_ms(), part(), part())
}
