//! The browser itself.

use std::time::Duration;

use longshore_protocol::Lang;

use crate::format::CivilTime;
use crate::preferences::{RequestPreferences, Theme};
use gloo_timers::callback::Timeout;
use leptos::prelude::{LocalStorage, SetValue, StoredValue, document, window};
use wasm_bindgen::{JsCast, JsValue};

pub use super::leaving::{ask_before_leaving, keep_dropped_files_out};
pub use super::sender::FileSender;

#[derive(Clone, Copy)]
pub struct Timer(StoredValue<Option<Timeout>, LocalStorage>);

impl Timer {
    pub fn new() -> Timer {
        Timer(StoredValue::new_local(None))
    }

    pub fn start(self, wait: Duration, call: impl FnOnce() + 'static) {
        let millis = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
        // Once the page is left the value is gone, and the new call is cancelled with it.
        let _ = self.0.try_set_value(Some(Timeout::new(millis, call)));
    }

    pub fn stop(self) {
        let _ = self.0.try_set_value(None);
    }
}

pub async fn sleep(wait: Duration) {
    gloo_timers::future::TimeoutFuture::new(u32::try_from(wait.as_millis()).unwrap_or(u32::MAX)).await;
}

pub fn now_ms() -> u64 {
    // Milliseconds since 1970 fit a u64, and a clock before 1970 saturates at 0.
    js_sys::Date::now() as u64
}

pub fn random() -> f64 {
    js_sys::Math::random()
}

pub fn is_visible() -> bool {
    document().visibility_state() != web_sys::VisibilityState::Hidden
}

pub fn page_preferences() -> Option<RequestPreferences> {
    let root = document().document_element()?;
    let lang = root.get_attribute("lang").and_then(|tag| Lang::from_tag(&tag)).unwrap_or_default();
    let theme = root.get_attribute("data-theme").map(|name| Theme::from_cookie(&name)).unwrap_or_default();
    let time_zone = root.get_attribute("data-time-zone").unwrap_or_default();
    Some(RequestPreferences { lang, theme, time_zone })
}

fn set_root_attribute(name: &str, value: &str) {
    if let Some(root) = document().document_element() {
        // Fails for an invalid attribute name only, and the names are ours.
        let _ = root.set_attribute(name, value);
    }
}

pub fn set_page_lang(lang: Lang) {
    set_root_attribute("lang", lang.tag());
}

pub fn set_page_theme(theme: Theme) {
    set_root_attribute("data-theme", theme.name());
}

pub fn remember(cookie: &str, value: &str) {
    if let Some(document) = document().dyn_ref::<web_sys::HtmlDocument>() {
        // A browser that refuses cookies still switches; it only forgets at the next visit.
        let _ = document.set_cookie(&format!("{cookie}={value}; path=/; max-age=31536000; samesite=lax"));
    }
}

pub fn local_time(epoch_ms: u64) -> CivilTime {
    let date = js_sys::Date::new(&JsValue::from_f64(epoch_ms as f64));
    CivilTime {
        year: i64::from(date.get_full_year()),
        month: date.get_month() + 1,
        day: date.get_date(),
        hour: date.get_hours(),
        minute: date.get_minutes(),
        second: date.get_seconds(),
    }
}

pub fn time_zone() -> String {
    let format = js_sys::Intl::DateTimeFormat::default();
    js_sys::Reflect::get(&format.resolved_options(), &JsValue::from_str("timeZone"))
        .ok()
        .and_then(|name| name.as_string())
        // What browsers say when the system does not tell them.
        .filter(|name| name != "Etc/Unknown")
        .unwrap_or_default()
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

pub fn stored(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

pub fn store(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // Refused in private windows and when full; the choice is then not remembered.
        let _ = storage.set_item(key, value);
    }
}

pub fn has_focus(element: &web_sys::Element) -> bool {
    document().active_element().is_some_and(|active| element.contains(Some(&active)))
}

pub fn is_focus_nowhere() -> bool {
    let (active, body) = (document().active_element(), document().body());
    active.is_none_or(|active| body.is_some_and(|body| active.is_same_node(Some(&body))))
}

pub fn start_download(url: &str) {
    let Ok(element) = document().create_element("a") else { return };
    let Ok(link) = element.dyn_into::<web_sys::HtmlAnchorElement>() else { return };
    link.set_href(url);
    link.set_download("");
    let Some(body) = document().body() else { return };
    // Firefox only follows links that are in the document.
    if body.append_child(&link).is_ok() {
        link.click();
        link.remove();
    }
}

pub fn focus(id: &str) {
    let element = document().get_element_by_id(id);
    if let Some(element) = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

pub fn click(id: &str) {
    let element = document().get_element_by_id(id);
    if let Some(element) = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        element.click();
    }
}

pub fn focused_part(attribute: &str) -> Option<String> {
    let part = document().active_element()?.closest(&format!("[{attribute}]")).ok()??;
    part.get_attribute(attribute)
}

pub fn item_at(list: &web_sys::Element, y: f64) -> usize {
    let items = list.children();
    let is_above = |index: &u32| {
        items.item(*index).is_some_and(|item| {
            let place = item.get_bounding_client_rect();
            place.bottom() < y
        })
    };
    (0..items.length()).filter(is_above).count().min((items.length() as usize).saturating_sub(1))
}

pub fn show_item(list: &web_sys::Element, index: usize) {
    let item = u32::try_from(index).ok().and_then(|index| list.children().item(index));
    if let Some(item) = item {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        item.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

pub fn copy_text_of(id: &str) -> bool {
    let Some(element) = document().get_element_by_id(id) else { return false };
    let Some(selection) = window().get_selection().ok().flatten() else { return false };
    let is_selected = selection.select_all_children(&element).is_ok();
    // The newer clipboard interface exists on secure origins only, and many of these servers have plain HTTP.
    let copied = document().dyn_ref::<web_sys::HtmlDocument>().map(|document| document.exec_command("copy"));
    is_selected && matches!(copied, Some(Ok(true)))
}

pub fn moment_of(text: &str) -> Option<u64> {
    let ms = js_sys::Date::parse(text);
    // Not a number for what is no moment, which no comparison holds for.
    (ms >= 0.0).then_some(ms as u64)
}
