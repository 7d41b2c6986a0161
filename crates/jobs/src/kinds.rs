//! Every kind of job, in one list.

use std::sync::Arc;

use longshore_datasets::Catalog;
use longshore_files::FileStore;
use longshore_tasks::Registry;

use crate::export::{ExportJob, ExportSettings};
use crate::import::{
    CheckJob, CheckPartJob, HandOver, ImportJob, ImportPartJob, ImportSettings, UndoJob, UndoPartJob,
};
use crate::statistics::{PartJob, StatisticsJob};

/// The kinds of work that Longshore does.
pub fn registry(
    catalog: &Arc<Catalog>,
    files: &FileStore,
    settings: ExportSettings,
    import: &ImportSettings,
) -> Registry {
    let (catalog_of, files_of) = (|| Arc::clone(catalog), || files.clone());
    let hand_over = HandOver::default();
    Registry::default()
        .with(ExportJob { catalog: Arc::clone(catalog), files: files.clone(), settings })
        .with(StatisticsJob { catalog: Arc::clone(catalog), files: files.clone() })
        .with(PartJob { catalog: Arc::clone(catalog) })
        .with(CheckJob {
            catalog: catalog_of(),
            files: files_of(),
            settings: import.clone(),
            hand_over: hand_over.clone(),
        })
        .with(CheckPartJob { catalog: catalog_of(), files: files_of(), hand_over })
        .with(ImportJob { catalog: catalog_of(), files: files_of() })
        .with(ImportPartJob { catalog: catalog_of(), files: files_of() })
        .with(UndoJob { catalog: catalog_of(), files: files_of() })
        .with(UndoPartJob { catalog: catalog_of(), files: files_of() })
}
