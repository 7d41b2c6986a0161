//! Reads what was written and compares every cell with the rows as they were made.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, ensure};
use calamine::{DataRef, Reader, Xlsx, open_workbook};
use orders::{COLUMNS, HEADERS, Order, Orders};

/// Data rows of a sheet.
const ROWS_PER_SHEET: u64 = 1_048_575;
/// Moments are floats in a workbook; this is less than a millisecond.
const SAME_MOMENT: f64 = 1e-8;

#[derive(Clone, Debug, Default, PartialEq)]
enum Cell {
    #[default]
    Blank,
    Text(String),
    Number(f64),
    Boolean(bool),
}

/// Compares a file in `format`, `xlsx` or `csv`, with the first `rows` orders.
///
/// # Errors
/// The first row that is another.
pub(crate) fn check(format: &str, rows: u64, file: &Path) -> anyhow::Result<()> {
    match format {
        "xlsx" => check_xlsx(file, rows),
        "csv" => check_csv(file, rows),
        _ => anyhow::bail!("{format} can't be read"),
    }
}

fn check_xlsx(file: &Path, rows: u64) -> anyhow::Result<()> {
    let mut workbook: Xlsx<BufReader<File>> = open_workbook(file)?;
    let orders = Orders::default();
    let mut done = 0;
    for name in workbook.sheet_names() {
        let mut cells = workbook.worksheet_cells_reader(&name)?;
        let mut gathered: [Cell; COLUMNS] = Default::default();
        let mut at = 0;
        loop {
            let next = cells.next_cell()?;
            let position = next.as_ref().map(|cell| cell.get_position());
            if position.is_none_or(|(row, _)| row != at) {
                check_row(&orders, at, done, &mut gathered)?;
                at += 1;
            }
            let Some((row, column)) = position else { break };
            ensure!(row == at, "row {row} of {name} follows row {at}");
            let slot = gathered.get_mut(column as usize).context("a column too many")?;
            *slot = match next.map(|cell| cell.get_value().clone()) {
                Some(DataRef::Int(number)) => Cell::Number(number as f64),
                Some(DataRef::Float(number)) => Cell::Number(number),
                Some(DataRef::DateTime(moment)) => Cell::Number(moment.as_f64()),
                Some(DataRef::Bool(value)) => Cell::Boolean(value),
                Some(DataRef::String(text)) if !text.is_empty() => Cell::Text(text),
                Some(DataRef::SharedString(text)) if !text.is_empty() => Cell::Text(text.to_owned()),
                Some(DataRef::String(_) | DataRef::SharedString(_) | DataRef::Empty) | None => Cell::Blank,
                Some(other) => anyhow::bail!("row {row} has {other:?}"),
            };
        }
        done += u64::from(at - 1);
        ensure!(done == rows || u64::from(at - 1) == ROWS_PER_SHEET, "{name} ends early");
    }
    ensure!(done == rows, "{done} rows instead of {rows}");
    Ok(())
}

/// Row 0 is the header.
fn check_row(orders: &Orders, row: u32, before: u64, found: &mut [Cell; COLUMNS]) -> anyhow::Result<()> {
    let found = std::mem::take(found);
    if row == 0 {
        ensure!(found == HEADERS.map(|header| Cell::Text(header.to_owned())), "the header is {found:?}");
        return Ok(());
    }
    let mut is_same = false;
    orders.each(before + u64::from(row), 1, |order| {
        is_same = expected(order).iter().zip(&found).all(|(want, have)| match (want, have) {
            (Cell::Number(want), Cell::Number(have)) => (want - have).abs() < SAME_MOMENT,
            _ => want == have,
        });
    });
    ensure!(is_same, "row {row} is {found:?}");
    Ok(())
}

fn expected(order: &Order<'_>) -> [Cell; COLUMNS] {
    let text = |text: &str| Cell::Text(text.to_owned());
    [
        Cell::Number(order.id as f64),
        text(order.order_no),
        text(order.customer),
        text(order.city),
        text(order.product),
        Cell::Number(order.unit_price_cents as f64 / 100.0),
        Cell::Number(order.total_cents as f64 / 100.0),
        Cell::Boolean(order.gift),
        Cell::Number(order.serial()),
        order.remark.map_or(Cell::Blank, text),
    ]
}

fn check_csv(file: &Path, rows: u64) -> anyhow::Result<()> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(file)?;
    let mut record = csv::StringRecord::new();
    ensure!(reader.read_record(&mut record)?, "no header");
    ensure!(record.iter().map(|header| header.trim_start_matches('\u{feff}')).eq(HEADERS), "the header");
    let (mut failed, mut moment) = (None, Vec::new());
    Orders::default().each(1, rows, |order| {
        let mut check = || -> anyhow::Result<()> {
            ensure!(reader.read_record(&mut record)?, "row {} is missing", order.id);
            moment.clear();
            orders::push_moment(&mut moment, order.created_at);
            let money = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
            let want: [&str; COLUMNS] = [
                &order.id.to_string(),
                order.order_no,
                order.customer,
                order.city,
                order.product,
                &money(order.unit_price_cents),
                &money(order.total_cents),
                if order.gift { "TRUE" } else { "FALSE" },
                std::str::from_utf8(&moment)?,
                order.remark.unwrap_or_default(),
            ];
            ensure!(record.iter().eq(want), "row {} is {record:?}", order.id);
            Ok(())
        };
        if failed.is_none() {
            failed = check().err();
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    ensure!(!reader.read_record(&mut record)?, "more rows than {rows}");
    Ok(())
}
