//! The server's half of the calls about imports.

use longshore_protocol::import::{
    CheckRequest, CommitRequest, DraftRequest, ImportDraft, PlanRowsPage, PlanRowsRequest, UndoRequest,
    UpdateDraftRequest,
};
use longshore_protocol::{ClearOut, RegisterOut};

use super::{Answer, Call};

pub(crate) async fn draft(request: DraftRequest) -> Answer<Option<ImportDraft>> {
    let call = Call::current()?;
    call.centre.import_draft(&call.caller, &request).await.map_err(|error| call.refuse(error))
}

pub(crate) async fn update_draft(request: UpdateDraftRequest) -> Answer<ImportDraft> {
    let call = Call::current()?;
    call.centre.update_draft(&call.caller, &request).await.map_err(|error| call.refuse(error))
}

pub(crate) async fn discard_draft(request: DraftRequest) -> Answer<ClearOut> {
    let call = Call::current()?;
    let cleared = call.centre.discard_draft(&call.caller, &request).await;
    Ok(ClearOut { cleared: cleared.map_err(|error| call.refuse(error))? })
}

pub(crate) async fn register_check(request: CheckRequest) -> Answer<RegisterOut> {
    let call = Call::current()?;
    let registered = call.centre.register_check(&call.caller, request, call.lang).await;
    call.registered(registered)
}

pub(crate) async fn plan_rows(request: PlanRowsRequest) -> Answer<PlanRowsPage> {
    let call = Call::current()?;
    call.centre.plan_rows(&call.caller, &request).await.map_err(|error| call.refuse(error))
}

pub(crate) async fn register_import(request: CommitRequest) -> Answer<RegisterOut> {
    let call = Call::current()?;
    let registered = call.centre.register_import(&call.caller, request, call.lang).await;
    call.registered(registered)
}

pub(crate) async fn register_undo(request: UndoRequest) -> Answer<RegisterOut> {
    let call = Call::current()?;
    let registered = call.centre.register_undo(&call.caller, request).await;
    call.registered(registered)
}
