//! What a database can keep in a column, as far as cells can be told so before they are written.

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef};

use crate::config::StoredAs;
use crate::dataset::Column;

/// Digits of a decimal number that come back from a double as they were (IEEE 754).
pub(crate) const DIGITS_OF_DOUBLE: u32 = 15;

/// What a column of the database keeps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Storage {
    /// Whether it can hold nothing.
    pub(crate) is_nullable: bool,
    /// Whether a new row needs no value of it: it can be null, has a default, or is computed.
    pub(crate) is_optional: bool,
    /// Whether the database computes it, so that it can't be written.
    pub(crate) is_computed: bool,
    /// Whether nothing is kept as an empty text, because the column says so and can't be null.
    pub(crate) takes_empty: bool,
    /// Characters of a text.
    pub(crate) length_max: Option<u32>,
    /// Bytes of a text.
    pub(crate) bytes_max: Option<u32>,
    /// Whole numbers, in the form in which they are held.
    pub(crate) whole: Option<(i64, i64)>,
    /// Digits before and after the point of an exact number.
    pub(crate) digits: Option<(u8, u8)>,
    /// Which decimal numbers are kept as doubles.
    pub(crate) doubles: Doubles,
    /// Microseconds that times are whole multiples of.
    pub(crate) grain: i64,
    /// Whether floating point numbers have 32 bits.
    pub(crate) is_single: bool,
    /// The last character that texts can have.
    pub(crate) char_max: char,
    /// What texts have to be.
    pub(crate) form: Form,
    /// Which values only the database knows whether it takes, and as what.
    pub(crate) settles: Settles,
}

/// Which decimal numbers are kept as doubles, and so with 15 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubles {
    None,
    /// Those with a fraction, and whole ones that don't fit 64 bits.
    Fractions,
    All,
}

/// Which values of a column the database has to be asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settles {
    Never,
    /// Texts that have other characters than those of ASCII.
    Foreign,
    /// Moments before the first or after the second, in microseconds.
    Beyond(i64, i64),
    Always,
}

/// What the texts of a column have to be, because it holds something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Any,
    /// One of these.
    Labels(Vec<String>),
    Uuid,
    /// Whole numbers without leading zeros, from the first to the second.
    Whole(i64, i64),
    /// What is no number, or a number that a column that makes numbers of all it can gives back as it was; real columns make doubles.
    Numeric {
        is_real: bool,
    },
    /// Two hexadecimal digits a byte.
    Hex,
    Json,
}

impl Storage {
    /// A column that takes whatever is of its declared type.
    pub(crate) const ANY: Storage = Storage {
        is_nullable: true,
        is_optional: true,
        is_computed: false,
        takes_empty: false,
        length_max: None,
        bytes_max: None,
        whole: None,
        digits: None,
        doubles: Doubles::None,
        grain: 1,
        is_single: false,
        char_max: char::MAX,
        form: Form::Any,
        settles: Settles::Never,
    };
}

impl Storage {
    /// What follows from how the dataset says that the column holds its values.
    pub(crate) fn declared(column: &Column) -> Storage {
        let (grain, whole, form) = match column.stored_as {
            StoredAs::UnixSeconds => (1_000_000, None, Form::Any),
            StoredAs::UnixMillis => (1_000, None, Form::Any),
            StoredAs::ScaledInteger => (1, Some((i64::MIN, i64::MAX)), Form::Any),
            StoredAs::Bytes => (1, None, Form::Hex),
            StoredAs::Plain | StoredAs::IsoT => (1, None, Form::Any),
        };
        Storage { grain, whole, form, ..Storage::ANY }
    }
}

impl Settles {
    /// Whether any of a column's values has to be asked about.
    pub(crate) fn wants(self, values: &ArrayRef) -> bool {
        match self {
            Settles::Never => false,
            Settles::Always => values.null_count() < values.len(),
            Settles::Foreign => {
                values.as_string_opt::<i32>().is_some_and(|texts| !texts.value_data().is_ascii())
            }
            Settles::Beyond(first, last) => {
                values.as_primitive_opt::<TimestampMicrosecondType>().is_some_and(|moments| {
                    moments.iter().flatten().any(|moment| !(first..=last).contains(&moment))
                })
            }
        }
    }
}

impl Form {
    /// The text as the database would give it back; `None` if it is none of this form.
    pub(crate) fn fitted(&self, text: &str) -> Option<Option<String>> {
        match self {
            Form::Any => Some(None),
            Form::Labels(labels) => labels.iter().any(|label| label == text).then_some(None),
            Form::Uuid => uuid(text).map(Some),
            Form::Whole(min, max) => {
                let number: i64 = text.parse().ok()?;
                ((*min..=*max).contains(&number) && number.to_string() == text).then_some(None)
            }
            Form::Numeric { is_real } => comes_back(text, *is_real).then_some(None),
            Form::Hex => {
                let is_hex =
                    text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                is_hex.then(|| Some(text.to_ascii_lowercase()))
            }
            Form::Json => serde_json::from_str::<&serde_json::value::RawValue>(text).ok().map(|_| None),
        }
    }
}

/// Whether a text comes back from a column of SQLite that makes numbers of whatever looks like one
/// (<https://sqlite.org/datatype3.html#type_affinity>).
fn comes_back(text: &str, is_real: bool) -> bool {
    /// Whole numbers that a double has exactly.
    const DOUBLE_WHOLE: u64 = 1 << 53;
    let plain = text.trim_matches([' ', '\t', '\n', '\x0B', '\x0C', '\r']);
    let is_number = plain.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && plain.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    let Some(number) = plain.parse::<f64>().ok().filter(|_| is_number) else { return true };
    if let Ok(whole) = text.parse::<i64>() {
        return whole.to_string() == text && (!is_real || whole.unsigned_abs() <= DOUBLE_WHOLE);
    }
    // Only so many digits are sure to be the same.
    let digit_count = text.bytes().filter(u8::is_ascii_digit).count();
    digit_count <= DIGITS_OF_DOUBLE as usize && number.fract() != 0.0 && number.to_string() == text
}

/// A UUID with its hyphens, in lower case.
fn uuid(text: &str) -> Option<String> {
    let text = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let has_hyphens = text.len() == 36 && [8, 13, 18, 23].iter().all(|at| text.as_bytes()[*at] == b'-');
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    if !(has_hyphens || text.len() == 32)
        || digits.len() != 32
        || !digits.bytes().all(|b| b.is_ascii_hexdigit())
    {
        return None;
    }
    let digits = digits.to_ascii_lowercase();
    Some([&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_other_types_are_as_the_database_gives_them_back() {
        let labels = Form::Labels(vec!["paid".to_owned()]);
        let whole = Form::Whole(0, 9);
        let numeric = Form::Numeric { is_real: false };
        let real = Form::Numeric { is_real: true };
        let id = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
        for (form, text, want) in [
            (&Form::Any, "x", Some("x")),
            (&labels, "paid", Some("paid")),
            (&labels, "lost", None),
            (&Form::Uuid, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", Some(id)),
            (&Form::Uuid, "{a0eebc999c0b4ef8bb6d6bb9bd380a11}", Some(id)),
            (&Form::Uuid, "a0eebc99-9c0b-4ef8-bb6d", None),
            (&whole, "7", Some("7")),
            (&whole, "007", None),
            (&whole, "10", None),
            (&numeric, "A-7", Some("A-7")),
            (&numeric, "123", Some("123")),
            (&numeric, "-9007199254740993", Some("-9007199254740993")),
            (&numeric, "00123", None),
            (&numeric, " 123", None),
            (&numeric, "+1", None),
            (&numeric, "1.5", Some("1.5")),
            (&numeric, "1.50", None),
            (&numeric, "1e3", None),
            (&numeric, "1234567890.123456", None),
            (&numeric, "9223372036854775808", None),
            (&numeric, "2026-08-01", Some("2026-08-01")),
            (&numeric, "0x10", Some("0x10")),
            (&numeric, "inf", Some("inf")),
            (&real, "123", Some("123")),
            (&real, "9007199254740993", None),
            (&Form::Hex, "00FF", Some("00ff")),
            (&Form::Hex, "0", None),
            (&Form::Json, "{\"a\": 1}", Some("{\"a\": 1}")),
            (&Form::Json, "{", None),
        ] {
            let fitted = form.fitted(text).map(|other| other.unwrap_or_else(|| text.to_owned()));
            assert_eq!(fitted.as_deref(), want, "{form:?} {text}");
        }
    }
}
