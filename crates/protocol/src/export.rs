//! The request to export.

use serde::{Deserialize, Serialize};

use crate::Lang;
use crate::dataset::{Filter, Sort};

/// What to export and how. Only `dataset` must be given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExportRequest {
    /// Which dataset.
    pub dataset: String,
    /// File format by name, see [`ExportFormat::name`]; `xlsx` where empty.
    #[serde(default)]
    pub format: String,
    /// Column names in the order wanted; all columns where empty.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Conditions; all must hold.
    #[serde(default)]
    pub filters: Vec<Filter>,
    /// Order; the dataset's default where empty.
    #[serde(default)]
    pub sort: Vec<Sort>,
    /// File name without its ending; made from the dataset's title and the time where empty.
    #[serde(default)]
    pub file_name: String,
    /// Language of the headers; that of the session where absent.
    #[serde(default)]
    pub lang: Option<Lang>,
    /// IANA name of the person's time zone, in which moments are written, days of filters begin and the file is named; UTC
    /// where empty.
    #[serde(default)]
    pub time_zone: String,
    /// Made by the client; a request repeated with the same key gets the same task. At most 64
    /// characters.
    #[serde(default)]
    pub idempotency_key: String,
}

/// A format that can be exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ExportFormat {
    /// Office Open XML workbook (ECMA-376).
    #[default]
    #[serde(rename = "xlsx")]
    Xlsx,
    /// Comma-separated values (RFC 4180), UTF-8 with BOM.
    #[serde(rename = "csv")]
    Csv,
    /// The same, compressed (RFC 1952).
    #[serde(rename = "csv.gz")]
    CsvGz,
    /// Apache Parquet: columns with their exact types, for data programs.
    #[serde(rename = "parquet")]
    Parquet,
}

impl ExportFormat {
    /// All formats, in the order in which they are offered.
    pub const ALL: [ExportFormat; 4] =
        [ExportFormat::Xlsx, ExportFormat::Csv, ExportFormat::CsvGz, ExportFormat::Parquet];

    /// The name in requests, which is also the file name's ending.
    pub const fn name(self) -> &'static str {
        match self {
            ExportFormat::Xlsx => "xlsx",
            ExportFormat::Csv => "csv",
            ExportFormat::CsvGz => "csv.gz",
            ExportFormat::Parquet => "parquet",
        }
    }

    /// The format of that name; the default for an empty one.
    pub fn from_name(name: &str) -> Option<ExportFormat> {
        if name.is_empty() {
            return Some(ExportFormat::default());
        }
        ExportFormat::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// The media type of a file by its name's ending, for downloads.
pub fn media_type(file_name: &str) -> &'static str {
    match file_name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "ods" => "application/vnd.oasis.opendocument.spreadsheet",
        "csv" => "text/csv; charset=utf-8",
        // In the encoding in which a person has sent such a file.
        "tsv" => "text/tab-separated-values",
        "gz" => "application/gzip",
        "parquet" => "application/vnd.apache.parquet",
        "zip" => "application/zip",
        "json" => "application/json",
        _ => "application/octet-stream",
    }
}
