//! What would take a page away that is not done: links, closing the tab, and files dropped beside the place for them.

use leptos::ev;
use leptos::prelude::{
    LocalStorage, StoredValue, UpdateValue, document, on_cleanup, window, window_event_listener,
};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// A listener at the document, which hears of a click before the router does, whose own is at the window.
struct ClickListener(Closure<dyn FnMut(web_sys::MouseEvent)>);

impl ClickListener {
    fn new(listen: impl FnMut(web_sys::MouseEvent) + 'static) -> ClickListener {
        let closure = Closure::<dyn FnMut(web_sys::MouseEvent)>::new(listen);
        // Fails for no listener that is a function.
        let _ = document().add_event_listener_with_callback("click", closure.as_ref().unchecked_ref());
        ClickListener(closure)
    }
}

impl Drop for ClickListener {
    fn drop(&mut self) {
        let _ = document().remove_event_listener_with_callback("click", self.0.as_ref().unchecked_ref());
    }
}

pub fn ask_before_leaving(
    is_busy: impl Fn() -> bool + Copy + 'static,
    question: impl Fn() -> &'static str + 'static,
) {
    let closing = window_event_listener(ev::beforeunload, move |event| {
        if is_busy() {
            event.prevent_default();
        }
    });
    let listener = ClickListener::new(move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let link = target.and_then(|target| target.closest("a[href]").ok().flatten());
        // A download and a page in another tab leave this one as it is.
        let leaves = link
            .is_some_and(|link| !link.has_attribute("download") && !link.has_attribute("target"))
            && !(event.ctrl_key() || event.meta_key() || event.shift_key());
        if leaves && is_busy() && !window().confirm_with_message(question()).unwrap_or(true) {
            event.prevent_default();
        }
    });
    let listener = StoredValue::<Option<ClickListener>, LocalStorage>::new_local(Some(listener));
    on_cleanup(move || {
        closing.remove();
        let _ = listener.try_update_value(Option::take);
    });
}

pub fn keep_dropped_files_out() {
    let over = window_event_listener(ev::dragover, |event| {
        // What has a place for it has said so already.
        if !event.default_prevented() {
            event.prevent_default();
            if let Some(data) = event.data_transfer() {
                data.set_drop_effect("none");
            }
        }
    });
    let dropped = window_event_listener(ev::drop, |event| event.prevent_default());
    on_cleanup(move || {
        over.remove();
        dropped.remove();
    });
}
