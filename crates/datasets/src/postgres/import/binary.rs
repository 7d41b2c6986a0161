//! Values of Arrow columns in the binary form of COPY, which costs the server less than reading text
//! (<https://www.postgresql.org/docs/current/sql-copy.html>); values have the bytes that their types' receive functions take.

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, Date32Array, Decimal128Array, Float64Array,
    Int64Array, PrimitiveArray, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray,
};
use arrow_buffer::NullBuffer;
use longshore_protocol::ColumnType;
use tokio_postgres::types::Type;

use crate::config::StoredAs;
use crate::dataset::Column;

/// What every stream begins with: the signature, flags, and the length of an extension, of which there is none.
pub(super) const HEAD: &[u8; 19] = b"PGCOPY\n\xFF\r\n\0\0\0\0\0\0\0\0\0";
/// What ends it.
pub(super) static END: [u8; 2] = (-1i16).to_be_bytes();
/// Days and microseconds from 1970-01-01 to 2000-01-01, from which PostgreSQL counts.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * 86_400_000_000;
/// What numbers of the server's exact type are made of.
const GROUP: u128 = 10_000;

/// A column's values, by how they are sent.
enum Sent<'a> {
    Int2(&'a Int64Array),
    Int4(&'a Int64Array),
    Int8(&'a Int64Array),
    Numeric(&'a Decimal128Array, u8),
    Double(&'a Float64Array),
    Text(&'a StringArray),
    Boolean(&'a BooleanArray),
    Date(&'a Date32Array),
    Time(&'a Time64MicrosecondArray),
    Timestamp(&'a TimestampMicrosecondArray),
}

/// A column whose values all have a binary form.
pub(super) struct Binary<'a> {
    sent: Sent<'a>,
    nulls: Option<&'a NullBuffer>,
}

impl<'a> Binary<'a> {
    /// `None` where a value needs the server to read it as text: a type that is rare, or a number that is too large for its type,
    /// which the server tells better.
    pub(super) fn of(column: &Column, sql_type: &Type, array: &'a ArrayRef) -> Option<Binary<'a>> {
        if column.stored_as != StoredAs::Plain {
            return None;
        }
        let sent = match (column.column_type, sql_type) {
            (ColumnType::Integer, &Type::INT2) => {
                Sent::Int2(within(array.as_primitive(), |value| i16::try_from(value).is_ok())?)
            }
            (ColumnType::Integer, &Type::INT4) => {
                Sent::Int4(within(array.as_primitive(), |value| i32::try_from(value).is_ok())?)
            }
            (ColumnType::Integer, &Type::INT8) => Sent::Int8(array.as_primitive()),
            (ColumnType::Decimal { scale }, &Type::NUMERIC) => Sent::Numeric(array.as_primitive(), scale),
            (ColumnType::Float, &Type::FLOAT8) => Sent::Double(array.as_primitive()),
            (ColumnType::Text, &Type::TEXT | &Type::VARCHAR) => Sent::Text(array.as_string()),
            (ColumnType::Boolean, &Type::BOOL) => Sent::Boolean(array.as_boolean()),
            (ColumnType::Date, &Type::DATE) => {
                Sent::Date(within(array.as_primitive(), |days: i32| days.checked_sub(EPOCH_DAYS).is_some())?)
            }
            (ColumnType::Time, &Type::TIME) => Sent::Time(array.as_primitive()),
            (ColumnType::Timestamp, &Type::TIMESTAMP) | (ColumnType::TimestampTz, &Type::TIMESTAMPTZ) => {
                let fits = |micros: i64| micros.checked_sub(EPOCH_MICROS).is_some();
                Sent::Timestamp(within(array.as_primitive(), fits)?)
            }
            _ => return None,
        };
        Some(Binary { sent, nulls: array.nulls() })
    }

    /// The rows from `first` on, until `out` has `enough` bytes; says where it stopped.
    pub(super) fn push_rows(
        columns: &[Binary<'_>],
        first: usize,
        row_count: usize,
        enough: usize,
        out: &mut Vec<u8>,
    ) -> usize {
        // A table has at most 1600 columns.
        let width = i16::try_from(columns.len()).unwrap_or(i16::MAX).to_be_bytes();
        let mut row = first;
        while row < row_count && out.len() < enough {
            out.extend_from_slice(&width);
            for column in columns {
                if column.nulls.is_some_and(|nulls| nulls.is_null(row)) {
                    out.extend_from_slice(&(-1i32).to_be_bytes());
                } else {
                    column.push(row, out);
                }
            }
            row += 1;
        }
        row
    }

    fn push(&self, row: usize, out: &mut Vec<u8>) {
        match &self.sent {
            // That they have room was looked at.
            Sent::Int2(values) => push_sized(out, &(values.value(row) as i16).to_be_bytes()),
            Sent::Int4(values) => push_sized(out, &(values.value(row) as i32).to_be_bytes()),
            Sent::Int8(values) => push_sized(out, &values.value(row).to_be_bytes()),
            Sent::Numeric(values, scale) => push_numeric(out, values.value(row), *scale),
            Sent::Double(values) => push_sized(out, &values.value(row).to_be_bytes()),
            Sent::Text(values) => push_sized(out, values.value(row).as_bytes()),
            Sent::Boolean(values) => push_sized(out, &[u8::from(values.value(row))]),
            Sent::Date(values) => push_sized(out, &(values.value(row) - EPOCH_DAYS).to_be_bytes()),
            Sent::Time(values) => push_sized(out, &values.value(row).to_be_bytes()),
            Sent::Timestamp(values) => push_sized(out, &(values.value(row) - EPOCH_MICROS).to_be_bytes()),
        }
    }
}

/// The values, if all of them fit.
fn within<T: ArrowPrimitiveType>(
    values: &PrimitiveArray<T>,
    fits: impl Fn(T::Native) -> bool,
) -> Option<&PrimitiveArray<T>> {
    values.iter().flatten().all(fits).then_some(values)
}

fn push_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    // Cells are far shorter than 2 GiB.
    out.extend_from_slice(&i32::try_from(bytes.len()).unwrap_or(i32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Groups of four digits, the first of which stands for 10,000 to the power of the weight; the server drops those that are zero at
/// either end (`numeric_recv` in PostgreSQL's `numeric.c`).
fn push_numeric(out: &mut Vec<u8>, unscaled: i128, scale: u8) {
    let places = scale.div_ceil(4);
    // So that the last group is full; 38 digits and three zeros don't always fit.
    let zeros = u32::from(places) * 4 - u32::from(scale);
    let (number, last) = match unscaled.unsigned_abs().checked_mul(10u128.pow(zeros)) {
        Some(number) => (number, None),
        None => {
            let keeps = 10u128.pow(4 - zeros);
            let number = unscaled.unsigned_abs();
            (number / keeps, Some((number % keeps) * 10u128.pow(zeros)))
        }
    };
    let mut groups = [0u16; 12];
    let mut count = 0;
    let mut push = |group: u128| {
        // 38 digits and three are at most 11 groups of four.
        groups[count] = group as u16;
        count += 1;
    };
    last.into_iter().for_each(&mut push);
    match u64::try_from(number) {
        // Dividing 128 bits takes many times as long.
        Ok(mut rest) => {
            while rest > 0 {
                push(u128::from(rest % GROUP as u64));
                rest /= GROUP as u64;
            }
        }
        Err(_) => {
            let mut rest = number;
            while rest > 0 {
                push(rest % GROUP);
                rest /= GROUP;
            }
        }
    }
    let count = count as u16;
    let weight = count.cast_signed() - i16::from(places) - 1;
    let sign: u16 = if unscaled < 0 { 0x4000 } else { 0 };
    out.extend_from_slice(&(8 + 2 * i32::from(count)).to_be_bytes());
    for word in [count, weight.cast_unsigned(), sign, u16::from(scale)] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    for group in groups[..usize::from(count)].iter().rev() {
        out.extend_from_slice(&group.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::numeric::units;

    #[test]
    fn numbers_come_back_as_they_were() {
        let large = 10i128.pow(34) - 1;
        for scale in [0, 1, 2, 3, 4, 5, 10, 37, 38] {
            for number in [0, 1, -5, 99, 10_000, 123_456_789, 1 << 70, -(1 << 100), large, -large] {
                let mut out = Vec::new();
                push_numeric(&mut out, number, scale);
                let (size, bytes) = out.split_at(4);
                assert_eq!(size, (bytes.len() as i32).to_be_bytes());
                assert_eq!(units(bytes, scale), Ok(number), "{number} at {scale}");
                assert_eq!(bytes[6..8], u16::from(scale).to_be_bytes());
            }
        }
        // As many digits as there can be, of which the last one stands in a group of its own.
        let mut out = Vec::new();
        push_numeric(&mut out, 10i128.pow(38) - 1, 1);
        let words: Vec<u16> = out[4..].chunks(2).map(|word| u16::from_be_bytes([word[0], word[1]])).collect();
        let mut want = vec![11, 9, 0, 1, 9];
        want.extend([9999; 9]);
        want.push(9000);
        assert_eq!(words, want);
    }
}
