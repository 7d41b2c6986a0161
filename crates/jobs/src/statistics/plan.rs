//! The days of a task and its parts.

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use longshore_datasets::daily::Days;
use longshore_tasks::Task;
use serde::{Deserialize, Serialize};

/// Parts of one task at most.
const PARTS_MAX: i32 = 120;
/// Up to so many days in all, parts are shorter than a month, so that there is something to share.
const SHORT_DAYS_MAX: u32 = 92;
/// Days of such a part.
const SHORT_PART_DAYS: i32 = 7;

/// The days that a task counts: the parent's checkpoint, and a part of each child's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The first day.
    pub first: Date,
    /// The last day.
    pub last: Date,
}

impl Plan {
    /// The plan in a task's checkpoint, once it has one.
    pub(crate) fn of(task: &Task) -> Option<Plan> {
        task.cursor.as_ref()?.read().ok()
    }

    /// All days.
    pub fn days(self) -> Days {
        Days { first: self.first, last: self.last }
    }

    /// The days in parts, one after the other: some days each for a short time, else a month or as many months as
    /// keep them few.
    pub fn parts(self) -> Vec<Days> {
        let years = i32::from(self.last.year()) - i32::from(self.first.year());
        let months = years * 12 + i32::from(self.last.month()) - i32::from(self.first.month()) + 1;
        let is_short = self.days().count() <= SHORT_DAYS_MAX;
        // At least one, whatever the plan.
        let months_a_part: Span = ((months - 1) / PARTS_MAX + 1).months();
        let mut parts = Vec::new();
        let mut first = self.first;
        loop {
            let next = if is_short {
                first.checked_add(SHORT_PART_DAYS.days())
            } else {
                first.first_of_month().checked_add(months_a_part)
            };
            match next {
                Ok(next) if next <= self.last => {
                    parts.push(Days { first, last: next.saturating_sub(1.day()) });
                    first = next;
                }
                _ => {
                    parts.push(Days { first, last: self.last });
                    return parts;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_all_days_once_and_few() {
        for (first, last, count) in [
            ("2026-08-01", "2026-08-01", 1),
            ("2026-08-01", "2026-08-07", 1),
            ("2026-08-01", "2026-08-08", 2),
            ("2026-08-15", "2026-11-14", 14),
            ("2026-08-15", "2026-11-15", 4),
            ("2023-01-01", "2026-06-30", 42),
            ("2016-08-31", "2026-07-01", 120),
            ("2016-08-31", "2026-08-01", 61),
            ("0001-01-01", "9999-12-31", 120),
        ] {
            let parse = |day: &str| day.parse::<Date>().expect("a day");
            let plan = Plan { first: parse(first), last: parse(last) };
            let parts = plan.parts();
            assert_eq!(parts.len(), count, "{first} to {last}");
            assert_eq!((parts[0].first, parts[count - 1].last), (plan.first, plan.last));
            for pair in parts.windows(2) {
                assert_eq!(pair[0].last.tomorrow().expect("not the last"), pair[1].first);
            }
            assert_eq!(parts.iter().map(|part| part.count()).sum::<u32>(), plan.days().count());
        }
    }
}
