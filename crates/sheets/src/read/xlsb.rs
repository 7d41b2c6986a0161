//! What calamine passes over in XLSB: formulas that come to an error. Left out they would be empty cells.

use super::ReadError;
use super::package::{Inflate, Package};
use super::parts::{attribute, for_each_tag};

/// The workbook's part, where calamine looks for it as well, and its relations.
const WORKBOOK: &str = "xl/workbook.bin";
const RELATIONS: &str = "xl/_rels/workbook.bin.rels";
/// Bytes inflated at a time.
const BUFFER_BYTES: usize = 64 << 10;
/// Bytes of a record that are looked at.
const BODY_BYTES: usize = 4096;

/// Records by their numbers ([MS-XLSB] 2.3.2): the row of the cells that follow; a formula whose value is an error; a sheet's name and
/// part; where these and a sheet's cells begin and end.
const ROW: u16 = 0x0000;
const FORMULA_ERROR: u16 = 0x000B;
/// Cells that do not say their column, since it is the one behind the last cell's; no specification has them, but SheetJS writes them.
const SHORT_CELLS: std::ops::RangeInclusive<u16> = 0x000C..=0x0012;
const SHEET: u16 = 0x009C;
const SHEETS_END: u16 = 0x0090;
const CELLS_BEGIN: u16 = 0x0091;
const CELLS_END: u16 = 0x0092;
/// The last row that a sheet can have, from 0; what says to be in a later one ends calamine's reading.
const LAST_ROW: u32 = 0x0010_0000;

/// The errors of a sheet's formulas, in the order of the rows.
pub(super) struct FormulaErrors {
    records: Option<Records>,
    row: u32,
    /// One that was read, but not yet wanted.
    waiting: Option<(u32, u32, &'static str)>,
}

impl FormulaErrors {
    /// Those of the sheet of that name. Where its part is not found there are none: calamine tells what is wrong.
    pub(super) fn of_sheet(package: &Package, name: &str) -> Result<FormulaErrors, ReadError> {
        let mut records = None;
        if let Some(part) = part_of(package, name)?
            && let Some(member) = package.open_member(&part)?
        {
            let mut all = Records::new(member);
            while let Some(kind) = all.advance()? {
                if kind == CELLS_BEGIN {
                    records = Some(all);
                    break;
                }
            }
        }
        Ok(FormulaErrors { records, row: 0, waiting: None })
    }

    /// The next error, by its row and column from 0, if it is not beyond a row.
    pub(super) fn next_until(
        &mut self,
        last_row: u32,
    ) -> Result<Option<(u32, u32, &'static str)>, ReadError> {
        if self.waiting.is_none() {
            self.waiting = self.read()?;
        }
        Ok(self.waiting.take_if(|(row, ..)| *row <= last_row))
    }

    fn read(&mut self) -> Result<Option<(u32, u32, &'static str)>, ReadError> {
        let Some(records) = &mut self.records else { return Ok(None) };
        while let Some(kind) = records.advance()? {
            match kind {
                ROW => self.row = records.long(0).unwrap_or(u32::MAX),
                FORMULA_ERROR => {
                    if let (Some(column), Some(code)) = (records.long(0), records.body.get(8)) {
                        return Ok(Some((self.row, column, name_of(*code))));
                    }
                }
                // calamine passes over them, and rows would lose what stands there without a word.
                kind if SHORT_CELLS.contains(&kind) => {
                    return Err(ReadError::damaged("its cells do not say in which columns they are"));
                }
                _ => {}
            }
            if kind == CELLS_END || self.row > LAST_ROW {
                break;
            }
        }
        self.records = None;
        Ok(None)
    }
}

/// An error's name ([MS-XLSB] 2.5.97.2).
fn name_of(code: u8) -> &'static str {
    match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        0x2A => "#N/A",
        0x2B => "#GETTING_DATA",
        _ => "#VALUE!",
    }
}

/// The name of a sheet's part.
fn part_of(package: &Package, name: &str) -> Result<Option<String>, ReadError> {
    let Some(member) = package.open_member(WORKBOOK)? else { return Ok(None) };
    let mut records = Records::new(member);
    let mut relation = None;
    while let Some(kind) = records.advance()? {
        match kind {
            // State and number, then the relation and the name ([MS-XLSB] 2.4.311).
            SHEET => {
                let Some((found, behind)) = records.wide(8) else { continue };
                if records.wide(behind).is_some_and(|(found, _)| found == name) {
                    relation = Some(found);
                    break;
                }
            }
            SHEETS_END => break,
            _ => {}
        }
    }
    let Some(relation) = relation else { return Ok(None) };
    let mut part = None;
    for_each_tag(package, RELATIONS, |local, tag| {
        if local == "Relationship" && attribute(tag, "Id").as_ref() == Some(&relation) {
            part = attribute(tag, "Target");
        }
    })?;
    Ok(part.map(|part| match part.strip_prefix('/') {
        Some(part) => part.to_owned(),
        None => format!("xl/{part}"),
    }))
}

/// Records one after the other.
struct Records {
    member: Inflate,
    buffer: Vec<u8>,
    place: usize,
    /// The beginning of what the record holds.
    body: Vec<u8>,
}

impl Records {
    fn new(member: Inflate) -> Records {
        Records { member, buffer: Vec::new(), place: 0, body: Vec::new() }
    }

    /// Reads the next record and gives its number; `None` at the end, which may be in the middle of one.
    fn advance(&mut self) -> Result<Option<u16>, ReadError> {
        let Some(first) = self.byte()? else { return Ok(None) };
        let mut kind = u16::from(first & 0x7F);
        if first & 0x80 != 0 {
            let Some(second) = self.byte()? else { return Ok(None) };
            kind += u16::from(second & 0x7F) << 7;
        }
        let mut size = 0_usize;
        for index in 0..4 {
            let Some(byte) = self.byte()? else { return Ok(None) };
            size += usize::from(byte & 0x7F) << (7 * index);
            if byte & 0x80 == 0 {
                break;
            }
        }
        self.body.clear();
        while size > 0 {
            if self.place == self.buffer.len() && !self.fill()? {
                return Ok(None);
            }
            let piece = &self.buffer[self.place..];
            let piece = &piece[..piece.len().min(size)];
            let kept = piece.len().min(BODY_BYTES - self.body.len());
            self.body.extend_from_slice(&piece[..kept]);
            self.place += piece.len();
            size -= piece.len();
        }
        Ok(Some(kind))
    }

    fn byte(&mut self) -> Result<Option<u8>, ReadError> {
        if self.place == self.buffer.len() && !self.fill()? {
            return Ok(None);
        }
        self.place += 1;
        Ok(Some(self.buffer[self.place - 1]))
    }

    fn fill(&mut self) -> Result<bool, ReadError> {
        self.buffer.resize(BUFFER_BYTES, 0);
        let size = self.member.fill(&mut self.buffer)?;
        self.buffer.truncate(size);
        self.place = 0;
        Ok(size > 0)
    }

    fn long(&self, place: usize) -> Option<u32> {
        Some(u32::from_le_bytes(*self.body.get(place..)?.first_chunk()?))
    }

    /// The text at a place, and the place behind it.
    fn wide(&self, place: usize) -> Option<(String, usize)> {
        let behind = (self.long(place)? as usize).checked_mul(2)?.checked_add(place + 4)?;
        let (pairs, _) = self.body.get(place + 4..behind)?.as_chunks::<2>();
        let units = pairs.iter().map(|pair| u16::from_le_bytes(*pair));
        Some((String::from_utf16(&units.collect::<Vec<_>>()).ok()?, behind))
    }
}
