//! Between what takes rows out of a file and who wants them: batches, stopping, and the time allowed.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::rows::{Rows, too_big};
use super::{CellBatch, Limit, ReadError, ReadLimits};

/// Whether to go on.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
    started: Instant,
    time: Option<Duration>,
}

impl Watch {
    pub(super) fn new(stop: &Arc<AtomicBool>, limits: &ReadLimits) -> Watch {
        Watch { stop: Arc::clone(stop), started: Instant::now(), time: limits.time }
    }

    /// Fails once the flag is set or the time is over.
    pub(super) fn check(&self) -> Result<(), ReadError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(ReadError::Stopped);
        }
        match self.time {
            Some(time) if self.started.elapsed() > time => {
                Err(too_big(Limit::Seconds, time.as_secs(), self.started.elapsed().as_secs()))
            }
            _ => Ok(()),
        }
    }
}

/// Takes rows, and hands them on in batches.
pub(super) struct Feed<'a> {
    /// The cells of the row that is being read.
    pub(super) rows: Rows,
    pub(super) watch: Watch,
    rows_per_batch: usize,
    /// About how many rows there are, where the file tells.
    pub(super) row_count_hint: Option<u64>,
    sink: &'a mut dyn FnMut(CellBatch) -> ControlFlow<()>,
}

impl<'a> Feed<'a> {
    pub(super) fn new(
        limits: &ReadLimits,
        watch: Watch,
        rows_per_batch: usize,
        sink: &'a mut dyn FnMut(CellBatch) -> ControlFlow<()>,
    ) -> Feed<'a> {
        Feed { rows: Rows::new(limits), watch, rows_per_batch, row_count_hint: None, sink }
    }

    /// Begins the row with that number in the file, from 1; the rows before it may leave.
    #[inline]
    pub(super) fn begin_row(&mut self, number: u32) -> Result<(), ReadError> {
        self.hand_on_parted()?;
        if self.rows.is_full(self.rows_per_batch) && self.hand_on()?.is_break() {
            return Err(ReadError::Stopped);
        }
        self.rows.begin_row(number);
        Ok(())
    }

    /// Hands on the last rows.
    pub(super) fn finish(&mut self) -> Result<(), ReadError> {
        self.hand_on_parted()?;
        // Who wants no more after the last rows has had all.
        self.hand_on().map(|_| ())
    }

    /// Hands on rows that are to be so before the others.
    #[inline]
    fn hand_on_parted(&mut self) -> Result<(), ReadError> {
        let Some(batch) = self.rows.parted() else { return Ok(()) };
        if (self.sink)(batch).is_break() { Err(ReadError::Stopped) } else { Ok(()) }
    }

    fn hand_on(&mut self) -> Result<ControlFlow<()>, ReadError> {
        self.watch.check()?;
        let Some(batch) = self.rows.take()? else {
            return Ok(ControlFlow::Continue(()));
        };
        Ok((self.sink)(batch))
    }
}
