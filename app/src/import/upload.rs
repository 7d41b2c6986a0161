//! The upload of a file, as one pure function of state and event.

use longshore_protocol::import::ImportDraft;
use longshore_protocol::{ApiError, ErrorCode, ProblemKind};

/// A file that the person has chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChosenFile {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size_bytes: u64,
}

/// Where the upload stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum UploadState {
    /// Nothing is chosen.
    #[default]
    Idle,
    /// The file is on its way.
    Sending {
        /// What is sent.
        file: ChosenFile,
        /// Bytes that have left.
        sent: u64,
    },
    /// All has left; the server looks at it.
    Recognising(ChosenFile),
    /// It came to nothing.
    Refused {
        /// What was sent.
        file: ChosenFile,
        /// Why.
        why: Refusal,
    },
    /// The person has stopped it.
    Cancelled(ChosenFile),
}

/// Why an upload came to nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The connection was lost.
    Lost,
    /// The file is not what can be imported, or the server can't take it now.
    Error(ApiError),
}

/// Something happened.
#[derive(Clone, Debug, PartialEq)]
pub enum UploadEvent {
    /// The person has chosen a file.
    Chosen(ChosenFile),
    /// So many bytes have left.
    Sent(u64),
    /// The server has answered.
    Answered(Box<Result<ImportDraft, ApiError>>),
    /// There will be no answer.
    Lost,
    /// The person wants it stopped.
    Cancelled,
    /// The person wants the same file sent again.
    Retried,
}

/// Something is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum UploadOrder {
    /// Send the chosen file.
    Send,
    /// Stop sending.
    Abort,
    /// Show the draft.
    Done(Box<ImportDraft>),
    /// Tell screen readers where it stands.
    Announce,
}

impl UploadState {
    /// Whether a file is on its way.
    pub fn is_busy(&self) -> bool {
        matches!(self, UploadState::Sending { .. } | UploadState::Recognising(_))
    }

    /// Whether the same file can be sent again with a chance of success.
    pub fn can_be_retried(&self) -> bool {
        match self {
            UploadState::Cancelled(_) | UploadState::Refused { why: Refusal::Lost, .. } => true,
            UploadState::Refused { why: Refusal::Error(error), .. } => {
                error.code.is_retryable() || error.code == ErrorCode::Internal
            }
            _ => false,
        }
    }

    fn file(&self) -> Option<&ChosenFile> {
        match self {
            UploadState::Idle => None,
            UploadState::Sending { file, .. } | UploadState::Refused { file, .. } => Some(file),
            UploadState::Recognising(file) | UploadState::Cancelled(file) => Some(file),
        }
    }
}

/// The state after `event`, and what is to be done; `limit_bytes` is what a file may have.
pub fn next(state: UploadState, event: UploadEvent, limit_bytes: u64) -> (UploadState, Vec<UploadOrder>) {
    match event {
        UploadEvent::Chosen(_) if state.is_busy() => (state, vec![]),
        UploadEvent::Chosen(file) => begin(file, limit_bytes),
        UploadEvent::Retried if !state.can_be_retried() => (state, vec![]),
        UploadEvent::Retried => match state.file().cloned() {
            Some(file) => begin(file, limit_bytes),
            None => (state, vec![]),
        },
        UploadEvent::Sent(sent) => match state {
            UploadState::Sending { file, .. } if sent >= file.size_bytes => {
                (UploadState::Recognising(file), vec![])
            }
            UploadState::Sending { file, sent: before } => {
                (UploadState::Sending { file, sent: sent.max(before) }, vec![])
            }
            other => (other, vec![]),
        },
        // What comes after a cancellation belongs to nobody.
        _ if !state.is_busy() => (state, vec![]),
        UploadEvent::Answered(answer) => match *answer {
            Ok(draft) => (UploadState::Idle, vec![UploadOrder::Done(Box::new(draft))]),
            Err(error) => refused(state, Refusal::Error(error)),
        },
        UploadEvent::Lost => refused(state, Refusal::Lost),
        UploadEvent::Cancelled => {
            let file = state.file().cloned().unwrap_or_default();
            (UploadState::Cancelled(file), vec![UploadOrder::Abort, UploadOrder::Announce])
        }
    }
}

/// Starts sending, unless the file's size alone says that it can't be imported.
fn begin(file: ChosenFile, limit_bytes: u64) -> (UploadState, Vec<UploadOrder>) {
    let problem = match file.size_bytes {
        0 => Some(ProblemKind::FileEmpty),
        bytes if bytes > limit_bytes => Some(ProblemKind::FileTooBig { limit_bytes }),
        _ => None,
    };
    match problem {
        Some(kind) => {
            let why = Refusal::Error(problem_as_error(kind));
            (UploadState::Refused { file, why }, vec![UploadOrder::Announce])
        }
        None => (UploadState::Sending { file, sent: 0 }, vec![UploadOrder::Send, UploadOrder::Announce]),
    }
}

/// A problem with the file, as the server would tell it.
fn problem_as_error(kind: ProblemKind) -> ApiError {
    let mut error = ApiError::new(ErrorCode::InvalidParameters, String::new());
    error.problems =
        vec![longshore_protocol::FieldProblem { field: "file".into(), kind, message: String::new() }];
    error
}

fn refused(state: UploadState, why: Refusal) -> (UploadState, Vec<UploadOrder>) {
    let file = state.file().cloned().unwrap_or_default();
    (UploadState::Refused { file, why }, vec![UploadOrder::Announce])
}

/// What an answer of the server means: a draft, a refusal, or words of something between that is not ours.
pub fn answer_of(status: u16, body: &str, limit_bytes: u64) -> UploadEvent {
    let parsed = match status {
        200..300 => serde_json::from_str(body).map(Ok),
        _ => serde_json::from_str(body).map(Err),
    };
    let answer = parsed.unwrap_or_else(|_| {
        Err(match status {
            // A proxy with a smaller limit than ours.
            413 => problem_as_error(ProblemKind::FileTooBig { limit_bytes }),
            502..505 => ApiError::new(ErrorCode::Unreachable, String::new()),
            _ => ApiError::new(ErrorCode::Internal, String::new()),
        })
    });
    UploadEvent::Answered(Box::new(answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::change::tests::draft;

    fn file(size_bytes: u64) -> ChosenFile {
        ChosenFile { name: "o.xlsx".into(), size_bytes }
    }

    fn after(events: Vec<UploadEvent>) -> (UploadState, Vec<UploadOrder>) {
        events.into_iter().fold((UploadState::Idle, vec![]), |(state, _), event| next(state, event, 100))
    }

    fn chosen() -> UploadEvent {
        UploadEvent::Chosen(file(50))
    }

    fn answered(result: Result<ImportDraft, ApiError>) -> UploadEvent {
        UploadEvent::Answered(Box::new(result))
    }

    #[test]
    fn a_file_goes_its_way() {
        assert_eq!(after(vec![chosen()]).1, [UploadOrder::Send, UploadOrder::Announce]);
        assert_eq!(
            after(vec![chosen(), UploadEvent::Sent(20), UploadEvent::Sent(10)]).0,
            UploadState::Sending { file: file(50), sent: 20 }
        );
        // The count includes what HTTP adds, so it may pass the size.
        assert_eq!(after(vec![chosen(), UploadEvent::Sent(51)]).0, UploadState::Recognising(file(50)));
        let done = after(vec![chosen(), UploadEvent::Sent(50), answered(Ok(draft()))]);
        assert_eq!(done, (UploadState::Idle, vec![UploadOrder::Done(Box::new(draft()))]));
        // Nothing more can be chosen meanwhile.
        assert_eq!(
            after(vec![chosen(), UploadEvent::Chosen(file(9))]).0,
            UploadState::Sending { file: file(50), sent: 0 }
        );
    }

    #[test]
    fn sizes_are_refused_before_anything_is_sent() {
        for (bytes, want) in
            [(0, ProblemKind::FileEmpty), (101, ProblemKind::FileTooBig { limit_bytes: 100 })]
        {
            let (state, orders) = after(vec![UploadEvent::Chosen(file(bytes))]);
            assert_eq!(orders, [UploadOrder::Announce]);
            assert!(!state.can_be_retried());
            let UploadState::Refused { why: Refusal::Error(error), .. } = state else {
                panic!("not refused: {state:?}")
            };
            assert_eq!(error.problems[0].kind, want);
        }
    }

    #[test]
    fn what_may_pass_can_be_retried() {
        for (event, can_be_retried) in [
            (UploadEvent::Lost, true),
            (UploadEvent::Cancelled, true),
            (answered(Err(ApiError::new(ErrorCode::StoreUnavailable, ""))), true),
            (answered(Err(ApiError::new(ErrorCode::Internal, ""))), true),
            (answered(Err(problem_as_error(ProblemKind::NotASpreadsheet))), false),
        ] {
            let (state, _) = after(vec![chosen(), event.clone()]);
            assert_eq!(state.can_be_retried(), can_be_retried, "{event:?}");
            let (state, orders) = next(state, UploadEvent::Retried, 100);
            assert_eq!(state.is_busy(), can_be_retried);
            assert_eq!(orders.contains(&UploadOrder::Send), can_be_retried);
        }
    }

    #[test]
    fn nothing_comes_after_a_cancellation() {
        let events = vec![chosen(), UploadEvent::Cancelled];
        assert_eq!(after(events.clone()).1, [UploadOrder::Abort, UploadOrder::Announce]);
        for late in [UploadEvent::Lost, UploadEvent::Sent(50), answered(Ok(draft())), UploadEvent::Cancelled]
        {
            let (state, orders) = after(events.iter().cloned().chain([late]).collect());
            assert_eq!((state, orders), (UploadState::Cancelled(file(50)), vec![]));
        }
    }

    #[test]
    fn answers_are_understood_or_named() {
        let draft_json = serde_json::to_string(&draft()).expect("plain data");
        let refusal = problem_as_error(ProblemKind::FileDamaged);
        let refusal_json = serde_json::to_string(&refusal).expect("plain data");
        for (status, body, want) in [
            (200, draft_json.as_str(), Ok(draft())),
            (422, &refusal_json, Err(refusal.clone())),
            (413, "<html>", Err(problem_as_error(ProblemKind::FileTooBig { limit_bytes: 100 }))),
            (502, "<html>", Err(ApiError::new(ErrorCode::Unreachable, ""))),
            (500, "", Err(ApiError::new(ErrorCode::Internal, ""))),
            (200, "<html>", Err(ApiError::new(ErrorCode::Internal, ""))),
        ] {
            assert_eq!(answer_of(status, body, 100), answered(want), "{status}");
        }
    }
}
