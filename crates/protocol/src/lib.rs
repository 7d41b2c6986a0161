//! What crosses the wire between a front end and Longshore.
//!
//! Purpose: one definition of ids, requests, answers and error codes, shared by the server, the
//! WASM client and the crates below them. Every type is plain data with serde derives.
//!
//! Invariants:
//! - Depends on serde alone, so that it compiles to WASM and knows neither leptos nor tokio.
//! - Field names are snake_case in JSON; times are milliseconds since the Unix epoch, UTC, by the
//!   task store's clock.
//! - What a person typed (operators, formats, column names) arrives as text and is validated on
//!   the server, so that a wrong value yields a [`FieldProblem`] rather than unreadable JSON.

pub mod dataset;
pub mod error;
pub mod export;
pub mod ids;
pub mod import;
pub mod manifest;
pub mod statistics;
pub mod task;

pub use dataset::{
    Cell, ColumnType, ColumnView, DatasetView, Filter, FilterOp, Labels, RowsPage, RowsRequest, Sort,
};
pub use error::{ApiError, ErrorCode, FieldProblem, Problem, ProblemKind};
pub use export::{ExportFormat, ExportRequest, media_type};
pub use ids::{DatasetId, InvalidId, OwnerId, TaskId, TenantId};
pub use manifest::{Manifest, TaskDetails};
pub use statistics::StatisticsRequest;
pub use task::{
    ClearOut, FailureCode, FailureView, FileView, Phase, Progress, RegisterOut, TaskKind, TaskQuery,
    TaskResultOut, TaskStatus, TaskView, Unit,
};

/// The language of a person's texts: labels, file headers, messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Lang {
    /// English.
    #[default]
    #[serde(rename = "en")]
    En,
    /// Simplified Chinese.
    #[serde(rename = "zh")]
    Zh,
}

impl Lang {
    /// The BCP 47 tag, as used in `<html lang>` and in the language cookie.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Zh => "zh",
        }
    }

    /// Reads a BCP 47 tag such as `zh-CN`; anything that is neither English nor Chinese is `None`.
    pub fn from_tag(tag: &str) -> Option<Lang> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "en" => Some(Lang::En),
            "zh" => Some(Lang::Zh),
            _ => None,
        }
    }

    /// Picks the language from an `Accept-Language` header (RFC 9110 §12.5.4): the entry of highest
    /// quality that we speak, English when there is none.
    pub fn from_accept_language(header: &str) -> Lang {
        let mut best: Option<(f32, Lang)> = None;
        for entry in header.split(',') {
            let mut parts = entry.split(';');
            let Some(lang) = parts.next().and_then(Lang::from_tag) else {
                continue;
            };
            let quality = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .and_then(|q| q.parse::<f32>().ok())
                .unwrap_or(1.0);
            if best.is_none_or(|(q, _)| quality > q) {
                best = Some((quality, lang));
            }
        }
        best.map_or(Lang::En, |(_, lang)| lang)
    }
}

#[cfg(test)]
mod tests {
    use super::Lang;

    #[test]
    fn accept_language_picks_the_best_we_speak() {
        for (header, want) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Lang::Zh),
            ("en-US,en;q=0.5", Lang::En),
            ("fr-FR, zh;q=0.3, en;q=0.7", Lang::En),
            ("de", Lang::En),
            ("", Lang::En),
            ("zh_TW", Lang::Zh),
        ] {
            assert_eq!(Lang::from_accept_language(header), want, "{header}");
        }
    }
}
