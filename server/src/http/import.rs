//! `/upload/<dataset>`: a file for an import, streamed into the file store; `/imports/<dataset>/template.xlsx`: a workbook to fill in.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures::{Stream, StreamExt};
use longshore_app::serve::refusal;
use longshore_jobs::{Caller, Centre};
use longshore_protocol::media_type;
use serde::Deserialize;

use super::api_status::respond;
use super::download::{disposition, refuse};
use super::page::preferences;

/// Bytes that are still taken from a client whose file was refused: a browser that can't send on does not read the answer.
const DRAINED_BYTES: usize = 256 << 20;
/// The longest that this may take.
const DRAINED_FOR: Duration = Duration::from_secs(20);

/// What the address of an upload says.
#[derive(Debug, Deserialize)]
pub(super) struct Upload {
    /// The file's name on the person's disk.
    #[serde(default)]
    name: String,
}

/// Takes the body as a file; answers with the draft that it has become.
pub(super) async fn upload(
    State(centre): State<Centre>,
    Extension(caller): Extension<Caller>,
    Path(dataset): Path<String>,
    Query(Upload { name }): Query<Upload>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let size = headers.get(CONTENT_LENGTH).and_then(|size| size.to_str().ok()?.parse().ok());
    let mut body = body.into_data_stream();
    match centre.upload(&caller, &dataset, &name, size, &mut body).await {
        Ok(draft) => ([(CACHE_CONTROL, "no-store")], Json(draft)).into_response(),
        Err(error) => {
            // Whoever takes longer has to do without the answer.
            tokio::time::timeout(DRAINED_FOR, drain(body)).await.ok();
            respond(&refusal(error, preferences(&headers).lang))
        }
    }
}

async fn drain<T: AsRef<[u8]>, E>(mut body: impl Stream<Item = Result<T, E>> + Unpin) {
    let mut left = DRAINED_BYTES;
    while let Some(Ok(bytes)) = body.next().await {
        match left.checked_sub(bytes.as_ref().len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// Answers with the template in the language of the session.
pub(super) async fn template(
    State(centre): State<Centre>,
    Path(dataset): Path<String>,
    headers: HeaderMap,
) -> Response {
    match centre.template(&dataset, preferences(&headers).lang) {
        Ok(template) => {
            let headers = [
                (CONTENT_TYPE, media_type(&template.name).to_owned()),
                (CONTENT_DISPOSITION, disposition(&template.name)),
                (CACHE_CONTROL, "private, no-cache".to_owned()),
            ];
            (headers, template.bytes).into_response()
        }
        Err(error) => refuse(error, &headers),
    }
}
