//! Values of Arrow columns as parameters, in the form in which their columns hold them.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int64Type, Time64MicrosecondType, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef};
use longshore_protocol::ColumnType;
use rusqlite::Statement;
use rusqlite::types::Null;

use crate::config::StoredAs;
use crate::dataset::Column;
use crate::import::values::{push_date, push_time, push_timestamp, value_at};
use crate::statement::Param;
use crate::text;

/// Binds values; keeps the memory in which their texts are made.
#[derive(Default)]
pub(super) struct Binder {
    text: Vec<u8>,
}

impl Binder {
    /// Binds the value at a row to a parameter, by its number from 1.
    pub(super) fn bind(
        &mut self,
        prepared: &mut Statement<'_>,
        number: usize,
        column: &Column,
        array: &ArrayRef,
        row: usize,
    ) -> rusqlite::Result<()> {
        if array.is_null(row) {
            return prepared.raw_bind_parameter(number, Null);
        }
        self.text.clear();
        let written = match (column.column_type, column.stored_as) {
            (ColumnType::Text, StoredAs::Bytes) => {
                return prepared.raw_bind_parameter(number, bytes(array.as_string::<i32>().value(row)));
            }
            (ColumnType::Text, _) => {
                return prepared.raw_bind_parameter(number, array.as_string::<i32>().value(row));
            }
            (ColumnType::Integer, _) => {
                return prepared.raw_bind_parameter(number, array.as_primitive::<Int64Type>().value(row));
            }
            (ColumnType::Float, _) => {
                return prepared.raw_bind_parameter(number, array.as_primitive::<Float64Type>().value(row));
            }
            (ColumnType::Boolean, _) => {
                return prepared.raw_bind_parameter(number, array.as_boolean().value(row));
            }
            (ColumnType::Decimal { scale }, stored_as) => {
                let unscaled = array.as_primitive::<Decimal128Type>().value(row);
                return bind_decimal(prepared, number, unscaled, scale, stored_as);
            }
            (ColumnType::Date, StoredAs::Plain) => {
                push_date(&mut self.text, array.as_primitive::<Date32Type>().value(row))
            }
            (ColumnType::Time, _) => {
                push_time(&mut self.text, array.as_primitive::<Time64MicrosecondType>().value(row));
                Some(())
            }
            (ColumnType::Timestamp | ColumnType::TimestampTz, StoredAs::Plain | StoredAs::IsoT) => {
                let between = if column.stored_as == StoredAs::IsoT { b'T' } else { b' ' };
                let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
                push_timestamp(&mut self.text, micros, between)
            }
            _ => None,
        };
        if written.is_some()
            && let Ok(text) = std::str::from_utf8(&self.text)
        {
            return prepared.raw_bind_parameter(number, text);
        }
        let value =
            value_at(array, row).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        let param = value.map(|value| Param { value, stored_as: column.stored_as });
        prepared.raw_bind_parameter(number, param.as_ref().map(super::param::stored))
    }
}

/// As a double where it is one exactly, as SQLite itself makes of a literal, and else as text.
fn bind_decimal(
    prepared: &mut Statement<'_>,
    number: usize,
    unscaled: i128,
    scale: u8,
    stored_as: StoredAs,
) -> rusqlite::Result<()> {
    if stored_as == StoredAs::ScaledInteger {
        // The check has seen to it that it fits.
        return prepared.raw_bind_parameter(number, i64::try_from(unscaled).ok());
    }
    /// Decimals of so many digits come back from a double as they were (IEEE 754).
    const EXACT: u128 = 10u128.pow(15);
    let power = 10i128.pow(u32::from(scale));
    match i64::try_from(unscaled / power) {
        Ok(whole) if unscaled % power == 0 => prepared.raw_bind_parameter(number, whole),
        _ if unscaled.unsigned_abs() < EXACT => {
            // Both are exact as doubles up to 2^53 and 10^22, so that the quotient is the nearest double.
            prepared.raw_bind_parameter(number, unscaled as f64 / power as f64)
        }
        _ => prepared.raw_bind_parameter(number, text::decimal(unscaled, scale)),
    }
}

/// Hexadecimal digits as bytes; the check has seen to it that they are such.
fn bytes(digits: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or_default() as u8;
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, half| byte << 4 | digit(*half)))
        .collect()
}
