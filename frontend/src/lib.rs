//! The WASM entry point: hydrates the page that the server rendered, and nothing else.

/// Called by the page's script once the module is loaded.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(longshore_app::App);
}
