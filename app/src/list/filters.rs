//! The filters of a list: a form that adds one, and a chip for each that is active.

use leptos::either::EitherOf3;
use leptos::prelude::*;
use longshore_protocol::{ColumnType, ColumnView, DatasetView, FilterOp};

use super::url::{ListFilter, ListQuery};
use super::value::{filter_words, typed};
use crate::browser;
use crate::i18n::use_texts;
use crate::icon::{Icon, Picture};

/// How a value is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ValueField {
    /// Not at all.
    None,
    /// From a list.
    Choice,
    /// In an `<input>` of this type.
    Input(&'static str),
}

impl ValueField {
    fn of(column: &ColumnView, op: FilterOp) -> ValueField {
        match column.column_type {
            _ if !op.takes_value() => ValueField::None,
            _ if op == FilterOp::In => ValueField::Input("text"),
            _ if !column.values.is_empty() && matches!(op, FilterOp::Eq | FilterOp::Ne) => ValueField::Choice,
            ColumnType::Boolean => ValueField::Choice,
            ColumnType::Date => ValueField::Input("date"),
            ColumnType::Time => ValueField::Input("time"),
            ColumnType::Timestamp | ColumnType::TimestampTz => ValueField::Input("datetime-local"),
            ColumnType::Integer | ColumnType::Decimal { .. } | ColumnType::Float => {
                ValueField::Input("number")
            }
            ColumnType::Text => ValueField::Input("text"),
        }
    }
}

/// The form that adds a filter.
#[component]
pub fn FilterForm(
    /// Whose columns can be filtered.
    dataset: StoredValue<DatasetView>,
    /// What the list shows.
    query: Memo<ListQuery>,
    /// Shows another.
    go: Callback<ListQuery>,
) -> impl IntoView {
    let t = use_texts();
    let column_name = RwSignal::new(
        dataset.with_value(|dataset| dataset.columns.first().map(|c| c.name.clone()).unwrap_or_default()),
    );
    let op_name = RwSignal::new(String::new());
    let value = RwSignal::new(String::new());
    let is_missing = RwSignal::new(false);
    Effect::new(move |_| {
        query.track();
        is_missing.set(false);
    });
    let column = Memo::new(move |_| {
        let name = column_name.get();
        dataset.with_value(|dataset| dataset.columns.iter().find(|column| column.name == name).cloned())
    });
    // The chosen operator where the column offers it, else the column's first.
    let op = Memo::new(move |_| {
        let chosen = FilterOp::from_name(&op_name.get());
        column.with(|column| {
            let ops = &column.as_ref()?.ops;
            chosen.filter(|op| ops.contains(op)).or_else(|| ops.first().copied())
        })
    });
    let value_field = Memo::new(move |_| {
        column.with(|column| Some(ValueField::of(column.as_ref()?, op.get()?))).unwrap_or(ValueField::None)
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (Some(column), Some(op)) = (column.get_untracked(), op.get_untracked()) else { return };
        let mut text = value.get_untracked();
        if text.is_empty() && value_field.get_untracked() == ValueField::Choice {
            text = choices(&column).first().map(|(value, _)| value.clone()).unwrap_or_default();
        }
        let text = typed(&text, &column, op);
        if text.is_empty() && op.takes_value() {
            is_missing.set(true);
            return;
        }
        value.set(String::new());
        let filter = ListFilter { column: column.name, op: op.name().to_owned(), value: text };
        go.run(query.get_untracked().with_filter(filter));
    };
    let column_options = move || {
        let t = t.get();
        let options = dataset.with_value(|dataset| dataset.columns.clone());
        let options = options.into_iter().map(|column| {
            let label = column.labels.get(t.lang).to_owned();
            view! { <option value=column.name>{label}</option> }
        });
        options.collect_view()
    };
    let op_options = move || {
        let t = t.get();
        let Some(column) = column.get() else { return Vec::new() };
        let options = column.ops.into_iter().map(|each| {
            let words = t.op(each, column.column_type);
            view! { <option value=each.name() selected=move || op.get() == Some(each)>{words}</option> }
        });
        options.collect_view()
    };
    let take = move |text: String| {
        is_missing.set(false);
        value.set(text);
    };
    let field = move || match value_field.get() {
        ValueField::None => EitherOf3::A(()),
        ValueField::Choice => EitherOf3::B(view! {
            <select
                id="filter-value"
                class="field"
                on:change=move |event| take(event_target_value(&event))
            >
                {move || {
                    let t = t.get();
                    let options = column.get().map(|column| choices(&column)).unwrap_or_default();
                    let options = options.into_iter().map(|(value, labels)| {
                        let label = match labels {
                            Some(labels) => labels.get(t.lang).to_owned(),
                            None if value == "true" => t.yes().to_owned(),
                            None => t.no().to_owned(),
                        };
                        view! { <option value=value>{label}</option> }
                    });
                    options.collect_view()
                }}
            </select>
        }),
        ValueField::Input(kind) => EitherOf3::C(view! {
            <input
                id="filter-value"
                class="field"
                type=kind
                step=(kind == "number").then_some("any")
                autocomplete="off"
                placeholder=move || if op.get() == Some(FilterOp::In) { t.get().filter_list_hint() } else { "" }
                aria-invalid=move || is_missing.get().then_some("true")
                aria-describedby="filter-missing"
                prop:value=move || value.get()
                on:input=move |event| take(event_target_value(&event))
            />
        }),
    };
    view! {
        <form class="filter-form" aria-label=move || t.get().filter() on:submit=submit>
            <div class="filter-form__part">
                <label for="filter-column">{move || t.get().filter_column()}</label>
                <select
                    id="filter-column"
                    class="field"
                    on:change=move |event| {
                        take(String::new());
                        column_name.set(event_target_value(&event));
                    }
                >
                    {column_options}
                </select>
            </div>
            <div class="filter-form__part">
                <label for="filter-op">{move || t.get().filter_op()}</label>
                <select
                    id="filter-op"
                    class="field"
                    on:change=move |event| op_name.set(event_target_value(&event))
                >
                    {op_options}
                </select>
            </div>
            <div class="filter-form__part filter-form__part--value" hidden=move || value_field.get() == ValueField::None>
                <label for="filter-value">{move || t.get().filter_value()}</label>
                {field}
            </div>
            <button type="submit" class="button">{move || t.get().filter_add()}</button>
            <p class="filter-form__error" id="filter-missing" role="alert">
                {move || is_missing.get().then(|| t.get().filter_value_missing())}
            </p>
        </form>
    }
}

/// The values that a select offers for a column, with their labels where they have some.
fn choices(column: &ColumnView) -> Vec<(String, Option<longshore_protocol::Labels>)> {
    if column.values.is_empty() {
        return ["true", "false"].map(|value| (value.to_owned(), None)).into();
    }
    column.values.iter().map(|allowed| (allowed.value.clone(), Some(allowed.labels.clone()))).collect()
}

/// A chip for each active filter; pressing it takes the filter off.
#[component]
pub fn FilterChips(
    /// Whose columns are filtered.
    dataset: StoredValue<DatasetView>,
    /// What the list shows.
    query: Memo<ListQuery>,
    /// Shows another.
    go: Callback<ListQuery>,
) -> impl IntoView {
    let t = use_texts();
    // A chip that is taken off takes the focus with it: the one in its place gets it, or the form where none is left.
    let taken_off = StoredValue::new(None::<usize>);
    Effect::new(move |_| {
        let count = query.with(|query| query.filters.len());
        if let Some(index) = taken_off.try_update_value(Option::take).flatten() {
            let id = match count {
                0 => "filter-column".to_owned(),
                _ => format!("filter-chip-{}", index.min(count - 1)),
            };
            browser::focus_soon(id);
        }
    });
    let chips = move || {
        let t = t.get();
        let filters = query.with(|query| query.filters.clone());
        let chips = filters.into_iter().enumerate().map(|(index, filter)| {
            let words = dataset.with_value(|dataset| {
                let column = dataset.columns.iter().find(|column| column.name == filter.column);
                filter_words(&filter, column, t)
            });
            let action = t.filter_remove(&words);
            view! {
                <li>
                    <button
                        type="button"
                        class="chip"
                        id=format!("filter-chip-{index}")
                        aria-label=action
                        on:click=move |_| {
                            taken_off.set_value(Some(index));
                            go.run(query.get_untracked().without_filter(index));
                        }
                    >
                        <span class="chip__words">{words}</span>
                        <Picture icon=Icon::Cross/>
                    </button>
                </li>
            }
        });
        chips.collect_view()
    };
    view! {
        <div class="chips" hidden=move || query.with(|query| query.filters.is_empty())>
            <ul class="chips__list" aria-label=move || t.get().filters_active()>{chips}</ul>
            <button
                type="button"
                class="button button--quiet"
                on:click=move |_| {
                    taken_off.set_value(Some(0));
                    go.run(query.get_untracked().without_filters());
                }
            >
                {move || t.get().filters_clear()}
            </button>
        </div>
    }
}
