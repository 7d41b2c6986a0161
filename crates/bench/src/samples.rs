//! Durations and what they come to.

use std::time::Duration;

/// Durations of one thing done many times.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<Duration>);

/// The percentiles of some samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentiles {
    /// Half of them took no longer.
    pub p50: Duration,
    /// 99 of 100 took no longer.
    pub p99: Duration,
    /// None took longer.
    pub max: Duration,
}

impl Samples {
    /// Adds one.
    pub fn push(&mut self, sample: Duration) {
        self.0.push(sample);
    }

    /// Adds those of another.
    pub fn extend(&mut self, other: Samples) {
        self.0.extend(other.0);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Their percentiles; `None` where there are none.
    pub fn percentiles(mut self) -> Option<Percentiles> {
        self.0.sort_unstable();
        let at = |share: f64| {
            let rank = (share * self.0.len() as f64).ceil() as usize;
            self.0.get(rank.saturating_sub(1)).copied()
        };
        Some(Percentiles { p50: at(0.5)?, p99: at(0.99)?, max: at(1.0)? })
    }
}

/// The middle one of some values; the upper one of the two in the middle where their number is even.
pub fn median<T: PartialOrd + Copy>(values: impl IntoIterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let mut samples = Samples::default();
        (1..=200).rev().for_each(|number| samples.push(Duration::from_millis(number)));
        let ms = Duration::from_millis;
        let expected = Percentiles { p50: ms(100), p99: ms(198), max: ms(200) };
        assert_eq!(samples.percentiles(), Some(expected));
        assert_eq!(Samples::default().percentiles(), None);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([1, 2]), Some(2));
        assert_eq!(median(Vec::<u8>::new()), None);
    }
}
