//! The one table that is printed, as Markdown.

use std::fmt;
use std::time::Duration;

use crate::samples::Percentiles;

/// One line of the table.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// Where the tasks were.
    pub store: &'static str,
    /// The figure, where it is not a duration.
    pub figure: String,
    /// How long it took.
    pub took: Option<Percentiles>,
    /// What else is to be known.
    pub note: String,
}

/// All lines.
#[derive(Clone, Debug, Default)]
pub struct Table(Vec<Row>);

impl Table {
    /// Adds a line, and tells it at once to whoever waits for the table.
    pub fn push(&mut self, row: Row) {
        eprintln!("    {row}");
        self.0.push(row);
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let took = |part: fn(&Percentiles) -> Duration| {
            self.took.as_ref().map(|took| millis(part(took))).unwrap_or_default()
        };
        write!(
            f,
            "| {} | {} | {} | {} | {} | {} | {} |",
            self.what,
            self.store,
            self.figure,
            took(|took| took.p50),
            took(|took| took.p99),
            took(|took| took.max),
            self.note
        )
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| measured | store | figure | p50 ms | p99 ms | max ms | note |")?;
        writeln!(f, "|---|---|--:|--:|--:|--:|---|")?;
        self.0.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

/// Milliseconds, as exact as is of interest.
fn millis(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() * 1000.0)
}

/// A whole number with its thousands apart.
pub fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.max(0.0));
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many a second.
pub fn rate(count: u64, took: Duration) -> String {
    format!("{}/s", grouped(count as f64 / took.as_secs_f64().max(f64::EPSILON)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        for (number, text) in [(0.0, "0"), (999.4, "999"), (1000.0, "1,000"), (1_234_567.0, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(rate(3000, Duration::from_millis(1500)), "2,000/s");
    }
}
