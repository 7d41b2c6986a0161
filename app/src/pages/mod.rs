//! The pages, one a module.

pub mod dataset;
pub mod datasets;
pub mod import;
pub mod not_found;
pub mod tasks;

use std::sync::Arc;

use leptos::prelude::*;
use leptos::tachys::reactive_graph::OwnedView;
use leptos_meta::Title;
use longshore_protocol::DatasetView;

use crate::i18n::use_texts;

/// The datasets of the configuration. The server knows them without asking anyone and sends them with the page.
#[derive(Clone, Default)]
pub struct Datasets(Arc<[DatasetView]>);

impl Datasets {
    /// Takes them from the server's configuration, or from the page that the server rendered, and provides them as context.
    pub fn provide() {
        #[cfg(feature = "ssr")]
        let known = crate::serve::datasets;
        #[cfg(not(feature = "ssr"))]
        let known = Vec::new;
        provide_context(Datasets(SharedValue::new(known).into_inner().into()));
    }

    /// Those that were provided.
    pub fn current() -> Datasets {
        use_context().unwrap_or_default()
    }

    /// All of them, in the order of the configuration.
    pub fn all(&self) -> &[DatasetView] {
        &self.0
    }

    /// The one of this id, where it exists.
    pub fn find(&self, id: &str) -> Option<DatasetView> {
        self.0.iter().find(|dataset| dataset.id.as_str() == id).cloned()
    }
}

/// The part of a page that can't be built before its first data is there; a hint while a browser waits for it.
///
/// The server waits for the data and then builds the part, once. A `Transition` around it would build it again on another
/// thread whenever it looks for what is still loading, and take away the signals of a build that is being rendered. The
/// view holds the owner of the part's signals until it is rendered: when the data is there, nothing else does.
pub fn with_first<T, V, F>(first: Resource<T>, part: F) -> impl IntoView + use<T, V, F>
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
    F: FnOnce(T) -> V + Send + 'static,
{
    let t = use_texts();
    let is_waiting = RwSignal::new(false);
    Effect::new(move |_| is_waiting.set(first.with(Option::is_none)));
    view! {
        {move || is_waiting.get().then(|| view! { <p class="hint">{move || t.get().loading()}</p> })}
        {Suspend::new(async move { OwnedView::new(part(first.await).into_any()) })}
    }
}

/// The document's title: the page's name and the application's.
#[component]
pub fn PageTitle(
    /// The page's name.
    #[prop(into)]
    name: Signal<String>,
) -> impl IntoView {
    let t = use_texts();
    let text = move || t.get().document_title(&name.get());
    // The server writes the title when the page is rendered already and its signals may be gone: it takes the text now.
    #[cfg(feature = "ssr")]
    let text = text();
    view! { <Title text/> }
}
