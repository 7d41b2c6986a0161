//! The calls of a front end about drafts and plans, for one caller at a time.

use longshore_datasets::Dataset;
use longshore_protocol::import::{
    CheckRequest, CommitRequest, DraftRequest, ImportDraft, ImportWay, UndoRequest, UpdateDraftRequest,
};
use longshore_protocol::{Lang, Problem, ProblemKind, TaskId, TaskKind};
use longshore_tasks::{Loaded, State, Task, Timestamp, payload_of};

use super::check::{CheckJob, CheckOrder, CheckOutput};
use super::commit::{ImportJob, ImportOrder};
use super::draft::{Draft, random_id};
use super::look::{LookError, Wanted, look_again};
use super::memory;
use super::place::{DraftPlace, WorkPlace};
use super::plan::Plan;
use super::stored::{local, read_json, write_json};
use super::undo::{UndoJob, UndoMark, UndoOrder};
use super::upload::refused;
use crate::caller::Caller;
use crate::centre::{Answer, Centre, Registration};
use crate::error::CentreError;
use crate::request::{CheckedOrder, check_zone};

fn invalid(field: &str, kind: ProblemKind) -> CentreError {
    CentreError::Invalid(vec![Problem { field: field.to_owned(), kind }])
}

impl Centre {
    /// The dataset of that id, if it can be imported into.
    pub(super) fn importable(&self, id: &str) -> Answer<&Dataset> {
        let dataset = self.dataset(id)?;
        match dataset.importing {
            Some(_) => Ok(dataset),
            None => Err(invalid("dataset", ProblemKind::NotImportable)),
        }
    }

    /// The caller's draft for a dataset, if there is one.
    ///
    /// # Errors
    /// `UnknownDataset`, `Files`, `Store`.
    pub async fn import_draft(&self, caller: &Caller, request: &DraftRequest) -> Answer<Option<ImportDraft>> {
        let dataset = self.dataset(&request.dataset)?;
        match self.stored_draft(&DraftPlace::of(&caller.owner, &dataset.id)).await? {
            Some(draft) => self.draft_view(dataset, draft).await.map(Some),
            None => Ok(None),
        }
    }

    /// Changes the caller's draft for a dataset; an earlier plan is void then, and a check that runs for it is stopped.
    ///
    /// # Errors
    /// `UnknownDataset`, `UnknownDraft`, `DraftChanged`, `Invalid`, `Files`, `Store`.
    pub async fn update_draft(&self, caller: &Caller, request: &UpdateDraftRequest) -> Answer<ImportDraft> {
        let dataset = self.importable(&request.dataset)?;
        let place = DraftPlace::of(&caller.owner, &dataset.id);
        let _turn = self.turns.of_draft(&place.draft()).await;
        let before = self.wanted_draft(&place, &request.draft, request.revision.as_deref()).await?;
        let mut draft = before.clone();
        let is_read_anew = request.sheet.is_some()
            || request.header_row.is_some()
            || request.encoding.is_some()
            || request.delimiter.is_some();
        if is_read_anew {
            let wanted = Wanted {
                sheet: request.sheet,
                header_row: request.header_row,
                encoding: request.encoding.clone(),
                delimiter: request.delimiter.clone(),
            };
            self.read_anew(dataset, &place, &mut draft, wanted).await?;
        }
        if let Some(mode) = request.mode {
            let modes = dataset.importing.iter().flat_map(|importing| &importing.modes);
            if !modes.into_iter().any(|allowed| *allowed == mode) {
                return Err(invalid("mode", ProblemKind::ModeNotAllowed { name: mode.name().to_owned() }));
            }
            draft.mode = mode;
        }
        draft.map(dataset, &request.mapping).map_err(|problem| CentreError::Invalid(vec![problem]))?;
        if draft != before {
            self.stop_check(caller, &before).await;
            draft.revision = random_id();
            (draft.check, draft.import) = (None, None);
        }
        draft.changed_at = self.store.now().await?;
        self.store_changed(&place, &before, &draft).await?;
        self.draft_view(dataset, draft).await
    }

    async fn read_anew(
        &self,
        dataset: &Dataset,
        place: &DraftPlace,
        draft: &mut Draft,
        wanted: Wanted,
    ) -> Answer<()> {
        let scratch = &self.settings.import.scratch;
        let file = local(&self.files, &place.upload(&draft.id), scratch).await;
        let file = file.map_err(|error| CentreError::Internal(error.to_string()))?;
        let (seen, limits) =
            ((draft.recognised.clone(), draft.choice.clone()), self.settings.import.look_limits());
        let looking = self.turns.to_look().await;
        let looked =
            tokio::task::spawn_blocking(move || look_again(file.path(), seen, &wanted, &limits)).await;
        drop(looking);
        let look = match looked.map_err(|error| CentreError::Internal(error.to_string()))? {
            Ok(look) => look,
            Err(LookError::Choice(problem)) => return Err(CentreError::Invalid(vec![problem])),
            Err(LookError::Read(error)) => return Err(refused(&error)),
        };
        let own = look.headers.len() - super::matching::added_count(&look.headers);
        let remembered = memory::recall(&self.files, place, &look.headers[..own]).await?;
        draft.see(dataset, look, remembered.as_deref());
        Ok(())
    }

    /// Discards the caller's draft with its file; gives whether there was one. An import that was registered for it goes on.
    ///
    /// # Errors
    /// `UnknownDataset`, `Files`.
    pub async fn discard_draft(&self, caller: &Caller, request: &DraftRequest) -> Answer<bool> {
        let dataset = self.dataset(&request.dataset)?;
        let place = DraftPlace::of(&caller.owner, &dataset.id);
        let _turn = self.turns.of_draft(&place.draft()).await;
        let Some(draft) = self.stored_draft(&place).await? else { return Ok(false) };
        self.files.remove(&place.draft()).await?;
        self.forget(caller, &place, &draft).await;
        Ok(true)
    }

    /// Registers the check of the caller's draft; asked again for the same state of the draft, gives the same task.
    ///
    /// # Errors
    /// `UnknownDataset`, `UnknownDraft`, `DraftChanged`, `Invalid`, `Files`, `Store`.
    pub async fn register_check(
        &self,
        caller: &Caller,
        request: CheckRequest,
        lang: Lang,
    ) -> Answer<Registration> {
        let dataset = self.importable(&request.dataset)?;
        let mut problems = Vec::new();
        check_zone(&request.time_zone, &mut problems);
        if !problems.is_empty() {
            return Err(CentreError::Invalid(problems));
        }
        let place = DraftPlace::of(&caller.owner, &dataset.id);
        let _turn = self.turns.of_draft(&place.draft()).await;
        let before = self.wanted_draft(&place, &request.draft, request.revision.as_deref()).await?;
        let mut draft = before.clone();
        if !draft.problems(dataset).is_empty() {
            return Err(invalid("mapping", ProblemKind::NotMatched));
        }
        let targets = draft.columns.iter().map(|column| column.target.clone()).collect::<Vec<_>>();
        let own = draft.own_headers();
        memory::remember(&self.files, &place, &own, targets[..own.len()].to_vec()).await?;
        let order = CheckOrder {
            dataset: draft.dataset.clone(),
            upload: place.upload(&draft.id),
            file_name: draft.file_name.clone(),
            recognised: draft.recognised.clone(),
            choice: draft.choice.clone(),
            header_row: draft.header_row,
            headers: draft.headers(),
            mapping: targets
                .into_iter()
                .zip(0..)
                .filter_map(|(target, index)| Some((index, target?)))
                .collect(),
            mode: draft.mode,
            time_zone: request.time_zone,
            lang: request.lang.unwrap_or(lang),
        };
        // One check for each state of the draft, and another one when that has ended.
        let earlier = draft.check.as_ref().map_or("none", TaskId::as_str);
        let order = CheckedOrder {
            payload: payload_of::<CheckJob>(&order)
                .map_err(|error| CentreError::Internal(error.to_string()))?,
            idempotency_key: Some(format!("import check {} {} {earlier}", draft.id, draft.revision)),
        };
        let registration = self.register::<CheckJob>(caller, TaskKind::ImportCheck, dataset, order).await?;
        if registration.registered {
            (draft.check, draft.import) = (Some(registration.task.id.clone()), None);
            draft.changed_at = self.store.now().await?;
            if let Err(error) = self.store_changed(&place, &before, &draft).await {
                // Nobody would look at its plan.
                self.stop_check(caller, &draft).await;
                return Err(error);
            }
        }
        Ok(registration)
    }

    /// Registers that the plan of the caller's draft is carried out. A plan is carried out once: asked again, gives the same task.
    ///
    /// # Errors
    /// `UnknownDataset`, `UnknownDraft`, `DraftChanged`, `Invalid`, `Files`, `Store`.
    pub async fn register_import(
        &self,
        caller: &Caller,
        request: CommitRequest,
        lang: Lang,
    ) -> Answer<Registration> {
        let dataset = self.importable(&request.dataset)?;
        let place = DraftPlace::of(&caller.owner, &dataset.id);
        let _turn = self.turns.of_draft(&place.draft()).await;
        let before = self.wanted_draft(&place, &request.draft, None).await?;
        let mut draft = before.clone();
        if draft.check.as_ref().map(TaskId::as_str) != Some(request.plan.as_str()) {
            return Err(CentreError::DraftChanged);
        }
        let check = self.finished_check(caller, &request.plan).await?;
        let output = CheckOutput::of(&check).ok_or(CentreError::NotFinished)?;
        // The plan's rows must be there until all of them are imported.
        if self.store.now().await?.plus(self.time_needed()) >= check.kept_until() {
            return Err(CentreError::FileExpired);
        }
        let counts = output.counts;
        if counts.writes() == 0 {
            return Err(invalid("plan", ProblemKind::NothingToImport));
        }
        if request.way == ImportWay::AllOrNothing && counts.error > 0 {
            return Err(invalid("way", ProblemKind::PlanHasErrors));
        }
        let plan = Plan::load(&self.files, &check.id).await;
        let plan = plan
            .map_err(|error| CentreError::Internal(error.to_string()))?
            .ok_or(CentreError::FileExpired)?;
        let order = ImportOrder {
            spec: plan.spec,
            plan: check.id.clone(),
            way: request.way,
            file_name: draft.file_name.clone(),
            counts,
            lang,
        };
        let order = CheckedOrder {
            payload: payload_of::<ImportJob>(&order)
                .map_err(|error| CentreError::Internal(error.to_string()))?,
            idempotency_key: Some(format!("import {}", check.id)),
        };
        let registration = self.register::<ImportJob>(caller, TaskKind::Import, dataset, order).await?;
        if registration.registered {
            draft.import = Some(registration.task.id.clone());
            draft.changed_at = self.store.now().await?;
            match self.store_changed(&place, &before, &draft).await {
                // The import goes on all the same, and has a page of its own; the draft is somebody's who has gone on with it.
                Ok(()) | Err(CentreError::DraftChanged) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(registration)
    }

    /// Registers that an import is taken back. While one is at it, or has done it, no other one is registered.
    ///
    /// # Errors
    /// `UnknownTask`, `FileExpired`, `Invalid`, `Files`, `Store`.
    pub async fn register_undo(&self, caller: &Caller, request: UndoRequest) -> Answer<Registration> {
        let (import, _, now) = self.owned(caller, &request.task).await?;
        let not_undoable = || invalid("task", ProblemKind::NotUndoable);
        if import.slot.kind != TaskKind::Import.name()
            || !import.state.is_final()
            // What takes the rows back must be there until all of them are.
            || now.plus(self.time_needed()) >= import.kept_until()
        {
            return Err(not_undoable());
        }
        let dataset = self.importable(&import.slot.subject)?;
        let report = self.import_report(&import, now).await?.ok_or_else(not_undoable)?;
        let earlier = report.undo.as_ref().map_or("none", TaskId::as_str).to_owned();
        if !report.can_be_undone {
            let undo = match &report.undo {
                Some(undo) => self.store.load(undo).await?.task,
                None => None,
            };
            // The same answer for a second click as for the first.
            return match undo.filter(|undo| !undo.state.is_final()) {
                Some(undo) => {
                    let task = crate::view::task_view(&undo, None, now).ok_or(CentreError::UnknownTask)?;
                    Ok(Registration { registered: true, task })
                }
                None => Err(not_undoable()),
            };
        }
        let import_order = ImportOrder::of(&import).ok_or_else(not_undoable)?;
        let conclusion = self.conclusion(&import, &import_order).await?.ok_or_else(not_undoable)?;
        let order = UndoOrder {
            spec: import_order.spec,
            import: import.id.clone(),
            row_count: conclusion.done.writes(),
            written: conclusion.written,
        };
        let order = CheckedOrder {
            payload: payload_of::<UndoJob>(&order)
                .map_err(|error| CentreError::Internal(error.to_string()))?,
            idempotency_key: Some(format!("import undo {} {earlier}", import.id)),
        };
        let registration = self.register::<UndoJob>(caller, TaskKind::ImportUndo, dataset, order).await?;
        if registration.registered {
            let mark = UndoMark { task: registration.task.id.clone() };
            write_json(&self.files, &WorkPlace::of(&import.id).undo(), &mark).await?;
        }
        Ok(registration)
    }

    /// A check of the caller that has made a plan which is there still.
    pub(super) async fn finished_check(&self, caller: &Caller, task: &str) -> Answer<Task> {
        let (check, _, now) = self.owned(caller, task).await?;
        if check.slot.kind != TaskKind::ImportCheck.name() {
            return Err(CentreError::UnknownTask);
        }
        if check.state != State::Succeeded {
            return Err(CentreError::NotFinished);
        }
        if now >= check.kept_until() {
            return Err(CentreError::FileExpired);
        }
        Ok(check)
    }

    /// The draft at a place, unless its time has passed.
    pub(super) async fn stored_draft(&self, place: &DraftPlace) -> Answer<Option<Draft>> {
        let draft: Option<Draft> = read_json(&self.files, &place.draft()).await?;
        let Some(draft) = draft else { return Ok(None) };
        let now = self.store.now().await?;
        Ok(Some(draft).filter(|draft| now < self.expires_at(draft)))
    }

    /// The draft that a page shows.
    async fn wanted_draft(&self, place: &DraftPlace, id: &str, revision: Option<&str>) -> Answer<Draft> {
        let draft = self.stored_draft(place).await?.ok_or(CentreError::UnknownDraft)?;
        let is_it = draft.id == id && revision.is_none_or(|revision| draft.revision == revision);
        if is_it { Ok(draft) } else { Err(CentreError::DraftChanged) }
    }

    pub(super) async fn store_draft(&self, place: &DraftPlace, draft: &Draft) -> Answer<()> {
        Ok(write_json(&self.files, &place.draft(), draft).await?)
    }

    /// How long what a task works with must be kept from its registration on.
    fn time_needed(&self) -> std::time::Duration {
        // Where results are kept for less than a task may take, no more can be asked for.
        self.settings.time_limit.min(self.settings.retention / 2)
    }

    /// Stores what a draft has become, unless another process has changed it meanwhile.
    async fn store_changed(&self, place: &DraftPlace, before: &Draft, draft: &Draft) -> Answer<()> {
        let there: Option<Draft> = read_json(&self.files, &place.draft()).await?;
        let is_same =
            there.is_some_and(|there| (&there.id, &there.revision) == (&before.id, &before.revision));
        if is_same { self.store_draft(place, draft).await } else { Err(CentreError::DraftChanged) }
    }

    pub(super) fn expires_at(&self, draft: &Draft) -> Timestamp {
        draft.changed_at.plus(self.settings.import.draft_kept)
    }

    /// The draft with what its check has found.
    pub(super) async fn draft_view(&self, dataset: &Dataset, mut draft: Draft) -> Answer<ImportDraft> {
        let now = self.store.now().await?;
        let mut plan = None;
        if let Some(check) = &draft.check {
            let Loaded { task, .. } = self.store.load(check).await?;
            plan = task.as_ref().and_then(|task| CheckOutput::of(task)?.plan(task));
            if task.is_none_or(|task| now >= task.kept_until() && task.state.is_final()) {
                (draft.check, plan) = (None, None);
            }
        }
        let expires_at = self.expires_at(&draft);
        Ok(draft.view(dataset, plan, expires_at, now))
    }

    /// Removes the file of a draft that is none any more. What can't be removed goes with the next sweep.
    pub(super) async fn forget(&self, caller: &Caller, place: &DraftPlace, draft: &Draft) {
        self.stop_check(caller, draft).await;
        if let Err(error) = self.files.remove_folder(&place.folder(&draft.id)).await {
            tracing::warn!(error = %error, "the file of a discarded draft could not be removed");
        }
    }

    /// Stops the check of a draft that has changed: nobody will look at its plan.
    async fn stop_check(&self, caller: &Caller, draft: &Draft) {
        if let Some(check) = &draft.check
            && let Ok((task, _, _)) = self.owned(caller, check.as_str()).await
            && !task.state.is_final()
            && let Err(error) = longshore_tasks::cancel(&*self.store, &task.id).await
        {
            tracing::debug!(task.id = %task.id, error = %error, "the check of a changed draft goes on");
        }
    }
}
