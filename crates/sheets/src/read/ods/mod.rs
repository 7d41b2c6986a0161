//! OpenDocument spreadsheets as a stream: one part has all sheets, and says of rows and cells how often they are repeated.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::feed::{Feed, Watch};
use super::package::{Inflate, Package};
use super::rows::too_big;
use super::{CellKind, Limit, ReadError, ReadLimits, SheetInfo};

/// The part with the sheets.
const CONTENT: &str = "content.xml";
/// Bytes between two tags, beyond 8 times those of a cell.
const PIECE_BYTES: u64 = 256 << 10;
/// Sheets that are listed.
const SHEETS_MAX: usize = 10_000;

/// The sheets in their order.
pub(super) fn sheets(
    package: &Package,
    limits: &ReadLimits,
    watch: &Watch,
) -> Result<Vec<SheetInfo>, ReadError> {
    let mut sheets = Vec::new();
    let (mut hidden, mut style, mut depth) = (HashSet::new(), String::new(), 0);
    for_each_event(package, limits, watch, |event| {
        match event {
            Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref() == "style:style" => {
                style = attribute(tag, "style:name").unwrap_or_default();
            }
            Event::Start(tag) | Event::Empty(tag)
                if tag.name().as_ref() == "style:table-properties"
                    && attribute(tag, "table:display").as_deref() == Some("false") =>
            {
                hidden.insert(style.clone());
            }
            Event::Start(tag) if tag.name().as_ref() == "table:table" => {
                depth += 1;
                if depth == 1 && sheets.len() < SHEETS_MAX {
                    let name = attribute(tag, "table:name").unwrap_or_default();
                    let is_hidden =
                        attribute(tag, "table:style-name").is_some_and(|style| hidden.contains(&style));
                    sheets.push(SheetInfo { name, is_hidden });
                }
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
    let mut place =
        Place { wanted: sheet, rows_max: limits.rows.min(u64::from(u32::MAX)), ..Place::default() };
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
    rows_max: u64,
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
            self.table_depth += u32::from(!is_closed);
            self.sheet_count += usize::from(self.table_depth == 1);
            return Ok(());
        }
        if !self.is_in_sheet() {
            return Ok(());
        }
        if self.skipped_depth > 0 || matches!(name, "office:annotation" | "draw:frame" | "table:shapes") {
            self.skipped_depth += u32::from(!is_closed);
            return Ok(());
        }
        match name {
            "table:table-row" => {
                self.row_repeats = repeats(tag, "table:number-rows-repeated");
                (self.column, self.cell) = (0, None);
                self.cells.clear();
                if is_closed {
                    self.end_row(feed)?;
                }
            }
            "table:table-cell" | "table:covered-table-cell" => {
                self.begin_cell(tag, name == "table:covered-table-cell");
                if is_closed {
                    self.end_cell();
                }
            }
            "text:p" if self.cell.is_some() => {
                if std::mem::replace(&mut self.has_paragraph, true) {
                    self.push(b"\n");
                }
                self.is_in_paragraph = !is_closed;
            }
            "text:s" => {
                let count = attribute(tag, "text:c").and_then(|count| count.parse::<u16>().ok()).unwrap_or(1);
                self.push(" ".repeat(usize::from(count)).as_bytes());
            }
            "text:tab" => self.push(b"\t"),
            "text:line-break" => self.push(b"\n"),
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
            "table:table-cell" | "table:covered-table-cell" => self.end_cell(),
            "table:table-row" => self.end_row(feed)?,
            _ => {}
        }
        Ok(true)
    }

    fn begin_cell(&mut self, tag: &BytesStart<'_>, is_covered: bool) {
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
            _ => (CellKind::Empty, String::new()),
        };
        self.is_text_wanted = matches!(kind, CellKind::Text | CellKind::Error) && text.is_empty();
        (self.has_paragraph, self.is_in_paragraph) = (false, false);
        self.cell = Some(Repeated { column: self.column, repeats, kind, text: text.into_bytes() });
    }

    fn text(&mut self, text: &[u8]) -> Result<(), ReadError> {
        if self.is_in_paragraph && self.skipped_depth == 0 {
            self.push(text);
        }
        Ok(())
    }

    fn push(&mut self, text: &[u8]) {
        if let Some(cell) = &mut self.cell
            && self.is_text_wanted
        {
            cell.text.extend_from_slice(text);
        }
    }

    fn end_cell(&mut self) {
        if let Some(cell) = self.cell.take() {
            self.column = self.column.saturating_add(cell.repeats);
            if !cell.text.is_empty() {
                self.cells.push(cell);
            }
        }
    }

    fn end_row(&mut self, feed: &mut Feed<'_>) -> Result<(), ReadError> {
        let first = self.row + 1;
        self.row = self.row.saturating_add(self.row_repeats);
        if self.cells.is_empty() {
            return Ok(());
        }
        if self.row > self.rows_max {
            return Err(too_big(Limit::Rows, self.rows_max, self.row));
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

/// Shows every event of the part with the sheets, until `each` says `false`.
fn for_each_event(
    package: &Package,
    limits: &ReadLimits,
    watch: &Watch,
    mut each: impl FnMut(&Event<'_>) -> Result<bool, ReadError>,
) -> Result<(), ReadError> {
    let member = package.open_member(CONTENT)?.ok_or_else(|| ReadError::damaged("content.xml is missing"))?;
    let ration = Rc::new(Cell::new(0));
    let most = limits.cell_bytes.saturating_mul(8).saturating_add(PIECE_BYTES);
    let failure = Rc::new(RefCell::new(None));
    let rationed = Rationed { member, left: Rc::clone(&ration), failure: Rc::clone(&failure) };
    let mut reader = Reader::from_reader(BufReader::with_capacity(64 << 10, rationed));
    let mut buffer = Vec::new();
    for count in 0_u64.. {
        ration.set(most);
        buffer.clear();
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(_) if failure.borrow().is_some() => break,
            Err(error) => return Err(ReadError::damaged(format!("{CONTENT} is no XML ({error})"))),
        };
        match &event {
            Event::DocType(_) => {
                return Err(ReadError::Unsupported { what: "a document type definition".to_owned() });
            }
            Event::Eof => break,
            event if !each(event)? => break,
            _ => {}
        }
        if count % 4096 == 0 {
            watch.check()?;
        }
    }
    match failure.take() {
        Some(Some(error)) => Err(error),
        Some(None) => Err(too_big(Limit::CellBytes, limits.cell_bytes, most)),
        None => Ok(()),
    }
}

/// A member of which only so much is read before the next event: else one text could fill the memory.
struct Rationed {
    member: Inflate,
    left: Rc<Cell<u64>>,
    /// Why reading failed, where it did: an error, or too long a piece.
    failure: Rc<RefCell<Option<Option<ReadError>>>>,
}

impl Read for Rationed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            self.failure.replace(Some(None));
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        match self.member.fill(buffer) {
            Ok(size) => {
                self.left.set(self.left.get().saturating_sub(size as u64));
                Ok(size)
            }
            Err(error) => {
                self.failure.replace(Some(Some(error)));
                Err(io::ErrorKind::InvalidData.into())
            }
        }
    }
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
