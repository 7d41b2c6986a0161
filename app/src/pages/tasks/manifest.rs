//! What a manifest says of a file.

use leptos::prelude::*;
use longshore_protocol::manifest::{Manifest, ManifestFile};
use longshore_protocol::{DatasetView, ExportFormat};

use super::details::Fact;
use crate::browser;
use crate::export::summary::order_in_words;
use crate::format::{CivilTime, grouped, size};
use crate::i18n::use_texts;

/// What is in the file, and the digits that prove it.
#[component]
pub fn ManifestFacts(
    /// The task's id.
    task: String,
    /// What is shown.
    manifest: Manifest,
    /// The dataset as it is now.
    dataset: Memo<Option<DatasetView>>,
) -> impl IntoView {
    let t = use_texts();
    let Manifest {
        requested_by,
        snapshot_at,
        time_zone,
        format,
        columns,
        sort,
        row_count,
        file,
        parts,
        shortened,
        ..
    } = manifest;
    let headers = columns.iter().map(|column| column.header.clone()).collect::<Vec<_>>();
    let snapshot = browser::moment_of(&snapshot_at);
    let snapshot = move || {
        let Some(at) = snapshot else { return snapshot_at.clone().into_any() };
        let words = move || t.get().exact_moment(browser::local_time(at));
        view! { <time datetime=CivilTime::utc(at).machine()>{words}</time> }.into_any()
    };
    let order = move || dataset.with(|dataset| order_in_words(&sort, dataset.as_ref(), t.get()));
    let cut = shortened.into_iter().map(|cut| {
        let header = columns.iter().find(|column| column.name == cut.column);
        let header = header.map_or_else(|| cut.column.clone(), |column| column.header.clone());
        view! { <li>{move || t.get().shortened_column(&header, &cut)}</li> }
    });
    let cut = cut.collect::<Vec<_>>();
    let cut = (!cut.is_empty()).then(|| {
        view! {
            <Fact label=Signal::derive(move || t.get().shortened().to_owned())><ul class="details__cut">{cut}</ul></Fact>
        }
    });
    let has_sheets = format == ExportFormat::Xlsx && parts.is_empty();
    let sheet_count = file.sheet_count;
    let parts_of = task.clone();
    let part_list = (!parts.is_empty()).then(|| {
        let parts = parts.into_iter().enumerate().map(|(index, part)| {
            view! { <Part part digest_id=format!("digest-{parts_of}-{index}")/> }
        });
        view! {
            <h3>{move || t.get().parts_label()}</h3>
            <ul class="details__parts">{parts.collect_view()}</ul>
        }
    });
    view! {
        <section class="details__part">
            <h3>{move || t.get().result()}</h3>
            <dl class="facts">
                <Fact label=Signal::derive(move || t.get().rows().to_owned())>{grouped(row_count)}</Fact>
                {has_sheets.then(|| view! {
                    <Fact label=Signal::derive(move || t.get().sheets_label().to_owned())>{grouped(u64::from(sheet_count))}</Fact>
                })}
                <Fact label=Signal::derive(move || t.get().size().to_owned())>{exact_size(file.size_bytes)}</Fact>
                <Fact label=Signal::derive(move || t.get().order().to_owned())>{order}</Fact>
                <Fact label=Signal::derive(move || t.get().snapshot_at().to_owned())>{snapshot}</Fact>
                <Fact label=Signal::derive(move || t.get().time_zone().to_owned())>{time_zone}</Fact>
                <Fact label=Signal::derive(move || t.get().requested_by().to_owned())>
                    {requested_by.to_string()}
                </Fact>
                {cut}
            </dl>
        </section>
        <section class="details__part details__part--wide">
            <dl class="facts">
                <Fact label=Signal::derive(move || t.get().columns().to_owned())>{move || t.get().join(&headers)}</Fact>
                <Fact label=Signal::stored("SHA-256".to_owned())>
                    <Digest digest=file.sha256 id=format!("digest-{task}")/>
                </Fact>
            </dl>
            {part_list}
        </section>
    }
    .into_any()
}

/// One file of an archive.
#[component]
fn Part(part: ManifestFile, digest_id: String) -> impl IntoView {
    let t = use_texts();
    let (rows, bytes) = (part.row_count, part.size_bytes);
    view! {
        <li>
            <span>{part.name}</span>
            " "
            <span class="hint">{move || format!("{} · {}", t.get().row_count(rows, false), size(bytes))}</span>
            <Digest digest=part.sha256 id=digest_id/>
        </li>
    }
    .into_any()
}

/// The digits, with a button that copies them.
#[component]
fn Digest(digest: String, id: String) -> impl IntoView {
    let t = use_texts();
    let is_copied = RwSignal::new(false);
    let own_id = id.clone();
    let copy = move |_| is_copied.set(browser::copy_text_of(&own_id));
    view! {
        <span class="digest">
            <code class="digest__digits" id=id>{digest}</code>
            <button type="button" class="button button--small" on:click=copy>
                <span aria-live="polite">{move || if is_copied.get() { t.get().copied() } else { t.get().copy() }}</span>
            </button>
        </span>
    }
    .into_any()
}

/// A size as people read it, and to the byte.
fn exact_size(bytes: u64) -> String {
    if bytes < 1000 { size(bytes) } else { format!("{} ({} B)", size(bytes), grouped(bytes)) }
}
