//! Failures of the temporary file, which `rust_xlsxwriter` reports by panicking.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::SheetError;

/// Runs `work`, and turns a panic that says "the temporary file could not be written" into
/// [`SheetError::Scratch`].
///
/// In constant-memory mode `rust_xlsxwriter` 0.102 calls `expect` on every write to its temporary
/// file, so a full disk panics (`xmlwriter.rs`, "Couldn't write to xml file"; `packager.rs`, the
/// `unwrap` of `rewind`). Other panics are bugs and go on as panics. What `work` was changing may be
/// half changed afterwards; callers do not use it again.
pub(super) fn catch_scratch_failure<T>(
    work: impl FnOnce() -> Result<T, SheetError>,
) -> Result<T, SheetError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(panic) => match os_error_text(&*panic) {
            Some(reason) => Err(SheetError::Scratch { reason }),
            None => resume_unwind(panic),
        },
    }
}

/// The text of an operating system error in a panic's message, as `expect` and `unwrap` put it.
fn os_error_text(panic: &(dyn Any + Send)) -> Option<String> {
    let message = panic.downcast_ref::<String>()?;
    let start = message.find("Os { code: ")?;
    Some(message[start..].to_owned())
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::{SheetError, catch_scratch_failure};

    #[test]
    fn a_full_disk_becomes_an_error() {
        let no_space = || Err::<(), _>(io::Error::from_raw_os_error(28));
        let caught = catch_scratch_failure(|| {
            no_space().expect("Couldn't write to xml file");
            Ok(())
        });
        assert!(matches!(caught, Err(SheetError::Scratch { reason }) if reason.contains("code: 28")));
    }

    #[test]
    fn other_panics_go_on() {
        let outer = catch_unwind(AssertUnwindSafe(|| catch_scratch_failure::<()>(|| panic!("a bug"))));
        assert!(outer.is_err());
    }
}
