//! The calls of a front end about imports, for one caller at a time.

use longshore_protocol::Lang;
use longshore_protocol::import::{
    CheckRequest, CommitRequest, DraftRequest, ImportDraft, PlanRowsPage, PlanRowsRequest, UndoRequest,
    UpdateDraftRequest,
};

use crate::caller::Caller;
use crate::centre::{Answer, Centre, Registration};
use crate::error::CentreError;

fn later<T>() -> Answer<T> {
    Err(CentreError::Internal("imports are not there yet".to_owned()))
}

impl Centre {
    /// The caller's draft for a dataset, if there is one.
    ///
    /// # Errors
    /// `UnknownDataset`, `Files`, `Store`.
    pub async fn import_draft(&self, _caller: &Caller, _request: &DraftRequest) -> Answer<Option<ImportDraft>> {
        later()
    }

    /// Changes the caller's draft for a dataset.
    ///
    /// # Errors
    /// `UnknownDataset`, `UnknownDraft`, `DraftChanged`, `Invalid`, `Files`, `Store`.
    pub async fn update_draft(&self, _caller: &Caller, _request: &UpdateDraftRequest) -> Answer<ImportDraft> {
        later()
    }

    /// Discards the caller's draft with its file; gives whether there was one.
    ///
    /// # Errors
    /// `UnknownDataset`, `Files`.
    pub async fn discard_draft(&self, _caller: &Caller, _request: &DraftRequest) -> Answer<bool> {
        later()
    }

    /// Registers the check of the caller's draft.
    ///
    /// # Errors
    /// `UnknownDataset`, `UnknownDraft`, `DraftChanged`, `Invalid`, `Files`, `Store`.
    pub async fn register_check(
        &self,
        _caller: &Caller,
        _request: CheckRequest,
        _lang: Lang,
    ) -> Answer<Registration> {
        later()
    }

    /// One page of the rows of a plan.
    ///
    /// # Errors
    /// `UnknownDataset`, `UnknownTask`, `NotFinished`, `FileExpired`, `Files`, `Store`.
    pub async fn plan_rows(&self, _caller: &Caller, _request: &PlanRowsRequest) -> Answer<PlanRowsPage> {
        later()
    }

    /// Registers that the plan of the caller's draft is carried out.
    ///
    /// # Errors
    /// `UnknownDataset`, `UnknownDraft`, `DraftChanged`, `Invalid`, `Files`, `Store`.
    pub async fn register_import(
        &self,
        _caller: &Caller,
        _request: CommitRequest,
        _lang: Lang,
    ) -> Answer<Registration> {
        later()
    }

    /// Registers that an import is taken back.
    ///
    /// # Errors
    /// `UnknownTask`, `FileExpired`, `Invalid`, `Store`.
    pub async fn register_undo(&self, _caller: &Caller, _request: UndoRequest) -> Answer<Registration> {
        later()
    }
}
