//! Plays the people: each order is registered, watched, perhaps cancelled, and cleared.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use longshore_protocol::TaskId;
use longshore_tasks::Task;
use tokio::time::Instant;

use super::door::Door;
use crate::order::{Order, Sent};
use crate::timing::wall_ms;
use crate::wire::{Answer, Request};

/// The shortest pause between two looks at a task.
const LOOK: Duration = Duration::from_millis(400);
/// What each task that is watched adds to that pause, so that all together do not look more often than so many a second.
const LOOK_EACH: Duration = Duration::from_millis(6);

/// What one order came to, as its owner saw it.
#[derive(Debug)]
pub struct Account {
    /// The order.
    pub order: Order,
    /// Every task that was named to it; there must be one.
    pub tasks: BTreeSet<TaskId>,
    /// Whether a wish to stop it was granted.
    pub cancelled: bool,
    /// The task when it had ended.
    pub end: Option<Task>,
    /// When that was seen, by the machine's clock.
    pub seen_at: u64,
    /// Looks that found no such task although it had been acknowledged.
    pub vanished: bool,
    /// Whether the slot was still its own after it was cleared.
    pub kept_its_slot: bool,
}

/// Counts what is on its way.
#[derive(Debug, Default)]
pub struct Progress {
    /// Orders acknowledged.
    pub acknowledged: AtomicU64,
    /// Orders whose end was seen.
    pub ended: AtomicU64,
}

impl Progress {
    /// Orders that are watched.
    pub fn watched(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed).saturating_sub(self.ended.load(Ordering::Relaxed))
    }
}

/// Sees one order through, until its task has ended. The caller bounds the time, and finds in `account` what is known.
pub async fn see_through(
    door: Door,
    account: Arc<tokio::sync::Mutex<Account>>,
    begin: Duration,
    progress: Arc<Progress>,
) {
    tokio::time::sleep(begin).await;
    let order = account.lock().await.order.clone();
    let tasks = register(&door, &order).await;
    let Some(id) = tasks.first().cloned() else { return };
    account.lock().await.tasks = tasks;
    progress.acknowledged.fetch_add(1, Ordering::Relaxed);
    let cancel_at = order.cancel_after_ms.map(|millis| Instant::now() + Duration::from_millis(millis));
    let mut cancel_at = cancel_at;
    loop {
        let load = LOOK_EACH * u32::try_from(progress.watched()).unwrap_or(u32::MAX);
        let pause =
            cancel_at.map_or(LOOK + load, |at| at.saturating_duration_since(Instant::now()).min(LOOK + load));
        tokio::time::sleep(pause).await;
        if cancel_at.is_some_and(|at| Instant::now() >= at) {
            cancel_at = None;
            let answered = door.insist(&Request::Cancel(id.clone())).await;
            account.lock().await.cancelled = matches!(answered, Answer::Done);
        }
        match door.insist(&Request::Load(id.clone())).await {
            Answer::Loaded(Some(task)) if task.state.is_final() => {
                let mut account = account.lock().await;
                account.end = Some(*task);
                account.seen_at = wall_ms();
                break;
            }
            Answer::Loaded(Some(_)) => {}
            _ => {
                account.lock().await.vanished = true;
                break;
            }
        }
    }
    if order.cleared {
        door.insist(&Request::Clear(id.clone())).await;
        let holder = door.insist(&Request::Holder(Box::new(order))).await;
        account.lock().await.kept_its_slot = !matches!(holder, Answer::Holder(None));
    }
    progress.ended.fetch_add(1, Ordering::Relaxed);
}

async fn register(door: &Door, order: &Order) -> BTreeSet<TaskId> {
    let request = Request::Register(Box::new(order.clone()));
    let answers = match order.sent {
        Sent::Once => vec![door.insist(&request).await],
        Sent::Twice => vec![door.insist(&request).await, door.insist(&request).await],
        Sent::TwiceAtOnce => {
            let (first, second) = tokio::join!(door.insist(&request), door.insist(&request));
            vec![first, second]
        }
    };
    let named = answers.into_iter().filter_map(|answer| match answer {
        Answer::Registered(id) => Some(id),
        _ => None,
    });
    named.collect()
}
