//! The columns of an export: ticked or not, in the order of the file, which can be changed by dragging and by buttons.

use leptos::ev::PointerEvent;
use leptos::html::Ul;
use leptos::prelude::*;
use longshore_protocol::DatasetView;

use super::choice::Choice;
use crate::browser;
use crate::i18n::use_texts;
use crate::icon::{Icon, Picture};

/// The list of columns with what changes all of them at once.
#[component]
pub fn ColumnList(
    /// Whose columns they are.
    dataset: StoredValue<DatasetView>,
    /// What is chosen.
    choice: RwSignal<Choice>,
    /// Whether an export was wanted although no column is ticked.
    is_missing: RwSignal<bool>,
) -> impl IntoView {
    let t = use_texts();
    let list = NodeRef::<Ul>::new();
    let dragged = RwSignal::new(None::<String>);
    let announcement = RwSignal::new(String::new());
    let label_of = move |name: &str| {
        dataset.with_value(|dataset| {
            let column = dataset.columns.iter().find(|column| column.name == name);
            column.map(|column| column.labels.get(t.get().lang).to_owned()).unwrap_or_default()
        })
    };
    let move_to = Callback::new(move |(name, place): (String, usize)| {
        if choice.with_untracked(|choice| choice.place_of(&name)) == Some(place) {
            return;
        }
        choice.update(|choice| choice.put(&name, place));
        let (place, all) = choice
            .with_untracked(|choice| (choice.place_of(&name).unwrap_or_default() + 1, choice.columns.len()));
        announcement.set(t.get_untracked().column_moved(&untrack(|| label_of(&name)), place, all));
    });
    // On the window, because the row under the pointer is another one as soon as something has moved.
    let moved = window_event_listener(leptos::ev::pointermove, move |event: PointerEvent| {
        let Some((name, list)) = dragged.get_untracked().zip(list.get_untracked()) else { return };
        let place = browser::item_at(&list, f64::from(event.client_y()));
        move_to.run((name, place));
        browser::show_item(&list, place);
    });
    let dropped = window_event_listener(leptos::ev::pointerup, move |_| dragged.set(None));
    let lost = window_event_listener(leptos::ev::pointercancel, move |_| dragged.set(None));
    on_cleanup(move || {
        moved.remove();
        dropped.remove();
        lost.remove();
    });
    let tick_all = move |is_wanted: bool| {
        is_missing.set(false);
        choice.update(|choice| choice.columns.iter_mut().for_each(|column| column.is_wanted = is_wanted));
    };
    let as_listed = move |_| {
        is_missing.set(false);
        let columns = dataset.with_value(|dataset| Choice::of_list(dataset).columns);
        choice.update(|choice| choice.columns = columns);
    };
    let count =
        move || choice.with(|choice| t.get().columns_wanted(choice.wanted_count(), choice.columns.len()));
    view! {
        <fieldset class="columns" aria-describedby="columns-missing">
            <legend class="drawer__label">{move || t.get().columns()}</legend>
            <div class="columns__all">
                <span class="hint columns__count">{count}</span>
                <button type="button" class="button button--small" on:click=move |_| tick_all(true)>
                    {move || t.get().columns_all()}
                </button>
                <button type="button" class="button button--small" on:click=move |_| tick_all(false)>
                    {move || t.get().columns_none()}
                </button>
                <button type="button" class="button button--small" on:click=as_listed>
                    {move || t.get().columns_as_listed()}
                </button>
            </div>
            <p class="field-problem" id="columns-missing" role="alert">
                {move || is_missing.get().then(|| t.get().columns_missing())}
            </p>
            <ul class="columns__list" class:columns__list--dragging=move || dragged.with(Option::is_some) node_ref=list>
                <For
                    each=move || choice.with(|choice| choice.columns.clone())
                    key=|column| column.name.clone()
                    let:column
                >
                    <ColumnItem name=column.name.clone() choice label=Signal::derive(move || label_of(&column.name)) dragged move_to is_missing/>
                </For>
            </ul>
            <p class="visually-hidden" aria-live="polite">{move || announcement.get()}</p>
        </fieldset>
    }
    .into_any()
}

#[component]
fn ColumnItem(
    name: String,
    choice: RwSignal<Choice>,
    label: Signal<String>,
    dragged: RwSignal<Option<String>>,
    move_to: Callback<(String, usize)>,
    is_missing: RwSignal<bool>,
) -> impl IntoView {
    let t = use_texts();
    let name = StoredValue::new(name);
    let place = Memo::new(move |_| choice.with(|choice| name.with_value(|name| choice.place_of(name))));
    let is_wanted = move || {
        let place = place.get()?;
        choice.with(|choice| choice.columns.get(place).map(|column| column.is_wanted))
    };
    let last = move || choice.with(|choice| choice.columns.len().saturating_sub(1));
    let is_first = move || place.get() == Some(0);
    let is_last = move || place.get() == Some(last());
    let is_dragged = move || dragged.with(|dragged| name.with_value(|name| dragged.as_ref() == Some(name)));
    let tick = move |is_wanted: bool| {
        is_missing.set(false);
        choice.update(|choice| {
            let place = name.with_value(|name| choice.place_of(name));
            if let Some(column) = place.and_then(|place| choice.columns.get_mut(place)) {
                column.is_wanted = is_wanted;
            }
        });
    };
    let button_id = move |way: &str| name.with_value(|name| format!("column-{way}-{name}"));
    // A row that is taken out and put in elsewhere loses the focus on the way.
    let shift = move |way: &'static str, to: Option<usize>| {
        if let Some(to) = to {
            move_to.run((name.get_value(), to));
            browser::focus_soon(button_id(way));
        }
    };
    let up = move |_| shift("up", place.get_untracked().and_then(|place| place.checked_sub(1)));
    let down = move |_| {
        let last = untrack(last);
        shift("down", place.get_untracked().filter(|place| *place < last).map(|place| place + 1));
    };
    let grab = move |event: PointerEvent| {
        if event.button() == 0 {
            event.prevent_default();
            dragged.set(Some(name.get_value()));
        }
    };
    view! {
        <li class="column" class:column--dragged=is_dragged>
            <span class="column__grip" on:pointerdown=grab><Picture icon=Icon::Grip/></span>
            <label class="column__label">
                <input
                    type="checkbox"
                    class="tick"
                    prop:checked=move || is_wanted() == Some(true)
                    on:change=move |event| tick(event_target_checked(&event))
                />
                <span>{move || label.get()}</span>
            </label>
            <button
                type="button"
                id=button_id("up")
                class="button button--quiet button--square"
                aria-label=move || t.get().column_up(&label.get())
                title=move || t.get().column_up(&label.get())
                aria-disabled=move || is_first().to_string()
                on:click=up
            >
                <Picture icon=Icon::Up/>
            </button>
            <button
                type="button"
                id=button_id("down")
                class="button button--quiet button--square"
                aria-label=move || t.get().column_down(&label.get())
                title=move || t.get().column_down(&label.get())
                aria-disabled=move || is_last().to_string()
                on:click=down
            >
                <Picture icon=Icon::Down/>
            </button>
        </li>
    }
    .into_any()
}
