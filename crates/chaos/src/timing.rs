//! The pace of a run: as in production but for the scale, so that thousands of tasks meet hundreds of faults in minutes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use longshore_tasks::{WorkerSettings, worker};

/// How long a lease lasts unless renewed; longer than a call is repeated by the store itself, as in production.
pub const LEASE: Duration = Duration::from_secs(5);
/// How often leases are renewed.
pub const BEAT: Duration = Duration::from_millis(500);
/// How long a node may take to stop when it is asked to.
pub const DRAIN: Duration = Duration::from_secs(2);
/// Time from registration to the deadline for tasks that are not meant to meet it.
pub const TIME_LIMIT: Duration = Duration::from_secs(24 * 3600);
/// How long records are kept; the run ends with a look from beyond it.
pub const RETENTION: Duration = Duration::from_secs(48 * 3600);
/// From where the end of all retentions is looked back at.
pub const BEYOND_RETENTION: Duration = Duration::from_secs(10 * 24 * 3600);

/// The settings of a node's worker and reaper. One node alone has as many places as three together.
pub fn worker_settings(name: &str, is_alone: bool) -> worker::WorkerSettings {
    WorkerSettings {
        concurrency: if is_alone { 24 } else { 8 },
        lease: LEASE,
        beat: BEAT,
        progress_beat: Duration::from_millis(200),
        poll: Duration::from_millis(100),
        reap_interval: Duration::from_millis(500),
        drain: DRAIN,
        retry_pause: Duration::from_millis(200),
        ..WorkerSettings::named(name)
    }
}

/// The wall clock of this machine, in milliseconds since the Unix epoch. Nobody shifts it, so that journals of several
/// processes can be compared.
pub fn wall_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}
