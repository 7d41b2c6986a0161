//! Who may change a draft, and look at a file, at the moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, Semaphore, SemaphorePermit};

/// Files that a process looks at side by side: each may take some hundreds of MiB for its moment.
const LOOKS_AT_ONCE: usize = 2;

/// Lets calls about the same draft, and looks at files, take turns in this process.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    drafts: Arc<Mutex<HashMap<String, Weak<AsyncMutex<()>>>>>,
    looks: Arc<Semaphore>,
}

impl Default for Turns {
    fn default() -> Turns {
        Turns { drafts: Arc::default(), looks: Arc::new(Semaphore::new(LOOKS_AT_ONCE)) }
    }
}

impl Turns {
    /// Waits until nobody else here changes the draft of this key, and keeps others waiting until the guard goes.
    pub(super) async fn of_draft(&self, key: &str) -> OwnedMutexGuard<()> {
        let turn = {
            // Whoever panicked with it has left a map, which is as good as any.
            let mut drafts = self.drafts.lock().unwrap_or_else(PoisonError::into_inner);
            match drafts.get(key).and_then(Weak::upgrade) {
                Some(turn) => turn,
                None => {
                    drafts.retain(|_, turn| turn.strong_count() > 0);
                    let turn = Arc::<AsyncMutex<()>>::default();
                    drafts.insert(key.to_owned(), Arc::downgrade(&turn));
                    turn
                }
            }
        };
        turn.lock_owned().await
    }

    /// Waits until a file may be looked at. `None` never comes: the places are never closed.
    pub(super) async fn to_look(&self) -> Option<SemaphorePermit<'_>> {
        self.looks.acquire().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_draft_has_one_turn_and_others_do_not_wait() {
        let turns = Turns::default();
        let first = turns.of_draft("a").await;
        let _other = turns.of_draft("b").await;
        let second = turns.of_draft("a");
        let mut second = std::pin::pin!(second);
        assert!(futures::poll!(second.as_mut()).is_pending());
        drop(first);
        let second = second.await;
        drop(second);
        let _third = turns.of_draft("c").await;
        assert!(
            !turns.drafts.lock().expect("nobody panicked").contains_key("a"),
            "what nobody waits for is forgotten"
        );
    }

    #[tokio::test]
    async fn only_some_look_at_once() {
        let turns = Turns::default();
        let mut looking = Vec::new();
        for _ in 0..LOOKS_AT_ONCE {
            looking.push(turns.to_look().await);
        }
        let mut next = std::pin::pin!(turns.to_look());
        assert!(futures::poll!(next.as_mut()).is_pending());
        looking.pop();
        assert!(next.await.is_some());
    }
}
