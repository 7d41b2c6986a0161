//! Staged rows on their way to whoever checks them, where that is the process that has staged them: it need not read them again.
//!
//! Rows of a key are the same whoever has staged them, so that it does not matter whether they come from here or from the file store,
//! where all of them are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;

/// Bytes of rows that wait at most; those that come later are to be read.
const BYTES_MAX: usize = 4 << 20;
/// How long rows wait: other processes check chunks as well.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Rows that wait. Clones are of the same.
#[derive(Clone, Debug, Default)]
pub struct HandOver(Arc<Mutex<Vec<Waiting>>>);

#[derive(Debug)]
struct Waiting {
    key: String,
    batches: Vec<RecordBatch>,
    bytes: usize,
    since: Instant,
}

impl HandOver {
    /// Has rows wait for whoever takes those of `key`, if there is room for them.
    pub(super) fn offer(&self, key: String, batches: Vec<RecordBatch>) {
        let bytes = batches.iter().map(RecordBatch::get_array_memory_size).sum();
        let mut all = self.all();
        all.retain(|waiting| waiting.key != key && waiting.since.elapsed() < WAIT_MAX);
        let waiting: usize = all.iter().map(|waiting| waiting.bytes).sum();
        if waiting + bytes <= BYTES_MAX {
            all.push(Waiting { key, batches, bytes, since: Instant::now() });
        }
    }

    /// The rows of that key, if they wait here.
    pub(super) fn take(&self, key: &str) -> Option<Vec<RecordBatch>> {
        let mut all = self.all();
        let at = all.iter().position(|waiting| waiting.key == key)?;
        Some(all.swap_remove(at).batches)
    }

    /// Lets go of the rows of all keys in a folder.
    pub(super) fn forget(&self, folder: &str) {
        self.all().retain(|waiting| !waiting.key.starts_with(folder));
    }

    fn all(&self) -> MutexGuard<'_, Vec<Waiting>> {
        // Whoever panicked with it has left a list, which is as good as any.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, StringArray};

    use super::*;

    fn batch(text: &str) -> RecordBatch {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![text]));
        RecordBatch::try_from_iter([("c0", texts)]).expect("fits")
    }

    #[test]
    fn rows_are_taken_once() {
        let rows = HandOver::default();
        rows.offer("a/0".to_owned(), vec![batch("one")]);
        rows.offer("a/1".to_owned(), vec![batch("two")]);
        rows.offer("a/1".to_owned(), vec![batch("two, once more")]);
        assert_eq!(rows.take("a/1"), Some(vec![batch("two, once more")]));
        assert_eq!(rows.take("a/1"), None);
        rows.forget("b/");
        assert_eq!(rows.clone().take("a/0"), Some(vec![batch("one")]));
    }

    #[test]
    fn what_there_is_no_room_for_does_not_wait() {
        let rows = HandOver::default();
        let half = batch(&"x".repeat(BYTES_MAX / 2 - 1000));
        for key in ["a/0", "a/1", "a/2"] {
            rows.offer(key.to_owned(), vec![half.clone()]);
        }
        assert!(rows.take("a/2").is_none());
        assert!(rows.take("a/1").is_some());
        rows.offer("b/0".to_owned(), vec![half.clone()]);
        rows.forget("a/");
        assert!(rows.take("a/0").is_none());
        assert!(rows.take("b/0").is_some());
    }
}
