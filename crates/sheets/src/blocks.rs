//! Rows on their way to the thread that makes a chunk of them.
//!
//! Where a block ends depends on the rows alone: on what they are estimated to take, since what they do take is known only when
//! the thread has written them.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;

/// Rows of a batch that are looked at in one go, so that even a huge batch takes little beside itself.
const PIECE_ROWS: usize = 4096;

/// A batch in pieces that share its memory.
pub(crate) fn pieces(batch: &RecordBatch) -> impl Iterator<Item = RecordBatch> + '_ {
    let starts = (0..batch.num_rows()).step_by(PIECE_ROWS);
    starts.map(|start| batch.slice(start, PIECE_ROWS.min(batch.num_rows() - start)))
}

/// Some of the rows of a piece, `P`.
pub(crate) struct Span<P> {
    pub(crate) piece: Arc<P>,
    pub(crate) rows: Range<usize>,
}

/// Rows that become a chunk.
pub(crate) struct Block<P> {
    spans: Vec<Span<P>>,
    estimate: usize,
}

impl<P> Block<P> {
    /// Without rows yet.
    pub(crate) fn new() -> Block<P> {
        Block { spans: Vec::new(), estimate: 0 }
    }

    /// Takes rows of a piece until there are `bytes_max` bytes, which is estimated, and gives where it has come to. `row_bytes` has
    /// the estimate of each row of the piece.
    pub(crate) fn take(
        &mut self,
        piece: &Arc<P>,
        rows: Range<usize>,
        row_bytes: &[u32],
        bytes_max: usize,
    ) -> usize {
        let mut end = rows.start;
        while end < rows.end && self.estimate < bytes_max {
            self.estimate += row_bytes[end] as usize;
            end += 1;
        }
        if end > rows.start {
            self.spans.push(Span { piece: Arc::clone(piece), rows: rows.start..end });
        }
        end
    }

    /// The bytes that it will take, about.
    pub(crate) fn estimate(&self) -> usize {
        self.estimate
    }

    pub(crate) fn spans(&self) -> &[Span<P>] {
        &self.spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_end_where_rows_say() {
        let row_bytes = [10, 20, 30, 40];
        let piece = Arc::new(());
        let mut ends = Vec::new();
        let mut block = Block::new();
        let mut at = 0;
        while at < 4 {
            // Two calls for what one could take make no difference.
            at = block.take(&piece, at..at + 1, &row_bytes, 30);
            if block.estimate() >= 30 {
                ends.push((at, block.estimate(), block.spans().len()));
                block = Block::new();
            }
        }
        assert_eq!(ends, [(2, 30, 2), (3, 30, 1), (4, 40, 1)]);
        assert_eq!(Block::new().take(&piece, 0..4, &row_bytes, 31), 3);
    }
}
