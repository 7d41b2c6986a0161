//! What columns of MySQL and MariaDB keep, as `information_schema` tells it.

use std::collections::HashMap;

use longshore_protocol::ColumnType;
use mysql_async::Params;

use super::MySqlTarget;
use crate::config::StoredAs;
use crate::dataset::Column;
use crate::error::SourceError;
use crate::import::storage::{Form, Settles, Storage};
use crate::import::target::Place;

/// The moments that a TIMESTAMP has in every server, in microseconds; 0 is none
/// (<https://dev.mysql.com/doc/refman/8.0/en/datetime.html>). Some have more.
const TIMESTAMPS: (i64, i64) = (1_000_000, 2_147_483_647_999_999);
/// Character sets that have every character, or whose last one is known.
const WIDE_CHARSETS: [&str; 9] =
    ["", "utf8mb4", "utf8mb3", "utf8", "ucs2", "utf16", "utf16le", "utf32", "ascii"];

/// A column as the table declares it.
pub(super) struct Declared {
    is_nullable: bool,
    /// A default, or something that the server itself puts there.
    has_default: bool,
    /// Whether the default is an empty text.
    is_empty_by_default: bool,
    is_computed: bool,
    data_type: String,
    column_type: String,
    length: Option<u32>,
    precision: Option<u8>,
    scale: Option<u8>,
    fraction: Option<u32>,
    charset: String,
}

/// What the table declares, by column.
pub(super) fn declared(
    target: &mut MySqlTarget,
    place: Place<'_>,
) -> Result<HashMap<String, Declared>, SourceError> {
    // MariaDB writes the default as an expression, MySQL as a value; both leave it out where there is none.
    let sql = "SELECT column_name, is_nullable = 'YES', \
         CASE WHEN column_default IN ('', '''''') THEN 2 WHEN column_default IS NOT NULL OR extra <> '' THEN 1 ELSE 0 END, \
         CONCAT(data_type, IF(extra LIKE '%VIRTUAL%' OR extra LIKE '%STORED%', '!', '')), \
         column_type, character_maximum_length, numeric_precision, numeric_scale, datetime_precision, \
         character_set_name FROM information_schema.columns \
         WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ?";
    let params = Params::from((place.schema, place.table));
    type Row = (
        String,
        bool,
        u8,
        String,
        String,
        Option<u64>,
        Option<u64>,
        Option<u64>,
        Option<u64>,
        Option<String>,
    );
    let rows: Vec<Row> = target.snapshot.ask(sql, params)?;
    let declared = |row: Row| {
        let (name, is_nullable, default, data_type, column_type, length, precision, scale, fraction, charset) =
            row;
        let declared = Declared {
            is_nullable,
            has_default: default > 0,
            is_empty_by_default: default == 2,
            is_computed: data_type.ends_with('!'),
            data_type: data_type.trim_end_matches('!').to_ascii_lowercase(),
            column_type,
            length: length.map(|length| u32::try_from(length).unwrap_or(u32::MAX)),
            precision: precision.and_then(|precision| u8::try_from(precision).ok()),
            scale: scale.and_then(|scale| u8::try_from(scale).ok()),
            fraction: fraction.and_then(|fraction| u32::try_from(fraction).ok()),
            charset: charset.unwrap_or_default(),
        };
        (name, declared)
    };
    Ok(rows.into_iter().map(declared).collect())
}

impl Declared {
    pub(super) fn storage(&self, column: &Column) -> Storage {
        let storage = Storage::declared(column);
        let is_text = column.column_type == ColumnType::Text;
        let whole = self.whole();
        let form = match (self.data_type.as_str(), whole) {
            (_, Some((min, max))) if is_text => Form::Whole(min, max),
            ("enum", _) => Form::Labels(labels(&self.column_type)),
            ("json", _) => Form::Json,
            ("uuid", _) => Form::Uuid,
            _ => storage.form.clone(),
        };
        let is_time = matches!(self.data_type.as_str(), "datetime" | "timestamp" | "time");
        let fraction = self.fraction.filter(|digits| is_time && *digits <= 6);
        let digits = self.precision.zip(self.scale).filter(|_| self.data_type == "decimal");
        Storage {
            is_nullable: self.is_nullable,
            is_computed: self.is_computed,
            is_optional: self.is_nullable || self.has_default,
            takes_empty: form == Form::Any && is_text && !self.is_nullable && self.is_empty_by_default,
            length_max: self.length.filter(|_| matches!(self.data_type.as_str(), "char" | "varchar")),
            bytes_max: self.length.filter(|_| self.data_type.ends_with("text")),
            whole: whole.filter(|_| !is_text).or(storage.whole),
            digits: digits.and_then(|(precision, scale)| Some((precision.checked_sub(scale)?, scale))),
            grain: fraction.map_or(storage.grain, |digits| 10i64.pow(6 - digits)),
            is_single: self.data_type == "float",
            char_max: match self.charset.as_str() {
                "utf8" | "utf8mb3" | "ucs2" => '\u{FFFF}',
                "ascii" => '\u{7F}',
                _ => char::MAX,
            },
            settles: self.settles(column),
            form,
            ..storage
        }
    }

    fn settles(&self, column: &Column) -> Settles {
        match (column.column_type, self.data_type.as_str()) {
            (ColumnType::TimestampTz, "timestamp") => Settles::Beyond(TIMESTAMPS.0, TIMESTAMPS.1),
            // They are filled up, or cut.
            (ColumnType::Text, _) if column.stored_as == StoredAs::Bytes => Settles::Always,
            (ColumnType::Text, "enum" | "uuid") => Settles::Never,
            (ColumnType::Text, "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext") => {
                let is_wide = WIDE_CHARSETS.contains(&self.charset.as_str());
                if is_wide { Settles::Never } else { Settles::Foreign }
            }
            (ColumnType::Text, _) if self.whole().is_none() => Settles::Always,
            _ => Settles::Never,
        }
    }

    fn whole(&self) -> Option<(i64, i64)> {
        let bits = match self.data_type.as_str() {
            "tinyint" => 8,
            "smallint" => 16,
            "mediumint" => 24,
            "int" => 32,
            "bigint" => 64,
            _ => return None,
        };
        let is_unsigned = self.column_type.to_ascii_lowercase().contains("unsigned");
        Some(match (bits, is_unsigned) {
            // What is beyond 64 bits with a sign no dataset reads.
            (64, true) => (0, i64::MAX),
            (64, false) => (i64::MIN, i64::MAX),
            (bits, true) => (0, (1i64 << bits) - 1),
            (bits, false) => (-(1i64 << (bits - 1)), (1i64 << (bits - 1)) - 1),
        })
    }
}

/// The values of `enum('a','it''s')`.
fn labels(column_type: &str) -> Vec<String> {
    let inside = column_type
        .split_once('(')
        .and_then(|(_, inside)| inside.rsplit_once(')'))
        .map_or("", |(inside, _)| inside);
    let (mut labels, mut label, mut is_open) = (Vec::new(), String::new(), false);
    let mut chars = inside.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, is_open) {
            ('\'', false) => is_open = true,
            ('\'', true) if chars.peek() == Some(&'\'') => label.extend(chars.next()),
            ('\'', true) => {
                is_open = false;
                labels.push(std::mem::take(&mut label));
            }
            (c, true) => label.push(c),
            _ => {}
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_with_their_quotes_and_commas() {
        assert_eq!(labels("enum('a','it''s','x,y)')"), ["a", "it's", "x,y)"]);
    }
}
