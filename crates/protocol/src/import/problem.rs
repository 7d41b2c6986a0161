//! What can be wrong with a cell or a row, in words of both languages, for pages and workbooks of errors alike.

use serde::{Deserialize, Serialize};

use crate::Lang;

/// A problem in a row of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowError {
    /// The row's number in the file, from 1.
    pub row: u32,
    /// The dataset's column; `None` for the row as a whole.
    pub column: Option<String>,
    /// What stands in the cell, shortened to 100 characters.
    pub given: String,
    /// What is wrong.
    pub problem: CellProblem,
}

/// What is wrong with a cell, or with the row where no cell is to blame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum CellProblem {
    /// Nothing stands where something must.
    Required,
    /// It is not of the column's type: `integer`, `decimal`, `float`, `boolean`, `date`, `time`, `timestamp`, `timestamp_tz`.
    WrongType {
        /// Name of the type.
        expected: String,
    },
    /// More digits after the point than the column keeps.
    TooManyDecimals {
        /// Digits that it keeps.
        scale: u8,
    },
    /// Outside of the allowed range.
    OutOfRange {
        /// The smallest value allowed.
        min: Option<String>,
        /// The largest value allowed.
        max: Option<String>,
    },
    /// Longer than allowed.
    TooLong {
        /// Characters allowed.
        limit: u32,
        /// Characters found.
        found: u32,
    },
    /// None of the allowed values.
    NotAllowed {
        /// The first allowed values, at most ten.
        allowed: Vec<String>,
        /// The one that is closest.
        closest: Option<String>,
    },
    /// It does not have the form that the dataset asks for.
    Pattern {
        /// The form in words or as a regular expression.
        form: String,
    },
    /// The same value stands in an earlier row, where it may stand only once.
    DuplicateInFile {
        /// The earlier row's number in the file.
        first_row: u32,
    },
    /// The database does not have what the cell names.
    NoReference {
        /// The table that it should be in.
        table: String,
    },
    /// A row with this key exists, and only new rows are imported.
    Exists,
    /// The column's values must be once, and another row of the database has this one.
    Taken,
    /// No row with this key exists, and only known rows are changed.
    DoesNotExist,
    /// The formula in the cell has failed.
    FormulaError,
    /// A character that the database can't keep.
    NotStorable,
    /// A warning: a number of more than 15 digits in a column of ids; Excel keeps no more, so the last ones may be lost already.
    DigitsLost,
    /// The same in a column whose values name rows, where it is no warning: another row could be meant.
    KeyDigitsLost,
}

impl CellProblem {
    /// Whether the row is imported all the same.
    pub fn is_warning(&self) -> bool {
        matches!(self, CellProblem::DigitsLost)
    }

    /// The name of the problem in JSON.
    pub const fn code(&self) -> &'static str {
        match self {
            CellProblem::Required => "required",
            CellProblem::WrongType { .. } => "wrong_type",
            CellProblem::TooManyDecimals { .. } => "too_many_decimals",
            CellProblem::OutOfRange { .. } => "out_of_range",
            CellProblem::TooLong { .. } => "too_long",
            CellProblem::NotAllowed { .. } => "not_allowed",
            CellProblem::Pattern { .. } => "pattern",
            CellProblem::DuplicateInFile { .. } => "duplicate_in_file",
            CellProblem::NoReference { .. } => "no_reference",
            CellProblem::Exists => "exists",
            CellProblem::Taken => "taken",
            CellProblem::DoesNotExist => "does_not_exist",
            CellProblem::FormulaError => "formula_error",
            CellProblem::NotStorable => "not_storable",
            CellProblem::DigitsLost => "digits_lost",
            CellProblem::KeyDigitsLost => "key_digits_lost",
        }
    }

    /// What is wrong and what would be right.
    pub fn sentence(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.in_english(),
            Lang::Zh => self.in_chinese(),
        }
    }

    fn in_english(&self) -> String {
        match self {
            CellProblem::Required => "A value is needed here".to_owned(),
            CellProblem::WrongType { expected } => match expected.as_str() {
                "integer" => "Not a whole number; write it like 1200".to_owned(),
                "decimal" | "float" => "Not a number; write it like 1234.56".to_owned(),
                "boolean" => "Neither yes nor no; write yes or no".to_owned(),
                "date" => "Not a date; write it like 2026-08-01".to_owned(),
                "time" => "Not a time; write it like 10:30".to_owned(),
                "timestamp" | "timestamp_tz" => "Not a date with time; write it like 2026-08-01 10:30".to_owned(),
                _ => "Not a value of this column".to_owned(),
            },
            CellProblem::TooManyDecimals { scale: 0 } => "No digits after the point are kept here; round it".to_owned(),
            CellProblem::TooManyDecimals { scale } => {
                format!("Only {scale} digits after the point are kept here; round it")
            }
            CellProblem::OutOfRange { min: Some(min), max: Some(max) } => format!("Must be from {min} to {max}"),
            CellProblem::OutOfRange { min: Some(min), max: None } => format!("Must be {min} or more"),
            CellProblem::OutOfRange { min: None, max: Some(max) } => format!("Must be {max} or less"),
            CellProblem::OutOfRange { min: None, max: None } => "Outside of the allowed range".to_owned(),
            CellProblem::TooLong { limit, found } => {
                format!("{found} characters are too many; at most {limit}")
            }
            CellProblem::NotAllowed { allowed, closest } => {
                let of = allowed.join(", ");
                match closest {
                    Some(closest) => format!("Not one of the allowed values; did you mean “{closest}”? Allowed: {of}"),
                    None => format!("Not one of the allowed values: {of}"),
                }
            }
            CellProblem::Pattern { form } => format!("Not of the form {form}"),
            CellProblem::DuplicateInFile { first_row } => {
                format!("The same value stands in row {first_row} already; keep one of them")
            }
            CellProblem::NoReference { table } => format!("There is no such value in {table}"),
            CellProblem::Exists => "A row with this key exists already; only new rows are imported".to_owned(),
            CellProblem::Taken => "Another row has this value already; each may have it once, so write another".to_owned(),
            CellProblem::DoesNotExist => "There is no row with this key; only known rows are changed".to_owned(),
            CellProblem::FormulaError => "The formula in this cell has failed; write the value".to_owned(),
            CellProblem::NotStorable => "Holds a character that can't be stored; type the text anew".to_owned(),
            CellProblem::DigitsLost => {
                "More than 15 digits as a number: Excel may have changed the last ones; format the column as text".to_owned()
            }
            CellProblem::KeyDigitsLost => {
                "More than 15 digits as a number: Excel may have changed the last ones, so that another row could be meant; \
                 format the column as text and write it anew"
                    .to_owned()
            }
        }
    }

    fn in_chinese(&self) -> String {
        match self {
            CellProblem::Required => "此处必须填写".to_owned(),
            CellProblem::WrongType { expected } => match expected.as_str() {
                "integer" => "不是整数，请按 1200 的形式填写".to_owned(),
                "decimal" | "float" => "不是数字，请按 1234.56 的形式填写".to_owned(),
                "boolean" => "请填写“是”或“否”".to_owned(),
                "date" => "不是日期，请按 2026-08-01 的形式填写".to_owned(),
                "time" => "不是时间，请按 10:30 的形式填写".to_owned(),
                "timestamp" | "timestamp_tz" => "不是日期时间，请按 2026-08-01 10:30 的形式填写".to_owned(),
                _ => "不是该列可用的值".to_owned(),
            },
            CellProblem::TooManyDecimals { scale: 0 } => "此列不保留小数，请取整".to_owned(),
            CellProblem::TooManyDecimals { scale } => format!("此列最多保留 {scale} 位小数，请四舍五入"),
            CellProblem::OutOfRange { min: Some(min), max: Some(max) } => {
                format!("必须在 {min} 到 {max} 之间")
            }
            CellProblem::OutOfRange { min: Some(min), max: None } => format!("必须不小于 {min}"),
            CellProblem::OutOfRange { min: None, max: Some(max) } => format!("必须不大于 {max}"),
            CellProblem::OutOfRange { min: None, max: None } => "超出允许的范围".to_owned(),
            CellProblem::TooLong { limit, found } => format!("共 {found} 个字符，超过上限 {limit}"),
            CellProblem::NotAllowed { allowed, closest } => {
                let of = allowed.join("、");
                match closest {
                    Some(closest) => format!("不是允许的值，是否为“{closest}”？可用：{of}"),
                    None => format!("不是允许的值，可用：{of}"),
                }
            }
            CellProblem::Pattern { form } => format!("格式应为 {form}"),
            CellProblem::DuplicateInFile { first_row } => format!("与第 {first_row} 行重复，请只保留一行"),
            CellProblem::NoReference { table } => format!("在 {table} 中找不到该值"),
            CellProblem::Exists => "该主键的记录已存在，本次只导入新记录".to_owned(),
            CellProblem::Taken => "该值已被其他记录使用，不能重复，请改用其他值".to_owned(),
            CellProblem::DoesNotExist => "该主键的记录不存在，本次只更新已有记录".to_owned(),
            CellProblem::FormulaError => "单元格中的公式出错，请直接填写值".to_owned(),
            CellProblem::NotStorable => "含有无法保存的字符，请重新输入".to_owned(),
            CellProblem::DigitsLost => {
                "数字超过 15 位，Excel 可能已改变末尾几位，请将该列设为文本格式".to_owned()
            }
            CellProblem::KeyDigitsLost => {
                "数字超过 15 位，Excel 可能已改变末尾几位，会指向别的记录，请将该列设为文本格式后重新填写"
                    .to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_keeps_its_code_in_json() {
        for problem in [
            CellProblem::Required,
            CellProblem::WrongType { expected: "date".into() },
            CellProblem::TooManyDecimals { scale: 2 },
            CellProblem::OutOfRange { min: Some("1".into()), max: None },
            CellProblem::TooLong { limit: 3, found: 4 },
            CellProblem::NotAllowed { allowed: vec!["a".into()], closest: None },
            CellProblem::Pattern { form: "A-000".into() },
            CellProblem::DuplicateInFile { first_row: 2 },
            CellProblem::NoReference { table: "customers".into() },
            CellProblem::Exists,
            CellProblem::Taken,
            CellProblem::DoesNotExist,
            CellProblem::FormulaError,
            CellProblem::NotStorable,
            CellProblem::DigitsLost,
            CellProblem::KeyDigitsLost,
        ] {
            let json = serde_json::to_value(&problem).expect("plain data");
            assert_eq!(json["code"], problem.code());
            assert_eq!(serde_json::from_value::<CellProblem>(json).expect("readable"), problem);
            assert_ne!(problem.sentence(Lang::En), problem.sentence(Lang::Zh));
        }
    }
}
