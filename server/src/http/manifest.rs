//! `/files/<task>/manifest`: the manifest of a finished file, to its owner, as a file of its own.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use longshore_jobs::{Caller, Centre, CentreError};
use longshore_protocol::manifest::MANIFEST_ENDING;
use longshore_protocol::{Phase, media_type};

use super::download::{disposition, refuse};

/// Answers with the manifest as JSON for people to keep beside the file.
pub(super) async fn manifest(
    State(centre): State<Centre>,
    Extension(caller): Extension<Caller>,
    Path(task): Path<String>,
    headers: HeaderMap,
) -> Response {
    let found = centre.details(&caller, &task).await.and_then(|details| {
        let has_ended_well = matches!(details.task.phase, Phase::Succeeded | Phase::FileExpired);
        let none = if has_ended_well { CentreError::NoFile } else { CentreError::NotFinished };
        details.manifest.ok_or(none)
    });
    match found {
        Ok(manifest) => {
            let name = format!("{}{MANIFEST_ENDING}", manifest.file.name);
            let text = serde_json::to_string_pretty(&manifest).expect("plain data whose keys are all text");
            let headers = [
                (CONTENT_TYPE, media_type(&name).to_owned()),
                (CONTENT_DISPOSITION, disposition(&name)),
                (CACHE_CONTROL, "private, no-cache".to_owned()),
            ];
            (headers, text + "\n").into_response()
        }
        Err(error) => refuse(error, &headers),
    }
}
