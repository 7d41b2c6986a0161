//! The draft as a page holds it: what the server said last, and the person's changes on their way to it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use longshore_protocol::import::{DraftRequest, ImportDraft, UpdateDraftRequest};
use longshore_protocol::{ApiError, ErrorCode};

use super::change::{applied, joined};
use crate::answer::in_time;
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
    /// The draft as the server told of it last: what the page goes back to when a change is refused.
    told: StoredValue<Option<ImportDraft>>,
    /// Whether the trouble is about a change, which no newer answer makes good.
    is_change_refused: StoredValue<bool>,
    order: StoredValue<Order>,
    dataset: StoredValue<String>,
}

/// Which answers are older than what the page shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Order {
    /// What has changed the draft here so far: changes, their answers, uploads, discarding.
    changes: u64,
    /// Questions so far.
    questions: u64,
    /// The newest question whose answer is shown.
    shown: u64,
}

/// A question for the draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Question {
    number: u64,
    /// Changes when it was asked.
    changes: u64,
}

impl Order {
    fn changed(&mut self) {
        self.changes += 1;
    }

    fn ask(&mut self) -> Question {
        self.questions += 1;
        Question { number: self.questions, changes: self.changes }
    }

    /// Whether the answer to a question is to be shown: nothing was changed since it was asked, and no later one was answered.
    fn takes(&mut self, question: Question) -> bool {
        let is_newest = question.changes == self.changes && question.number > self.shown;
        if is_newest {
            self.shown = question.number;
        }
        is_newest
    }
}

impl Draft {
    /// A draft that begins as the page was rendered.
    pub fn new(dataset: String, first: Option<ImportDraft>) -> Draft {
        Draft {
            told: StoredValue::new(first.clone()),
            is_change_refused: StoredValue::new(false),
            order: StoredValue::new(Order::default()),
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
        self.order.update_value(Order::changed);
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
            let answer = in_time(update_import_draft(change)).await;
            // The page was left; what was sent holds.
            let Some(waiting) = self.waiting.try_update_value(Option::take) else { return };
            self.order.update_value(Order::changed);
            match answer {
                Ok(draft) => {
                    self.told.set_value(Some(draft.clone()));
                    let shown = match &waiting {
                        Some(change) => applied(draft, change),
                        None => draft,
                    };
                    self.now.set(Some(shown));
                    self.no_trouble();
                }
                Err(error) => {
                    self.is_change_refused.set_value(true);
                    self.trouble.set(Some(error));
                    self.is_saving.set(false);
                    // What the page shows is not what the server has. It goes back to what that has said, and asks for what is there.
                    self.now.set(self.told.get_value());
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

    /// Asks the server for it anew, then calls `then` if there is an answer. One that is older than what the page shows by then is
    /// not shown.
    pub fn load(self, then: impl FnOnce() + 'static) {
        let request = DraftRequest { dataset: self.dataset.get_value() };
        let Some(question) = self.order.try_update_value(Order::ask) else { return };
        spawn_local(async move {
            match in_time(get_import_draft(request)).await {
                Ok(draft) => {
                    let Some(is_newest) = self.order.try_update_value(|order| order.takes(question)) else {
                        return;
                    };
                    // The answer to a change that is on its way is newer than this one.
                    if is_newest && !self.is_saving.get_untracked() {
                        self.told.set_value(draft.clone());
                        self.now.set(draft);
                    }
                    let is_made_good = !self.is_change_refused.get_value()
                        && self
                            .trouble
                            .with_untracked(|error| error.as_ref().is_some_and(is_worth_asking_again));
                    if is_made_good {
                        self.trouble.set(None);
                    }
                    then();
                }
                Err(error) => {
                    let _ = self.trouble.try_set(Some(error));
                }
            }
        });
    }

    /// What was refused is put right.
    pub fn no_trouble(self) {
        self.is_change_refused.set_value(false);
        self.trouble.set(None);
    }

    /// Discards it, then calls `then`.
    pub fn discard(self, then: impl FnOnce() + 'static) {
        let request = DraftRequest { dataset: self.dataset.get_value() };
        spawn_local(async move {
            match in_time(discard_import_draft(request)).await {
                Ok(_) => {
                    if self.now.try_set(None).is_none() {
                        self.order.update_value(Order::changed);
                        self.told.set_value(None);
                        self.no_trouble();
                        then();
                    }
                }
                Err(error) => {
                    let _ = self.trouble.try_set(Some(error));
                }
            }
        });
    }

    /// Takes over a draft that has just been made.
    pub fn replace(self, draft: ImportDraft) {
        self.order.update_value(Order::changed);
        self.told.set_value(Some(draft.clone()));
        self.no_trouble();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_answers_are_not_shown() {
        let mut order = Order::default();
        let (first, second) = (order.ask(), order.ask());
        assert!(order.takes(second));
        assert!(!order.takes(first), "the answer to a later question is shown already");
        let before = order.ask();
        order.changed();
        assert!(!order.takes(before), "the person has changed it since");
        let after = order.ask();
        assert!(order.takes(after));
        assert!(!order.takes(after), "once is enough");
    }
}
