//! Columns of a file and of the database, value by value.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float64Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_schema::{ArrowError, DataType};
use arrow_select::zip::zip;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::cells::trimmed;

/// For each row whether two columns of the same type say the same. White space around a text says nothing: no import can bring it,
/// so that a text which has it would else be changed by every file. Nothing and an empty text are the same for the same reason.
pub(crate) fn same(a: &ArrayRef, b: &ArrayRef) -> Vec<bool> {
    match a.data_type() {
        DataType::Utf8 => {
            let (a, b) = (a.as_string::<i32>(), b.as_string::<i32>());
            let pairs = a.iter().zip(b.iter());
            pairs
                .map(|(a, b)| a == b || trimmed(a.unwrap_or_default()) == trimmed(b.unwrap_or_default()))
                .collect()
        }
        DataType::Boolean => a.as_boolean().iter().zip(b.as_boolean().iter()).map(|(a, b)| a == b).collect(),
        DataType::Float64 => {
            let pairs = a.as_primitive::<Float64Type>().iter().zip(b.as_primitive::<Float64Type>().iter());
            // What is no number is no other than itself.
            pairs.map(|(a, b)| a == b || a.zip(b).is_some_and(|(a, b)| a.is_nan() && b.is_nan())).collect()
        }
        DataType::Int64 => same_numbers::<Int64Type>(a, b),
        DataType::Decimal128(..) => same_numbers::<Decimal128Type>(a, b),
        DataType::Date32 => same_numbers::<Date32Type>(a, b),
        DataType::Time64(_) => same_numbers::<Time64MicrosecondType>(a, b),
        _ => same_numbers::<TimestampMicrosecondType>(a, b),
    }
}

fn same_numbers<T: ArrowPrimitiveType>(a: &ArrayRef, b: &ArrayRef) -> Vec<bool>
where
    T::Native: PartialEq,
{
    let (a, b) = (a.as_primitive::<T>(), b.as_primitive::<T>());
    if a.null_count() == 0 && b.null_count() == 0 {
        return a.values().iter().zip(b.values()).map(|(a, b)| a == b).collect();
    }
    a.iter().zip(b.iter()).map(|(a, b)| a == b).collect()
}

/// Finds times alike that are less than a millisecond apart, in rows that are asked for.
pub(super) fn near(new: &ArrayRef, old: &ArrayRef, is_same: &mut [bool], is_asked: impl Fn(usize) -> bool) {
    let micros = |array: &ArrayRef, index: usize| {
        let value = match array.data_type() {
            DataType::Time64(_) => array.as_primitive::<Time64MicrosecondType>().value(index),
            _ => array.as_primitive::<TimestampMicrosecondType>().value(index),
        };
        array.is_valid(index).then_some(value)
    };
    if !matches!(new.data_type(), DataType::Time64(_) | DataType::Timestamp(..)) {
        return;
    }
    for (index, is_same) in is_same.iter_mut().enumerate().filter(|(_, is_same)| !**is_same) {
        let pair = micros(new, index).zip(micros(old, index));
        *is_same = pair.is_some_and(|(new, old)| new.abs_diff(old) < 1000) && is_asked(index);
    }
}

/// Whether two moments are shown as the same day and time in their zone.
pub(super) fn shown_alike(new: &ArrayRef, old: &ArrayRef, index: usize) -> bool {
    let DataType::Timestamp(_, Some(zone)) = new.data_type() else { return false };
    let Ok(zone) = TimeZone::get(zone) else { return false };
    let shown = |array: &ArrayRef| {
        let micros = array.as_primitive::<TimestampMicrosecondType>().value(index);
        let moment = Timestamp::from_microsecond(micros).ok().filter(|_| array.is_valid(index))?;
        Some(zone.to_datetime(moment))
    };
    matches!((shown(new), shown(old)), (Some(new), Some(old)) if new == old)
}

/// `new`, but `old` where they say the same.
pub(crate) fn kept(new: &ArrayRef, old: &ArrayRef, is_same: &[bool]) -> Result<ArrayRef, ArrowError> {
    zip(&BooleanArray::from(is_same.to_vec()), old, new)
}

/// Calls `take` with a digest of each row of a key's columns, but for rows where one of them is null.
pub(crate) fn each_digest(columns: &[ArrayRef], mut take: impl FnMut(usize, u128)) {
    let row_count = columns.first().map_or(0, |column| column.len());
    let whole = (0..row_count).filter(|row| columns.iter().all(|column| column.is_valid(*row)));
    if let [only] = columns {
        whole.for_each(|row| take(row, with_bytes(only, row, xxh3_128)));
        return;
    }
    let mut digest = Xxh3::new();
    for row in whole {
        digest.reset();
        for column in columns {
            with_bytes(column, row, |bytes| {
                // So that no two keys run together as the same bytes.
                digest.update(&bytes.len().to_le_bytes());
                digest.update(bytes);
            });
        }
        take(row, digest.digest128());
    }
}

fn with_bytes<T>(column: &ArrayRef, row: usize, then: impl FnOnce(&[u8]) -> T) -> T {
    match column.data_type() {
        DataType::Utf8 => then(column.as_string::<i32>().value(row).as_bytes()),
        DataType::Boolean => then(&[u8::from(column.as_boolean().value(row))]),
        DataType::Int64 => then(&column.as_primitive::<Int64Type>().value(row).to_le_bytes()),
        DataType::Decimal128(..) => then(&column.as_primitive::<Decimal128Type>().value(row).to_le_bytes()),
        DataType::Float64 => then(&column.as_primitive::<Float64Type>().value(row).to_le_bytes()),
        DataType::Date32 => then(&column.as_primitive::<Date32Type>().value(row).to_le_bytes()),
        DataType::Time64(_) => then(&column.as_primitive::<Time64MicrosecondType>().value(row).to_le_bytes()),
        _ => then(&column.as_primitive::<TimestampMicrosecondType>().value(row).to_le_bytes()),
    }
}
