//! The cells of one column as a typed column: each cell is a value, nothing, or wrong, and then says why.

use std::collections::HashMap;

use arrow_array::{Array, ArrayRef, StringArray, UInt8Array};
use arrow_schema::ArrowError;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use longshore_protocol::ColumnType;
use longshore_protocol::import::{CellKind, CellProblem};

use super::cells::{folded, narrowed, trimmed};
use super::date::{self, DAY, Moment};
use super::number::{Number, NumberFault};
use super::rules::{Bound, ColumnRules};
use super::storage::{Form, Storage};
use crate::columns::ColumnBuilder;
use crate::config::StoredAs;
use crate::dataset::Column;
use crate::value::Value;

/// Allowed values that a problem lists.
const ALLOWED_SHOWN: usize = 10;
/// How alike a text must be to an allowed value to be taken for a slip of the keyboard.
const CLOSE: f64 = 0.6;

/// One column of a staged batch.
pub(crate) struct Cells<'a> {
    pub(crate) texts: &'a StringArray,
    pub(crate) kinds: &'a UInt8Array,
}

/// A column as it was read.
pub(crate) struct Parsed {
    /// Null where there is nothing, or something wrong.
    pub(crate) values: ArrayRef,
    /// What is wrong, by place.
    pub(crate) problems: Vec<(usize, CellProblem)>,
}

/// Reads a column.
pub(crate) fn column(
    column: &Column,
    rules: &ColumnRules,
    storage: &Storage,
    cells: &[Cells<'_>],
    zone: &TimeZone,
) -> Result<Parsed, ArrowError> {
    let row_count = cells.iter().map(|cells| cells.texts.len()).sum();
    let mut builder = ColumnBuilder::new(column.column_type, zone, row_count);
    let reader = Reader::new(column, rules, storage, zone);
    let mut problems = Vec::new();
    let mut place = 0;
    for cells in cells {
        for index in 0..cells.texts.len() {
            let kind = CellKind::from_u8(cells.kinds.value(index)).unwrap_or(CellKind::Text);
            let text = if cells.texts.is_null(index) { "" } else { trimmed(cells.texts.value(index)) };
            let read = match kind {
                CellKind::Error => Err(CellProblem::FormulaError),
                _ if text.is_empty() => {
                    builder.append_null();
                    if reader.needs_value {
                        problems.push((place, CellProblem::Required));
                    }
                    place += 1;
                    continue;
                }
                _ => reader.append(text, kind, &mut builder),
            };
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
    Ok(Parsed { values: builder.finish()?, problems })
}

/// How the cells of a column are read.
struct Reader<'a> {
    column: &'a Column,
    rules: &'a ColumnRules,
    storage: &'a Storage,
    zone: &'a TimeZone,
    is_utc: bool,
    needs_value: bool,
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
        let mut allowed = HashMap::new();
        // The value itself wins over a label of another.
        for value in &column.values {
            for label in [&value.labels.en, &value.labels.zh] {
                allowed.entry(folded(label)).or_insert(value.value.as_str());
            }
        }
        for value in &column.values {
            allowed.insert(folded(&value.value), value.value.as_str());
        }
        let units = |bound: &Option<Bound>| bound.as_ref().and_then(|bound| units_of(&bound.value));
        Reader {
            column,
            rules,
            storage,
            zone,
            is_utc: zone.iana_name().is_none_or(|name| name == "UTC"),
            needs_value: rules.is_required || !storage.is_nullable,
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
        if text.contains('\0') {
            return Err(CellProblem::NotStorable);
        }
        let text = if self.allowed.is_empty() { text } else { self.allowed_value(text, kind)? };
        match builder {
            ColumnBuilder::Text(builder) => {
                let (value, warning) = self.text(text, kind)?;
                builder.append_value(value.as_deref().unwrap_or(text));
                return Ok(warning);
            }
            ColumnBuilder::Integer(builder) => builder.append_value(self.integer(text, kind)?),
            ColumnBuilder::Decimal(builder, scale) => {
                builder.append_value(self.decimal(text, kind, *scale)?);
            }
            ColumnBuilder::Float(builder) => builder.append_value(self.float(text)?),
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
        let wanted = folded(shown.as_deref().unwrap_or(text));
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
            // Whole numbers of more digits than Excel keeps may end in zeros for it.
            let digits = shown.text().map_or(0, |text| text.bytes().filter(u8::is_ascii_digit).count());
            if shown.exponent >= 0 && digits > super::number::DIGITS_OF_EXCEL as usize {
                warning = Some(CellProblem::DigitsLost);
            }
            value = shown.text();
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

    fn number_problem(&self, fault: NumberFault) -> CellProblem {
        match (fault, self.column.column_type) {
            (NumberFault::TooManyDecimals, ColumnType::Decimal { scale }) => {
                CellProblem::TooManyDecimals { scale }
            }
            (NumberFault::TooLarge, _) => self.out_of_range(),
            _ => self.wrong_type(),
        }
    }

    fn number(&self, text: &str, kind: CellKind) -> Result<Number, CellProblem> {
        let number = Number::read(text).ok_or_else(|| self.wrong_type())?;
        Ok(if kind == CellKind::Number { number.as_shown() } else { number })
    }

    fn integer(&self, text: &str, kind: CellKind) -> Result<i64, CellProblem> {
        let value = match plain_whole(text.as_bytes()) {
            Some(value) => value,
            None => self.number(text, kind)?.whole().map_err(|fault| self.number_problem(fault))?,
        };
        self.within(i128::from(value))?;
        self.held_whole(i128::from(value))?;
        if let Some((before, _)) = self.storage.digits {
            self.digits(i128::from(value), 0, before)?;
        }
        Ok(value)
    }

    /// Whether the database's own whole numbers have room.
    fn held_whole(&self, units: i128) -> Result<(), CellProblem> {
        let Some((min, max)) = self.storage.whole else { return Ok(()) };
        if (i128::from(min)..=i128::from(max)).contains(&units) {
            return Ok(());
        }
        Err(CellProblem::OutOfRange { min: Some(min.to_string()), max: Some(max.to_string()) })
    }

    /// Whether units of the `scale`th digit after the point have room in so many digits before it.
    fn digits(&self, units: i128, scale: u8, before: u8) -> Result<(), CellProblem> {
        let limit = 10u128.checked_pow(u32::from(before) + u32::from(scale));
        if limit.is_none_or(|limit| units.unsigned_abs() < limit) {
            return Ok(());
        }
        let nines = "9".repeat(usize::from(before).max(1));
        Err(CellProblem::OutOfRange { min: Some(format!("-{nines}")), max: Some(nines) })
    }

    fn decimal(&self, text: &str, kind: CellKind, scale: u8) -> Result<i128, CellProblem> {
        let number = self.number(text, kind)?;
        let units = number.units(scale).map_err(|fault| self.number_problem(fault))?;
        self.within(units)?;
        if self.column.stored_as == StoredAs::ScaledInteger {
            self.held_whole(units)?;
        } else if self.storage.whole.is_some() {
            let whole = number.units(0).map_err(|fault| match fault {
                NumberFault::TooManyDecimals => CellProblem::TooManyDecimals { scale: 0 },
                fault => self.number_problem(fault),
            })?;
            self.held_whole(whole)?;
        } else if let Some((before, after)) = self.storage.digits {
            if after < scale && number.units(after).is_err() {
                return Err(CellProblem::TooManyDecimals { scale: after });
            }
            self.digits(units, scale, before)?;
        }
        Ok(units)
    }

    fn float(&self, text: &str) -> Result<f64, CellProblem> {
        let plain =
            if Number::read(text).is_some() { narrowed(text).replace(',', "") } else { text.to_owned() };
        let plain = match plain.strip_prefix('(').and_then(|plain| plain.strip_suffix(')')) {
            Some(inside) => format!("-{inside}"),
            None => plain,
        };
        // Rust reads words such as infinity as well.
        let is_number = !plain.contains(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E'));
        let value: f64 = plain.parse().ok().filter(|_| is_number).ok_or_else(|| self.wrong_type())?;
        let value = if self.storage.is_single { single(value) } else { value };
        if !value.is_finite() {
            return Err(self.out_of_range());
        }
        let is_less = |a: f64, bound: &Option<Bound>| matches!(bound, Some(Bound { value: Value::Float(b), .. }) if a < *b);
        let is_more = |a: f64, bound: &Option<Bound>| matches!(bound, Some(Bound { value: Value::Float(b), .. }) if a > *b);
        if is_less(value, &self.rules.min) || is_more(value, &self.rules.max) {
            return Err(self.out_of_range());
        }
        Ok(value)
    }

    fn boolean(&self, text: &str) -> Result<bool, CellProblem> {
        match folded(text).as_str() {
            "true" | "yes" | "1" | "是" | "y" | "t" | "真" => Ok(true),
            "false" | "no" | "0" | "否" | "n" | "f" | "假" => Ok(false),
            _ => Err(self.wrong_type()),
        }
    }

    fn read_moment(&self, text: &str, kind: CellKind) -> Result<Moment, CellProblem> {
        let read = match kind {
            CellKind::Number => date::of_number(text),
            CellKind::Boolean => None,
            _ => date::read(text),
        };
        read.ok_or_else(|| self.wrong_type())
    }

    fn date(&self, text: &str, kind: CellKind) -> Result<i32, CellProblem> {
        let moment = self.read_moment(text, kind)?;
        // A time of day would be lost, unless it is none.
        let is_day =
            moment.micros.is_none_or(|micros| micros == 0) && moment.offset.is_none_or(|offset| offset == 0);
        let days = moment.days.filter(|_| is_day).ok_or_else(|| self.wrong_type())?;
        self.within(i128::from(days))?;
        Ok(days)
    }

    fn time(&self, text: &str, kind: CellKind) -> Result<i64, CellProblem> {
        let moment = self.read_moment(text, kind)?;
        let is_time = moment.days.is_none() && moment.offset.is_none();
        let micros = moment.micros.filter(|_| is_time).ok_or_else(|| self.wrong_type())?;
        self.within(i128::from(micros))?;
        Ok(micros - micros.rem_euclid(self.storage.grain))
    }

    /// Microseconds since 1970 of a day and its time.
    fn civil(&self, moment: Moment) -> Result<i64, CellProblem> {
        let days = moment.days.ok_or_else(|| self.wrong_type())?;
        Ok(i64::from(days) * DAY + moment.micros.unwrap_or(0))
    }

    fn timestamp(&self, text: &str, kind: CellKind) -> Result<i64, CellProblem> {
        let moment = self.read_moment(text, kind)?;
        // What is of another place can't be told without a zone.
        if moment.offset.is_some_and(|offset| offset != 0) {
            return Err(self.wrong_type());
        }
        let micros = self.civil(moment)?;
        self.within(i128::from(micros))?;
        Ok(micros - micros.rem_euclid(self.storage.grain))
    }

    fn moment(&self, text: &str, kind: CellKind) -> Result<i64, CellProblem> {
        let moment = self.read_moment(text, kind)?;
        let civil = self.civil(moment)?;
        let micros = match moment.offset {
            Some(offset) => civil - i64::from(offset) * 1_000_000,
            None if self.is_utc => civil,
            None => {
                let at = Timestamp::from_microsecond(civil).map_err(|_| self.wrong_type())?;
                let local = TimeZone::UTC.to_datetime(at);
                self.zone.to_timestamp(local).map_err(|_| self.wrong_type())?.as_microsecond()
            }
        };
        self.within(i128::from(micros))?;
        Ok(micros - micros.rem_euclid(self.storage.grain))
    }
}

/// A number of digits and a minus alone, of which whole numbers mostly are.
fn plain_whole(bytes: &[u8]) -> Option<i64> {
    let (digits, is_negative) = match bytes {
        [b'-', digits @ ..] => (digits, true),
        digits => (digits, false),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut value = 0i64;
    for digit in digits {
        value = value * 10 + i64::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
    }
    Some(if is_negative { -value } else { value })
}

/// The double as it comes back from 32 bits, where it is read by its shortest text.
fn single(value: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "that is what the column does")]
    let single = value as f32;
    single.to_string().parse().unwrap_or(f64::from(single))
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
