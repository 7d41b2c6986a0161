//! XLSX and XLSM as a stream: a thread inflates the sheet's part, this one takes the cells out of its XML.
//!
//! A sheet's XML is never made into a tree, and hardly into tags: most cells are recognised as a whole. Whatever is unusual in a cell goes
//! through an XML parser alone. Only the shared strings stay in memory.

mod cell;
mod formats;
mod prologue;
mod sheet;
mod strings;
mod tags;
mod text;
mod workbook;

use super::feed::Feed;
use super::package::{Package, chunks};
use super::{ReadError, ReadLimits};

pub(super) use prologue::check_prologue;
pub(super) use workbook::{Workbook, main_part};

use formats::Formats;
use sheet::Meaning;
use strings::SharedStrings;

/// Feeds the rows of a sheet, by its place among those that have cells.
pub(super) fn read(
    package: &Package,
    sheet: usize,
    limits: &ReadLimits,
    feed: &mut Feed<'_>,
) -> Result<(), ReadError> {
    let (_, main) = main_part(package)?.ok_or_else(|| ReadError::damaged("its workbook is missing"))?;
    let workbook = Workbook::read(package, &main)?;
    let sheet_count = workbook.sheets.len();
    let (_, part) =
        workbook.sheets.get(sheet).ok_or(ReadError::NoSuchSheet { number: sheet + 1, sheet_count })?;
    let formats =
        workbook.styles.as_deref().map(|name| Formats::read(package, name)).transpose()?.unwrap_or_default();
    let watch = feed.watch.clone();
    std::thread::scope(|scope| {
        let strings = workbook.strings.as_deref();
        let strings = strings.map(|name| SharedStrings::read(scope, package, name, limits, &watch));
        let strings = strings.transpose()?.unwrap_or_default();
        let chunks = chunks(scope, package, part, &watch, limits.cell_bytes)?;
        let chunks = chunks.ok_or_else(|| ReadError::damaged(format!("{part} is missing")))?;
        let meaning = Meaning { strings: &strings, formats: &formats, is_1904: workbook.is_1904 };
        sheet::read(chunks, part, &meaning, limits, feed)
    })
}
