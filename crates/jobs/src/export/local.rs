//! An export without a task: into a file of this machine, for the command line.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use longshore_datasets::{Catalog, SourceError};
use longshore_files::{FileStore, sync_folder};
use longshore_protocol::{ExportRequest, Lang, Manifest, OwnerId, Problem, Unit};
use longshore_sheets::SheetError;
use longshore_tasks::Timestamp;

use super::manifest::{Asked, manifest};
use super::order::checked;
use super::part::Keys;
use super::plan::Plan;
use super::settings::ExportSettings;
use super::write::{Report, check_stop, deliver, write};
use crate::work_error::WorkError;

/// What to export, and where to.
#[derive(Clone, Debug)]
pub struct LocalExport {
    /// What to export.
    pub request: ExportRequest,
    /// The language of headers, where the request names none.
    pub lang: Lang,
    /// The file. Where the export has several parts, their archive stands beside it under the same name with `.zip`.
    pub path: PathBuf,
    /// How it is written.
    pub settings: ExportSettings,
    /// Who asked for it.
    pub requested_by: OwnerId,
}

/// A file that was exported.
#[derive(Clone, Debug)]
pub struct LocalFile {
    /// Where it is.
    pub path: PathBuf,
    /// The proof of what is in it.
    pub manifest: Manifest,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// There is no such dataset.
    #[error("there is no dataset {0}")]
    UnknownDataset(String),
    /// The request is wrong; each problem names its field.
    #[error("{} of the parameters are wrong", .0.len())]
    Invalid(Vec<Problem>),
    /// It was told to stop.
    #[error("stopped; nothing was kept")]
    Stopped,
    /// The file can't be put where it is wanted.
    #[error("can't write {path}: {source}")]
    Path {
        /// Where it was wanted.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Reading or writing failed.
    #[error("{0}")]
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

/// Exports into a file, by the same engine as a task. The file appears when it is complete; until then everything is in a folder
/// beside it, which is removed whatever happens, unless the process is killed. `report` is told how far it has come; setting
/// `stop` ends it within a moment.
///
/// # Errors
/// [`LocalError`]; no file appears then.
pub async fn export_to_file(
    catalog: &Catalog,
    export: LocalExport,
    stop: Arc<AtomicBool>,
    report: impl Fn(u64, Option<u64>, Unit) + Send + Sync + 'static,
) -> Result<LocalFile, LocalError> {
    let LocalExport { request, lang, path, settings, requested_by } = export;
    let now = jiff::Timestamp::now();
    let dataset = catalog.get(&request.dataset);
    let dataset = dataset.ok_or_else(|| LocalError::UnknownDataset(request.dataset.clone()))?;
    let moment = Timestamp::from_millis(now.as_millisecond().unsigned_abs());
    let order = checked(dataset, request, lang, moment).map_err(LocalError::Invalid)?;
    let path_error = |source| LocalError::Path { path: path.display().to_string(), source };
    let parent = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let folder = tempfile::Builder::new().prefix(".longshore-").tempdir_in(parent).map_err(path_error)?;

    let failed = |error: WorkError| explained(error, &stop);
    let plan = Plan::of(order, catalog, settings).map_err(failed)?;
    let files = FileStore::in_folder(folder.path()).map_err(|error| failed(error.into()))?;
    let keys = Keys::plain(plan.format().name());
    let report: Report = Arc::new(report);
    let written = write(&plan, &files, &keys, Vec::new(), Arc::clone(&stop), Arc::clone(&report), |_| Ok(()));
    let written = written.await.map_err(failed)?;
    let delivered = deliver(&plan, &files, &keys, &written.parts, &stop, &report).await.map_err(failed)?;

    let path = if written.parts.len() > 1 { path.with_extension("zip") } else { path.clone() };
    let asked = Asked { task: None, by: requested_by, at: now };
    let mut manifest = manifest(&plan, asked, &written, &delivered, Vec::new());
    if let Some(name) = path.file_name() {
        manifest.file.name = name.to_string_lossy().into_owned();
    }
    check_stop(&stop).map_err(failed)?;
    std::fs::rename(folder.path().join(&delivered.key), &path)
        .and_then(|()| sync_folder(parent))
        .map_err(|source| LocalError::Path { path: path.display().to_string(), source })?;
    Ok(LocalFile { path, manifest })
}

fn explained(error: WorkError, stop: &AtomicBool) -> LocalError {
    match error {
        WorkError::Source(SourceError::Stopped) | WorkError::Sheet(SheetError::Cancelled) => {
            LocalError::Stopped
        }
        _ if stop.load(Ordering::Relaxed) => LocalError::Stopped,
        error => LocalError::Failed(Box::new(error)),
    }
}
