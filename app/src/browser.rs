//! What only a browser can do, in one place. Every function exists on the server too, where it does nothing
//! or answers with a harmless value, so that components need no conditional compilation.

use std::time::Duration;

use longshore_protocol::Lang;

use crate::format::CivilTime;
use crate::preferences::{RequestPreferences, Theme};

#[cfg(feature = "hydrate")]
mod imp {
    use super::*;
    use gloo_timers::callback::Timeout;
    use leptos::prelude::{LocalStorage, SetValue, StoredValue, document, window};
    use wasm_bindgen::{JsCast, JsValue};

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
        let theme =
            root.get_attribute("data-theme").map(|name| Theme::from_cookie(&name)).unwrap_or_default();
        Some(RequestPreferences { lang, theme })
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
        }
    }

    pub fn time_zone() -> String {
        let format = js_sys::Intl::DateTimeFormat::default();
        js_sys::Reflect::get(&format.resolved_options(), &JsValue::from_str("timeZone"))
            .ok()
            .and_then(|name| name.as_string())
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
}

#[cfg(not(feature = "hydrate"))]
mod imp {
    use super::*;

    #[derive(Clone, Copy)]
    pub struct Timer;

    impl Timer {
        pub fn new() -> Timer {
            Timer
        }

        pub fn start(self, _wait: Duration, _call: impl FnOnce() + 'static) {}

        pub fn stop(self) {}
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
}

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

/// Language and theme of the page as rendered; `None` on the server.
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

/// Starts the download of a URL of this server.
pub fn start_download(url: &str) {
    imp::start_download(url);
}

/// A text that no other click makes: the time and 64 random bits, in hexadecimal.
pub fn fresh_key() -> String {
    let part = || (random() * 4_294_967_296.0) as u32;
    format!("{:x}-{:08x}{:08x}", now_ms(), part(), part())
}
