//! How exports are written, as the operator wants it.

use longshore_sheets::Compression;

/// The largest size after which a part ends: members of an archive stay below 4 GiB, so that every program can open it.
pub const PART_BYTES_MAX: u64 = 2 << 30;

/// How exports are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportSettings {
    /// How workbooks are compressed.
    pub compression: Compression,
    /// Whether texts in CSV that a spreadsheet program would take for formulas get an apostrophe before them.
    pub csv_guard: bool,
    /// Bytes after which a file ends and another one begins; several files are delivered in a ZIP archive. At most
    /// [`PART_BYTES_MAX`].
    pub part_bytes: u64,
}

impl Default for ExportSettings {
    fn default() -> ExportSettings {
        ExportSettings { compression: Compression::default(), csv_guard: true, part_bytes: 512 << 20 }
    }
}
