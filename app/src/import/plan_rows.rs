//! The rows of a plan, page by page from the server.

use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;
use longshore_protocol::TaskId;
use longshore_protocol::import::{PlanCounts, PlanRowsPage, PlanRowsRequest, PlanShow};

use super::plan_table::plan_table;
use super::wizard::Wizard;
use crate::api::list_plan_rows;
use crate::browser;
use crate::call_error::CallError;
use crate::i18n::use_texts;

/// What is shown first: what the person should look at.
pub fn shown_first(counts: PlanCounts, has_warnings: bool) -> PlanShow {
    match counts {
        PlanCounts { error: 1.., .. } => PlanShow::Errors,
        _ if has_warnings => PlanShow::Warnings,
        PlanCounts { update: 1.., .. } => PlanShow::Updates,
        PlanCounts { create: 1.., .. } => PlanShow::Creates,
        _ => PlanShow::All,
    }
}

/// The number of the last page.
fn last_page(page: &PlanRowsPage) -> u32 {
    let size = u64::from(page.page_size.max(1));
    u32::try_from(page.total_row_count.div_ceil(size)).unwrap_or(u32::MAX).max(1)
}

/// The choice of what to show, the rows, the pager.
#[component]
pub fn PlanRows(wizard: Wizard, task: TaskId, counts: PlanCounts, has_warnings: bool) -> impl IntoView {
    let t = use_texts();
    let show = RwSignal::new(shown_first(counts, has_warnings));
    let page = RwSignal::new(1_u32);
    let dataset = wizard.dataset_id();
    let answer = Resource::new(
        move || (show.get(), page.get()),
        move |(show, page)| {
            let request = PlanRowsRequest { dataset: dataset.clone(), task: task.to_string(), show, page };
            async move { (show, list_plan_rows(request).await) }
        },
    );
    let is_loading = RwSignal::new(false);
    let choose = move |wanted: PlanShow| {
        page.set(1);
        show.set(wanted);
    };
    let option = move |wanted: PlanShow| {
        view! {
            <label class="segment">
                <input
                    type="radio"
                    name="plan-show"
                    value=name_of(wanted)
                    prop:checked=move || show.get() == wanted
                    checked=move || show.get() == wanted
                    on:change=move |_| choose(wanted)
                />
                <span>{move || t.get().plan_show(wanted)}</span>
            </label>
        }
    };
    let rows = move || {
        answer.get().map(|(show, got): (PlanShow, Result<PlanRowsPage, CallError>)| match got {
            Ok(page) if page.rows.is_empty() => {
                EitherOf3::A(view! { <p class="plan-rows__none">{move || t.get().no_such_rows(show)}</p> })
            }
            Ok(page) => EitherOf3::B(plan_table(&page, show, wizard, t.get())),
            Err(error) => {
                let code = error.code();
                EitherOf3::C(view! {
                    <p class="trouble" role="alert">
                        {move || t.get().error(code)} " "
                        <button type="button" class="button" on:click=move |_| answer.refetch()>
                            {move || t.get().retry()}
                        </button>
                    </p>
                })
            }
        })
    };
    let pager = move || {
        let (_, got) = answer.get()?;
        let got = got.ok()?;
        let (current, last) = (got.page, last_page(&got));
        let turn = move |target: u32, sign: &'static str, name: &'static str, is_possible: bool| {
            let go = move |_| {
                if is_possible {
                    page.set(target);
                }
            };
            view! {
                <li>
                    <button
                        type="button"
                        class="button button--square"
                        aria-label=name
                        title=name
                        aria-disabled=(!is_possible).to_string()
                        on:click=go
                    >
                        <span aria-hidden="true">{sign}</span>
                    </button>
                </li>
            }
        };
        let t = t.get();
        Some(if last > 1 {
            Either::Left(view! {
                <nav class="pager" aria-label=t.pages()>
                    <ul class="pager__list">
                        {turn(1, "«", t.first_page(), current > 1)}
                        {turn(current.saturating_sub(1), "‹", t.previous_page(), current > 1)}
                        <li class="pager__place" aria-current="page">{t.page_of(current, last)}</li>
                        {turn(current.saturating_add(1), "›", t.next_page(), current < last)}
                        {turn(last, "»", t.last_page(), current < last)}
                    </ul>
                </nav>
            })
        } else {
            Either::Right(())
        })
    };
    let warnings = has_warnings.then_some(PlanShow::Warnings);
    let shows = [PlanShow::Errors].into_iter().chain(warnings);
    let shows = shows.chain([PlanShow::Updates, PlanShow::Creates, PlanShow::All]);
    view! {
        <fieldset class="segments">
            <legend class="visually-hidden">{move || t.get().shown_rows()}</legend>
            {shows.map(option).collect_view()}
        </fieldset>
        <div id="plan-rows" class="plan-rows" class:is-loading=move || is_loading.get()>
            <Transition fallback=move || view! { <p class="hint">{move || t.get().loading()}</p> } set_pending=browser::pending(is_loading)>
                {rows}
            </Transition>
        </div>
        <div class="page-foot"><Transition fallback=|| ()>{pager}</Transition></div>
    }
    .into_any()
}

fn name_of(show: PlanShow) -> &'static str {
    match show {
        PlanShow::Errors => "errors",
        PlanShow::Updates => "updates",
        PlanShow::Creates => "creates",
        PlanShow::Warnings => "warnings",
        PlanShow::All => "all",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_a_look_is_shown_first() {
        let counts = |create, update, unchanged, error| PlanCounts { create, update, unchanged, error };
        for (counts, has_warnings, want) in [
            (counts(9, 9, 9, 1), true, PlanShow::Errors),
            (counts(9, 1, 9, 0), true, PlanShow::Warnings),
            (counts(9, 1, 9, 0), false, PlanShow::Updates),
            (counts(1, 0, 9, 0), false, PlanShow::Creates),
            (counts(0, 0, 9, 0), false, PlanShow::All),
        ] {
            assert_eq!(shown_first(counts, has_warnings), want);
        }
    }

    #[test]
    fn there_is_always_a_last_page() {
        for (total_row_count, page_size, want) in [(0, 50, 1), (50, 50, 1), (51, 50, 2), (1, 0, 1)] {
            let page = PlanRowsPage { total_row_count, page: 1, page_size, columns: vec![], rows: vec![] };
            assert_eq!(last_page(&page), want);
        }
    }
}
