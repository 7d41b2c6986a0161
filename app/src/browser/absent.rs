//! Nothing, in the place of a browser: what runs on the server.

use std::time::Duration;

use leptos::ev::DragEvent;
use longshore_protocol::Lang;

use super::SendingNews;
use crate::format::CivilTime;
use crate::import::upload::ChosenFile;
use crate::preferences::{RequestPreferences, Theme};

#[derive(Clone, Copy)]
pub struct Timer;

impl Timer {
    pub fn new() -> Timer {
        Timer
    }

    pub fn start(self, _wait: Duration, _call: impl FnOnce() + 'static) {}

    pub fn stop(self) {}
}

#[derive(Clone, Copy)]
pub struct FileSender;

impl FileSender {
    pub fn new() -> FileSender {
        FileSender
    }

    pub fn take_chosen(self, _input_id: &str) -> Option<ChosenFile> {
        None
    }

    pub fn take_dropped(self, _event: &DragEvent) -> Option<ChosenFile> {
        None
    }

    pub fn send(self, _path: &str, _tell: impl Fn(SendingNews) + Clone + 'static) {}

    pub fn abort(self) {}
}

pub fn ask_before_leaving(
    _is_busy: impl Fn() -> bool + Copy + 'static,
    _question: impl Fn() -> &'static str + 'static,
) {
}

pub fn keep_dropped_files_out() {}

pub fn click(_id: &str) {}

pub async fn sleep(_wait: Duration) {
    std::future::pending().await
}

pub fn now_ms() -> u64 {
    0
}

pub fn random() -> f64 {
    0.5
}

pub fn is_visible() -> bool {
    true
}

pub fn page_preferences() -> Option<RequestPreferences> {
    None
}

pub fn set_page_lang(_lang: Lang) {}

pub fn set_page_theme(_theme: Theme) {}

pub fn remember(_cookie: &str, _value: &str) {}

pub fn local_time(epoch_ms: u64) -> CivilTime {
    CivilTime::utc(epoch_ms)
}

pub fn time_zone() -> String {
    String::new()
}

pub fn stored(_key: &str) -> Option<String> {
    None
}

pub fn store(_key: &str, _value: &str) {}

pub fn has_focus(_element: &leptos::web_sys::Element) -> bool {
    false
}

pub fn is_focus_nowhere() -> bool {
    false
}

pub fn start_download(_url: &str) {}

pub fn focus(_id: &str) {}

pub fn focused_part(_attribute: &str) -> Option<String> {
    None
}

pub fn item_at(_list: &leptos::web_sys::Element, _y: f64) -> usize {
    0
}

pub fn show_item(_list: &leptos::web_sys::Element, _index: usize) {}

pub fn copy_text_of(_id: &str) -> bool {
    false
}

pub fn moment_of(_text: &str) -> Option<u64> {
    None
}
