//! XLSB and XLS, which calamine reads: most of such a file is in memory at once, so less is allowed, and before it is loaded.
//!
//! calamine runs on a thread of its own, which may panic without harm, and is left alone when it takes too long.

use std::fs::File;
use std::io::{BufReader, Cursor};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::Builder;
use std::time::Duration;

use calamine::{
    Data, DataRef, ExcelDateTime, Reader, Sheet, SheetType, SheetVisible, Xls, XlsError, Xlsb, XlsbError,
};

use crate::number::FloatText;

use super::feed::{Feed, Watch};
use super::package::Package;
use super::rows::too_big;
use super::serial::{DATE, ELAPSED, TIME, doubt, push_serial};
use super::xlsb::FormulaErrors;
use super::{CellKind, FileKind, Limit, ReadError, ReadLimits, SheetInfo, biff};

/// Cells handed over at a time.
const CELLS_AT_ONCE: usize = 4096;
/// Bytes of their texts, beyond which fewer are: a long text may stand in many cells.
const BYTES_AT_ONCE: usize = 1 << 20;
/// Handovers that wait.
const WAITING: usize = 4;
/// How often the flag for stopping is looked at while nothing comes.
const PATIENCE: Duration = Duration::from_millis(50);

/// A cell that was found: row and column from 0.
struct Found {
    row: u32,
    column: u32,
    kind: CellKind,
    text: Vec<u8>,
}

type Sender = SyncSender<Vec<Found>>;

/// The sheets of a file that have cells.
pub(super) fn sheets(path: &Path, kind: FileKind, limits: &ReadLimits) -> Result<Vec<SheetInfo>, ReadError> {
    let watch = Watch::new(&Arc::default(), limits);
    let source = Source::checked(path, kind, limits, &watch)?;
    guarded(&watch, move |_| source.open().map(|book| with_cells(book.sheets())), &mut |_| Ok(()))
}

/// Feeds the rows of a sheet, by its place among those that have cells.
pub(super) fn read(
    path: &Path,
    kind: FileKind,
    sheet: usize,
    limits: &ReadLimits,
    feed: &mut Feed<'_>,
) -> Result<(), ReadError> {
    let watch = feed.watch.clone();
    let source = Source::checked(path, kind, limits, &watch)?;
    let (rows_max, cell_bytes) = (limits.rows.min(u64::from(u32::MAX)), limits.cell_bytes);
    let mut row = None;
    let mut take = |cells: Vec<Found>| {
        for cell in cells {
            if row != Some(cell.row) {
                if row.is_some_and(|row| cell.row < row) {
                    return Err(ReadError::damaged(format!(
                        "row {} comes too late",
                        u64::from(cell.row) + 1
                    )));
                }
                let number = u64::from(cell.row) + 1;
                if number > rows_max {
                    return Err(too_big(Limit::Rows, rows_max, number));
                }
                row = Some(cell.row);
                feed.begin_row(number as u32)?;
            }
            feed.rows.push(cell.column as usize, cell.kind, &cell.text)?;
        }
        Ok(())
    };
    let send = move |sender| send_sheet(source, sheet, Batch::new(sender, cell_bytes));
    guarded(&watch, send, &mut take)?;
    feed.finish()
}

/// A file that may be loaded.
enum Source {
    Xlsb(PathBuf, ReadLimits),
    /// The container with the workbook's records.
    Xls(Vec<u8>),
}

impl Source {
    /// Refuses what would take too much memory.
    fn checked(path: &Path, kind: FileKind, limits: &ReadLimits, watch: &Watch) -> Result<Source, ReadError> {
        let size = std::fs::metadata(path)?.len();
        if size > limits.whole_file_bytes {
            return Err(too_big(Limit::FileBytes, limits.whole_file_bytes, size));
        }
        if kind == FileKind::Xls {
            return biff::load(path, limits, watch).map(Source::Xls);
        }
        let whole = ReadLimits { uncompressed_bytes: limits.whole_uncompressed_bytes, ..limits.clone() };
        let package = Package::open(path, &whole)?;
        let declared = package.declared_size();
        if declared > limits.whole_uncompressed_bytes {
            return Err(too_big(Limit::UncompressedBytes, limits.whole_uncompressed_bytes, declared));
        }
        package.check_all(watch)?;
        Ok(Source::Xlsb(path.to_owned(), whole))
    }

    fn open(self) -> Result<Book, ReadError> {
        Ok(match self {
            Source::Xlsb(path, limits) => {
                let errors = Package::open(&path, &limits)?;
                let book = Xlsb::new(BufReader::new(File::open(path)?)).map_err(xlsb_error)?;
                Book::Xlsb(Box::new(book), errors)
            }
            Source::Xls(bytes) => Book::Xls(Box::new(Xls::new(Cursor::new(bytes)).map_err(xls_error)?)),
        })
    }
}

/// Runs `work` on a thread of its own and takes what it sends.
fn guarded<T: Send + 'static>(
    watch: &Watch,
    work: impl FnOnce(Sender) -> Result<T, ReadError> + Send + 'static,
    take: &mut dyn FnMut(Vec<Found>) -> Result<(), ReadError>,
) -> Result<T, ReadError> {
    let (sender, receiver) = sync_channel(WAITING);
    let (done, result) = sync_channel(1);
    Builder::new().name("calamine".to_owned()).spawn(move || {
        // Nobody listens any more when reading was stopped.
        let _ = done.send(work(sender));
    })?;
    receive(watch, &receiver, take)?;
    loop {
        match result.recv_timeout(PATIENCE) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Timeout) => watch.check()?,
            // The thread is gone without a word: it panicked.
            Err(RecvTimeoutError::Disconnected) => {
                return Err(ReadError::damaged("its records do not fit together"));
            }
        }
    }
}

fn receive(
    watch: &Watch,
    receiver: &Receiver<Vec<Found>>,
    take: &mut dyn FnMut(Vec<Found>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    loop {
        match receiver.recv_timeout(PATIENCE) {
            Ok(cells) => take(cells)?,
            Err(RecvTimeoutError::Timeout) => watch.check()?,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

/// An open workbook.
enum Book {
    /// The package once more is for what calamine does not tell.
    Xlsb(Box<Xlsb<BufReader<File>>>, Package),
    Xls(Box<Xls<Cursor<Vec<u8>>>>),
}

impl Book {
    fn sheets(&self) -> &[Sheet] {
        match self {
            Book::Xlsb(book, _) => book.sheets_metadata(),
            Book::Xls(book) => book.sheets_metadata(),
        }
    }
}

fn with_cells(sheets: &[Sheet]) -> Vec<SheetInfo> {
    let with_cells = sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let info = |sheet: &Sheet| SheetInfo {
        name: sheet.name.clone(),
        is_hidden: sheet.visible != SheetVisible::Visible,
    };
    with_cells.map(info).collect()
}

/// Cells on their way out of calamine's thread.
struct Batch {
    sender: Sender,
    cells: Vec<Found>,
    byte_count: usize,
    cell_bytes: u64,
}

impl Batch {
    fn new(sender: Sender, cell_bytes: u64) -> Batch {
        Batch { sender, cells: Vec::with_capacity(CELLS_AT_ONCE), byte_count: 0, cell_bytes }
    }

    /// Adds a cell; `false` once nobody listens any more.
    fn push(&mut self, row: u32, column: u32, kind: CellKind, text: Vec<u8>) -> Result<bool, ReadError> {
        if text.len() as u64 > self.cell_bytes {
            return Err(too_big(Limit::CellBytes, self.cell_bytes, text.len() as u64));
        }
        self.byte_count += text.len();
        self.cells.push(Found { row, column, kind, text });
        let is_full = self.cells.len() >= CELLS_AT_ONCE || self.byte_count >= BYTES_AT_ONCE;
        Ok(!is_full || self.send())
    }

    fn send(&mut self) -> bool {
        self.byte_count = 0;
        self.sender.send(std::mem::take(&mut self.cells)).is_ok()
    }
}

fn send_sheet(source: Source, sheet: usize, mut batch: Batch) -> Result<(), ReadError> {
    let book = source.open()?;
    let sheets = with_cells(book.sheets());
    let missing = ReadError::NoSuchSheet { number: sheet + 1, sheet_count: sheets.len() };
    let name = &sheets.get(sheet).ok_or(missing)?.name;
    let is_heard = match book {
        Book::Xlsb(book, package) => send_xlsb(*book, &package, name, &mut batch)?,
        Book::Xls(book) => send_xls(*book, name, &mut batch)?,
    };
    if is_heard {
        batch.send();
    }
    Ok(())
}

fn send_xlsb(
    mut book: Xlsb<BufReader<File>>,
    package: &Package,
    name: &str,
    batch: &mut Batch,
) -> Result<bool, ReadError> {
    let mut errors = FormulaErrors::of_sheet(package, name)?;
    let mut cells = book.worksheet_cells_reader(name).map_err(xlsb_error)?;
    loop {
        let cell = cells.next_cell().map_err(xlsb_error)?;
        let position = cell.as_ref().map(calamine::Cell::get_position);
        // Within a row cells may come in any order.
        let last_row = position.map_or(u32::MAX, |(row, _)| row);
        while let Some((row, column, text)) = errors.next_until(last_row)? {
            if !batch.push(row, column, CellKind::Error, text.into())? {
                return Ok(false);
            }
        }
        let (Some(cell), Some((row, column))) = (cell, position) else { return Ok(true) };
        let mut text = Vec::new();
        let kind = push_value(cell.get_value(), &mut text);
        if !batch.push(row, column, kind, text)? {
            return Ok(false);
        }
    }
}

fn send_xls(mut book: Xls<Cursor<Vec<u8>>>, name: &str, batch: &mut Batch) -> Result<bool, ReadError> {
    let range = book.worksheet_range(name).map_err(xls_error)?;
    let (first_row, first_column) = range.start().unwrap_or_default();
    for (row, column, value) in range.used_cells() {
        let mut text = Vec::new();
        let kind = push_value(&borrowed(value), &mut text);
        if !batch.push(first_row + row as u32, first_column + column as u32, kind, text)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn borrowed(value: &Data) -> DataRef<'_> {
    match value {
        Data::String(text) => DataRef::SharedString(text),
        Data::Int(number) => DataRef::Int(*number),
        Data::Float(number) => DataRef::Float(*number),
        Data::Bool(value) => DataRef::Bool(*value),
        Data::DateTime(moment) => DataRef::DateTime(*moment),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

/// Appends a value's text, and tells its kind. calamine keeps a date's number but not its format: it has a time if that is not midnight, and
/// no date if the number is less than a day.
fn push_value(value: &DataRef<'_>, out: &mut Vec<u8>) -> CellKind {
    let (text, kind) = match value {
        DataRef::Int(number) => (number.to_string(), CellKind::Number),
        DataRef::Float(number) => (FloatText(*number).to_string(), CellKind::Number),
        DataRef::String(text) | DataRef::DurationIso(text) => (text.clone(), CellKind::Text),
        DataRef::SharedString(text) => ((*text).to_owned(), CellKind::Text),
        DataRef::Bool(value) => (value.to_string(), CellKind::Boolean),
        DataRef::DateTimeIso(text) => (text.clone(), CellKind::Date),
        DataRef::Error(error) => (error.to_string(), CellKind::Error),
        DataRef::Empty => (String::new(), CellKind::Empty),
        DataRef::DateTime(moment) => {
            let serial = moment.as_f64();
            let form = match moment.is_duration() {
                true => ELAPSED,
                false if serial < 1.0 => TIME,
                false => DATE,
            };
            if push_serial(serial, doubt(serial), form, is_1904(moment), out) {
                return CellKind::Date;
            }
            (FloatText(serial).to_string(), CellKind::Number)
        }
    };
    out.extend_from_slice(text.as_bytes());
    kind
}

/// Whether days count from 1904, which calamine does not tell: but the day does that it makes of the number.
fn is_1904(moment: &ExcelDateTime) -> bool {
    /// Between the days from 1970 to the beginnings of both systems.
    const BETWEEN: i64 = -24_838;
    let (year, month, day, ..) = moment.to_ymd_hms_milli();
    let date = i16::try_from(year).and_then(|year| Ok((year, i8::try_from(month)?, i8::try_from(day)?)));
    let date = date.ok().and_then(|(year, month, day)| jiff::civil::Date::new(year, month, day).ok());
    date.is_some_and(|date| {
        let days = date.duration_since(jiff::civil::Date::constant(1970, 1, 1)).as_hours() / 24;
        days - moment.as_f64() as i64 > BETWEEN
    })
}

fn xlsb_error(error: XlsbError) -> ReadError {
    match error {
        XlsbError::Password => ReadError::PasswordProtected,
        error => ReadError::damaged(error.to_string()),
    }
}

fn xls_error(error: XlsError) -> ReadError {
    match error {
        XlsError::Password => ReadError::PasswordProtected,
        error => ReadError::damaged(error.to_string()),
    }
}
