//! What a database can keep in a column, as far as cells can be told so before they are written.

use crate::config::StoredAs;
use crate::dataset::Column;

/// What a column of the database keeps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Storage {
    /// Whether it can hold nothing.
    pub(crate) is_nullable: bool,
    /// Whether a new row needs no value of it: it can be null, has a default, or is computed.
    pub(crate) is_optional: bool,
    /// Whether the database computes it, so that it can't be written.
    pub(crate) is_computed: bool,
    /// Characters of a text.
    pub(crate) length_max: Option<u32>,
    /// Whole numbers, in the form in which they are held.
    pub(crate) whole: Option<(i64, i64)>,
    /// Digits before and after the point of an exact number.
    pub(crate) digits: Option<(u8, u8)>,
    /// Microseconds that times are whole multiples of.
    pub(crate) grain: i64,
    /// Whether floating point numbers have 32 bits.
    pub(crate) is_single: bool,
    /// The last character that texts can have.
    pub(crate) char_max: char,
    /// What texts have to be.
    pub(crate) form: Form,
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
        length_max: None,
        whole: None,
        digits: None,
        grain: 1,
        is_single: false,
        char_max: char::MAX,
        form: Form::Any,
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
            Form::Hex => {
                let is_hex =
                    text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                is_hex.then(|| Some(text.to_ascii_lowercase()))
            }
            Form::Json => serde_json::from_str::<&serde_json::value::RawValue>(text).ok().map(|_| None),
        }
    }
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
