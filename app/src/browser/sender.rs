//! A file on its way. `fetch` does not tell how much of a body has left, so it is `XMLHttpRequest`.

use leptos::ev::DragEvent;
use leptos::prelude::{GetValue, LocalStorage, SetValue, StoredValue, document};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use crate::browser::SendingNews;
use crate::import::upload::ChosenFile;

#[derive(Clone, Copy)]
pub struct FileSender {
    file: StoredValue<Option<web_sys::File>, LocalStorage>,
    sending: StoredValue<Option<Sending>, LocalStorage>,
}

/// A request with what listens to it, which must live as long.
struct Sending {
    request: web_sys::XmlHttpRequest,
    _on_progress: Closure<dyn FnMut(web_sys::ProgressEvent)>,
    _on_end: Closure<dyn FnMut()>,
    _on_trouble: Closure<dyn FnMut()>,
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.request.set_onload(None);
        self.request.set_onerror(None);
        self.request.set_onabort(None);
        if let Ok(upload) = self.request.upload() {
            upload.set_onprogress(None);
        }
        // Fails for no request that was opened.
        let _ = self.request.abort();
    }
}

impl FileSender {
    pub fn new() -> FileSender {
        FileSender { file: StoredValue::new_local(None), sending: StoredValue::new_local(None) }
    }

    pub fn take_chosen(self, input_id: &str) -> Option<ChosenFile> {
        let input = document().get_element_by_id(input_id)?.dyn_into::<web_sys::HtmlInputElement>().ok()?;
        let file = input.files()?.get(0)?;
        // Or choosing the same file again, now mended, would be no change.
        input.set_value("");
        Some(self.keep(file))
    }

    pub fn take_dropped(self, event: &DragEvent) -> Option<ChosenFile> {
        let file = event.data_transfer()?.files()?.get(0)?;
        Some(self.keep(file))
    }

    fn keep(self, file: web_sys::File) -> ChosenFile {
        let chosen = ChosenFile { name: file.name(), size_bytes: file.size() as u64 };
        self.file.set_value(Some(file));
        chosen
    }

    pub fn send(self, path: &str, tell: impl Fn(SendingNews) + Clone + 'static) {
        if self.begin(path, tell.clone()).is_none() {
            tell(SendingNews::Lost);
        }
    }

    fn begin(self, path: &str, tell: impl Fn(SendingNews) + Clone + 'static) -> Option<()> {
        let file = self.file.get_value()?;
        let request = web_sys::XmlHttpRequest::new().ok()?;
        let name = String::from(js_sys::encode_uri_component(&file.name()));
        request.open("POST", &format!("{path}?name={name}")).ok()?;
        request.set_request_header("content-type", "application/octet-stream").ok()?;
        request.set_request_header("accept", "application/json").ok()?;
        let on_progress = {
            let tell = tell.clone();
            Closure::<dyn FnMut(web_sys::ProgressEvent)>::new(move |event: web_sys::ProgressEvent| {
                tell(SendingNews::Sent(event.loaded() as u64));
            })
        };
        let on_end = {
            let (tell, request) = (tell.clone(), request.clone());
            Closure::<dyn FnMut()>::new(move || {
                let body = request.response_text().ok().flatten().unwrap_or_default();
                tell(SendingNews::Answered(request.status().unwrap_or(0), body));
            })
        };
        let on_trouble = Closure::<dyn FnMut()>::new(move || tell(SendingNews::Lost));
        request.upload().ok()?.set_onprogress(Some(on_progress.as_ref().unchecked_ref()));
        request.set_onload(Some(on_end.as_ref().unchecked_ref()));
        request.set_onerror(Some(on_trouble.as_ref().unchecked_ref()));
        request.set_onabort(Some(on_trouble.as_ref().unchecked_ref()));
        request.send_with_opt_blob(Some(&file)).ok()?;
        let sending =
            Sending { request, _on_progress: on_progress, _on_end: on_end, _on_trouble: on_trouble };
        self.sending.set_value(Some(sending));
        Some(())
    }

    pub fn abort(self) {
        let _ = self.sending.try_set_value(None);
    }
}
