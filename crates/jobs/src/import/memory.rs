//! How a person has matched the columns of files before.

use longshore_files::{FileError, FileStore};
use serde::{Deserialize, Serialize};

use super::matching::plain;
use super::place::DraftPlace;
use super::stored::{read_json, write_json};

/// Sets of headers that are remembered for a person and dataset; the one that was not used for longest gives way.
const SETS_MAX: usize = 50;

/// What is remembered, the latest first.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Memory {
    sets: Vec<HeaderSet>,
}

/// How the columns of files with these headers were matched.
#[derive(Debug, Serialize, Deserialize)]
struct HeaderSet {
    /// The headers without what differs between people, in order.
    headers: Vec<String>,
    /// Where each went.
    targets: Vec<Option<String>>,
}

fn plain_headers(headers: &[String]) -> Vec<String> {
    headers.iter().map(|header| plain(header)).collect()
}

/// Where the columns went the last time that the person has imported a file with these headers.
///
/// # Errors
/// [`FileError`] if the file store does not answer.
pub(super) async fn recall(
    files: &FileStore,
    place: &DraftPlace,
    headers: &[String],
) -> Result<Option<Vec<Option<String>>>, FileError> {
    let memory: Memory = read_json(files, &place.memory()).await?.unwrap_or_default();
    let headers = plain_headers(headers);
    Ok(memory.sets.into_iter().find(|set| set.headers == headers).map(|set| set.targets))
}

/// Remembers where columns go.
///
/// # Errors
/// [`FileError`] if the file store does not answer.
pub(super) async fn remember(
    files: &FileStore,
    place: &DraftPlace,
    headers: &[String],
    targets: Vec<Option<String>>,
) -> Result<(), FileError> {
    let mut memory: Memory = read_json(files, &place.memory()).await?.unwrap_or_default();
    let headers = plain_headers(headers);
    memory.sets.retain(|set| set.headers != headers);
    memory.sets.insert(0, HeaderSet { headers, targets });
    memory.sets.truncate(SETS_MAX);
    write_json(files, &place.memory(), &memory).await
}
