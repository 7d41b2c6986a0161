//! A file on its way from the browser into a draft.

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use longshore_datasets::Dataset;
use longshore_files::FileWriter;
use longshore_protocol::import::ImportDraft;
use longshore_protocol::{Problem, ProblemKind};
use longshore_sheets::read::ReadError;
use tempfile::NamedTempFile;
use tokio::time::{Instant, timeout_at};

use super::draft::{Draft, plain_name, random_id};
use super::look::{Look, look, refusal};
use super::memory;
use super::place::DraftPlace;
use super::stored::new_scratch;
use crate::caller::Caller;
use crate::centre::{Answer, Centre};
use crate::error::CentreError;
use crate::work_error::WorkError;

/// How long the next bytes of an upload may take.
const BYTES_WITHIN: Duration = Duration::from_secs(60);
/// How long an upload may take as a whole: as long as uploads to a bucket that nobody finishes are left alone, and no longer.
const UPLOAD_WITHIN: Duration = Duration::from_secs(60 * 60);

/// A problem of the file.
fn file_problem(kind: ProblemKind) -> CentreError {
    CentreError::Invalid(vec![Problem { field: "file".to_owned(), kind }])
}

impl Centre {
    /// Takes a file for an import into a dataset: it is stored as it comes, counted, recognised and matched, and becomes the
    /// caller's draft in place of an earlier one. `size_hint` is what the client says of the size. Dropping the future, or an
    /// error of `body`, leaves nothing.
    ///
    /// # Errors
    /// `UnknownDataset`; `Invalid` where the dataset takes no files or the file is refused; `Upload` if `body` ends early;
    /// `Files`, `Store`. Nothing is left of the file then, and an earlier draft stays.
    pub async fn upload<E: std::fmt::Display>(
        &self,
        caller: &Caller,
        dataset: &str,
        name: &str,
        size_hint: Option<u64>,
        body: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Answer<ImportDraft> {
        let dataset = self.importable(dataset)?;
        let limit_bytes = self.settings.import.size_bytes_max;
        if size_hint.is_some_and(|size| size > limit_bytes) {
            return Err(file_problem(ProblemKind::FileTooBig { limit_bytes }));
        }
        let id = random_id();
        let place = DraftPlace::of(&caller.owner, &dataset.id);
        let mut writer = self.files.create(&place.upload(&id)).await?;
        let local = match take(&mut writer, &self.settings.import.scratch, limit_bytes, body).await {
            Ok(local) => local,
            Err(error) => {
                writer.abort().await;
                return Err(error);
            }
        };
        let seen = self.first_look(local).await;
        let (look, size_bytes) = match seen {
            Ok(look) => (look, writer.finish().await?.size_bytes),
            Err(error) => {
                writer.abort().await;
                return Err(error);
            }
        };
        let made =
            self.make_draft(caller, dataset, &place, id.clone(), plain_name(name), size_bytes, look).await;
        if made.is_err() {
            // It was not stored, so nothing names the file.
            self.files.remove_folder(&place.folder(&id)).await.ok();
        }
        made
    }

    async fn first_look(&self, local: NamedTempFile) -> Answer<Look> {
        let limits = self.settings.import.look_limits();
        let _looking = self.turns.to_look().await;
        let looked = tokio::task::spawn_blocking(move || look(local.path(), &limits)).await;
        looked.map_err(|error| CentreError::Internal(error.to_string()))?.map_err(|error| refused(&error))
    }

    #[allow(clippy::too_many_arguments, reason = "each is a part of the draft")]
    async fn make_draft(
        &self,
        caller: &Caller,
        dataset: &Dataset,
        place: &DraftPlace,
        id: String,
        file_name: String,
        size_bytes: u64,
        look: Look,
    ) -> Answer<ImportDraft> {
        let _turn = self.turns.of_draft(&place.draft()).await;
        let (earlier, now) = (self.stored_draft(place).await?, self.store.now().await?);
        let mode = dataset.importing.as_ref().and_then(|importing| importing.modes.first().copied());
        let mut draft = Draft {
            id,
            dataset: dataset.id.clone(),
            file_name,
            size_bytes,
            recognised: look.recognised.clone(),
            choice: look.choice.clone(),
            header_row: look.header_row,
            asks_where: false,
            asks_header: false,
            first_rows: Vec::new(),
            has_rows: false,
            columns: Vec::new(),
            mode: mode.unwrap_or_default(),
            revision: random_id(),
            check: None,
            import: None,
            changed_at: now,
        };
        let own = look.headers.len() - super::matching::added_count(&look.headers);
        let remembered = memory::recall(&self.files, place, &look.headers[..own]).await?;
        draft.see(dataset, look, remembered.as_deref());
        self.store_draft(place, &draft).await?;
        if let Some(earlier) = earlier {
            self.forget(caller, place, &earlier).await;
        }
        let expires_at = self.expires_at(&draft);
        Ok(draft.view(dataset, None, expires_at, now))
    }
}

/// Why a file that was looked at is refused.
pub(super) fn refused(error: &ReadError) -> CentreError {
    match refusal(error) {
        Some(kind) => file_problem(kind),
        None => CentreError::Internal(error.to_string()),
    }
}

/// Takes the bytes into the store and at the same time into a file of this machine, for the first look.
async fn take<E: std::fmt::Display>(
    writer: &mut FileWriter,
    scratch: &std::path::Path,
    limit_bytes: u64,
    body: impl Stream<Item = Result<Bytes, E>> + Send,
) -> Answer<NamedTempFile> {
    let local_error = |error: WorkError| CentreError::Internal(error.to_string());
    let mut local = new_scratch(scratch).map_err(local_error)?;
    let mut body = std::pin::pin!(body);
    let mut size_bytes = 0u64;
    let until = Instant::now() + UPLOAD_WITHIN;
    loop {
        let next = timeout_at(until.min(Instant::now() + BYTES_WITHIN), body.next()).await;
        let next = next.map_err(|_| CentreError::Upload("it is too slow".to_owned()))?;
        let Some(bytes) = next else { break };
        let bytes = bytes.map_err(|error| CentreError::Upload(error.to_string()))?;
        size_bytes += bytes.len() as u64;
        if size_bytes > limit_bytes {
            return Err(file_problem(ProblemKind::FileTooBig { limit_bytes }));
        }
        // Some KiB into the system's cache, which is no reason for another thread.
        local.write_all(&bytes).map_err(|error| local_error(WorkError::Scratch(error)))?;
        writer.write(bytes).await?;
    }
    if size_bytes == 0 {
        return Err(file_problem(ProblemKind::FileEmpty));
    }
    Ok(local)
}
