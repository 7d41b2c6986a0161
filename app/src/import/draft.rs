//! The draft as a page holds it: what the server said last, and the person's changes on their way to it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use longshore_protocol::import::{DraftRequest, ImportDraft, UpdateDraftRequest};
use longshore_protocol::{ApiError, ErrorCode};

use super::change::{applied, joined};
use crate::api::{discard_import_draft, get_import_draft, update_import_draft};
use crate::i18n::Texts;

/// The caller's draft for one dataset, shared by the steps.
#[derive(Clone, Copy)]
pub struct Draft {
    /// The draft; `None` where there is none.
    pub now: RwSignal<Option<ImportDraft>>,
    /// Why the last call about it was refused.
    pub trouble: RwSignal<Option<ApiError>>,
    /// Whether a change is on its way.
    pub is_saving: RwSignal<bool>,
    /// Changes that wait for the one on its way, so that the server gets them in their order.
    waiting: StoredValue<Option<UpdateDraftRequest>>,
    dataset: StoredValue<String>,
}

impl Draft {
    /// A draft that begins as the page was rendered.
    pub fn new(dataset: String, first: Option<ImportDraft>) -> Draft {
        Draft {
            now: RwSignal::new(first),
            trouble: RwSignal::new(None),
            is_saving: RwSignal::new(false),
            waiting: StoredValue::new(None),
            dataset: StoredValue::new(dataset),
        }
    }

    /// A request to change it, which changes nothing yet.
    pub fn request(self) -> UpdateDraftRequest {
        let draft = self.now.with_untracked(|draft| draft.as_ref().map(|draft| draft.id.clone()));
        UpdateDraftRequest {
            dataset: self.dataset.get_value(),
            draft: draft.unwrap_or_default(),
            ..UpdateDraftRequest::default()
        }
    }

    /// Changes it on the page at once, and on the server when its turn comes.
    pub fn change(self, change: UpdateDraftRequest) {
        self.now.update(|draft| *draft = draft.take().map(|draft| applied(draft, &change)));
        if self.is_saving.get_untracked() {
            self.waiting.update_value(|waiting| {
                *waiting = Some(match waiting.take() {
                    Some(first) => joined(first, change),
                    None => change,
                });
            });
        } else {
            self.send(change);
        }
    }

    /// Which state of it the server told of last.
    pub fn revision(self) -> Option<String> {
        self.now.with_untracked(|draft| draft.as_ref().map(|draft| draft.revision.clone()))
    }

    fn send(self, change: UpdateDraftRequest) {
        self.is_saving.set(true);
        let change = UpdateDraftRequest { revision: self.revision(), ..change };
        spawn_local(async move {
            let answer = update_import_draft(change).await;
            // The page was left; what was sent holds.
            let Some(waiting) = self.waiting.try_update_value(Option::take) else { return };
            match answer {
                Ok(draft) => {
                    let shown = match &waiting {
                        Some(change) => applied(draft, change),
                        None => draft,
                    };
                    self.now.set(Some(shown));
                    self.trouble.set(None);
                }
                Err(error) => {
                    self.trouble.set(Some(error.0));
                    self.is_saving.set(false);
                    // What the page shows is not what the server has.
                    self.load(|| ());
                    return;
                }
            }
            match waiting {
                Some(change) => self.send(change),
                None => self.is_saving.set(false),
            }
        });
    }

    /// Asks the server for it anew, then calls `then` if there is an answer.
    pub fn load(self, then: impl FnOnce() + 'static) {
        let request = DraftRequest { dataset: self.dataset.get_value() };
        spawn_local(async move {
            match get_import_draft(request).await {
                Ok(draft) => {
                    if self.now.try_set(draft).is_none() {
                        then();
                    }
                }
                Err(error) => {
                    let _ = self.trouble.try_set(Some(error.0));
                }
            }
        });
    }

    /// Discards it, then calls `then`.
    pub fn discard(self, then: impl FnOnce() + 'static) {
        let request = DraftRequest { dataset: self.dataset.get_value() };
        spawn_local(async move {
            match discard_import_draft(request).await {
                Ok(_) => {
                    if self.now.try_set(None).is_none() {
                        self.trouble.set(None);
                        then();
                    }
                }
                Err(error) => {
                    let _ = self.trouble.try_set(Some(error.0));
                }
            }
        });
    }

    /// Takes over a draft that has just been made.
    pub fn replace(self, draft: ImportDraft) {
        self.trouble.set(None);
        self.now.set(Some(draft));
    }
}

/// An error of a call in words: what is wrong with each field, or else why the call was refused.
pub fn words_of(error: &ApiError, t: Texts) -> String {
    if error.problems.is_empty() {
        return t.error(error.code).to_owned();
    }
    error.problems.iter().map(|problem| t.problem(&problem.kind)).collect::<Vec<_>>().join(" ")
}

/// Whether asking again could help.
pub fn is_worth_asking_again(error: &ApiError) -> bool {
    error.code.is_retryable() || matches!(error.code, ErrorCode::Internal | ErrorCode::DraftChanged)
}
