//! The records of an XLS workbook, walked as [MS-XLS] says that they hang together.

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub const BOF: u16 = 0x0809;
pub const EOF: u16 = 0x000A;
const BOUND_SHEET: u16 = 0x0085;
const TABLE: u16 = 0x00FC;
const CONTINUE: u16 = 0x003C;
const TABLE_PLACES: u16 = 0x00FF;
const INDEX: u16 = 0x020B;
const COLUMN_WIDTH: u16 = 0x0055;
const ROW: u16 = 0x0208;
const ROW_PLACES: u16 = 0x00D7;
const FONT: u16 = 0x0031;
const FORMAT: u16 = 0x041E;
const STYLE: u16 = 0x00E0;
const PALETTE: u16 = 0x0092;
/// BLANK, which stands for all kinds of cells where these don't matter.
pub const CELL: u16 = 0x0201;
/// BLANK, NUMBER, BOOLERR, RK and LABELSST.
const CELLS: [u16; 5] = [CELL, 0x0203, 0x0205, 0x027E, TEXT_CELL];
const TEXT_CELL: u16 = 0x00FD;

pub struct Record {
    pub at: usize,
    pub kind: u16,
    pub body: Vec<u8>,
}

impl Record {
    pub fn word(&self, place: usize) -> usize {
        usize::from(u16::from_le_bytes([self.body[place], self.body[place + 1]]))
    }

    pub fn long(&self, place: usize) -> usize {
        self.word(place) | self.word(place + 2) << 16
    }
}

pub struct Walked {
    pub records: Vec<Record>,
}

impl Walked {
    /// Reads the workbook's stream, which is nothing but records.
    pub fn open(path: &Path) -> Walked {
        let mut file = cfb::CompoundFile::open_strict(File::open(path).expect("opens")).expect("a container");
        let names: Vec<_> = file.walk().map(|entry| entry.path().to_string_lossy().into_owned()).collect();
        assert_eq!(names, ["/", "/Workbook"]);
        let mut stream = Vec::new();
        file.open_stream("/Workbook").expect("is there").read_to_end(&mut stream).expect("reads");
        let (mut records, mut rest) = (Vec::new(), stream.as_slice());
        while !rest.is_empty() {
            let at = stream.len() - rest.len();
            let word = |place| u16::from_le_bytes([rest[place], rest[place + 1]]);
            let (kind, size) = (word(0), usize::from(word(2)));
            assert!(size <= 8224, "the record at {at} is too long");
            records.push(Record { at, kind, body: rest[4..4 + size].to_vec() });
            rest = &rest[4 + size..];
        }
        Walked { records }
    }

    fn at(&self, place: usize) -> &Record {
        let index = self.records.binary_search_by_key(&place, |record| record.at);
        &self.records[index.expect("a record begins there")]
    }

    fn of(&self, kind: u16) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| record.kind == kind)
    }

    /// The kinds of records of each part, those in a row only once.
    pub fn parts(&self) -> Vec<Vec<u16>> {
        let mut parts: Vec<Vec<u16>> = Vec::new();
        for record in &self.records {
            if record.kind == BOF {
                parts.push(Vec::new());
            }
            let part = parts.last_mut().expect("the first record begins a part");
            assert!(part.last() != Some(&EOF), "something is between the parts");
            let kind = if CELLS.contains(&record.kind) { CELL } else { record.kind };
            if part.last() != Some(&kind) {
                part.push(kind);
            }
        }
        assert_eq!(self.records.last().map(|record| record.kind), Some(EOF));
        parts
    }

    /// The texts of the table. Checks that each piece of a text is one by itself, and that the counts and the places of texts are right.
    pub fn texts(&self) -> Vec<String> {
        let first = self.records.iter().position(|record| record.kind == TABLE).expect("a table");
        let more = self.records[first + 1..].iter().take_while(|record| record.kind == CONTINUE);
        let mut table =
            Table { records: self.records[first..first + 1].iter().chain(more).collect(), place: 8 };
        assert_eq!(table.records[0].long(0), self.of(TEXT_CELL).count());
        let (mut texts, mut places) = (Vec::new(), Vec::new());
        for _ in 0..table.records[0].long(4) {
            let (text, place) = table.text();
            texts.push(text);
            places.push(place);
        }
        assert_eq!((table.records.len(), table.place), (1, table.records[0].body.len()), "nothing is left");
        self.check_places(&places);
        texts
    }

    fn check_places(&self, places: &[(usize, usize)]) {
        let told = self.of(TABLE_PLACES).next().expect("places");
        let step = told.word(0);
        assert_eq!(step, (places.len() / 128 + 1).max(8));
        let found: Vec<(usize, usize)> = (0..(told.body.len() - 2) / 8)
            .map(|each| (told.long(2 + each * 8), told.word(6 + each * 8)))
            .collect();
        let want: Vec<_> = places.iter().step_by(step).map(|(at, inside)| (at + inside, *inside)).collect();
        assert_eq!(found, want);
    }

    /// Names of sheets and how many rows they have, by way of all places that are told in the file.
    pub fn sheets(&self) -> Vec<(String, usize)> {
        let begin = |record: &&Record| record.kind == BOF && record.word(2) == 0x10;
        let begins: Vec<usize> = self.records.iter().filter(begin).map(|record| record.at).collect();
        let told: Vec<usize> = self.of(BOUND_SHEET).map(|record| record.long(0)).collect();
        assert_eq!(told, begins);
        let sheets = self.of(BOUND_SHEET).map(|record| {
            let (_, name) = short_text(&record.body[6..]);
            (name, self.row_count(record.long(0)))
        });
        sheets.collect()
    }

    /// Rows of the sheet that begins there, each of which is found by its own place.
    fn row_count(&self, place: usize) -> usize {
        let begin = self.records.binary_search_by_key(&place, |record| record.at).expect("a record");
        let index = &self.records[begin + 1];
        assert_eq!((index.kind, index.long(4)), (INDEX, 0));
        assert_eq!(self.at(index.long(12)).kind, COLUMN_WIDTH);
        let mut row_count = 0;
        for place in (16..index.body.len()).step_by(4).map(|each| index.long(each)) {
            let places = self.at(place);
            assert_eq!(places.kind, ROW_PLACES);
            let first_row = place - places.long(0);
            let mut cell = first_row + 20;
            for step in (4..places.body.len()).step_by(2).map(|each| places.word(each)) {
                let row = self.at(first_row + row_count % 32 * 20);
                assert_eq!((row.kind, row.word(0)), (ROW, row_count));
                cell += step;
                let cell = self.at(cell);
                assert!(CELLS.contains(&cell.kind));
                assert_eq!((cell.word(0), cell.word(2)), (row_count, row.word(2)));
                row_count += 1;
            }
        }
        assert_eq!(row_count, index.long(8));
        row_count
    }

    /// The looks of the cells of the first sheet, row by row: their columns, and how each is filled, written and shown.
    pub fn looks(&self) -> Vec<String> {
        let mut rows: Vec<Vec<String>> = Vec::new();
        let begin = self.of(BOUND_SHEET).next().expect("a sheet").long(0);
        let cells = self.records.iter().skip_while(|record| record.at < begin);
        for cell in cells.take_while(|record| record.kind != EOF).filter(|cell| CELLS.contains(&cell.kind)) {
            rows.resize_with(rows.len().max(cell.word(0) + 1), Vec::new);
            rows[cell.word(0)].push(format!("{}{}", cell.word(2), self.look(cell.word(4))));
        }
        rows.into_iter().map(|row| row.join(" ")).collect()
    }

    fn look(&self, style: usize) -> String {
        let style = self.of(STYLE).nth(style).expect("a style");
        assert_eq!(style.word(4), 1, "the style of a cell, whose parent is the first one");
        // There is no font with the number 4.
        let font = style.word(0) - usize::from(style.word(0) > 4);
        let font = self.of(FONT).nth(font).expect("a font");
        let mut look = String::new();
        if font.word(6) == 700 {
            look += "b";
        }
        if font.word(4) != 0x7FFF {
            look += &format!("/{}", self.colour(font.word(4)));
        }
        let is_filled = style.body[17] >> 2 == 1;
        if is_filled {
            look += &format!("#{}", self.colour(style.word(18) & 0x7F));
        }
        if style.word(2) > 0 {
            let format = self.of(FORMAT).find(|format| format.word(0) == style.word(2)).expect("a format");
            look += &format!("[{}]", String::from_utf8_lossy(&format.body[5..]));
        }
        let own = [(style.word(2) > 0, 0x04), (style.word(0) > 0, 0x08), (is_filled, 0x40)];
        let own: u8 = own.iter().map(|(is_own, bit)| if *is_own { *bit } else { 0 }).sum();
        assert_eq!(style.body[9], own, "what a cell says of its own is not that of its parent");
        look
    }

    fn colour(&self, number: usize) -> String {
        let palette = self.of(PALETTE).next().expect("colours");
        assert_eq!((palette.word(0), palette.body.len()), (56, 2 + 56 * 4));
        palette.body[2 + (number - 8) * 4..][..3].iter().map(|part| format!("{part:02x}")).collect()
    }
}

/// What is left of the table of texts.
struct Table<'a> {
    records: Vec<&'a Record>,
    /// Where the first of them is read.
    place: usize,
}

impl Table<'_> {
    /// The next text; where its record is; and where in this it is.
    fn text(&mut self) -> (String, (usize, usize)) {
        if self.place == self.records[0].body.len() {
            self.records.remove(0);
            self.place = 0;
        }
        let at = (self.records[0].at, 4 + self.place);
        let (mut left, mut text) = (self.records[0].word(self.place), String::new());
        self.place += 2;
        assert!(
            left <= 32_767 && self.place + 1 < self.records[0].body.len(),
            "a character is behind the head"
        );
        loop {
            let body = &self.records[0].body;
            let width = 1 + usize::from(body[self.place]);
            let units = left.min((body.len() - self.place - 1) / width);
            let piece = &body[self.place + 1..][..units * width];
            let units: Vec<u16> = piece
                .chunks(width)
                .map(|unit| unit.iter().rfold(0, |sum, byte| sum << 8 | u16::from(*byte)))
                .collect();
            text += &String::from_utf16(&units).expect("no character is cut");
            left -= units.len();
            self.place += 1 + piece.len();
            if left == 0 {
                return (text, at);
            }
            assert_eq!(self.place, body.len());
            self.records.remove(0);
            self.place = 0;
        }
    }
}

/// A text whose length is in its first byte, and how many bytes it takes.
fn short_text(bytes: &[u8]) -> (usize, String) {
    let (count, width) = (usize::from(bytes[0]), 1 + usize::from(bytes[1]));
    let units = bytes[2..2 + count * width].chunks(width);
    let units: Vec<u16> =
        units.map(|unit| unit.iter().rfold(0, |sum, byte| sum << 8 | u16::from(*byte))).collect();
    (2 + count * width, String::from_utf16(&units).expect("a name"))
}
