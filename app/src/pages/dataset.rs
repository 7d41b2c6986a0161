//! One dataset: its rows with filters, order and pages, and their export and statistics.

use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_params_map};
use longshore_protocol::{ColumnType, DatasetView, RowsPage, RowsRequest, TaskKind};

use super::not_found::NotFoundPage;
use super::{Datasets, PageTitle};
use crate::api::list_rows;
use crate::browser;
use crate::call_error::CallError;
use crate::export::controls::{ExportControls, StatisticsButton};
use crate::i18n::use_texts;
use crate::list::filters::{FilterChips, FilterForm};
use crate::list::pager::pager;
use crate::list::rows::{skeleton_rows, table_rows, whole_row};
use crate::list::table::{ListTable, SortSelect};
use crate::list::url::ListQuery;
use crate::notice::Notice;
use crate::preferences::Preferences;
use crate::running::RunningTasks;
use crate::task::flow::TaskFlow;
use crate::task::panel::TaskPanel;

/// One page of rows, and whether it was filtered.
type Rows = Resource<(bool, Result<RowsPage, CallError>)>;

/// The page of the dataset that the address names.
#[component]
pub fn DatasetPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("dataset").unwrap_or_default()));
    let datasets = Datasets::current();
    move || match datasets.find(&id.get()) {
        Some(dataset) => view! { <DatasetList dataset/> }.into_any(),
        None => view! { <NotFoundPage/> }.into_any(),
    }
}

#[component]
fn DatasetList(dataset: DatasetView) -> impl IntoView {
    let t = use_texts();
    let id = dataset.id.as_str().to_owned();
    let path = format!("/d/{id}");
    let import_path = dataset.import.is_some().then(|| format!("/d/{id}/import"));
    let labels = dataset.labels.clone();
    let title = Signal::derive(move || labels.get(t.get().lang).to_owned());
    let dataset = StoredValue::new(dataset);

    let location = use_location();
    let own_path = path.clone();
    let query = Memo::new(move |before: Option<&ListQuery>| {
        // While the person leaves for another page, the list stays as it is.
        let is_here = location.pathname.with(|path| path.trim_end_matches('/') == own_path);
        if is_here {
            location.search.with(|search| ListQuery::parse(search))
        } else {
            before.cloned().unwrap_or_default()
        }
    });
    let navigate = use_navigate();
    let base = path.clone();
    let go = Callback::new(move |query: ListQuery| {
        let options = NavigateOptions { scroll: false, ..NavigateOptions::default() };
        navigate(&format!("{base}{}", query.to_query()), options);
    });

    // Only lists with moments depend on the zone: the others are not loaded anew when the browser tells its own.
    let has_moments = dataset.with_value(|dataset| {
        dataset.columns.iter().any(|column| column.column_type == ColumnType::TimestampTz)
    });
    let preferences = use_context::<Preferences>().filter(|_| has_moments);
    let time_zone = move || preferences.map(|preferences| preferences.time_zone.get()).unwrap_or_default();
    let rows_id = id.clone();
    let rows: Rows = Resource::new(
        move || (query.get(), time_zone()),
        move |(query, time_zone)| {
            let filters = query.request_filters();
            let is_filtered = !filters.is_empty();
            let request = RowsRequest {
                dataset: rows_id.clone(),
                filters,
                sort: query.sort,
                page: query.page,
                time_zone,
            };
            async move { (is_filtered, list_rows(request).await) }
        },
    );
    let is_loading = RwSignal::new(false);
    // Known to the export after the page is there, so that the first render equals the server's.
    let total = RwSignal::new(None);
    Effect::new(move |_| {
        if let Some((_, answer)) = rows.get() {
            total.set(answer.ok().and_then(|page| page.total_row_count));
        }
    });

    let running = use_context::<RunningTasks>().unwrap_or_else(RunningTasks::provide);
    let announcement = RwSignal::new(String::new());
    let flow = TaskFlow::new(TaskKind::Export, id.clone(), running, announcement);
    let export_button = NodeRef::new();
    let statistics = dataset.with_value(|dataset| dataset.has_daily_statistics).then(|| {
        (TaskFlow::new(TaskKind::DailyStatistics, id.clone(), running, announcement), NodeRef::new())
    });

    // While other rows are loaded, the old count says nothing about what would be exported.
    let known_total = Signal::derive(move || total.get().filter(|_| !is_loading.get()));

    let count = move || {
        let (is_filtered, answer) = rows.get()?;
        answer.ok().and_then(|page| match page.total_row_count {
            Some(count) => Some(t.get().row_count(count, is_filtered)),
            None if page.has_more => {
                let seen = u64::from(page.page) * u64::from(page.page_size);
                Some(t.get().row_count_over(seen, is_filtered))
            }
            // Behind the last of rows that are not counted.
            None => None,
        })
    };
    let column_count = dataset.with_value(|dataset| dataset.columns.len());
    let body = move || {
        rows.get().map(|(is_filtered, answer)| match answer {
            Ok(page) if page.rows.is_empty() => {
                EitherOf3::A(whole_row(column_count, view! { <NoRows is_filtered/> }))
            }
            Ok(page) => EitherOf3::B(dataset.with_value(|dataset| table_rows(&page, dataset, t.get()))),
            Err(error) => EitherOf3::C(whole_row(column_count, view! { <RowsFailed error rows/> })),
        })
    };
    let pager_path = path.clone();
    let pages = move || {
        let page = rows.get()?.1.ok().filter(|page| page.page_count().is_none_or(|count| count > 1))?;
        Some(query.with(|query| pager(&page, query, &pager_path, t.get())))
    };
    view! {
        <PageTitle name=title/>
        <div class="page-head">
            <div>
                <h1 id="page-title">{move || title.get()}</h1>
                <p class="page-head__count" aria-live="off">
                    <Transition fallback=|| view! { <span class="skeleton skeleton--short"></span> }>{count}</Transition>
                </p>
            </div>
            <ExportControls flow dataset query total=known_total button=export_button>
                {import_path.map(|path| view! {
                    <a id="import-link" class="button export-button" href=path>{move || t.get().import()}</a>
                })}
                {statistics
                    .map(|(flow, button)| view! { <StatisticsButton flow dataset=id query button/> })}
            </ExportControls>
        </div>
        <div class="visually-hidden" role="status">{move || announcement.get()}</div>
        <TaskPanel flow button=export_button/>
        {statistics.map(|(flow, button)| view! { <TaskPanel flow button/> })}
        <FilterForm dataset query go/>
        <FilterChips dataset query go/>
        <SortSelect dataset query go/>
        <ListTable dataset query go is_loading=is_loading.into()>
            <Transition fallback=move || skeleton_rows(column_count) set_pending=browser::pending(is_loading)>
                {body}
            </Transition>
        </ListTable>
        <div class="page-foot">
            <Transition fallback=|| ()>{pages}</Transition>
        </div>
    }
}

#[component]
fn NoRows(is_filtered: bool) -> impl IntoView {
    let t = use_texts();
    let title = move || if is_filtered { t.get().no_match() } else { t.get().no_rows() };
    let hint = move || if is_filtered { t.get().no_match_hint() } else { "" };
    view! {
        <Notice
            title=Signal::derive(move || title().to_owned())
            hint=Signal::derive(move || hint().to_owned())
        />
    }
}

#[component]
fn RowsFailed(error: CallError, rows: Rows) -> impl IntoView {
    let t = use_texts();
    let code = error.code();
    let problems = error.0.problems;
    let hint = move || {
        let t = t.get();
        if problems.is_empty() {
            return t.error(code).to_owned();
        }
        problems.iter().map(|problem| t.problem(&problem.kind)).collect::<Vec<_>>().join(" ")
    };
    view! {
        <Notice
            is_error=true
            title=Signal::derive(move || t.get().rows_failed().to_owned())
            hint=Signal::derive(hint)
        >
            {if code.is_retryable() || code == longshore_protocol::ErrorCode::Internal {
                Either::Left(view! {
                    <button type="button" class="button" on:click=move |_| rows.refetch()>
                        {move || t.get().retry()}
                    </button>
                })
            } else {
                Either::Right(())
            }}
        </Notice>
    }
}
