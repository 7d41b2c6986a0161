//! When to ask for a task's status again.

use std::time::Duration;

/// The longest wait that errors lead to, and the wait of a tab nobody sees.
const LONGEST: Duration = Duration::from_secs(30);

/// What the next wait depends on.
#[derive(Clone, Copy, Debug)]
pub struct Situation {
    /// Since the task, or the page that shows it, was started.
    pub elapsed: Duration,
    /// Answers missed in a row.
    pub failures: u32,
    /// Nobody sees the tab.
    pub hidden: bool,
    /// The server's wish.
    pub hint: Option<Duration>,
    /// From 0 up to but without 1; spreads the tabs of many people over time.
    pub random: f64,
}

/// The wait until the next question: 1 s for the first 5 s, 2 s until 30 s, 5 s until 5 min, then 10 s, each
/// up to a fifth shorter or longer. Errors double it up to 30 s. The hint of the server's last answer wins, be it an
/// error or not, and is taken as it is; only a hidden tab, which asks every 30 s, waits longer than that.
pub fn wait(situation: Situation) -> Duration {
    let Situation { elapsed, failures, hidden, hint, random } = situation;
    if let Some(hint) = hint {
        return if hidden { hint.max(LONGEST) } else { hint };
    }
    let base = match elapsed.as_secs() {
        _ if hidden => LONGEST,
        0..5 => Duration::from_secs(1),
        5..30 => Duration::from_secs(2),
        30..300 => Duration::from_secs(5),
        _ => Duration::from_secs(10),
    };
    let doubled = base.saturating_mul(1 << failures.min(5)).min(LONGEST);
    doubled.mul_f64(0.8 + 0.4 * random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_is_kept() {
        let calm = Situation { elapsed: Duration::ZERO, failures: 0, hidden: false, hint: None, random: 0.5 };
        let at = |seconds| Situation { elapsed: Duration::from_secs(seconds), ..calm };
        let hint = |ms| Some(Duration::from_millis(ms));
        for (situation, want_ms) in [
            (at(0), 1000),
            (at(4), 1000),
            (at(5), 2000),
            (at(29), 2000),
            (at(30), 5000),
            (at(299), 5000),
            (at(300), 10_000),
            (at(90_000), 10_000),
            (Situation { random: 0.0, ..at(0) }, 800),
            (Situation { random: 1.0, ..at(0) }, 1200),
            (Situation { hidden: true, ..at(0) }, 30_000),
            (Situation { hint: hint(250), ..at(400) }, 250),
            (Situation { hint: hint(250), random: 0.0, ..at(0) }, 250),
            (Situation { hint: hint(250), hidden: true, ..at(0) }, 30_000),
            (Situation { hint: hint(60_000), hidden: true, ..at(0) }, 60_000),
            (Situation { failures: 1, ..at(0) }, 2000),
            (Situation { failures: 2, ..at(10) }, 8000),
            (Situation { failures: 5, ..at(0) }, 30_000),
            (Situation { failures: 1, ..at(400) }, 20_000),
            (Situation { failures: 4_000_000_000, ..at(0) }, 30_000),
            (Situation { failures: 3, hint: hint(5000), ..at(0) }, 5000),
        ] {
            assert_eq!(wait(situation).as_millis(), want_ms, "{situation:?}");
        }
    }
}
