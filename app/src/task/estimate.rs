//! How fast a task goes and how long it still takes, where that can honestly be said.

use std::collections::VecDeque;

/// Observations kept; at one every second or two they span the recent past.
const KEPT: usize = 8;
/// A shorter span says too little of what is to come.
const SHORTEST_SPAN_MS: u64 = 3000;
/// A shorter span says too little of the pace.
const SHORTEST_PACE_SPAN_MS: u64 = 1000;

/// The recent course of a task's progress, by the server's clock.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimate {
    seen: VecDeque<(u64, u64)>,
}

impl Estimate {
    /// Notes that at `now_ms` so many rows were done. A count that went back starts the observation anew.
    pub fn observe(&mut self, now_ms: u64, done: u64) {
        if self.seen.back().is_some_and(|(at, before)| now_ms < *at || done < *before) {
            self.seen.clear();
        }
        if self.seen.back().is_some_and(|(at, _)| *at == now_ms) {
            return;
        }
        if self.seen.len() == KEPT {
            self.seen.pop_front();
        }
        self.seen.push_back((now_ms, done));
    }

    /// Seconds until `total` is reached, or `None` while the pace is unknown or unsteady: the second half of
    /// what was seen must be no more than twice as fast or as slow as the first.
    pub fn remaining_seconds(&self, total: u64) -> Option<u64> {
        let (first, last) = (*self.seen.front()?, *self.seen.back()?);
        let middle = *self.seen.get(self.seen.len() / 2)?;
        if self.seen.len() < 4 || last.0 - first.0 < SHORTEST_SPAN_MS || last.1 > total {
            return None;
        }
        let (early, late) = (pace(first, middle)?, pace(middle, last)?);
        if early > late * 2.0 || late > early * 2.0 {
            return None;
        }
        let seconds = (total - last.1) as f64 / pace(first, last)?;
        Some(seconds.round() as u64)
    }

    /// Rows a second over what was seen, to two digits, so that it does not flicker; `None` while nothing is known or moves.
    pub fn rows_per_second(&self) -> Option<u64> {
        let (first, last) = (*self.seen.front()?, *self.seen.back()?);
        if last.0 - first.0 < SHORTEST_PACE_SPAN_MS {
            return None;
        }
        let rows = pace(first, last)?.round() as u64;
        let step = 10_u64.pow(rows.max(1).ilog10().saturating_sub(1));
        Some((rows + step / 2) / step * step).filter(|rows| *rows > 0)
    }
}

/// Rows a second between two observations; `None` where nothing moved.
fn pace(from: (u64, u64), to: (u64, u64)) -> Option<f64> {
    let (ms, rows) = (to.0 - from.0, to.1 - from.1);
    (ms > 0 && rows > 0).then(|| rows as f64 * 1000.0 / ms as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_steady_pace_is_believed() {
        for (seen, want) in [
            (vec![], None),
            (vec![(0, 0), (1000, 100)], None),
            (vec![(0, 0), (500, 50), (1000, 100), (1500, 150)], None),
            (vec![(0, 0), (1000, 100), (2000, 200), (4000, 400)], Some(6)),
            (vec![(0, 0), (1000, 10), (2000, 20), (4000, 400)], None),
            (vec![(0, 0), (1000, 100), (2000, 200), (4000, 200)], None),
            // A worker died and another started over.
            (vec![(0, 0), (1000, 100), (2000, 200), (4000, 400), (5000, 10)], None),
            (vec![(0, 0), (1000, 500), (2000, 900), (4000, 1500)], None),
        ] {
            let mut estimate = Estimate::default();
            for (now_ms, done) in &seen {
                estimate.observe(*now_ms, *done);
            }
            assert_eq!(estimate.remaining_seconds(1000), want, "{seen:?}");
        }
    }

    #[test]
    fn the_pace_is_told_in_two_digits() {
        for (seen, want) in [
            (vec![], None),
            (vec![(0, 0)], None),
            (vec![(0, 0), (900, 900)], None),
            (vec![(0, 0), (1000, 0)], None),
            (vec![(0, 0), (10_000, 4)], None),
            (vec![(0, 0), (1000, 7)], Some(7)),
            (vec![(0, 0), (1000, 12_449)], Some(12_000)),
            (vec![(0, 0), (2000, 249_000)], Some(120_000)),
            (vec![(0, 0), (1000, 99_700)], Some(100_000)),
        ] {
            let mut estimate = Estimate::default();
            for (now_ms, done) in &seen {
                estimate.observe(*now_ms, *done);
            }
            assert_eq!(estimate.rows_per_second(), want, "{seen:?}");
        }
    }
}
