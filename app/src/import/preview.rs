//! How the file was read: sheet, header row, encoding, delimiter, and its first rows as they follow from these.

use leptos::prelude::*;
use longshore_protocol::import::{ImportDraft, UpdateDraftRequest};

use super::map_step::Saving;
use super::step::WizardStep;
use super::wizard::Wizard;
use crate::format::size;
use crate::i18n::{Texts, use_texts};

const ENCODINGS: [&str; 5] = ["utf-8", "gb18030", "utf-16le", "utf-16be", "windows-1252"];
const DELIMITERS: [&str; 4] = [",", ";", "\t", "|"];

/// The file with its choices, its first rows, and the way on.
#[component]
pub fn Preview(wizard: Wizard) -> impl IntoView {
    let t = use_texts();
    let draft = wizard.draft;
    let file = move || {
        draft.now.with(|draft| {
            let file = &draft.as_ref()?.file;
            Some(format!("{} · {} · {}", file.name, t.get().file_kind(file.kind), size(file.size_bytes)))
        })
    };
    let of_draft = move |get: fn(&ImportDraft) -> bool| {
        Signal::derive(move || draft.now.with(|draft| draft.as_ref().is_some_and(get)))
    };
    let is_unclear = of_draft(|draft| draft.asks_where);
    let look = move || draft.now.with(|draft| Some(look_words(draft.as_ref()?, t.get())));
    let is_blocked = Signal::derive(move || draft.is_saving.get());
    let next = move |_| {
        if is_blocked.get_untracked() {
            wizard.announce(t.get_untracked().saving_change().to_owned());
        } else {
            wizard.go.run(WizardStep::Map);
        }
    };
    view! {
        <section class="preview" aria-labelledby="preview-title">
            <h2 id="preview-title" tabindex="-1">{file}</h2>
            <p class="preview__unclear" hidden=move || !is_unclear.get()>{look}</p>
            <div class="preview__choices">
                <Choices wizard/>
            </div>
            <h3>{move || t.get().first_rows()}</h3>
            <FirstRows wizard/>
        </section>
        <div class="wizard__actions">
            <button
                type="button"
                id="next-button"
                class="button button--primary"
                aria-disabled=move || is_blocked.get().to_string()
                aria-describedby="saving"
                on:click=next
            >
                {move || t.get().next_step()}
            </button>
            <Saving wizard/>
        </div>
    }
    .into_any()
}

/// What the person should look at, by what is not obvious.
fn look_words(draft: &ImportDraft, t: Texts) -> &'static str {
    let has_sheets = draft.sheets.iter().filter(|sheet| !sheet.is_hidden).count() > 1;
    match (has_sheets, draft.asks_header) {
        (true, true) => t.look_sheet_and_header(),
        (true, false) => t.look_sheet(),
        (false, _) => t.look_header(),
    }
}

/// A choice: its id, its label, what can be chosen and what is.
struct Choice {
    id: &'static str,
    label: fn(Texts) -> &'static str,
    options: Vec<(String, String)>,
    chosen: String,
}

/// The choices that a file has. Sheets only where there are several; encoding and delimiter only of text.
fn choices(draft: &ImportDraft, t: Texts) -> Vec<Choice> {
    let mut choices = Vec::new();
    if draft.sheets.len() > 1 {
        let options = draft.sheets.iter().enumerate().map(|(index, sheet)| {
            let name = if sheet.is_hidden { t.hidden_sheet(&sheet.name) } else { sheet.name.clone() };
            (index.to_string(), name)
        });
        let options = options.collect();
        choices.push(Choice { id: "sheet", label: Texts::sheet, options, chosen: draft.sheet.to_string() });
    }
    let rows = draft.first_rows.iter().map(|(number, _)| number.to_string());
    let none = ("0".to_owned(), t.no_header_row().to_owned());
    let options = rows.map(|number| (number.clone(), number)).chain([none]).collect();
    choices.push(Choice {
        id: "header-row",
        label: Texts::header_row,
        options,
        chosen: draft.header_row.to_string(),
    });
    if let Some(encoding) = &draft.file.encoding {
        let options = ENCODINGS.map(|name| (name.to_owned(), t.encoding_name(name).to_owned())).to_vec();
        choices.push(Choice { id: "encoding", label: Texts::encoding, options, chosen: encoding.clone() });
    }
    if let Some(delimiter) = &draft.file.delimiter {
        let options = DELIMITERS.map(|sign| (sign.to_owned(), t.delimiter_name(sign).to_owned())).to_vec();
        choices.push(Choice { id: "delimiter", label: Texts::delimiter, options, chosen: delimiter.clone() });
    }
    choices
}

/// The request that a choice makes.
fn chosen(request: UpdateDraftRequest, id: &str, value: String) -> UpdateDraftRequest {
    match id {
        "sheet" => UpdateDraftRequest { sheet: value.parse().ok(), ..request },
        "header-row" => UpdateDraftRequest { header_row: value.parse().ok(), ..request },
        "encoding" => UpdateDraftRequest { encoding: Some(value), ..request },
        _ => UpdateDraftRequest { delimiter: Some(value), ..request },
    }
}

#[component]
fn Choices(wizard: Wizard) -> impl IntoView {
    let t = use_texts();
    let draft = wizard.draft;
    // What is being submitted is what the page shows.
    let is_submitting = wizard.is_submitting();
    // The selects stay, so that the focus stays in them; only what they offer follows the draft.
    let ids = Memo::new(move |_| {
        draft.now.with(|draft| {
            let choices = draft.as_ref().map(|draft| choices(draft, t.get())).unwrap_or_default();
            choices.into_iter().map(|choice| choice.id).collect::<Vec<_>>()
        })
    });
    let select = move |id: &'static str| {
        let choice = move || {
            draft
                .now
                .with(|draft| choices(draft.as_ref()?, t.get()).into_iter().find(|choice| choice.id == id))
        };
        let label = move || choice().map(|choice| (choice.label)(t.get()));
        let options = move || {
            let Some(Choice { options, chosen, .. }) = choice() else { return Vec::new() };
            let option = |(value, name): (String, String)| {
                let is_chosen = value == chosen;
                view! { <option value=value selected=is_chosen>{name}</option> }
            };
            options.into_iter().map(option).collect()
        };
        let value = move || choice().map(|choice| choice.chosen);
        view! {
            <div class="choice">
                <label for=id>{label}</label>
                <select
                    id=id
                    class="field"
                    disabled=move || is_submitting.get()
                    prop:value=value
                    on:change=move |event| draft.change(chosen(draft.request(), id, event_target_value(&event)))
                >
                    {options}
                </select>
            </div>
        }
    };
    view! { <For each=move || ids.get() key=|id| *id children=select/> }
}

#[component]
fn FirstRows(wizard: Wizard) -> impl IntoView {
    let t = use_texts();
    let draft = wizard.draft;
    let rows = move || {
        draft.now.with(|draft| {
            let draft = draft.as_ref()?;
            let header_row = draft.header_row;
            let width = draft.first_rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
            let row = |(number, cells): &(u32, Vec<String>)| {
                let is_header = *number == header_row;
                let cells = (0..width).map(|index| {
                    let text = cells.get(index).cloned().unwrap_or_default();
                    view! { <td><span class="cell-text" title=text.clone()>{text.clone()}</span></td> }
                });
                view! {
                    <tr class:preview__header=is_header>
                        <th scope="row">{number.to_string()}</th>
                        {cells.collect_view()}
                    </tr>
                }
            };
            Some(draft.first_rows.iter().map(row).collect_view())
        })
    };
    view! {
        <div
            class="preview__frame"
            class:is-loading=move || draft.is_saving.get()
            tabindex="0"
            role="region"
            aria-label=move || t.get().first_rows()
        >
            <table class="preview__table" aria-label=move || t.get().first_rows()>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use longshore_protocol::Lang;
    use longshore_protocol::import::SheetView;

    use super::*;
    use crate::import::change::tests::draft;

    #[test]
    fn only_what_is_unclear_is_asked() {
        let t = Texts::new(Lang::En);
        let sheets =
            |hidden: [bool; 2]| hidden.map(|is_hidden| SheetView { name: "s".into(), is_hidden }).to_vec();
        for (sheets, asks_header, want) in [
            (sheets([false, false]), false, t.look_sheet()),
            (sheets([false, false]), true, t.look_sheet_and_header()),
            (sheets([false, true]), true, t.look_header()),
            (vec![], true, t.look_header()),
        ] {
            let draft = ImportDraft { asks_where: true, asks_header, sheets, ..draft() };
            assert_eq!(look_words(&draft, t), want);
        }
    }

    #[test]
    fn the_header_row_can_be_any_that_is_shown_or_none() {
        let first_rows = [1, 2, 44].map(|number| (number, vec![])).to_vec();
        let draft = ImportDraft { first_rows, header_row: 44, ..draft() };
        let choice = choices(&draft, Texts::new(Lang::En)).remove(0);
        let values: Vec<&str> = choice.options.iter().map(|(value, _)| value.as_str()).collect();
        assert_eq!((values, choice.chosen.as_str()), (vec!["1", "2", "44", "0"], "44"));
        let request = chosen(UpdateDraftRequest::default(), "header-row", "0".into());
        assert_eq!(request.header_row, Some(0));
    }
}
