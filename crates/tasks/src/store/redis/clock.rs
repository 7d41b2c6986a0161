//! The server's time without asking for it each time.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::entity::Timestamp;

/// How long an answer counts: the clocks of two machines drift apart by a tenth of a millisecond in it at most.
const COUNTS_FOR: Duration = Duration::from_secs(1);

/// What the server's clock told last, and when that was by ours, which nobody can set. Good enough to be shown and to tell
/// whether a deadline has passed; whatever changes a task uses the time of the server's own answer.
#[derive(Debug, Default)]
pub(super) struct ServerClock(Mutex<Option<(Instant, Timestamp)>>);

impl ServerClock {
    /// The server has just told its time.
    pub(super) fn note(&self, told: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), told));
    }

    /// The server's time now, behind it by no more than an answer takes; `None` if it has not told it lately.
    pub(super) fn estimate(&self) -> Option<Timestamp> {
        let (at, told) = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        let since = at.elapsed();
        (since < COUNTS_FOR).then(|| told.plus(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_for_a_while() {
        let clock = ServerClock::default();
        assert_eq!(clock.estimate(), None);
        clock.note(Timestamp::from_millis(5_000));
        let estimate = clock.estimate().expect("just told");
        assert!(estimate >= Timestamp::from_millis(5_000) && estimate < Timestamp::from_millis(6_000));
        let long_ago = Instant::now().checked_sub(COUNTS_FOR).expect("the machine runs for a second");
        *clock.0.lock().expect("not poisoned") = Some((long_ago, Timestamp::from_millis(5_000)));
        assert_eq!(clock.estimate(), None);
    }
}
