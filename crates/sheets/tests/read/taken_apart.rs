//! XLSB files taken apart: the parts of the package, and the records of a part.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use zip::ZipArchive;

/// The parts of a workbook by their names, each in the order of the file.
pub fn parts(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(File::open(path).expect("opens")).expect("an archive");
    let mut parts = Vec::new();
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).expect("is there");
        let mut bytes = Vec::new();
        // The end of it is there only if size and sum are right.
        part.read_to_end(&mut bytes).expect("it is whole");
        parts.push((part.name().expect("a name").into_owned(), bytes));
    }
    parts
}

/// A record's number, and its fields.
pub type Record<'a> = (u16, &'a [u8]);

/// The records of a part, which ends with the last one.
pub fn records(mut bytes: &[u8]) -> Vec<Record<'_>> {
    let mut next = |size: usize| {
        let (taken, rest) = bytes.split_at_checked(size)?;
        bytes = rest;
        Some(taken)
    };
    let mut records = Vec::new();
    while let Some(&[first]) = next(1) {
        let mut kind = u16::from(first & 0x7F);
        if first >= 0x80 {
            kind |= u16::from(next(1).expect("its number")[0]) << 7;
        }
        let (mut size, mut shift) = (0, 0);
        loop {
            let byte = next(1).expect("its size")[0];
            size |= usize::from(byte & 0x7F) << shift;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        records.push((kind, next(size).expect("all of it")));
    }
    records
}

/// Two bytes of a record.
pub fn word(bytes: &[u8], place: usize) -> u16 {
    u16::from_le_bytes([bytes[place], bytes[place + 1]])
}

/// Four bytes of a record.
pub fn long(bytes: &[u8], place: usize) -> u32 {
    u32::from(word(bytes, place)) | u32::from(word(bytes, place + 2)) << 16
}

/// A text in a record.
pub fn text(bytes: &[u8], place: usize) -> String {
    let units: Vec<u16> =
        (0..long(bytes, place) as usize).map(|unit| word(bytes, place + 4 + 2 * unit)).collect();
    String::from_utf16(&units).expect("UTF-16")
}

/// What is between two records, the first of which says how much that is.
pub fn collection<'a>(records: &[Record<'a>], begin: u16) -> Vec<&'a [u8]> {
    let start = records.iter().position(|(kind, _)| *kind == begin).expect("it begins");
    let end = records.iter().position(|(kind, _)| *kind == begin + 1).expect("it ends");
    let items: Vec<_> = records[start + 1..end].iter().map(|(_, body)| *body).collect();
    assert_eq!(long(records[start].1, 0) as usize, items.len(), "{begin}");
    items
}
