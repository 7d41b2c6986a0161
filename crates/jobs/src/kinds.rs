//! Every kind of job, in one list.

use std::sync::Arc;

use longshore_datasets::Catalog;
use longshore_files::FileStore;
use longshore_tasks::Registry;

use crate::export::{ExportJob, ExportSettings};
use crate::statistics::{PartJob, StatisticsJob};

/// The kinds of work that Longshore does.
pub fn registry(catalog: &Arc<Catalog>, files: &FileStore, settings: ExportSettings) -> Registry {
    Registry::default()
        .with(ExportJob { catalog: Arc::clone(catalog), files: files.clone(), settings })
        .with(StatisticsJob { catalog: Arc::clone(catalog), files: files.clone() })
        .with(PartJob { catalog: Arc::clone(catalog) })
}
