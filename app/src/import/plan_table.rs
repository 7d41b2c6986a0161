//! A page of a plan's rows as a table: errors and warnings one a line, updates as old and new, the others whole.

use leptos::prelude::*;
use longshore_protocol::import::{CellProblem, PlanRow, PlanRowsPage, PlanShow};
use longshore_protocol::{Cell, ColumnView, Lang};

use super::wizard::Wizard;
use crate::format::grouped;
use crate::i18n::Texts;
use crate::icon::{Icon, Picture};
use crate::list::value::{is_numeric, shown};

/// One problem of a row: the cell it is about, what stands there, and what is wrong.
#[derive(Debug, PartialEq)]
struct ErrorLine<'a> {
    row: u32,
    column: Option<&'a str>,
    given: Option<&'a str>,
    problem: &'a CellProblem,
}

/// The problems of a page, one a line: those of cells in the order of the columns, then those of whole rows.
fn error_lines(page: &PlanRowsPage) -> Vec<ErrorLine<'_>> {
    let mut lines = Vec::new();
    for row in &page.rows {
        for (column, cell) in page.columns.iter().zip(&row.cells) {
            for problem in &cell.problems {
                let given = cell.new.as_deref().filter(|text| !text.is_empty());
                lines.push(ErrorLine { row: row.row, column: Some(column), given, problem });
            }
        }
        for problem in &row.problems {
            lines.push(ErrorLine { row: row.row, column: None, given: None, problem });
        }
    }
    lines
}

/// One change of a row: the column, what it is and what it will be.
#[derive(Debug, PartialEq)]
struct ChangeLine<'a> {
    row: &'a PlanRow,
    column: &'a str,
    old: &'a Cell,
    new: &'a Cell,
}

/// The changes of a page, one a line.
fn change_lines(page: &PlanRowsPage) -> Vec<ChangeLine<'_>> {
    let mut lines = Vec::new();
    for row in &page.rows {
        for (column, cell) in page.columns.iter().zip(&row.cells) {
            if let Some(old) = &cell.old {
                lines.push(ChangeLine { row, column, old, new: &cell.new });
            }
        }
    }
    lines
}

/// The table.
pub fn plan_table(page: &PlanRowsPage, show: PlanShow, wizard: Wizard, t: Texts) -> AnyView {
    match show {
        PlanShow::Errors | PlanShow::Warnings => errors(page, wizard, t),
        PlanShow::Updates => updates(page, wizard, t),
        PlanShow::Creates | PlanShow::All => whole_rows(page, wizard, t),
    }
}

/// What is wrong, in which allowed values have their labels.
pub fn told(problem: &CellProblem, column: Option<&str>, wizard: Wizard, lang: Lang) -> String {
    let column = column.and_then(|name| column_of(wizard, name));
    match column {
        Some(column) => in_labels(problem.clone(), &column, lang).sentence(lang),
        None => problem.sentence(lang),
    }
}

/// The problem with labels in the place of allowed values.
fn in_labels(problem: CellProblem, column: &ColumnView, lang: Lang) -> CellProblem {
    let label = |value: String| {
        let found = column.values.iter().find(|allowed| allowed.value == value);
        found.map_or(value, |allowed| allowed.labels.get(lang).to_owned())
    };
    match problem {
        CellProblem::NotAllowed { allowed, closest } => CellProblem::NotAllowed {
            allowed: allowed.into_iter().map(label).collect(),
            closest: closest.map(label),
        },
        other => other,
    }
}

fn errors(page: &PlanRowsPage, wizard: Wizard, t: Texts) -> AnyView {
    let labels = t.error_headers();
    let line = |line: ErrorLine<'_>| {
        let field = line.column.map_or_else(|| t.whole_row().to_owned(), |name| wizard.label(name, t.lang));
        let given = line.given.unwrap_or(t.empty_cell()).to_owned();
        let is_warning = line.problem.is_warning();
        let class = if is_warning { "reason reason--warning" } else { "reason" };
        let word = is_warning.then(|| format!("{}: ", t.warning()));
        view! {
            <tr role="row">
                <td role="cell" data-label=labels[0] class="is-number">{grouped(u64::from(line.row))}</td>
                <td role="cell" data-label=labels[1]>{field}</td>
                <td role="cell" data-label=labels[2]>
                    <span class="cell-text" class:no-value=line.given.is_none() title=given.clone()>{given.clone()}</span>
                </td>
                <td role="cell" data-label=labels[3]>
                    <span class=class><Picture icon=Icon::Alert/><span>{word}{told(line.problem, line.column, wizard, t.lang)}</span></span>
                </td>
            </tr>
        }
    };
    let rows = error_lines(page).into_iter().map(line).collect_view();
    table("plan-table plan-table--errors", &labels, rows)
}

fn updates(page: &PlanRowsPage, wizard: Wizard, t: Texts) -> AnyView {
    let labels = t.update_headers();
    let key = wizard.rules.with_value(|rules| rules.key.clone());
    let record = |row: &PlanRow| {
        let cells = page.columns.iter().zip(&row.cells).filter(|(column, _)| key.contains(column));
        cells.filter_map(|(_, cell)| cell.new.clone()).collect::<Vec<_>>().join(" · ")
    };
    let line = |line: ChangeLine<'_>| {
        let column = column_of(wizard, line.column);
        let text = |cell: &Cell| cell_text(cell, column.as_ref(), false, t);
        view! {
            <tr role="row">
                <td role="cell" data-label=labels[0] class="is-number">{grouped(u64::from(line.row.row))}</td>
                <td role="cell" data-label=labels[1]>{record(line.row)}</td>
                <td role="cell" data-label=labels[2]>{wizard.label(line.column, t.lang)}</td>
                <td role="cell" data-label=labels[3]><del class="cell-text change__old">{text(line.old)}</del></td>
                <td role="cell" data-label=labels[4]>
                    <span aria-hidden="true">"→ "</span>
                    <ins class="cell-text change__new">{text(line.new)}</ins>
                </td>
            </tr>
        }
    };
    let rows = change_lines(page).into_iter().map(line).collect_view();
    table("plan-table plan-table--updates", &labels, rows)
}

fn whole_rows(page: &PlanRowsPage, wizard: Wizard, t: Texts) -> AnyView {
    let columns: Vec<_> =
        page.columns.iter().map(|name| (wizard.label(name, t.lang), column_of(wizard, name))).collect();
    let key = wizard.rules.with_value(|rules| rules.key.clone());
    let (row_label, action_label) = (t.error_headers()[0], t.action_header());
    let row = |row: &PlanRow| {
        let cells = columns.iter().zip(&page.columns).zip(&row.cells).map(|(((label, column), name), cell)| {
            let is_number = column.as_ref().is_some_and(|column| is_numeric(column.column_type));
            view! {
                <td role="cell" data-label=label.clone() class=is_number.then_some("is-number")>
                    <span class="cell-text">{cell_text(&cell.new, column.as_ref(), key.contains(name), t)}</span>
                </td>
            }
        });
        view! {
            <tr role="row">
                <td role="cell" data-label=row_label class="is-number">{grouped(u64::from(row.row))}</td>
                <td role="cell" data-label=action_label>{t.row_action(row.action)}</td>
                {cells.collect_view()}
            </tr>
        }
    };
    let rows = page.rows.iter().map(row).collect_view();
    let mut headers = vec![row_label, action_label];
    headers.extend(columns.iter().map(|(label, _)| label.as_str()));
    table("plan-table", &headers, rows)
}

fn column_of(wizard: Wizard, name: &str) -> Option<ColumnView> {
    wizard.dataset.with_value(|dataset| dataset.columns.iter().find(|column| column.name == name).cloned())
}

fn cell_text(cell: &Cell, column: Option<&ColumnView>, is_key: bool, t: Texts) -> String {
    match (cell, column) {
        (None, _) => t.empty_cell().to_owned(),
        (Some(text), Some(column)) => shown(text, column, is_key, t),
        (Some(text), None) => text.clone(),
    }
}

fn table(class: &str, headers: &[&str], rows: impl IntoView + 'static) -> AnyView {
    let header = |header: &&str| view! { <th scope="col" role="columnheader">{(*header).to_owned()}</th> };
    let headers = headers.iter().map(header).collect_view();
    view! {
        <div class="table-frame" tabindex="0" role="region" aria-labelledby="page-title">
            <table class=format!("list-table {class}") role="table" aria-labelledby="page-title">
                <thead role="rowgroup"><tr role="row">{headers}</tr></thead>
                <tbody role="rowgroup">{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use longshore_protocol::import::{PlanCell, RowAction};

    use super::*;

    fn page() -> PlanRowsPage {
        let cell = |new: &str, old: Option<Option<&str>>, problems: &[CellProblem]| PlanCell {
            new: Some(new.into()).filter(|text: &String| !text.is_empty()),
            old: old.map(|old| old.map(Into::into)),
            problems: problems.to_vec(),
        };
        let bad = PlanRow {
            row: 7,
            action: RowAction::Error,
            cells: vec![
                cell("", None, &[CellProblem::Required]),
                cell("x", None, &[CellProblem::FormulaError]),
            ],
            problems: vec![CellProblem::Exists],
        };
        let changed = PlanRow {
            row: 9,
            action: RowAction::Update,
            cells: vec![cell("1", None, &[]), cell("", Some(Some("old")), &[])],
            problems: vec![],
        };
        PlanRowsPage {
            total_row_count: 2,
            page: 1,
            page_size: 50,
            columns: vec!["id".into(), "name".into()],
            rows: vec![bad, changed],
        }
    }

    #[test]
    fn each_problem_has_a_line() {
        let page = page();
        let lines: Vec<_> = error_lines(&page)
            .into_iter()
            .map(|line| (line.row, line.column, line.given, line.problem.code()))
            .collect();
        assert_eq!(
            lines,
            [
                (7, Some("id"), None, "required"),
                (7, Some("name"), Some("x"), "formula_error"),
                (7, None, None, "exists"),
            ]
        );
    }

    #[test]
    fn allowed_values_are_told_by_their_labels() {
        use longshore_protocol::dataset::AllowedValue;
        use longshore_protocol::{ColumnType, Labels};
        let column = ColumnView {
            name: "status".into(),
            labels: Labels::default(),
            column_type: ColumnType::Text,
            values: vec![AllowedValue {
                value: "paid".into(),
                labels: Labels { en: "Paid".into(), zh: "已付款".into() },
            }],
            ops: vec![],
        };
        let problem = CellProblem::NotAllowed {
            allowed: vec!["paid".into(), "x".into()],
            closest: Some("paid".into()),
        };
        let sentence = in_labels(problem, &column, Lang::Zh).sentence(Lang::Zh);
        assert_eq!(sentence, "不是允许的值，是否为“已付款”？可用：已付款、x");
    }

    #[test]
    fn each_change_has_a_line() {
        let page = page();
        let lines: Vec<_> = change_lines(&page)
            .into_iter()
            .map(|line| (line.row.row, line.column, line.old.as_deref(), line.new.as_deref()))
            .collect();
        assert_eq!(lines, [(9, "name", Some("old"), None)]);
    }
}
