//! Other people's writers: `rivals rust_xlsxwriter|excel-rs|csv ROWS FILE`, each used the quickest way it offers, with the formats that
//! Longshore's workbooks have where the writer knows formats. With `sqlite DATABASE` or `postgres URL` in the place of `ROWS` the orders
//! are read from there.

mod source;

use std::fs::File;

use anyhow::bail;
use excel_rs::WorkBook;
use excel_rs::sheet::CellType;
#[cfg(feature = "simd")]
use flate2 as _;
use orders::HEADERS;
use rust_xlsxwriter::{Format, Workbook};

use self::source::Source;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (what, orders, file) = match arguments[..] {
        [what, rows, file] => (what, Source::Made(rows.parse()?), file),
        [what, "sqlite", database, file] => (what, Source::Sqlite(database), file),
        [what, "postgres", url, file] => (what, Source::Postgres(url), file),
        _ => bail!("usage: rivals WHAT ROWS|sqlite DATABASE|postgres URL FILE"),
    };
    match what {
        "rust_xlsxwriter" => rust_xlsxwriter(orders, file),
        "excel-rs" => excel_rs(orders, file),
        "csv" => csv(orders, file),
        _ => bail!("{what} is not known"),
    }
}

fn rust_xlsxwriter(orders: Source<'_>, file: &str) -> anyhow::Result<()> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    let (bold, text) = (Format::new().set_bold(), Format::new().set_num_format("@"));
    let (money, whole) = (Format::new().set_num_format("0.00"), Format::new().set_num_format("0"));
    let moment = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    for (column, header) in (0u16..).zip(HEADERS) {
        let format = match column {
            0 => &whole,
            5 | 6 => &money,
            8 => &moment,
            7 => &Format::default(),
            _ => &text,
        };
        sheet.set_column_format(column, format)?;
        sheet.write_string_with_format(0, column, header, &bold)?;
    }
    orders.each(|order| {
        let row = order.id as u32;
        sheet.write_number(row, 0, order.id as f64)?;
        sheet.write_string(row, 1, order.order_no)?;
        sheet.write_string(row, 2, order.customer)?;
        sheet.write_string(row, 3, order.city)?;
        sheet.write_string(row, 4, order.product)?;
        sheet.write_number(row, 5, order.unit_price_cents as f64 / 100.0)?;
        sheet.write_number(row, 6, order.total_cents as f64 / 100.0)?;
        sheet.write_boolean(row, 7, order.gift)?;
        sheet.write_number(row, 8, order.serial())?;
        if let Some(remark) = order.remark {
            sheet.write_string(row, 9, remark)?;
        }
        Ok(())
    })?;
    Ok(workbook.save(file)?)
}

fn excel_rs(orders: Source<'_>, file: &str) -> anyhow::Result<()> {
    let mut workbook = WorkBook::new(File::create(file)?);
    let mut sheet = workbook.new_worksheet("Orders".to_owned())?;
    sheet.write_row(HEADERS.iter().map(|header| header.as_bytes()), None)?;
    let (text, number) = (CellType::String, CellType::Number);
    let hints = [
        number.clone(),
        text.clone(),
        text.clone(),
        text.clone(),
        text.clone(),
        number.clone(),
        number,
        CellType::Boolean,
        CellType::Date,
        text,
    ];
    let (mut id, mut price, mut total, mut serial) =
        (itoa::Buffer::new(), Vec::new(), Vec::new(), ryu::Buffer::new());
    orders.each(|order| {
        money(&mut price, order.unit_price_cents);
        money(&mut total, order.total_cents);
        let cells = [
            id.format(order.id).as_bytes(),
            order.order_no.as_bytes(),
            order.customer.as_bytes(),
            order.city.as_bytes(),
            order.product.as_bytes(),
            &price,
            &total,
            if order.gift { b"1" } else { b"0" },
            serial.format_finite(order.serial()).as_bytes(),
            order.remark.unwrap_or_default().as_bytes(),
        ];
        Ok(sheet.write_row(cells.into_iter(), Some(&hints))?)
    })?;
    sheet.close()?;
    workbook.finish()?;
    Ok(())
}

fn csv(orders: Source<'_>, file: &str) -> anyhow::Result<()> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .buffer_capacity(256 * 1024)
        .from_writer(File::create(file)?);
    writer.write_record(HEADERS)?;
    let (mut id, mut price, mut total, mut moment) =
        (itoa::Buffer::new(), Vec::new(), Vec::new(), Vec::new());
    orders.each(|order| {
        money(&mut price, order.unit_price_cents);
        money(&mut total, order.total_cents);
        moment.clear();
        orders::push_moment(&mut moment, order.created_at);
        let cells = [
            id.format(order.id).as_bytes(),
            order.order_no.as_bytes(),
            order.customer.as_bytes(),
            order.city.as_bytes(),
            order.product.as_bytes(),
            &price,
            &total,
            if order.gift { b"TRUE" } else { b"FALSE" },
            &moment,
            order.remark.unwrap_or_default().as_bytes(),
        ];
        Ok(writer.write_record(cells)?)
    })?;
    Ok(writer.flush()?)
}

fn money(out: &mut Vec<u8>, cents: i64) {
    out.clear();
    out.extend_from_slice(itoa::Buffer::new().format(cents / 100).as_bytes());
    out.extend_from_slice(&[b'.', b'0' + (cents / 10 % 10) as u8, b'0' + (cents % 10) as u8]);
}
