//! How much a file may ask for.

use std::fmt;
use std::time::Duration;

/// How much a file may ask for before reading it is refused with [`ReadError::TooBig`](super::ReadError::TooBig).
///
/// All limits count what is really there, never what a file says about itself, but a file that says more of
/// itself is refused at once where reading it needs memory by what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Rows that hold something, and the highest row number of a workbook. By default 10,000,000; one sheet of XLSX has 1,048,576 at most.
    pub rows: u64,
    /// The highest column that holds something. By default 16,384, as many as a sheet of Excel has.
    pub columns: u64,
    /// Cells of the rectangles that the batches are, empty ones among them. By default 500,000,000.
    pub cells: u64,
    /// Bytes of one cell as UTF-8. By default 1 MiB; a cell of Excel has 32,767 characters at most.
    pub cell_bytes: u64,
    /// Bytes of one row's cells, beyond 8 MiB. By default 32 MiB.
    pub row_bytes: u64,
    /// Bytes of all texts of a sheet, each counted as often as it stands there: a file may say little and mean much. By default 8 GiB.
    pub text_bytes: u64,
    /// Bytes that come out of a zip's members that are read, together. By default 8 GiB.
    pub uncompressed_bytes: u64,
    /// How many times its compressed size a zip's member may be once it is beyond 64 MiB. By default 500; what
    /// deflate can do is 1,032 times, and rows that repeat reach 200.
    pub compression_ratio: u64,
    /// Bytes of all shared strings of an XLSX workbook, which stay in memory, with 4 for each. By default 256 MiB.
    pub shared_string_bytes: u64,
    /// Bytes of a file of the kinds that are read as a whole: XLSB and XLS. By default 64 MiB.
    pub whole_file_bytes: u64,
    /// Bytes that come out of a zip of such a kind, and cells that such a file declares, times 32. By default 256 MiB.
    pub whole_uncompressed_bytes: u64,
    /// The longest that one call may take. By default there is no limit.
    pub time: Option<Duration>,
}

impl Default for ReadLimits {
    fn default() -> ReadLimits {
        ReadLimits {
            rows: 10_000_000,
            columns: 16_384,
            cells: 500_000_000,
            cell_bytes: 1 << 20,
            row_bytes: 32 << 20,
            text_bytes: 8 << 30,
            uncompressed_bytes: 8 << 30,
            compression_ratio: 500,
            shared_string_bytes: 256 << 20,
            whole_file_bytes: 64 << 20,
            whole_uncompressed_bytes: 256 << 20,
            time: None,
        }
    }
}

/// Which limit a file goes beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// [`ReadLimits::rows`].
    Rows,
    /// [`ReadLimits::columns`].
    Columns,
    /// [`ReadLimits::cells`].
    Cells,
    /// [`ReadLimits::cell_bytes`].
    CellBytes,
    /// [`ReadLimits::row_bytes`].
    RowBytes,
    /// [`ReadLimits::text_bytes`].
    TextBytes,
    /// [`ReadLimits::uncompressed_bytes`] or [`ReadLimits::whole_uncompressed_bytes`].
    UncompressedBytes,
    /// [`ReadLimits::compression_ratio`].
    CompressionRatio,
    /// [`ReadLimits::shared_string_bytes`].
    SharedStringBytes,
    /// [`ReadLimits::whole_file_bytes`].
    FileBytes,
    /// [`ReadLimits::time`], in seconds.
    Seconds,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Limit::Rows => "rows",
            Limit::Columns => "columns",
            Limit::Cells => "cells",
            Limit::CellBytes => "bytes in one cell",
            Limit::RowBytes => "bytes in one row",
            Limit::TextBytes => "bytes in all cells",
            Limit::UncompressedBytes => "bytes uncompressed",
            Limit::CompressionRatio => "times the compressed size",
            Limit::SharedStringBytes => "bytes of shared strings",
            Limit::FileBytes => "bytes",
            Limit::Seconds => "seconds",
        })
    }
}
