//! What SQL columns hold, and which declared types that fits: told from the result's description, before the first row.

use std::borrow::Cow;

use longshore_protocol::ColumnType;
use mysql_async::consts::{ColumnFlags, ColumnType as SqlType};

use super::fault::Fault;
use crate::catalog::SCALE_MAX;
use crate::config::StoredAs;
use crate::dataset::Column;

/// The number of the character set that means bytes
/// (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_character_set.html>).
const BINARY: u16 = 63;
/// The number of decimals that stands for "as many as there are".
const ANY_DECIMALS: u8 = 31;

/// What a SQL column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// Whole numbers of any size, with or without sign.
    Whole,
    /// As many bits, 1 to 64.
    Bits(u32),
    /// Decimal numbers with as many digits after the point; they come as text.
    Exact(u8),
    Single,
    Double,
    Text,
    Bytes,
    Date,
    /// A day with a time, and digits of its second's fraction.
    DateTime(u8),
    /// A moment (TIMESTAMP), and digits of its second's fraction.
    Moment(u8),
    /// A time or a span of time, and digits of its second's fraction.
    Time(u8),
    /// Nothing but NULL.
    Nothing,
    Shape,
    /// What no server of today sends.
    Unknown,
}

/// What each column of a result holds, if that fits the declared types.
pub(super) fn kinds(columns: &[&Column], described: &[mysql_async::Column]) -> Result<Vec<Held>, Fault> {
    if columns.len() != described.len() {
        let problem = format!("{} columns were asked for, and {} came", columns.len(), described.len());
        return Err(Fault::Refused(problem));
    }
    columns.iter().zip(described).map(|(column, described)| fitting(column, held(described))).collect()
}

/// What a column of a result holds, by its description.
pub(crate) fn held(described: &mysql_async::Column) -> Held {
    let fraction = if described.decimals() > 6 { 0 } else { described.decimals() };
    match described.column_type() {
        SqlType::MYSQL_TYPE_TINY
        | SqlType::MYSQL_TYPE_SHORT
        | SqlType::MYSQL_TYPE_INT24
        | SqlType::MYSQL_TYPE_LONG
        | SqlType::MYSQL_TYPE_LONGLONG
        | SqlType::MYSQL_TYPE_YEAR => Held::Whole,
        SqlType::MYSQL_TYPE_BIT => Held::Bits(described.column_length()),
        SqlType::MYSQL_TYPE_DECIMAL | SqlType::MYSQL_TYPE_NEWDECIMAL => Held::Exact(described.decimals()),
        SqlType::MYSQL_TYPE_FLOAT => Held::Single,
        SqlType::MYSQL_TYPE_DOUBLE => Held::Double,
        SqlType::MYSQL_TYPE_DATE | SqlType::MYSQL_TYPE_NEWDATE => Held::Date,
        SqlType::MYSQL_TYPE_DATETIME | SqlType::MYSQL_TYPE_DATETIME2 => Held::DateTime(fraction),
        SqlType::MYSQL_TYPE_TIMESTAMP | SqlType::MYSQL_TYPE_TIMESTAMP2 => Held::Moment(fraction),
        SqlType::MYSQL_TYPE_TIME | SqlType::MYSQL_TYPE_TIME2 => Held::Time(fraction),
        // MySQL's own; that of MariaDB is text. It is text in utf8mb4 that calls itself binary.
        SqlType::MYSQL_TYPE_JSON => Held::Text,
        SqlType::MYSQL_TYPE_GEOMETRY => Held::Shape,
        SqlType::MYSQL_TYPE_NULL => Held::Nothing,
        SqlType::MYSQL_TYPE_VARCHAR
        | SqlType::MYSQL_TYPE_VAR_STRING
        | SqlType::MYSQL_TYPE_STRING
        | SqlType::MYSQL_TYPE_ENUM
        | SqlType::MYSQL_TYPE_SET
        | SqlType::MYSQL_TYPE_TINY_BLOB
        | SqlType::MYSQL_TYPE_MEDIUM_BLOB
        | SqlType::MYSQL_TYPE_LONG_BLOB
        | SqlType::MYSQL_TYPE_BLOB => {
            let is_text = described.character_set() != BINARY
                || described.flags().intersects(ColumnFlags::ENUM_FLAG | ColumnFlags::SET_FLAG);
            if is_text { Held::Text } else { Held::Bytes }
        }
        _ => Held::Unknown,
    }
}

/// The same, if the declared type can have its values.
fn fitting(column: &Column, held: Held) -> Result<Held, Fault> {
    match held.advice(column.column_type, column.stored_as) {
        None => Ok(held),
        // What would be right stands with the type, where a person looks for what is wrong.
        Some(advice) => Err(Fault::Misfit {
            column: column.name.clone(),
            sql_type: format!("{} ({advice})", held.name()),
            declared: column.column_type.name(),
        }),
    }
}

impl Held {
    /// Whether it can be declared so.
    pub(crate) fn fits(self, column_type: ColumnType, stored_as: StoredAs) -> bool {
        self.advice(column_type, stored_as).is_none()
    }

    /// What to declare instead, if it can't be declared so.
    fn advice(self, column_type: ColumnType, stored_as: StoredAs) -> Option<Cow<'static, str>> {
        let refused = |advice: &'static str| Some(Cow::Borrowed(advice));
        match (self, stored_as) {
            (Held::Nothing, _) | (Held::Bytes, StoredAs::Bytes) => return None,
            (Held::Shape, _) => return refused("shapes are not read; use a query with ST_AsText"),
            (Held::Unknown, _) => return refused("it is not read; use a query that converts it"),
            (Held::Bytes, _) => {
                return refused(
                    "declare type = \"text\" with stored_as = \"bytes\", which shows hexadecimal digits",
                );
            }
            (_, StoredAs::Bytes) => return refused("leave stored_as out"),
            _ => {}
        }
        let is_whole = self == Held::Whole;
        let fits = match (column_type, stored_as) {
            (ColumnType::Text, _) => true,
            (ColumnType::Integer, _) => matches!(self, Held::Whole | Held::Bits(_) | Held::Exact(0)),
            (ColumnType::Decimal { .. }, StoredAs::ScaledInteger) => is_whole || self == Held::Exact(0),
            (ColumnType::Decimal { scale }, _) => match self {
                Held::Exact(decimals) if decimals > SCALE_MAX && decimals < ANY_DECIMALS => {
                    return refused("declare text, because it has too many digits after the point");
                }
                Held::Exact(decimals) if decimals > scale && decimals < ANY_DECIMALS => {
                    return Some(Cow::Owned(format!("declare scale = {decimals}")));
                }
                held => matches!(held, Held::Whole | Held::Exact(_) | Held::Single | Held::Double),
            },
            (ColumnType::Float, _) => {
                matches!(self, Held::Whole | Held::Exact(_) | Held::Single | Held::Double)
            }
            (ColumnType::Boolean, _) => matches!(self, Held::Whole | Held::Bits(1)),
            (
                ColumnType::Date | ColumnType::Timestamp | ColumnType::TimestampTz,
                StoredAs::UnixSeconds | StoredAs::UnixMillis,
            ) => is_whole,
            (ColumnType::Timestamp | ColumnType::TimestampTz, StoredAs::IsoT) => self == Held::Text,
            (ColumnType::Date, _) => self == Held::Date,
            (ColumnType::Time, _) => matches!(self, Held::Time(_)),
            (ColumnType::Timestamp, _) if matches!(self, Held::Moment(_)) => {
                return refused("declare timestamp_tz, because its values are moments");
            }
            (ColumnType::Timestamp, _) => matches!(self, Held::DateTime(_) | Held::Date),
            // Without a zone it is taken for UTC.
            (ColumnType::TimestampTz, _) => matches!(self, Held::Moment(_) | Held::DateTime(_)),
        };
        if fits { None } else { refused("declare what it is, or text, or use a query that converts it") }
    }

    fn name(self) -> &'static str {
        match self {
            Held::Whole => "whole numbers",
            Held::Bits(_) => "bits",
            Held::Exact(_) => "decimal numbers",
            Held::Single | Held::Double => "floating point numbers",
            Held::Text => "text",
            Held::Bytes => "bytes",
            Held::Date => "dates",
            Held::DateTime(_) => "dates with a time",
            Held::Moment(_) => "moments",
            Held::Time(_) => "times",
            Held::Nothing => "nothing",
            Held::Shape => "shapes",
            Held::Unknown => "values of an unknown type",
        }
    }
}
