//! What a file is and what a cell holds.

use serde::{Deserialize, Serialize};

/// What a file is, told by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// Office Open XML workbook.
    Xlsx,
    /// The same with macros, which are never run.
    Xlsm,
    /// Excel's binary workbook in a zip.
    Xlsb,
    /// Excel's workbook of 1993 to 2003.
    Xls,
    /// OpenDocument spreadsheet.
    Ods,
    /// Text with a delimiter that is not a tab.
    Csv,
    /// Text with tabs between the fields.
    Tsv,
}

impl FileKind {
    /// All, workbooks first.
    pub const ALL: [FileKind; 7] = [
        FileKind::Xlsx,
        FileKind::Xlsm,
        FileKind::Xlsb,
        FileKind::Xls,
        FileKind::Ods,
        FileKind::Csv,
        FileKind::Tsv,
    ];

    /// The usual ending of a file's name, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            FileKind::Xlsx => "xlsx",
            FileKind::Xlsm => "xlsm",
            FileKind::Xlsb => "xlsb",
            FileKind::Xls => "xls",
            FileKind::Ods => "ods",
            FileKind::Csv => "csv",
            FileKind::Tsv => "tsv",
        }
    }

    /// Whether it is text, which has one sheet, an encoding and a delimiter.
    pub const fn is_text(self) -> bool {
        matches!(self, FileKind::Csv | FileKind::Tsv)
    }
}

/// What a cell holds. The numbers are those of the `k` columns of [`CellBatch::to_arrow`](super::CellBatch::to_arrow).
#[repr(u8)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellKind {
    /// Nothing, or a text without characters.
    #[default]
    Empty = 0,
    /// Text; in CSV everything is.
    Text = 1,
    /// A number, as the file's own decimal text: `31`, `19.989999999999998`, `1E-3`.
    Number = 2,
    /// `true` or `false`.
    Boolean = 3,
    /// A date, a date with a time, or a time: `2026-08-01`, `2026-08-01T10:30:00`, `10:30:00`.
    Date = 4,
    /// What a formula came to that failed: `#N/A`, `#DIV/0!`.
    Error = 5,
}

impl CellKind {
    /// The kind with that number; `None` where there is none.
    pub const fn from_u8(number: u8) -> Option<CellKind> {
        Some(match number {
            0 => CellKind::Empty,
            1 => CellKind::Text,
            2 => CellKind::Number,
            3 => CellKind::Boolean,
            4 => CellKind::Date,
            5 => CellKind::Error,
            _ => return None,
        })
    }

    /// Its number.
    pub const fn to_u8(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::CellKind;

    #[test]
    fn numbers_name_kinds() {
        for number in 0..=u8::MAX {
            let kind = CellKind::from_u8(number);
            assert_eq!(kind.is_some(), number <= 5, "{number}");
            assert!(kind.is_none_or(|kind| kind.to_u8() == number));
        }
    }
}
