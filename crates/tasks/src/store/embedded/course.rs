//! The course of time in the store while the system's clock is set.
//!
//! Leases, delays and deadlines are moments of the store's time. If it stood still until a clock that was set back has caught up,
//! nothing that waits for its time would go on until then; if it went back, what was written before would lie in the future.
//! So it goes on from where it was, at half the speed until the clock has caught up.

/// What was told last, and how far the store's time is ahead of it.
#[derive(Debug, Default)]
pub(super) struct Course {
    told: u64,
    ahead: u64,
}

impl Course {
    /// The course of a store whose time has come to `latest`.
    pub(super) fn from(latest: u64) -> Course {
        Course { told: latest, ahead: 0 }
    }

    /// The store's time when the clock tells `told`; never less than at any call before.
    pub(super) fn at(&mut self, told: u64) -> u64 {
        if told < self.told {
            self.ahead += self.told - told;
            self.told = told;
        } else {
            let caught_up = self.ahead.min((told - self.told) / 2);
            self.ahead -= caught_up;
            // The half of a millisecond is not lost: it counts when it is a whole one.
            if caught_up > 0 || self.ahead == 0 {
                self.told = told;
            }
        }
        told + self.ahead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_when_the_clock_is_set_back() {
        let mut course = Course::default();
        for (told, expected) in
            [(2_000, 2_000), (1_000, 2_000), (1_100, 2_050), (1_101, 2_051), (1_102, 2_051), (4_000, 4_000)]
        {
            assert_eq!(course.at(told), expected, "{told}");
        }
    }

    #[test]
    fn time_goes_on_after_a_restart() {
        let mut course = Course::from(5_000);
        assert_eq!(course.at(3_000), 5_000);
        assert_eq!(course.at(4_000), 5_500);
        assert_eq!(Course::from(5_000).at(6_000), 6_000);
    }

    #[test]
    fn time_never_goes_back() {
        let mut course = Course::default();
        let mut last = 0;
        for step in 0..10_000u64 {
            // Jumps of all sizes, to and fro.
            let time = course.at(100_000 + step + (step * 7_919 % 61) * 500);
            assert!(time >= last, "{step}: {time} after {last}");
            last = time;
        }
    }
}
