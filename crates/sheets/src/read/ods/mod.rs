//! OpenDocument spreadsheets as a stream: one part has all sheets, and says of rows and cells how often they are repeated.

mod events;

use std::collections::HashSet;

use quick_xml::events::{BytesStart, Event};

use super::feed::{Feed, Watch};
use super::package::Package;
use super::rows::{BYTES_PER_BATCH, too_big};
use super::{CellKind, Limit, ReadError, ReadLimits, SheetInfo};

use events::for_each_event;

/// Sheets that are listed.
const SHEETS_MAX: usize = 10_000;
/// Bytes of a sheet's or a style's name; programs allow people a few dozen characters.
const NAME_BYTES_MAX: usize = 4096;
/// What stands for the value of a formula whose own text is not there.
const NO_VALUE: &str = "#VALUE!";

/// The sheets in their order.
pub(super) fn sheets(
    package: &Package,
    limits: &ReadLimits,
    watch: &Watch,
) -> Result<Vec<SheetInfo>, ReadError> {
    let mut sheets = Vec::new();
    let (mut hidden, mut style, mut depth) = (HashSet::new(), String::new(), 0);
    let name_of = |tag: &BytesStart<'_>, name| {
        let name = attribute(tag, name).unwrap_or_default();
        if name.len() > NAME_BYTES_MAX {
            return Err(ReadError::damaged("the name of a sheet or of a style is too long"));
        }
        Ok(name)
    };
    for_each_event(package, limits, watch, |event| {
        match event {
            Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref() == "style:style" => {
                style = name_of(tag, "style:name")?;
            }
            Event::Start(tag) | Event::Empty(tag)
                if tag.name().as_ref() == "style:table-properties"
                    && attribute(tag, "table:display").as_deref() == Some("false")
                    && hidden.len() < SHEETS_MAX =>
            {
                hidden.insert(style.clone());
            }
            Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref() == "table:table" => {
                if depth == 0 && sheets.len() < SHEETS_MAX {
                    let name = name_of(tag, "table:name")?;
                    let is_hidden =
                        attribute(tag, "table:style-name").is_some_and(|style| hidden.contains(&style));
                    sheets.push(SheetInfo { name, is_hidden });
                }
                depth += u32::from(matches!(event, Event::Start(_)));
            }
            Event::End(tag) if tag.name().as_ref() == "table:table" => depth -= 1,
            _ => {}
        }
        Ok(true)
    })?;
    Ok(sheets)
}

/// Feeds the rows of a sheet.
pub(super) fn read(
    package: &Package,
    sheet: usize,
    limits: &ReadLimits,
    feed: &mut Feed<'_>,
) -> Result<(), ReadError> {
    let watch = feed.watch.clone();
    let mut place = Place { wanted: sheet, limits: limits.clone(), ..Place::default() };
    for_each_event(package, limits, &watch, |event| place.take(event, feed))?;
    if place.sheet_count <= sheet {
        return Err(ReadError::NoSuchSheet { number: sheet + 1, sheet_count: place.sheet_count });
    }
    feed.finish()
}

/// Where in the document reading is.
#[derive(Default)]
struct Place {
    wanted: usize,
    limits: ReadLimits,
    sheet_count: usize,
    /// Tables inside of tables, such as those in drawings, are not read.
    table_depth: u32,
    /// Elements around that do not belong to cells: comments, drawings.
    skipped_depth: u32,
    /// Rows before this one.
    row: u64,
    row_repeats: u64,
    column: usize,
    cells: Vec<Repeated>,
    /// Bytes of their texts, each counted once.
    row_bytes: u64,
    /// The cell that is being read, and whether its text is its value.
    cell: Option<Repeated>,
    is_text_wanted: bool,
    has_paragraph: bool,
    is_in_paragraph: bool,
}

/// A cell and how often it stands beside itself.
#[derive(Default)]
struct Repeated {
    column: usize,
    repeats: usize,
    kind: CellKind,
    text: Vec<u8>,
}

impl Place {
    /// Takes an event; `false` once the sheet is over.
    fn take(&mut self, event: &Event<'_>, feed: &mut Feed<'_>) -> Result<bool, ReadError> {
        match event {
            Event::Start(tag) => self.start(tag, feed, false)?,
            Event::Empty(tag) => self.start(tag, feed, true)?,
            Event::End(tag) => return self.end(tag.name().as_ref(), feed),
            Event::Text(text) => self.text(text.as_bytes())?,
            Event::CData(text) => self.text(text.as_bytes())?,
            Event::GeneralRef(name) => {
                let written = format!("&{};", &**name);
                let text = quick_xml::escape::unescape(&written)
                    .map_err(|_| ReadError::damaged(format!("\"{written}\" is no character of XML")))?;
                self.text(text.as_bytes())?;
            }
            _ => {}
        }
        Ok(true)
    }

    fn is_in_sheet(&self) -> bool {
        self.table_depth == 1 && self.sheet_count == self.wanted + 1
    }

    fn start(&mut self, tag: &BytesStart<'_>, feed: &mut Feed<'_>, is_closed: bool) -> Result<(), ReadError> {
        let name = tag.name();
        let name = name.as_ref();
        if name == "table:table" {
            self.sheet_count += usize::from(self.table_depth == 0);
            self.table_depth += u32::from(!is_closed);
            return Ok(());
        }
        if !self.is_in_sheet() {
            return Ok(());
        }
        if self.skipped_depth > 0 || is_beside_cells(name) {
            self.skipped_depth += u32::from(!is_closed);
            return Ok(());
        }
        match name {
            "table:table-row" => {
                self.row_repeats = repeats(tag, "table:number-rows-repeated");
                (self.column, self.cell) = (0, None);
                self.cells.clear();
                self.row_bytes = 0;
                if is_closed {
                    self.end_row(feed)?;
                }
            }
            "table:table-cell" | "table:covered-table-cell" => {
                self.begin_cell(tag, name == "table:covered-table-cell")?;
                if is_closed {
                    self.end_cell()?;
                }
            }
            "text:p" if self.cell.is_some() => {
                if std::mem::replace(&mut self.has_paragraph, true) {
                    self.push(b"\n")?;
                }
                self.is_in_paragraph = !is_closed;
            }
            "text:s" => {
                let count = attribute(tag, "text:c").and_then(|count| count.parse::<u16>().ok()).unwrap_or(1);
                self.push(" ".repeat(usize::from(count)).as_bytes())?;
            }
            "text:tab" => self.push(b"\t")?,
            "text:line-break" => self.push(b"\n")?,
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str, feed: &mut Feed<'_>) -> Result<bool, ReadError> {
        if name == "table:table" {
            let is_over = self.is_in_sheet();
            self.table_depth = self.table_depth.saturating_sub(1);
            return Ok(!is_over);
        }
        if !self.is_in_sheet() {
            return Ok(true);
        }
        if self.skipped_depth > 0 {
            self.skipped_depth -= 1;
            return Ok(true);
        }
        match name {
            "text:p" => self.is_in_paragraph = false,
            "table:table-cell" | "table:covered-table-cell" => self.end_cell()?,
            "table:table-row" => self.end_row(feed)?,
            _ => {}
        }
        Ok(true)
    }

    fn begin_cell(&mut self, tag: &BytesStart<'_>, is_covered: bool) -> Result<(), ReadError> {
        let repeats = usize::try_from(repeats(tag, "table:number-columns-repeated")).unwrap_or(usize::MAX);
        let of = |name| attribute(tag, name).unwrap_or_default();
        let (kind, text) = match of("office:value-type").as_str() {
            // What a merged cell covers is not seen.
            _ if is_covered => (CellKind::Empty, String::new()),
            "float" | "percentage" | "currency" => (CellKind::Number, of("office:value")),
            "boolean" => (CellKind::Boolean, of("office:boolean-value")),
            "date" => (CellKind::Date, of("office:date-value")),
            "time" => {
                let written = of("office:time-value");
                (CellKind::Date, clock(&written).unwrap_or(written))
            }
            "string" if of("calcext:value-type") == "error" => (CellKind::Error, String::new()),
            "string" => (CellKind::Text, of("office:string-value")),
            // A formula that nothing has computed yet is not the same as an empty cell.
            _ => match attribute(tag, "table:formula") {
                Some(formula) if formula.is_empty() => (CellKind::Error, NO_VALUE.to_owned()),
                Some(formula) => (CellKind::Error, formula),
                None => (CellKind::Empty, String::new()),
            },
        };
        self.is_text_wanted = matches!(kind, CellKind::Text | CellKind::Error) && text.is_empty();
        (self.has_paragraph, self.is_in_paragraph) = (false, false);
        self.cell = Some(Repeated { column: self.column, repeats, kind, text: Vec::new() });
        match text.is_empty() {
            true => Ok(()),
            false => self.append(text.as_bytes()),
        }
    }

    fn text(&mut self, text: &[u8]) -> Result<(), ReadError> {
        if self.is_in_paragraph && self.skipped_depth == 0 {
            self.push(text)?;
        }
        Ok(())
    }

    /// Takes text of a paragraph, where that is the cell's value.
    fn push(&mut self, text: &[u8]) -> Result<(), ReadError> {
        if self.is_text_wanted { self.append(text) } else { Ok(()) }
    }

    /// Appends to the cell's text, which is limited before it grows: a few bytes of the file can ask for much.
    fn append(&mut self, text: &[u8]) -> Result<(), ReadError> {
        let Some(cell) = &mut self.cell else { return Ok(()) };
        let (size, most) = ((cell.text.len() + text.len()) as u64, self.limits.cell_bytes);
        if size > most {
            return Err(too_big(Limit::CellBytes, most, size));
        }
        cell.text.extend_from_slice(text);
        Ok(())
    }

    /// Keeps the cell until the row's end, if it holds something; the row is limited before it grows.
    fn end_cell(&mut self) -> Result<(), ReadError> {
        let Some(mut cell) = self.cell.take() else { return Ok(()) };
        self.column = self.column.saturating_add(cell.repeats);
        if cell.kind == CellKind::Error && cell.text.is_empty() {
            cell.text.extend_from_slice(NO_VALUE.as_bytes());
        }
        if cell.text.is_empty() {
            return Ok(());
        }
        if self.column as u64 > self.limits.columns {
            return Err(too_big(Limit::Columns, self.limits.columns, self.column as u64));
        }
        self.row_bytes += cell.text.len() as u64;
        let beyond = self.row_bytes.saturating_sub(BYTES_PER_BATCH as u64);
        if beyond > self.limits.row_bytes {
            return Err(too_big(Limit::RowBytes, self.limits.row_bytes, beyond));
        }
        self.cells.push(cell);
        Ok(())
    }

    fn end_row(&mut self, feed: &mut Feed<'_>) -> Result<(), ReadError> {
        let first = self.row + 1;
        self.row = self.row.saturating_add(self.row_repeats);
        if self.cells.is_empty() {
            return Ok(());
        }
        let rows_max = self.limits.rows.min(u64::from(u32::MAX));
        if self.row > rows_max {
            return Err(too_big(Limit::Rows, rows_max, self.row));
        }
        for number in first..=self.row {
            feed.begin_row(number as u32)?;
            for cell in &self.cells {
                for column in cell.column..cell.column.saturating_add(cell.repeats) {
                    feed.rows.push(column, cell.kind, &cell.text)?;
                }
            }
        }
        Ok(())
    }
}

/// Whether an element inside of a sheet, with all that is in it, does not belong to the texts of cells: comments, shapes and what is written
/// on them, notes, and the reading aid over characters.
fn is_beside_cells(name: &str) -> bool {
    name.starts_with("draw:")
        || name.starts_with("dr3d:")
        || matches!(name, "office:annotation" | "table:shapes" | "text:note" | "text:ruby-text")
}

/// How often something stands; once where it does not say.
fn repeats(tag: &BytesStart<'_>, name: &str) -> u64 {
    attribute(tag, name).and_then(|count| count.parse().ok()).filter(|&count| count > 0).unwrap_or(1)
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().with_checks(false).flatten().find(|found| found.key.as_ref() == name)?;
    Some(quick_xml::escape::unescape(&found.value).ok()?.into_owned())
}

/// `10:30:00` of `PT10H30M00S`; `None` where it is no such duration.
fn clock(duration: &str) -> Option<String> {
    let (hours, rest) = duration.strip_prefix("PT")?.split_once('H')?;
    let (minutes, seconds) = rest.strip_suffix('S')?.split_once('M')?;
    let (whole, fraction) = seconds.split_once(['.', ',']).unwrap_or((seconds, ""));
    let [hours, minutes, whole] = [hours, minutes, whole].map(|text| text.parse::<u32>().ok());
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{:02}:{:02}:{:02}{point}{fraction}", hours?, minutes?, whole?))
}

#[cfg(test)]
mod tests {
    use super::clock;

    #[test]
    fn durations_are_shown_as_a_clock_does() {
        for (duration, want) in [
            ("PT10H30M00S", Some("10:30:00")),
            ("PT10H30M00.5000S", Some("10:30:00.5")),
            ("PT100H00M01S", Some("100:00:01")),
            ("PT5M", None),
            ("P1D", None),
            ("", None),
        ] {
            assert_eq!(clock(duration).as_deref(), want, "{duration}");
        }
    }
}
