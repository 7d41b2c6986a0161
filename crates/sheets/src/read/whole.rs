//! XLSB and XLS, which calamine reads: most of such a file is in memory at once, so less is allowed, and before it is loaded.
//!
//! calamine runs on a thread of its own, which may panic without harm, and is left alone when it takes too long.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::Builder;
use std::time::Duration;

use calamine::{Data, DataRef, Reader, Sheet, SheetType, SheetVisible, Xls, XlsError, Xlsb, XlsbError};

use crate::number::FloatText;

use super::feed::{Feed, Watch};
use super::package::Package;
use super::rows::too_big;
use super::serial::{ELAPSED, push_serial};
use super::{CellKind, FileKind, Limit, ReadError, ReadLimits, SheetInfo, biff};

/// Cells handed over at a time.
const CELLS_AT_ONCE: usize = 4096;
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
    check(path, kind, limits, &watch)?;
    let path = path.to_owned();
    guarded(&watch, move |_| open(&path, kind).map(|book| with_cells(book.sheets())), &mut |_| Ok(()))
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
    check(path, kind, limits, &watch)?;
    let (path, rows_max) = (path.to_owned(), limits.rows.min(u64::from(u32::MAX)));
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
    guarded(&watch, move |sender| send_sheet(&path, kind, sheet, &sender), &mut take)?;
    feed.finish()
}

/// Refuses what would take too much memory.
fn check(path: &Path, kind: FileKind, limits: &ReadLimits, watch: &Watch) -> Result<(), ReadError> {
    let size = std::fs::metadata(path)?.len();
    if size > limits.whole_file_bytes {
        return Err(too_big(Limit::FileBytes, limits.whole_file_bytes, size));
    }
    if kind == FileKind::Xls {
        return biff::check(path, limits, watch);
    }
    let whole = ReadLimits { uncompressed_bytes: limits.whole_uncompressed_bytes, ..limits.clone() };
    let package = Package::open(path, &whole)?;
    let declared = package.declared_size();
    if declared > limits.whole_uncompressed_bytes {
        return Err(too_big(Limit::UncompressedBytes, limits.whole_uncompressed_bytes, declared));
    }
    package.check_all(watch)
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
    Xlsb(Box<Xlsb<BufReader<File>>>),
    Xls(Box<Xls<BufReader<File>>>),
}

fn open(path: &PathBuf, kind: FileKind) -> Result<Book, ReadError> {
    let file = BufReader::new(File::open(path)?);
    match kind {
        FileKind::Xlsb => Ok(Book::Xlsb(Box::new(Xlsb::new(file).map_err(xlsb_error)?))),
        _ => Ok(Book::Xls(Box::new(Xls::new(file).map_err(xls_error)?))),
    }
}

impl Book {
    fn sheets(&self) -> &[Sheet] {
        match self {
            Book::Xlsb(book) => book.sheets_metadata(),
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

fn send_sheet(path: &PathBuf, kind: FileKind, sheet: usize, sender: &Sender) -> Result<(), ReadError> {
    let book = open(path, kind)?;
    let sheets = with_cells(book.sheets());
    let missing = ReadError::NoSuchSheet { number: sheet + 1, sheet_count: sheets.len() };
    let name = &sheets.get(sheet).ok_or(missing)?.name;
    let mut batch = Vec::with_capacity(CELLS_AT_ONCE);
    // Whether somebody listens still.
    let mut send = |row: u32, column: u32, value: DataRef<'_>| {
        let mut text = Vec::new();
        let kind = push_value(&value, &mut text);
        batch.push(Found { row, column, kind, text });
        batch.len() < CELLS_AT_ONCE || sender.send(std::mem::take(&mut batch)).is_ok()
    };
    match book {
        Book::Xlsb(mut book) => {
            let mut cells = book.worksheet_cells_reader(name).map_err(xlsb_error)?;
            while let Some(cell) = cells.next_cell().map_err(xlsb_error)? {
                let (row, column) = cell.get_position();
                if !send(row, column, cell.get_value().clone()) {
                    return Ok(());
                }
            }
        }
        Book::Xls(mut book) => {
            let range = book.worksheet_range(name).map_err(xls_error)?;
            let (first_row, first_column) = range.start().unwrap_or_default();
            for (row, column, value) in range.used_cells() {
                if !send(first_row + row as u32, first_column + column as u32, borrowed(value)) {
                    return Ok(());
                }
            }
        }
    }
    let _ = sender.send(batch);
    Ok(())
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
            if moment.is_duration() && push_serial(serial, ELAPSED, false, out) {
                return CellKind::Date;
            }
            let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
            let mut time = format!("{hour:02}:{minute:02}:{second:02}");
            if milli > 0 {
                time.push_str(&format!(".{milli:03}"));
            }
            match serial {
                _ if !(0.0..2_958_466.0).contains(&serial) => {
                    (FloatText(serial).to_string(), CellKind::Number)
                }
                ..1.0 => (time, CellKind::Date),
                _ if serial.fract() == 0.0 => (format!("{year:04}-{month:02}-{day:02}"), CellKind::Date),
                _ => (format!("{year:04}-{month:02}-{day:02}T{time}"), CellKind::Date),
            }
        }
    };
    out.extend_from_slice(text.as_bytes());
    kind
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
