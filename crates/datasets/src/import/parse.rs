//! The cells of one column as a typed column: each cell is a value, nothing, or wrong, and then says why.

mod numbers;
mod times;

use std::cell::Cell;
use std::collections::HashMap;

use arrow_array::{Array, ArrayRef, StringArray, UInt8Array};
use arrow_schema::ArrowError;
use jiff::tz::TimeZone;
use longshore_protocol::dataset::AllowedValue;
use longshore_protocol::import::{CellKind, CellProblem};

use super::cells::{folded, trimmed};
use super::date::DAY;
use super::number::Number;
use super::rules::{Bound, ColumnRules};
use super::storage::{Form, Storage};
use crate::columns::ColumnBuilder;
use crate::dataset::Column;
use crate::value::Value;

/// Allowed values that a problem lists.
const ALLOWED_SHOWN: usize = 10;
/// How alike a text must be to an allowed value to be taken for a slip of the keyboard.
const CLOSE: f64 = 0.6;

/// One column of a staged batch.
pub(crate) struct Cells {
    pub(crate) texts: StringArray,
    pub(crate) kinds: UInt8Array,
}

impl Cells {
    /// So many cells in which nothing stands.
    pub(crate) fn empty(count: usize) -> Cells {
        let kinds = UInt8Array::from_value(CellKind::Empty as u8, count);
        Cells { texts: StringArray::new_null(count), kinds }
    }

    /// Bytes of all that stands in them.
    fn text_bytes(&self) -> usize {
        let offsets = self.texts.value_offsets();
        offsets.first().zip(offsets.last()).map_or(0, |(start, end)| end.abs_diff(*start) as usize)
    }

    /// What kind of cell stands at a place.
    pub(crate) fn kind(&self, index: usize) -> CellKind {
        CellKind::from_u8(self.kinds.value(index)).unwrap_or(CellKind::Text)
    }

    /// What stands there, with the white space around it.
    pub(crate) fn text(&self, index: usize) -> &str {
        if self.texts.is_null(index) { "" } else { self.texts.value(index) }
    }
}

/// A column as it was read.
pub(crate) struct Parsed {
    /// Null where there is nothing, or something wrong.
    pub(crate) values: ArrayRef,
    /// What is wrong, by place.
    pub(crate) problems: Vec<(usize, CellProblem)>,
    /// The places of moments that the clocks of the zone have shown twice, and of which the cell does not say which it means.
    pub(crate) folds: Vec<usize>,
}

/// Reads a column; a key has to be surely what the file meant.
pub(crate) fn column(
    column: &Column,
    rules: &ColumnRules,
    storage: &Storage,
    is_key: bool,
    cells: &[Cells],
    zone: &TimeZone,
) -> Result<Parsed, ArrowError> {
    let row_count = cells.iter().map(|cells| cells.texts.len()).sum();
    let text_bytes = cells.iter().map(Cells::text_bytes).sum();
    let mut builder = ColumnBuilder::new(column.column_type, zone, row_count, text_bytes);
    let reader = Reader::new(column, rules, storage, zone);
    let (mut problems, mut folds) = (Vec::new(), Vec::new());
    let mut place = 0;
    for cells in cells {
        // No database has texts with it.
        let has_nul = cells.texts.value_data().contains(&0);
        for index in 0..cells.texts.len() {
            let (kind, text) = (cells.kind(index), trimmed(cells.text(index)));
            let read = match kind {
                CellKind::Error => Err(CellProblem::FormulaError),
                _ if text.is_empty() => {
                    match &mut builder {
                        ColumnBuilder::Text(builder) if storage.takes_empty && !reader.needs_value => {
                            builder.append_value("");
                        }
                        builder => builder.append_null(),
                    }
                    if reader.needs_value {
                        problems.push((place, CellProblem::Required));
                    }
                    place += 1;
                    continue;
                }
                _ if has_nul && text.contains('\0') => Err(CellProblem::NotStorable),
                _ => reader.append(text, kind, &mut builder),
            };
            // What is appended for a key whose digits may be others does not matter: the row is in error.
            let read = read.map(|warning| match warning {
                Some(CellProblem::DigitsLost) if is_key => Some(CellProblem::KeyDigitsLost),
                warning => warning,
            });
            if reader.is_fold.take() {
                folds.push(place);
            }
            match read {
                Ok(None) => {}
                Ok(Some(warning)) => problems.push((place, warning)),
                Err(problem) => {
                    builder.append_null();
                    problems.push((place, problem));
                }
            }
            place += 1;
        }
    }
    Ok(Parsed { values: builder.finish()?, problems, folds })
}

/// How the cells of a column are read.
struct Reader<'a> {
    column: &'a Column,
    rules: &'a ColumnRules,
    storage: &'a Storage,
    zone: &'a TimeZone,
    is_utc: bool,
    needs_value: bool,
    /// Whether the moment that was read last was shown twice by the clocks of the zone.
    is_fold: Cell<bool>,
    /// Allowed values by themselves and by their labels, folded.
    allowed: HashMap<String, &'a str>,
    /// Ends of the range in the units of the column.
    min: Option<i128>,
    max: Option<i128>,
}

impl<'a> Reader<'a> {
    fn new(
        column: &'a Column,
        rules: &'a ColumnRules,
        storage: &'a Storage,
        zone: &'a TimeZone,
    ) -> Reader<'a> {
        let mut allowed: HashMap<String, &str> = HashMap::new();
        // Values that differ in case alone are told apart only where they stand as they are.
        let mut ambiguous = Vec::new();
        for value in &column.values {
            for said in [&value.value, &value.labels.en, &value.labels.zh] {
                let other = *allowed.entry(folded(said)).or_insert(value.value.as_str());
                if other != value.value {
                    ambiguous.push(folded(said));
                }
            }
        }
        allowed.retain(|said, _| !ambiguous.contains(said));
        let units = |bound: &Option<Bound>| bound.as_ref().and_then(|bound| units_of(&bound.value));
        Reader {
            column,
            rules,
            storage,
            zone,
            is_utc: zone.iana_name().is_none_or(|name| name == "UTC"),
            needs_value: rules.is_required || !(storage.is_nullable || storage.takes_empty),
            is_fold: Cell::new(false),
            allowed,
            min: units(&rules.min),
            max: units(&rules.max),
        }
    }

    /// Appends what the cell says, with a warning where there is one; appends nothing where it is wrong.
    fn append(
        &self,
        text: &str,
        kind: CellKind,
        builder: &mut ColumnBuilder,
    ) -> Result<Option<CellProblem>, CellProblem> {
        let text = if self.column.values.is_empty() { text } else { self.allowed_value(text, kind)? };
        match builder {
            ColumnBuilder::Text(builder) => {
                let (value, warning) = self.text(text, kind)?;
                builder.append_value(value.as_deref().unwrap_or(text));
                return Ok(warning);
            }
            ColumnBuilder::Integer(builder) => {
                let (value, warning) = self.integer(text, kind)?;
                builder.append_value(value);
                return Ok(warning);
            }
            ColumnBuilder::Decimal(builder, scale) => {
                let (value, warning) = self.decimal(text, kind, *scale)?;
                builder.append_value(value);
                return Ok(warning);
            }
            ColumnBuilder::Float(builder) => builder.append_value(self.float(text, kind)?),
            ColumnBuilder::Boolean(builder) => builder.append_value(self.boolean(text)?),
            ColumnBuilder::Date(builder) => builder.append_value(self.date(text, kind)?),
            ColumnBuilder::Time(builder) => builder.append_value(self.time(text, kind)?),
            ColumnBuilder::Timestamp(builder) => builder.append_value(self.timestamp(text, kind)?),
            ColumnBuilder::TimestampTz(builder) => builder.append_value(self.moment(text, kind)?),
        }
        Ok(None)
    }

    fn wrong_type(&self) -> CellProblem {
        CellProblem::WrongType { expected: self.column.column_type.name().to_owned() }
    }

    fn out_of_range(&self) -> CellProblem {
        let text = |bound: &Option<Bound>| bound.as_ref().map(|bound| bound.text.clone());
        CellProblem::OutOfRange { min: text(&self.rules.min), max: text(&self.rules.max) }
    }

    fn within(&self, units: i128) -> Result<(), CellProblem> {
        if self.min.is_some_and(|min| units < min) || self.max.is_some_and(|max| units > max) {
            return Err(self.out_of_range());
        }
        Ok(())
    }

    fn allowed_value(&self, text: &str, kind: CellKind) -> Result<&'a str, CellProblem> {
        let shown = if kind == CellKind::Number {
            Number::read(text).and_then(|n| n.as_shown().text())
        } else {
            None
        };
        let wanted = shown.as_deref().unwrap_or(text);
        let is_it = |said: &str| said == wanted;
        let exact = self.column.values.iter().find(|value| is_it(&value.value));
        let labelled = || {
            let has_label = |value: &&AllowedValue| is_it(&value.labels.en) || is_it(&value.labels.zh);
            self.column.values.iter().find(has_label)
        };
        if let Some(value) = exact.or_else(labelled) {
            return Ok(&value.value);
        }
        let wanted = folded(wanted);
        if let Some(value) = self.allowed.get(&wanted) {
            return Ok(value);
        }
        let values = || self.column.values.iter().map(|value| value.value.as_str());
        let closest = self
            .allowed
            .iter()
            .map(|(folded, value)| (strsim::normalized_damerau_levenshtein(folded, &wanted), *value))
            .filter(|(closeness, _)| *closeness >= CLOSE)
            // The name decides between two that are as close, so that the answer is the same each time.
            .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)));
        Err(CellProblem::NotAllowed {
            allowed: values().take(ALLOWED_SHOWN).map(str::to_owned).collect(),
            closest: closest.map(|(_, value)| value.to_owned()),
        })
    }

    /// The text, where it is another than that which stands in the cell, and a warning.
    fn text(&self, text: &str, kind: CellKind) -> Result<(Option<String>, Option<CellProblem>), CellProblem> {
        let (mut value, mut warning) = (None, None);
        if kind == CellKind::Number
            && let Some(number) = Number::read(text)
        {
            let shown = number.as_shown();
            warning = shown.has_lost_digits().then_some(CellProblem::DigitsLost);
            value = shown.text();
        }
        if kind == CellKind::Text && is_shortened(text) {
            warning = Some(CellProblem::DigitsLost);
        }
        let text = value.as_deref().unwrap_or(text);
        let limit = self.rules.max_length.into_iter().chain(self.storage.length_max).min();
        if let Some(limit) = limit
            && text.len() > limit as usize
        {
            let found = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
            if found > limit {
                return Err(CellProblem::TooLong { limit, found });
            }
        }
        if let Some(limit) = self.storage.bytes_max
            && text.len() > limit as usize
        {
            let found = text.chars().count();
            // As many characters as have room if all are like these.
            let limit = u64::from(limit) * found as u64 / text.len() as u64;
            let [limit, found] = [limit, found as u64].map(|count| u32::try_from(count).unwrap_or(u32::MAX));
            return Err(CellProblem::TooLong { limit, found });
        }
        if let Some(pattern) = &self.rules.pattern
            && !pattern.regex.is_match(text)
        {
            return Err(CellProblem::Pattern { form: pattern.form.clone() });
        }
        if self.storage.char_max != char::MAX && text.chars().any(|c| c > self.storage.char_max) {
            return Err(CellProblem::NotStorable);
        }
        let fitted = match self.storage.form.fitted(text) {
            Some(fitted) => fitted,
            None => {
                return Err(match &self.storage.form {
                    Form::Labels(labels) => CellProblem::NotAllowed {
                        allowed: labels.iter().take(ALLOWED_SHOWN).cloned().collect(),
                        closest: None,
                    },
                    _ => self.wrong_type(),
                });
            }
        };
        Ok((fitted.or(value), warning))
    }

    fn boolean(&self, text: &str) -> Result<bool, CellProblem> {
        match folded(text).as_str() {
            "true" | "yes" | "1" | "是" | "y" | "t" | "真" => Ok(true),
            "false" | "no" | "0" | "否" | "n" | "f" | "假" => Ok(false),
            _ => Err(self.wrong_type()),
        }
    }
}

/// Whether a text is what Excel writes into CSV for a number that is too long for its column: `2.02608E+17`.
fn is_shortened(text: &str) -> bool {
    // Looked at first, for nearly no text begins so.
    if !matches!(text.as_bytes(), [b'0'..=b'9', b'.' | b'E', ..]) {
        return false;
    }
    let Some((digits, exponent)) = text.split_once("E+") else { return false };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    whole.len() == 1 && exponent.len() >= 2 && [whole, fraction, exponent].into_iter().all(is_digits)
}

/// A bound in the units in which its column's values are compared; none of floating point.
fn units_of(value: &Value) -> Option<i128> {
    let micros = |time: jiff::civil::DateTime| {
        Some(i128::from(TimeZone::UTC.to_timestamp(time).ok()?.as_microsecond()))
    };
    match value {
        Value::Integer(number) => Some(i128::from(*number)),
        Value::Decimal { unscaled, .. } => Some(*unscaled),
        Value::Date(date) => micros(date.at(0, 0, 0, 0)).map(|micros| micros.div_euclid(i128::from(DAY))),
        Value::Time(time) => Some(time.duration_since(jiff::civil::Time::midnight()).as_micros()),
        Value::Timestamp(time) => micros(*time),
        Value::TimestampTz(moment) => Some(i128::from(moment.as_microsecond())),
        Value::Text(_) | Value::Float(_) | Value::Boolean(_) => None,
    }
}

#[cfg(test)]
mod tests;
