//! What a file is, by its first bytes and what is behind them.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use memchr::memmem;

use super::feed::Watch;
use super::package::Package;
use super::parts::for_each_tag;
use super::xlsx::{Workbook, main_part};
use super::{FileKind, ReadError, ReadLimits, Recognised, SheetInfo, ods, text, whole};

/// The first bytes of a compound file, the container of Excel until 2003 and of encrypted workbooks ([MS-CFB] 2.2).
const COMPOUND_FILE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
/// Bytes of the beginning that are looked at.
const BEGINNING_BYTES: u64 = 4096;

/// Both ends of a Parquet file; a text may begin so by chance.
const PARQUET: &[u8] = b"PAR1";

/// Beginnings of files that people take for spreadsheets.
const OTHERS: [(&[u8], &str); 11] = [
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xFF\xD8\xFF", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1F\x8B", "a file compressed by gzip"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xBC\xAF\x27\x1C", "a 7-Zip archive"),
    (b"\x28\xB5\x2F\xFD", "a file compressed by Zstandard"),
    (b"SQLite format 3\0", "a SQLite database"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"\x7FELF", "a program"),
];

/// Tells what a file is.
pub(super) fn recognise(path: &Path, limits: &ReadLimits) -> Result<Recognised, ReadError> {
    let mut file = File::open(path)?;
    let mut beginning = Vec::new();
    Read::take(&mut file, BEGINNING_BYTES).read_to_end(&mut beginning)?;
    if beginning.is_empty() {
        return Err(ReadError::Empty);
    }
    if beginning.starts_with(b"PK\x03\x04") || beginning.starts_with(b"PK\x05\x06") {
        return zip(path, limits);
    }
    if beginning.starts_with(COMPOUND_FILE) {
        return compound(path, &mut file, limits);
    }
    if beginning.starts_with(PARQUET) && ends_with(&mut file, PARQUET)? {
        return Err(other("a Parquet file"));
    }
    if let Some((_, found)) = OTHERS.iter().find(|(start, _)| beginning.starts_with(start)) {
        return Err(other(found));
    }
    if let Some(found) = markup(&beginning) {
        return Err(other(found));
    }
    match text::recognise(&mut file)? {
        Some((kind, form)) => {
            let sheets = vec![SheetInfo { name: String::new(), is_hidden: false }];
            Ok(Recognised { kind, sheets, text: Some(form) })
        }
        // Workbooks of Excel before version 5 are no compound files: they begin with a BOF record ([MS-XLS] 2.4.21).
        None if matches!(beginning.as_slice(), [0x09, 0x00 | 0x02 | 0x04 | 0x08, ..]) => {
            Err(other("a workbook of Excel before version 5"))
        }
        None => Err(other("a file of another kind")),
    }
}

fn ends_with(file: &mut File, end: &[u8]) -> Result<bool, ReadError> {
    let mut last = Vec::new();
    file.seek(SeekFrom::End(-(end.len() as i64)))?;
    file.read_to_end(&mut last)?;
    Ok(last == end)
}

fn other(found: &str) -> ReadError {
    ReadError::NotASpreadsheet { found: found.to_owned() }
}

/// A page or document that is text by its bytes, but no table.
fn markup(beginning: &[u8]) -> Option<&'static str> {
    let text = beginning
        .strip_prefix("\u{feff}".as_bytes())
        .unwrap_or(beginning)
        .trim_ascii_start()
        .to_ascii_lowercase();
    let has = |part: &[u8]| memmem::find(&text, part).is_some();
    if text.starts_with(b"<!doctype html") || text.starts_with(b"<html") || text.starts_with(b"<table") {
        Some("a web page")
    } else if text.starts_with(b"<?xml") && has(b"excel.sheet") {
        Some("a workbook as one XML document")
    } else if text.starts_with(b"<?xml") || (text.starts_with(b"<") && has(b"xmlns")) {
        Some("an XML document")
    } else if text.starts_with(b"mime-version:") {
        Some("a web archive")
    } else {
        None
    }
}

fn zip(path: &Path, limits: &ReadLimits) -> Result<Recognised, ReadError> {
    let package = Package::open(path, limits)?;
    if let Some(mimetype) = package.bytes("mimetype", 1024)? {
        if mimetype.starts_with(b"application/vnd.oasis.opendocument.spreadsheet") {
            return open_document(&package, limits);
        }
        return Err(other("a document that is no spreadsheet"));
    }
    let Some((kind, main)) = main_part(&package)? else {
        let documents = [
            ("word/", "a Word document"),
            ("ppt/", "a PowerPoint presentation"),
            ("index/", "a document of Apple's iWork"),
        ];
        let found = documents.iter().find(|(folder, _)| package.has_below(folder));
        return Err(other(found.map_or("a zip archive without a workbook", |(_, found)| found)));
    };
    let sheets = match kind {
        FileKind::Xlsb => whole::sheets(path, kind, limits)?,
        _ => Workbook::read(&package, &main)?.sheets(),
    };
    with_sheets(kind, sheets)
}

fn open_document(package: &Package, limits: &ReadLimits) -> Result<Recognised, ReadError> {
    let mut is_encrypted = false;
    for_each_tag(package, "META-INF/manifest.xml", |local, _| is_encrypted |= local == "encryption-data")?;
    if is_encrypted {
        return Err(ReadError::PasswordProtected);
    }
    with_sheets(FileKind::Ods, ods::sheets(package, limits, &Watch::new(&Arc::default(), limits))?)
}

/// A compound file: the names in its directory, which are UTF-16, tell what it holds.
fn compound(path: &Path, file: &mut File, limits: &ReadLimits) -> Result<Recognised, ReadError> {
    let wanted =
        ["EncryptedPackage", "Workbook", "WORKBOOK", "Book", "BOOK", "WordDocument", "PowerPoint Document"];
    let names = wanted.map(|name| name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    let mut found = [false; 7];
    file.seek(SeekFrom::Start(0))?;
    let mut block = Vec::new();
    loop {
        // Entries of the directory have 128 bytes at places that are multiples of it ([MS-CFB] 2.6), and begin with the name.
        block.clear();
        Read::take(&mut *file, 1 << 20).read_to_end(&mut block)?;
        for entry in block.chunks(128) {
            for (name, found) in names.iter().zip(&mut found) {
                *found |= entry.starts_with(name) && entry.get(name.len()..name.len() + 2) == Some(&[0, 0]);
            }
        }
        if block.len() < 1 << 20 {
            break;
        }
    }
    match found {
        [true, ..] => Err(ReadError::PasswordProtected),
        [_, false, false, false, false, true, _] => Err(other("a Word document")),
        [_, false, false, false, false, _, true] => Err(other("a PowerPoint presentation")),
        _ => with_sheets(FileKind::Xls, whole::sheets(path, FileKind::Xls, limits)?),
    }
}

fn with_sheets(kind: FileKind, sheets: Vec<SheetInfo>) -> Result<Recognised, ReadError> {
    if sheets.is_empty() { Err(ReadError::Empty) } else { Ok(Recognised { kind, sheets, text: None }) }
}
