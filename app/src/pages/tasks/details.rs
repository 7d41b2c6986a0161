//! All that is known of a task: what was asked for, what came of it, when, and the proof.

use leptos::prelude::*;
use leptos::task::spawn_local;
use longshore_protocol::{DatasetView, ErrorCode, ExportFormat, ExportRequest, Phase, TaskDetails, TaskView};

use super::centre::{TaskCentre, dataset_of};
use super::manifest::ManifestFacts;
use super::repeat::Repeat;
use crate::answer::in_time;
use crate::api::get_task_details;
use crate::browser;
use crate::export::summary::{filters_in_words, order_in_words};
use crate::format::CivilTime;
use crate::i18n::use_texts;
use crate::import::report::{ReportFacts, UndoFacts};
use crate::import::undo::UndoControls;
use crate::task::state::is_for_its_file;

/// A label and its value.
#[component]
pub fn Fact(
    /// What it is.
    #[prop(into)]
    label: Signal<String>,
    /// Its value.
    children: Children,
) -> impl IntoView {
    view! {
        <dt>{move || label.get()}</dt>
        <dd>{children()}</dd>
    }
    // Facts are many; without their types the compiler has less to carry.
    .into_any()
}

/// The details; they are asked for when they are unfolded, and once more when the task has moved on.
#[component]
pub fn Details(
    /// The task.
    task: Memo<TaskView>,
    /// Starts its work again.
    repeat: Repeat,
    /// What the details belong to.
    centre: TaskCentre,
) -> impl IntoView {
    let t = use_texts();
    let (kind, id) = task.with_untracked(|task| (task.kind, task.id.to_string()));
    let import_path = task.with_untracked(|task| format!("/d/{}/import", task.dataset));
    let phase = Memo::new(move |_| task.with(|task| task.phase));
    let answer = RwSignal::new(None::<Result<TaskDetails, ErrorCode>>);
    let asked_id = id.clone();
    let dataset_id = StoredValue::new(task.with_untracked(|task| task.dataset.to_string()));
    let task_id = StoredValue::new(id.clone());
    let ask = move || {
        let id = asked_id.clone();
        spawn_local(async move {
            let got = in_time(get_task_details(id)).await.map_err(|error| error.code);
            if let (Err(code), Some(t)) = (&got, t.try_get_untracked()) {
                centre.announce(t.error(*code).to_owned());
            }
            let _ = answer.try_set(Some(got));
        });
    };
    let first = ask.clone();
    Effect::new(move |_| {
        phase.track();
        first();
    });
    let ask = StoredValue::new(ask);
    let dataset = Memo::new(move |_| task.with(dataset_of));
    let content = move || {
        match answer.get() {
        None => view! { <p class="hint">{move || t.get().loading()}</p> }.into_any(),
        Some(Err(code)) => view! {
            <p>{move || t.get().details_failed()} " " {move || t.get().error(code)}</p>
            <button type="button" class="button" on:click=move |_| ask.with_value(|ask| ask())>
                {move || t.get().retry()}
            </button>
        }
        .into_any(),
        Some(Ok(TaskDetails { request, manifest, import, undo, .. })) => view! {
            <div class="details__columns">
                {import.map(|report| view! {
                    <section class="details__part">
                        <h3>{move || t.get().result()}</h3>
                        <ReportFacts report=report.clone()/>
                        <UndoControls import=task.with_untracked(|task| task.id.clone()) dataset=dataset_id.get_value() report of=format!("-{}", task_id.get_value()) announcement=centre.announcement/>
                    </section>
                })}
                {undo.map(|report| view! {
                    <section class="details__part"><h3>{move || t.get().result()}</h3><UndoFacts report/></section>
                })}
                {request.map(|request| view! { <Asked request dataset has_manifest=manifest.is_some()/> })}
                {manifest.clone().map(|manifest| view! { <ManifestFacts task=task_id.get_value() manifest dataset/> })}
                <Course task manifest/>
            </div>
        }
        .into_any(),
    }
    };
    let why = move || task.with(|task| task.failure.as_ref().map(|failure| t.get().failure(kind, failure)));
    let has_manifest =
        move || answer.with(|answer| matches!(answer, Some(Ok(TaskDetails { manifest: Some(_), .. }))));
    view! {
        <div class="details">
            <p class="details__why" hidden=move || why().is_none()>{why}</p>
            {content}
            <div class="details__actions" hidden=move || phase.get() != Phase::Succeeded>
                <a class="button" href=import_path hidden=is_for_its_file(kind)>{move || t.get().open_import()}</a>
                <a
                    class="button"
                    href=format!("/files/{id}/manifest")
                    download=""
                    rel="external"
                    hidden=move || !has_manifest()
                >
                    {move || t.get().download_manifest()}
                </a>
                <button
                    type="button"
                    class="button"
                    hidden=!is_for_its_file(kind)
                    aria-disabled=move || repeat.is_sending.get().to_string()
                    on:click=move |_| repeat.start.run(())
                >
                    {move || t.get().repeat_task(kind)}
                </button>
                <p class="hint details__verify" hidden=move || !has_manifest()>
                    {move || t.get().verify_hint()} " " <code>"longshore verify FILE MANIFEST"</code>
                </p>
            </div>
        </div>
    }
    .into_any()
}

/// What was asked for. Order and columns are the manifest's where there is one, which knows the whole order and the headers.
#[component]
fn Asked(request: ExportRequest, dataset: Memo<Option<DatasetView>>, has_manifest: bool) -> impl IntoView {
    let t = use_texts();
    let request = StoredValue::new(request);
    let format = request.with_value(|request| ExportFormat::from_name(&request.format)).unwrap_or_default();
    let filters = move || {
        let words = request.with_value(|request| {
            dataset.with(|dataset| filters_in_words(&request.filters, dataset.as_ref(), t.get()))
        });
        if words.is_empty() {
            return view! { <span>{t.get().no_filters()}</span> }.into_any();
        }
        let lines = words.into_iter().map(|words| view! { <li>{words}</li> });
        view! { <ul>{lines.collect_view()}</ul> }.into_any()
    };
    let order = move || {
        request.with_value(|request| {
            dataset.with(|dataset| order_in_words(&request.sort, dataset.as_ref(), t.get()))
        })
    };
    let columns = move || {
        let labels = dataset.with(|dataset| {
            let all = dataset.iter().flat_map(|dataset| dataset.columns.iter());
            let label = |name: &String| {
                let column = all.clone().find(|column| column.name == *name);
                column.map_or_else(|| name.clone(), |column| column.labels.get(t.get().lang).to_owned())
            };
            request.with_value(|request| match request.columns.as_slice() {
                [] => {
                    all.clone().map(|column| column.labels.get(t.get().lang).to_owned()).collect::<Vec<_>>()
                }
                chosen => chosen.iter().map(label).collect(),
            })
        });
        t.get().join(&labels)
    };
    view! {
        <section class="details__part">
            <h3>{move || t.get().asked_for()}</h3>
            <dl class="facts">
                <Fact label=Signal::derive(move || t.get().filters().to_owned())>{filters}</Fact>
                {(!has_manifest).then(|| view! {
                    <Fact label=Signal::derive(move || t.get().order().to_owned())>{order}</Fact>
                    <Fact label=Signal::derive(move || t.get().columns().to_owned())>{columns}</Fact>
                })}
                <Fact label=Signal::derive(move || t.get().format().to_owned())>{move || t.get().format_name(format)}</Fact>
            </dl>
        </section>
    }
    .into_any()
}

/// When what happened, in the person's zone.
#[component]
fn Course(task: Memo<TaskView>, manifest: Option<longshore_protocol::Manifest>) -> impl IntoView {
    let t = use_texts();
    let moment = move |at: u64| t.get().exact_moment(browser::local_time(at));
    let time =
        move |at: u64| view! { <time datetime=CivilTime::utc(at).machine()>{move || moment(at)}</time> };
    let resumed = manifest.map(|manifest| manifest.resumed).unwrap_or_default();
    let facts = move || {
        let task = task.get();
        let took = task.started_at.zip(task.finished_at).map(|(from, to)| to.saturating_sub(from));
        let rows = [
            (t.get().requested_at(), Some(task.registered_at)),
            (t.get().started_at(), task.started_at),
            (t.get().finished_at(), task.finished_at),
        ];
        let rows = rows.into_iter().filter_map(|(label, at)| {
            at.map(|at| view! { <Fact label=Signal::stored(label.to_owned())>{time(at)}</Fact> })
        });
        let took = took.map(|ms| {
            view! { <Fact label=Signal::stored(t.get().took().to_owned())>{t.get().duration(ms)}</Fact> }
        });
        (rows.collect_view(), took)
    };
    let takeovers = resumed.into_iter().map(|run| {
        view! { <Fact label=Signal::derive(move || t.get().resumed().to_owned())>{move || t.get().resumed_run(run)}</Fact> }
    });
    view! {
        <section class="details__part">
            <h3>{move || t.get().course()}</h3>
            <dl class="facts">{facts} {takeovers.collect_view()}</dl>
        </section>
    }
    .into_any()
}
