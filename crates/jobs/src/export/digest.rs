//! A fingerprint of rows, by which a run that takes over knows that a finished part is still true.
//!
//! It guards against change, not against malice: XXH3 with 128 bits, whose speed costs an export nothing.

use arrow_array::{Array, RecordBatch};
use xxhash_rust::xxh3::Xxh3;

/// The fingerprint of all rows since it was made or taken.
#[derive(Default)]
pub(super) struct RowsDigest(Box<Xxh3>);

impl RowsDigest {
    /// Adds the rows of a batch as a source yields it. The same rows in batches of other sizes make another fingerprint.
    pub(super) fn add(&mut self, batch: &RecordBatch) {
        self.0.update(&batch.num_rows().to_le_bytes());
        for column in batch.columns() {
            let data = column.to_data();
            if let Some(nulls) = data.nulls() {
                self.0.update(&nulls.null_count().to_le_bytes());
                self.0.update(nulls.validity());
            }
            for buffer in data.buffers() {
                self.0.update(&buffer.len().to_le_bytes());
                self.0.update(buffer.as_slice());
            }
        }
    }

    /// The fingerprint as hexadecimal digits; what is added next counts for another one.
    pub(super) fn take(&mut self) -> String {
        let digest = self.0.digest128();
        self.0.reset();
        format!("{digest:032x}")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, StringArray};

    use super::*;

    fn digest(texts: &[Option<&str>], numbers: &[Option<i64>]) -> String {
        let texts: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        let numbers: ArrayRef = Arc::new(Int64Array::from(numbers.to_vec()));
        let batch = RecordBatch::try_from_iter([("a", texts), ("b", numbers)]).expect("fits");
        let mut digest = RowsDigest::default();
        digest.add(&batch);
        digest.take()
    }

    #[test]
    fn rows_that_differ_anywhere_have_another_fingerprint() {
        let first = digest(&[Some("ab"), Some("c")], &[Some(1), None]);
        assert_eq!(first, digest(&[Some("ab"), Some("c")], &[Some(1), None]));
        for (texts, numbers) in [
            ([Some("a"), Some("bc")], [Some(1), None]),
            ([Some("ab"), Some("c")], [Some(1), Some(0)]),
            ([Some("ab"), Some("c")], [None, Some(1)]),
            ([Some("ab"), None], [Some(1), None]),
            ([Some("ab"), Some("d")], [Some(1), None]),
        ] {
            assert_ne!(first, digest(&texts, &numbers), "{texts:?} {numbers:?}");
        }
    }

    #[test]
    fn taking_starts_anew() {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let batch = RecordBatch::try_from_iter([("a", column)]).expect("fits");
        let mut digest = RowsDigest::default();
        digest.add(&batch);
        let first = digest.take();
        digest.add(&batch);
        assert_eq!(digest.take(), first);
    }
}
