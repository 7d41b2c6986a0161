//! Conditions as SQL.
//!
//! A filter means the values that are shown as what it names. Where a column can hold several such values, as a day with a time
//! for a day, or a floating point number for a decimal, the condition is a range of them, so that an index serves.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use longshore_protocol::{ColumnType, FilterOp};

use super::{Bound, Declared, Dialect, Statement};
use crate::config::StoredAs;
use crate::dataset::Column;
use crate::query::Condition;
use crate::value::Value;

/// The values of a column that are shown as a filter's value.
enum Meant {
    /// The value.
    One(Value),
    /// From the lowest value that stands for the first to the highest that stands for the second.
    Between(Value, Value),
    /// From the first, up to and without the second.
    UpTo(Value, Value),
}

/// How a column is compared with one end of what is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    AtLeast,
    Over,
    AtMost,
    Under,
}

impl Side {
    fn is_lower(self) -> bool {
        matches!(self, Side::AtLeast | Side::Over)
    }
}

impl Statement {
    pub(super) fn push_condition(&mut self, column: &Column, condition: &Condition) {
        let Some(value) = condition.values.first() else {
            self.push_name(&column.source);
            let is_wanted = condition.op == FilterOp::NotNull;
            self.sql.push_str(if is_wanted { " IS NOT NULL" } else { " IS NULL" });
            return;
        };
        match condition.op {
            FilterOp::Contains => self.push_like(column, value, "%"),
            FilterOp::StartsWith => self.push_like(column, value, ""),
            FilterOp::Eq | FilterOp::In => self.push_any_of(column, &condition.values),
            FilterOp::Ne => {
                self.sql.push_str("(NOT ");
                self.push_any_of(column, &condition.values);
                self.sql.push_str(" OR ");
                self.push_name(&column.source);
                self.sql.push_str(" IS NULL)");
            }
            FilterOp::Ge | FilterOp::Gt | FilterOp::Le | FilterOp::Lt => {
                let (side, value, bound) = match (condition.op, meant(self.dialect, column, value)) {
                    (FilterOp::Ge, Meant::One(value)) => (Side::AtLeast, value, Bound::Nearest),
                    (FilterOp::Gt, Meant::One(value)) => (Side::Over, value, Bound::Nearest),
                    (FilterOp::Le, Meant::One(value)) => (Side::AtMost, value, Bound::Nearest),
                    (_, Meant::One(value)) => (Side::Under, value, Bound::Nearest),
                    (FilterOp::Ge, Meant::Between(low, _)) => (Side::AtLeast, low, Bound::Lowest),
                    (FilterOp::Gt, Meant::Between(_, high)) => (Side::Over, high, Bound::Highest),
                    (FilterOp::Le, Meant::Between(_, high)) => (Side::AtMost, high, Bound::Highest),
                    (_, Meant::Between(low, _)) => (Side::Under, low, Bound::Lowest),
                    (FilterOp::Ge, Meant::UpTo(first, _)) => (Side::AtLeast, first, Bound::Nearest),
                    (FilterOp::Gt, Meant::UpTo(_, next)) => (Side::AtLeast, next, Bound::Nearest),
                    (FilterOp::Le, Meant::UpTo(_, next)) => (Side::Under, next, Bound::Nearest),
                    (_, Meant::UpTo(first, _)) => (Side::Under, first, Bound::Nearest),
                };
                self.push_side(column, side, value, bound);
            }
            // Both have no value, and were seen to.
            FilterOp::IsNull | FilterOp::NotNull => {}
        }
    }

    /// That the column has one of the values, in parentheses.
    fn push_any_of(&mut self, column: &Column, values: &[Value]) {
        self.sql.push('(');
        let held = forms(self.dialect, column, values);
        let meant: Vec<Meant> = values.iter().map(|value| meant(self.dialect, column, value)).collect();
        if let Some(forms) = held {
            self.push_name(&column.source);
            self.push_list(forms, |statement, (stored_as, value)| statement.push_mark(stored_as, value));
        } else if !has_clock_in_text(self.dialect, column)
            && meant.iter().all(|meant| matches!(meant, Meant::One(_)))
        {
            self.push_compared(column);
            self.push_list(values.to_vec(), |statement, value| {
                statement.push_param(column, value, Bound::Nearest);
            });
        } else {
            for (position, meant) in meant.into_iter().enumerate() {
                self.sql.push_str(if position == 0 { "" } else { " OR " });
                let (low, high, bounds, side) = match meant {
                    Meant::One(value) => {
                        (value.clone(), value, (Bound::Nearest, Bound::Nearest), Side::AtMost)
                    }
                    Meant::Between(low, high) => (low, high, (Bound::Lowest, Bound::Highest), Side::AtMost),
                    Meant::UpTo(first, next) => (first, next, (Bound::Nearest, Bound::Nearest), Side::Under),
                };
                self.push_side(column, Side::AtLeast, low, bounds.0);
                self.sql.push_str(" AND ");
                self.push_side(column, side, high, bounds.1);
            }
        }
        self.sql.push(')');
    }

    /// ` = ` before one thing, ` IN (…)` around several.
    fn push_list<T>(&mut self, items: Vec<T>, mut push: impl FnMut(&mut Statement, T)) {
        let is_one = items.len() == 1;
        self.sql.push_str(if is_one { " = " } else { " IN (" });
        for (position, item) in items.into_iter().enumerate() {
            self.sql.push_str(if position == 0 { "" } else { ", " });
            push(self, item);
        }
        self.sql.push_str(if is_one { "" } else { ")" });
    }

    fn push_side(&mut self, column: &Column, side: Side, value: Value, bound: Bound) {
        let sign = match side {
            Side::AtLeast => ">=",
            Side::Over => ">",
            Side::AtMost => "<=",
            Side::Under => "<",
        };
        if has_clock_in_text(self.dialect, column) {
            // As text a bare day stands before every time of that day, whether a space or a `T` follows it. So days are compared
            // as text, by an index where there is one, and only then times.
            if let Some((day, is_all)) = day_around(&value, side) {
                self.push_name(&column.source);
                self.sql.push_str(if side.is_lower() { " >= " } else { " < " });
                self.push_mark(StoredAs::Plain, Value::Date(day));
                if is_all {
                    return;
                }
                self.sql.push_str(" AND ");
            }
        }
        self.push_compared(column);
        self.sql.push_str(&format!(" {sign} "));
        self.push_param(column, value, bound);
    }

    /// Case-insensitive, of ASCII letters at least (<https://sqlite.org/lang_expr.html#like>).
    fn push_like(&mut self, column: &Column, value: &Value, before: &str) {
        let text = if let Value::Text(text) = value { text.as_str() } else { "" };
        // `|` rather than a backslash, which MySQL takes for an escape in the literal that names it.
        let escaped = text.replace('|', "||").replace('%', "|%").replace('_', "|_");
        // Bytes are shown, and so looked for, as hexadecimal digits.
        let (open, close) = match (self.dialect, column.stored_as) {
            (Dialect::MySql, StoredAs::Bytes) => ("HEX(", ") LIKE "),
            (Dialect::Postgres, StoredAs::Bytes) => ("encode(", ", 'hex') ILIKE "),
            // What is shown as text may be an identifier or an enumeration.
            (Dialect::Postgres, _) => ("", "::text ILIKE "),
            (Dialect::Sqlite | Dialect::MySql, _) => ("", " LIKE "),
        };
        self.sql.push_str(open);
        let mention = self.push_name(&column.source);
        self.likened.push((mention, Declared::of(column)));
        self.sql.push_str(close);
        // A pattern is text, whatever the column holds.
        self.push_mark(StoredAs::Plain, Value::Text(format!("{before}{escaped}%")));
        self.sql.push_str(" ESCAPE '|'");
    }
}

/// What a filter's value means for a column.
fn meant(dialect: Dialect, column: &Column, value: &Value) -> Meant {
    let is_unix = matches!(column.stored_as, StoredAs::UnixSeconds | StoredAs::UnixMillis);
    match value {
        // SQLite's drivers also write a midnight after a day, and numbers may be of any time of the day.
        Value::Date(day) if is_unix || dialect == Dialect::Sqlite => match day.tomorrow() {
            Ok(next) => Meant::UpTo(Value::Date(*day), Value::Date(next)),
            Err(_) => Meant::One(value.clone()),
        },
        Value::Timestamp(_) | Value::TimestampTz(_) if is_unix || dialect == Dialect::Sqlite => {
            let unit = match column.stored_as {
                StoredAs::UnixSeconds => 1_000_000_000,
                StoredAs::UnixMillis => 1_000_000,
                _ => 1_000,
            };
            match whole_units(value, unit) {
                Some((low, high)) if low != high => Meant::Between(low, high),
                _ => Meant::One(value.clone()),
            }
        }
        Value::Decimal { .. }
            if dialect != Dialect::Postgres && column.stored_as != StoredAs::ScaledInteger =>
        {
            Meant::Between(value.clone(), value.clone())
        }
        Value::Float(_) if dialect == Dialect::MySql => Meant::Between(value.clone(), value.clone()),
        value => Meant::One(value.clone()),
    }
}

/// The forms in which a column of SQLite may hold the values, with the way of holding each, where these are few.
fn forms(dialect: Dialect, column: &Column, values: &[Value]) -> Option<Vec<(StoredAs, Value)>> {
    let forms = |value: &Value| match (value, column.stored_as) {
        (Value::Boolean(truth), _) => {
            let words: &[&str] = if *truth {
                &["true", "TRUE", "True", "t", "1"]
            } else {
                &["false", "FALSE", "False", "f", "0"]
            };
            let words = words.iter().map(|word| (StoredAs::Plain, Value::Text((*word).to_owned())));
            Some(words.chain([(StoredAs::Plain, value.clone())]).collect::<Vec<_>>())
        }
        // Beside bytes, which are shown as their digits, there may be texts, which are shown as they are.
        (Value::Text(_), StoredAs::Bytes) => {
            Some(vec![(StoredAs::Bytes, value.clone()), (StoredAs::Plain, value.clone())])
        }
        _ => None,
    };
    if dialect != Dialect::Sqlite {
        return None;
    }
    values.iter().map(forms).collect::<Option<Vec<_>>>().map(|forms| forms.concat())
}

/// Whether the column holds times of days as text, which can be written in several ways.
pub(super) fn has_clock_in_text(dialect: Dialect, column: &Column) -> bool {
    dialect == Dialect::Sqlite
        && matches!(column.column_type, ColumnType::Timestamp | ColumnType::TimestampTz)
        && matches!(column.stored_as, StoredAs::Plain | StoredAs::IsoT)
}

/// A day from which on, or before which, all values of the wanted side are; and whether that says all. `None` where days don't
/// sort as text.
fn day_around(value: &Value, side: Side) -> Option<(Date, bool)> {
    let (day, says_all) = match value {
        Value::Timestamp(time) => {
            let (day, is_midnight) = (time.date(), time.time() == Time::midnight());
            match side {
                Side::AtLeast | Side::Over => (day, is_midnight && side == Side::AtLeast),
                Side::Under if is_midnight => (day, true),
                Side::Under | Side::AtMost => (day.tomorrow().ok()?, false),
            }
        }
        // Written with an offset, a moment can be of the day before or after.
        Value::TimestampTz(moment) => {
            let day = TimeZone::UTC.to_datetime(*moment).date();
            (day.checked_add(if side.is_lower() { -2 } else { 3 }.days()).ok()?, false)
        }
        _ => return None,
    };
    (day.year() >= 0).then_some((day, says_all))
}

/// The first and the last time of whole units of so many nanoseconds that are not before and not after a value.
fn whole_units(value: &Value, unit: i128) -> Option<(Value, Value)> {
    let around = |moment: Timestamp| {
        let nanos = moment.as_nanosecond();
        let low = Timestamp::from_nanosecond(-(-nanos).div_euclid(unit) * unit).ok()?;
        let high = Timestamp::from_nanosecond(nanos.div_euclid(unit) * unit).ok()?;
        Some((low, high))
    };
    match value {
        Value::Timestamp(time) => {
            let (low, high) = around(TimeZone::UTC.to_timestamp(*time).ok()?)?;
            let civil = |moment| -> DateTime { TimeZone::UTC.to_datetime(moment) };
            Some((Value::Timestamp(civil(low)), Value::Timestamp(civil(high))))
        }
        Value::TimestampTz(moment) => {
            let (low, high) = around(*moment)?;
            Some((Value::TimestampTz(low), Value::TimestampTz(high)))
        }
        _ => None,
    }
}
