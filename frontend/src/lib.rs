//! The WASM entry point: hydrates the page that the server rendered, and nothing else.

// The pages are types within types, which the compiler lays out here.
#![recursion_limit = "256"]

/// Called by the page's script once the module is loaded.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(longshore_app::App);
}
