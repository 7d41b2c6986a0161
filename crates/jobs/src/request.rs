//! What requests of all kinds have in common: fields to check, and the order they become.

use jiff::tz::TimeZone;
use longshore_protocol::{Problem, ProblemKind};
use longshore_tasks::Timestamp;
use longshore_tasks::entity::Payload;

/// Characters an idempotency key may have.
const KEY_CHARS_MAX: usize = 64;

/// A checked request, ready to be registered.
pub struct CheckedOrder {
    /// The task's payload.
    pub payload: Payload,
    /// The key of the client's name for the request.
    pub idempotency_key: Option<String>,
}

/// The time zone of that name; UTC where it is empty or unknown.
pub(crate) fn check_zone(name: &str, problems: &mut Vec<Problem>) -> TimeZone {
    if name.is_empty() {
        return TimeZone::UTC;
    }
    TimeZone::get(name).unwrap_or_else(|_| {
        let kind = ProblemKind::UnknownTimeZone { name: name.chars().take(40).collect() };
        problems.push(Problem { field: "time_zone".to_owned(), kind });
        TimeZone::UTC
    })
}

/// The zone of a request that was checked; UTC where it is empty or no longer known.
pub(crate) fn zone_of(name: &str) -> TimeZone {
    check_zone(name, &mut Vec::new())
}

/// The client's name for its request, where it gives one. Marked as such: the runner has keys of its own, which no client
/// can take.
pub(crate) fn check_key(key: &str, problems: &mut Vec<Problem>) -> Option<String> {
    if key.chars().count() > KEY_CHARS_MAX {
        let kind = ProblemKind::TooLong { limit: KEY_CHARS_MAX as u32 };
        problems.push(Problem { field: "idempotency_key".to_owned(), kind });
    }
    (!key.is_empty()).then(|| format!("request {key}"))
}

/// The store's time for what tells local time.
pub(crate) fn moment(now: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(now.as_millis().cast_signed()).unwrap_or_default()
}
