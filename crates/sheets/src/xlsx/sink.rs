//! The sink as the workbook sees it: it can be stopped, and it remembers what stopped it.

use std::io::{self, Write};
use std::sync::atomic::AtomicBool;

use crate::{SheetError, check_cancelled};

/// Passes bytes on until the cancellation flag is set or the sink fails, and keeps the reason,
/// because errors come back from the workbook wrapped or as text.
pub(super) struct WatchedSink<'a> {
    sink: Box<dyn Write + Send>,
    cancelled: &'a AtomicBool,
    stopped: Option<SheetError>,
}

impl<'a> WatchedSink<'a> {
    pub(super) fn new(sink: Box<dyn Write + Send>, cancelled: &'a AtomicBool) -> WatchedSink<'a> {
        WatchedSink { sink, cancelled, stopped: None }
    }

    /// What stopped the sink, if anything did.
    pub(super) fn into_result(self) -> Result<(), SheetError> {
        self.stopped.map_or(Ok(()), Err)
    }

    /// Runs one operation on the sink, unless it is to stop before.
    fn watch<T>(&mut self, operation: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> io::Result<T> {
        let stop = match check_cancelled(self.cancelled) {
            Err(cancelled) => cancelled,
            Ok(()) => match operation(&mut *self.sink) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => SheetError::Io(error),
                other => return other,
            },
        };
        let error = io::Error::other(stop.to_string());
        self.stopped = Some(stop);
        Err(error)
    }
}

impl Write for WatchedSink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.stopped.is_some() {
            // The ZIP writer, when dropped after an error, tries to end its archive and complains on
            // standard error if it cannot. The error has been reported once; let it end in nothing.
            return Ok(bytes.len());
        }
        self.watch(|sink| match sink.write(bytes) {
            Ok(0) if !bytes.is_empty() => Err(io::ErrorKind::WriteZero.into()),
            other => other,
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.stopped.is_some() { Ok(()) } else { self.watch(|sink| sink.flush()) }
    }
}
