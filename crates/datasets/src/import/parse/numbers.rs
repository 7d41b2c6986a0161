//! Cells as numbers.

use longshore_protocol::ColumnType;
use longshore_protocol::import::{CellKind, CellProblem};

use super::Reader;
use crate::config::StoredAs;
use crate::import::cells::narrowed;
use crate::import::number::{DIGITS_OF_EXCEL, Number, NumberFault};
use crate::import::rules::Bound;
use crate::import::storage::{DIGITS_OF_DOUBLE, Doubles};
use crate::value::Value;

/// The first whole number that has more digits than Excel keeps.
const WHOLE_OF_EXCEL: u64 = 10u64.pow(DIGITS_OF_EXCEL);
/// Digits that 64 bits have at most.
const DIGITS_OF_WHOLE: u8 = 19;

impl Reader<'_> {
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

    /// The number, with a warning.
    pub(super) fn integer(
        &self,
        text: &str,
        kind: CellKind,
    ) -> Result<(i64, Option<CellProblem>), CellProblem> {
        let value = match plain_whole(text.as_bytes()) {
            Some(value) => value,
            None => self.number(text, kind)?.whole().map_err(|fault| self.number_problem(fault))?,
        };
        let has_lost_digits = kind == CellKind::Number && value.unsigned_abs() >= WHOLE_OF_EXCEL;
        self.within(i128::from(value))?;
        self.held_whole(i128::from(value))?;
        if let Some((before, _)) = self.storage.digits {
            self.digits(i128::from(value), 0, before)?;
        }
        Ok((value, has_lost_digits.then_some(CellProblem::DigitsLost)))
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

    /// The number in units of its last digit, with a warning.
    pub(super) fn decimal(
        &self,
        text: &str,
        kind: CellKind,
        scale: u8,
    ) -> Result<(i128, Option<CellProblem>), CellProblem> {
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
        let is_whole = || {
            let power = 10i128.checked_pow(u32::from(scale)).unwrap_or(i128::MAX);
            units % power == 0 && i64::try_from(units / power).is_ok()
        };
        match self.storage.doubles {
            Doubles::None => {}
            Doubles::Fractions if is_whole() => {}
            Doubles::Fractions | Doubles::All => {
                self.digits(units, scale, (DIGITS_OF_DOUBLE as u8).saturating_sub(scale))?;
            }
        }
        let has_lost_digits = kind == CellKind::Number && number.has_lost_digits();
        Ok((units, has_lost_digits.then_some(CellProblem::DigitsLost)))
    }

    pub(super) fn float(&self, text: &str, kind: CellKind) -> Result<f64, CellProblem> {
        let number = Number::read(text);
        let plain = if number.is_some() { narrowed(text).replace(',', "") } else { text.to_owned() };
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
        self.held_exactly(number, kind)?;
        Ok(value)
    }

    /// Whether a column of exact numbers has room for one that the dataset reads as floating point.
    fn held_exactly(&self, number: Option<Number>, kind: CellKind) -> Result<(), CellProblem> {
        let (before, after) = match (self.storage.digits, self.storage.whole) {
            (Some(digits), _) => digits,
            (None, Some(_)) => (DIGITS_OF_WHOLE, 0),
            (None, None) => return Ok(()),
        };
        let number = number.ok_or_else(|| self.wrong_type())?;
        let number = if kind == CellKind::Number { number.as_shown() } else { number };
        let units = number.units(after).map_err(|fault| match fault {
            NumberFault::TooManyDecimals => CellProblem::TooManyDecimals { scale: after },
            NumberFault::TooLarge => self.out_of_range(),
        })?;
        if self.storage.digits.is_none() {
            return self.held_whole(units);
        }
        self.digits(units, after, before)
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
