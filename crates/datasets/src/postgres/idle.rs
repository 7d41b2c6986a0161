//! Connections that are kept for some seconds when they are no longer needed: the parts of an import, one after the other, and the
//! pages of a list need not connect each, which takes a handshake of four messages and a new process of the server.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connect::Parts;

/// How long a connection is kept.
const KEPT_FOR: Duration = Duration::from_secs(5);
/// Connections that are kept at a time, whatever their addresses.
const KEPT_MAX: usize = 8;
/// How often it is looked for those that have been kept long enough.
const LOOK: Duration = Duration::from_secs(1);

struct Idle {
    url: String,
    parts: Parts,
    since: Instant,
}

/// Those that are kept, and whether a thread is looking after them.
struct Kept {
    idle: Vec<Idle>,
    is_tended: bool,
}

static KEPT: Mutex<Kept> = Mutex::new(Kept { idle: Vec::new(), is_tended: false });

fn kept() -> MutexGuard<'static, Kept> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection to the server at `url` that nobody uses; it may be broken by now.
pub(super) fn take(url: &str) -> Option<Parts> {
    let mut kept = kept();
    // The one that was used last, so that the others go.
    let place = kept.idle.iter().rposition(|idle| idle.url == url)?;
    Some(kept.idle.remove(place).parts)
}

/// Keeps a connection that is in no transaction, in place of the oldest where there are many.
pub(super) fn keep(url: &str, parts: Parts) {
    let mut kept = kept();
    let oldest = (kept.idle.len() >= KEPT_MAX).then(|| kept.idle.remove(0));
    kept.idle.push(Idle { url: url.to_owned(), parts, since: Instant::now() });
    if !kept.is_tended {
        let tending = std::thread::Builder::new().name("postgres-idle".to_owned()).spawn(tend);
        kept.is_tended = tending.is_ok();
    }
    drop(kept);
    // Takes leave of the server, which is waited for.
    drop(oldest);
}

/// Leaves servers whose connections nobody has asked for, until there are none.
fn tend() {
    loop {
        std::thread::sleep(LOOK);
        let mut kept = kept();
        let old = kept.idle.extract_if(.., |idle| idle.since.elapsed() >= KEPT_FOR).collect::<Vec<_>>();
        kept.is_tended = !kept.idle.is_empty();
        let is_over = !kept.is_tended;
        drop(kept);
        drop(old);
        if is_over {
            return;
        }
    }
}
