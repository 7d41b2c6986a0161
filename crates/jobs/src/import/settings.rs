//! How files are imported, as the operator wants it.

use std::path::PathBuf;
use std::time::Duration;

use longshore_sheets::read::ReadLimits;

/// How long recognising a file and showing its first rows may take.
const LOOK_TIME: Duration = Duration::from_secs(10);

/// How files are imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportSettings {
    /// Bytes that an uploaded file may have; 512 MiB by default.
    pub size_bytes_max: u64,
    /// Rows that it may have; 10,000,000 by default.
    pub row_count_max: u64,
    /// How long a draft waits for its person after the last change; 24 hours by default.
    pub draft_kept: Duration,
    /// Rows that are checked, and committed, together; 20,000 by default.
    pub chunk_rows: usize,
    /// Folder of this machine for files that are being read.
    pub scratch: PathBuf,
}

impl Default for ImportSettings {
    fn default() -> ImportSettings {
        ImportSettings {
            size_bytes_max: 512 << 20,
            row_count_max: 10_000_000,
            draft_kept: Duration::from_secs(24 * 60 * 60),
            chunk_rows: longshore_datasets::import::CHUNK_ROWS,
            scratch: std::env::temp_dir(),
        }
    }
}

impl ImportSettings {
    /// What a file may ask for while it is read as a whole.
    pub(crate) fn limits(&self) -> ReadLimits {
        ReadLimits { rows: self.row_count_max, ..ReadLimits::default() }
    }

    /// The same for the first look at it.
    pub(crate) fn look_limits(&self) -> ReadLimits {
        ReadLimits { time: Some(LOOK_TIME), ..self.limits() }
    }
}
