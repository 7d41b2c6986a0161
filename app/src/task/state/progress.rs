//! Progress as it is shown: calm, never backwards, and silent about what is not known.

use longshore_protocol::{TaskView, Unit};

use crate::task::estimate::Estimate;

/// A task that ends sooner shows no bar, so that nothing flashes.
const BAR_AFTER_MS: u64 = 1000;
/// Screen readers hear of progress no more often.
const ANNOUNCE_EVERY_MS: u64 = 15_000;

/// How far a task has come, as it is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShownProgress {
    /// Whether the task runs for long enough to show a bar.
    pub visible: bool,
    /// Units done; never less than before in the same unit.
    pub done: u64,
    /// Units in all, where known; an estimate that may be passed.
    pub total: Option<u64>,
    /// What is counted.
    pub unit: Unit,
    /// How full the bar is, 0 to 1; `None` where the total is not known. Never less than before.
    pub fraction: Option<f64>,
    /// Roughly how long the rows still take, while the pace is steady.
    pub remaining_seconds: Option<u64>,
    /// How many rows go through in a second, once that is known.
    pub rows_per_second: Option<u64>,
    estimate: Estimate,
    quarter_announced: u8,
    announced_at_ms: u64,
}

impl ShownProgress {
    /// A bar that is so full, for what is no task; `None` where that is not known.
    pub fn of(fraction: Option<f64>) -> ShownProgress {
        ShownProgress { fraction, visible: true, ..ShownProgress::default() }
    }

    /// Takes over what the task says; answers with the percentage to announce, if any.
    pub fn observe(&mut self, task: &TaskView, now_ms: u64) -> Option<u8> {
        let progress = task.progress;
        if progress.unit != self.unit {
            self.done = 0;
        }
        self.unit = progress.unit;
        self.done = self.done.max(progress.done);
        self.total = progress.total;
        self.visible = self.visible
            || task.server_now.saturating_sub(task.registered_at) >= BAR_AFTER_MS && !task.phase.is_final();
        if self.unit == Unit::Bytes {
            // The rows are all read: the bar stays where they have brought it.
            self.remaining_seconds = None;
            self.rows_per_second = None;
            return None;
        }
        let known = self.total.filter(|total| *total > 0);
        let fraction = known.map(|total| (self.done as f64 / total as f64).min(1.0));
        self.fraction = match (self.fraction, fraction) {
            (Some(before), Some(now)) => Some(before.max(now)),
            (before, now) => now.or(before),
        };
        self.estimate.observe(task.server_now, progress.done);
        self.remaining_seconds = known.and_then(|total| self.estimate.remaining_seconds(total));
        self.rows_per_second = self.estimate.rows_per_second().filter(|_| self.unit == Unit::Rows);
        self.quarter(now_ms)
    }

    /// How full the bar is in whole percent.
    pub fn percent(&self) -> Option<u64> {
        self.fraction.map(|fraction| (fraction * 100.0) as u64)
    }

    fn quarter(&mut self, now_ms: u64) -> Option<u8> {
        let quarter = (self.fraction? * 4.0) as u8;
        if self.announced_at_ms == 0 {
            // The start has just been announced.
            self.announced_at_ms = now_ms;
            self.quarter_announced = quarter;
        }
        let due = now_ms.saturating_sub(self.announced_at_ms) >= ANNOUNCE_EVERY_MS;
        if quarter <= self.quarter_announced || quarter >= 4 || !due {
            return None;
        }
        self.quarter_announced = quarter;
        self.announced_at_ms = now_ms;
        Some(quarter * 25)
    }
}
