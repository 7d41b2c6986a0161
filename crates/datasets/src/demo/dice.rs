//! Chance that is the same every time.

use std::fmt::{self, Display};

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};

/// A small random generator, SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators", 2014). Written out here because the generators of the `rand` crate may change with
/// its version, and with them the shop.
pub(super) struct Dice(u64);

impl Dice {
    /// The dice of one row, independent of all other rows and tables.
    pub(super) fn for_row(table: &str, row: u64) -> Dice {
        // FNV-1a of the table's name.
        let seed = table.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
        let mut dice = Dice(seed ^ row.wrapping_mul(0xd605_bbb5_8c8a_bbd5));
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to but not `limit`; 0 where the limit is 0.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        // The high half of the product; its bias is far below what a demo could show.
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of the entries, which must not be empty.
    pub(super) fn pick<T: Copy>(&mut self, entries: &[T]) -> T {
        entries[self.below(entries.len() as u64) as usize]
    }

    /// So many decimal digits.
    pub(super) fn digits(&mut self, count: u32) -> Digits {
        Digits { value: self.below(10_u64.pow(count)), count }
    }
}

/// Digits with their leading zeros.
pub(super) struct Digits {
    value: u64,
    count: u32,
}

impl Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.value, width = self.count as usize)
    }
}

/// The day so many days after another.
pub(super) fn days_after(start: Date, days: u64) -> Date {
    start.saturating_add(SignedDuration::from_hours(24 * days.cast_signed()))
}

/// The moment so many seconds after the start of a day.
pub(super) fn seconds_after(start: Date, seconds: u64) -> DateTime {
    start.at(0, 0, 0, 0).saturating_add(SignedDuration::from_secs(seconds.cast_signed()))
}

/// A moment as the tables keep it: `YYYY-MM-DD HH:MM:SS`.
pub(super) fn sql_moment(moment: DateTime) -> String {
    format!("{} {}", moment.date(), moment.time())
}
