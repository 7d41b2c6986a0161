use longshore_protocol::{DatasetId, Phase, ProblemKind, Progress, TaskKind, Unit};

use super::*;

const SEEN: Moment = Moment { now_ms: 1_000_000, visible: true };
const HIDDEN: Moment = Moment { now_ms: 1_000_000, visible: false };

fn id(text: &str) -> TaskId {
    TaskId::parse(text).expect("a valid id")
}

fn view(phase: Phase) -> TaskView {
    TaskView {
        id: id("t1"),
        kind: TaskKind::Export,
        dataset: DatasetId::parse("orders").expect("a valid id"),
        phase,
        ahead: None,
        progress: Progress::default(),
        registered_at: 5_000,
        started_at: None,
        finished_at: None,
        expires_at: 1_805_000,
        server_now: 5_200,
        file: None,
        failure: None,
        counts: None,
        stopped: None,
    }
}

fn answer(task: TaskView) -> TaskResultOut {
    let succeeded = task.phase == Phase::Succeeded;
    TaskResultOut {
        status: if task.phase.is_final() { TaskStatus::Finished } else { TaskStatus::InProgress },
        message: None,
        url: succeeded.then(|| "/files/t1".to_owned()),
        state: succeeded,
        task: Some(task),
        poll_after_ms: None,
    }
}

fn answered(phase: Phase) -> Event {
    Event::Answered(Ok(answer(view(phase))))
}

fn registered(registered: bool, phase: Phase) -> Event {
    Event::Registered(Ok(RegisterOut { registered, task: Some(answer(view(phase))), problems: vec![] }))
}

fn click() -> Event {
    let request = ExportRequest { dataset: "orders".into(), ..ExportRequest::default() };
    Event::Clicked(Box::new(Request::Export(request)))
}

fn unreachable() -> Event {
    Event::Registered(Err(ApiError::new(ErrorCode::Unreachable, "")))
}

fn missed(code: ErrorCode) -> Event {
    Event::Answered(Err(ApiError::new(code, "")))
}

fn none() -> Event {
    Event::Answered(Ok(TaskResultOut::default()))
}

/// Plays events from the beginning and answers with the last state and the last effects, shortened to words.
fn play(events: Vec<(Event, Moment)>) -> (TaskState, Vec<String>) {
    let mut state = TaskState::default();
    let mut effects = Vec::new();
    for (event, moment) in events {
        (state, effects) = next(state, event, moment);
    }
    let words = effects.iter().map(|effect| match effect {
        Effect::AskLater { failures, hint_ms: None } => format!("later {failures}"),
        Effect::AskLater { failures, hint_ms: Some(ms) } => format!("later {failures} in {ms}"),
        Effect::WakeAfter(wait) => format!("wake {}", wait.as_secs()),
        Effect::Register(_) => "register".to_owned(),
        Effect::AskTask(id) => format!("ask {id}"),
        Effect::Cancel(id) => format!("cancel {id}"),
        Effect::Clear(id) => format!("clear {id}"),
        Effect::Download(url) => format!("download {url}"),
        Effect::Announce(what) => format!("say {what:?}"),
        Effect::AskSlot => "slot".to_owned(),
        Effect::TasksChanged => "tasks".to_owned(),
    });
    (state, words.collect())
}

fn check(events: Vec<Event>, want_phase: &str, want_effects: &[&str]) {
    let (state, effects) = play(events.iter().cloned().map(|event| (event, SEEN)).collect());
    assert_eq!(
        (state.phase_name(), effects),
        (want_phase, want_effects.iter().map(ToString::to_string).collect()),
        "{events:#?}"
    );
}

#[test]
fn on_load_the_server_says_what_there_is() {
    check(vec![Event::Mounted], "unknown", &["slot"]);
    check(vec![Event::Mounted, none()], "idle", &[]);
    check(vec![Event::Mounted, answered(Phase::Queued)], "queued", &["later 0"]);
    check(vec![Event::Mounted, answered(Phase::Running)], "running", &["later 0"]);
    // A file that another visit has started is offered, neither downloaded nor cleared.
    check(vec![Event::Mounted, answered(Phase::Succeeded)], "ready", &["say Ended", "tasks"]);
    check(vec![Event::Mounted, answered(Phase::Failed)], "failed", &["say Ended", "tasks"]);
    check(vec![Event::Mounted, answered(Phase::Abandoned)], "abandoned", &["say Ended", "tasks"]);
    check(vec![Event::Mounted, answered(Phase::FileExpired)], "file_expired", &["say Ended", "tasks"]);
    check(vec![Event::Mounted, missed(ErrorCode::StoreUnavailable)], "offline", &["later 1 in 5000"]);
    check(vec![Event::Mounted, missed(ErrorCode::Unreachable), Event::Woke], "offline", &["slot"]);
    check(vec![Event::Mounted, missed(ErrorCode::Unreachable), none()], "idle", &[]);
    check(vec![Event::Mounted, missed(ErrorCode::SessionInvalid)], "idle", &["say Refused", "tasks"]);
}

#[test]
fn a_click_leads_to_a_task() {
    let start = || vec![Event::Mounted, none(), click()];
    let with = |more: Vec<Event>| start().into_iter().chain(more).collect::<Vec<_>>();
    check(start(), "submitting", &["register"]);
    // Grey means that a click does nothing.
    check(vec![Event::Mounted, click()], "unknown", &[]);
    check(with(vec![click()]), "submitting", &[]);
    check(with(vec![registered(true, Phase::Queued)]), "queued", &["say Started", "tasks", "later 0"]);
    check(with(vec![registered(true, Phase::Queued), Event::Woke]), "queued", &["ask t1"]);
    check(with(vec![registered(true, Phase::Queued), answered(Phase::Running), click()]), "running", &[]);
    check(
        with(vec![registered(true, Phase::Queued), answered(Phase::Succeeded)]),
        "ready",
        &["say Ended", "tasks", "download /files/t1", "clear t1"],
    );
    // Joined, not started: offered only, and cleared once when it is taken.
    let joined = || with(vec![registered(false, Phase::Running), answered(Phase::Succeeded)]);
    check(joined(), "ready", &["say Ended", "tasks"]);
    check(joined().into_iter().chain([Event::DownloadClicked]).collect(), "ready", &["clear t1"]);
    check(joined().into_iter().chain([Event::DownloadClicked, Event::Dismissed]).collect(), "idle", &[]);
    check(joined().into_iter().chain([Event::Dismissed]).collect(), "idle", &["clear t1"]);
    check(joined().into_iter().chain([click()]).collect(), "submitting", &["register"]);
}

#[test]
fn a_hidden_tab_downloads_nothing_by_itself() {
    let (state, effects) = play(vec![
        (Event::Mounted, SEEN),
        (none(), SEEN),
        (click(), SEEN),
        (registered(true, Phase::Queued), SEEN),
        (answered(Phase::Succeeded), HIDDEN),
    ]);
    assert_eq!((state.phase_name(), effects), ("ready", vec!["say Ended".to_owned(), "tasks".to_owned()]));
}

#[test]
fn a_refused_request_names_its_problems() {
    let problem = FieldProblem {
        field: "filters[0].column".into(),
        message: String::new(),
        kind: ProblemKind::UnknownColumn { name: "x".into() },
    };
    let mut error = ApiError::new(ErrorCode::InvalidParameters, "");
    error.problems = vec![problem.clone()];
    let out = RegisterOut { registered: false, task: None, problems: vec![problem.clone()] };
    for event in [Event::Registered(Err(error)), Event::Registered(Ok(out))] {
        let (state, effects) =
            play([Event::Mounted, none(), click(), event].map(|event| (event, SEEN)).into());
        assert_eq!(
            (state.step, &state.problems, effects),
            (Step::Idle, &vec![problem.clone()], vec!["say Refused".to_owned()])
        );
        assert!(state.has_news());
        assert!(!next(state, Event::Dismissed, SEEN).0.has_news());
    }
}

#[test]
fn a_request_that_meets_no_server_is_repeated_then_looked_for() {
    let with =
        |more: Vec<Event>| [Event::Mounted, none(), click()].into_iter().chain(more).collect::<Vec<_>>();
    check(with(vec![unreachable()]), "offline", &["wake 1"]);
    check(with(vec![unreachable(), Event::Woke]), "offline", &["register"]);
    check(with(vec![unreachable(), unreachable()]), "offline", &["wake 2"]);
    let lost = || with(vec![unreachable(), unreachable(), unreachable(), unreachable()]);
    check(lost(), "offline", &["later 4"]);
    let after = |event| lost().into_iter().chain([Event::Woke, event]).collect::<Vec<_>>();
    check(after(answered(Phase::Running)), "running", &["later 0"]);
    let (state, _) = play(after(none()).into_iter().map(|event| (event, SEEN)).collect());
    assert_eq!((state.step, state.error), (Step::Idle, Some(ErrorCode::Unreachable)));
    // The first copy arrived after all, and the server knows its key: this tab has started the task.
    check(
        with(vec![unreachable(), registered(true, Phase::Running), answered(Phase::Succeeded)]),
        "ready",
        &["say Ended", "tasks", "download /files/t1", "clear t1"],
    );
    // What another tab has started meanwhile is not downloaded here, however often this one has asked.
    check(
        with(vec![unreachable(), registered(false, Phase::Running), answered(Phase::Succeeded)]),
        "ready",
        &["say Ended", "tasks"],
    );
    // The server says when it wants to be asked again.
    let away = Event::Registered(Err(ApiError::new(ErrorCode::StoreUnavailable, "")));
    check(with(vec![away]), "offline", &["wake 5"]);
}

#[test]
fn a_request_whose_answer_was_lost_is_told_by_the_age_of_what_is_found() {
    let lost = || {
        [(Event::Mounted, SEEN), (none(), SEEN), (click(), SEEN)]
            .into_iter()
            .chain(std::iter::repeat_n((unreachable(), SEEN), 4))
            .chain([(Event::Woke, SEEN)])
    };
    let (state, _) = play(lost().collect());
    assert!(state.was_tried());
    // Ten seconds after the click.
    let later = Moment { now_ms: SEEN.now_ms + 10_000, ..SEEN };
    for (phase, age_ms, want_step, want_error) in [
        (Phase::Succeeded, 9_000, Step::Ready, None),
        (Phase::Succeeded, 11_000, Step::Idle, Some(ErrorCode::Unreachable)),
        (Phase::Failed, 11_000, Step::Idle, Some(ErrorCode::Unreachable)),
        // One that runs stands in the way of another, whoever has started it.
        (Phase::Running, 11_000, Step::Running, None),
        (Phase::Queued, 9_000, Step::Queued, None),
    ] {
        let found = TaskView { server_now: 5_000 + age_ms, ..view(phase) };
        let (state, _) = play(lost().chain([(Event::Answered(Ok(answer(found))), later)]).collect());
        assert_eq!((state.step, state.error), (want_step, want_error), "{phase:?} of {age_ms} ms");
        assert!(state.has_news());
    }
}

#[test]
fn what_is_being_stopped_is_waited_for() {
    let with =
        |more: Vec<Event>| [Event::Mounted, none(), click()].into_iter().chain(more).collect::<Vec<_>>();
    check(with(vec![registered(false, Phase::Cancelling)]), "submitting", &["wake 1"]);
    check(with(vec![registered(false, Phase::Cancelled)]), "submitting", &["wake 1"]);
    check(with(vec![registered(false, Phase::Cancelling), Event::Woke]), "submitting", &["register"]);
    check(
        with(vec![registered(false, Phase::Cancelling), Event::Woke, registered(true, Phase::Queued)]),
        "queued",
        &["say Started", "tasks", "later 0"],
    );
    check(with(vec![registered(false, Phase::Running)]), "running", &["say Started", "tasks", "later 0"]);
}

#[test]
fn cancelling_asks_and_waits_for_the_end() {
    let with = |more: Vec<Event>| {
        [Event::Mounted, answered(Phase::Running), Event::CancelClicked]
            .into_iter()
            .chain(more)
            .collect::<Vec<_>>()
    };
    check(vec![Event::Mounted, none(), Event::CancelClicked], "idle", &[]);
    check(with(vec![]), "cancelling", &["cancel t1"]);
    check(with(vec![Event::CancelClicked]), "cancelling", &[]);
    // A poll that was on its way still says running.
    check(with(vec![answered(Phase::Running)]), "cancelling", &["later 0"]);
    check(with(vec![Event::CancelAnswered(Ok(answer(view(Phase::Cancelling))))]), "cancelling", &["later 0"]);
    check(
        with(vec![Event::CancelAnswered(Ok(answer(view(Phase::Cancelled))))]),
        "cancelled",
        &["say Ended", "tasks"],
    );
    check(with(vec![Event::CancelAnswered(Err(ErrorCode::Unreachable))]), "running", &[]);
    check(with(vec![answered(Phase::Cancelled), Event::Dismissed]), "idle", &["clear t1"]);
}

#[test]
fn losing_the_connection_keeps_the_last_known_state() {
    let away = || missed(ErrorCode::Unreachable);
    check(vec![Event::Mounted, answered(Phase::Running), away(), away()], "offline", &["later 2"]);
    check(vec![Event::Mounted, answered(Phase::Running), away(), Event::Woke], "offline", &["ask t1"]);
    check(
        vec![Event::Mounted, answered(Phase::Running), away(), answered(Phase::Running)],
        "running",
        &["later 0"],
    );
    let (state, _) =
        play([Event::Mounted, answered(Phase::Running), away()].map(|event| (event, SEEN)).into());
    assert_eq!(state.step, Step::Running);
    check(
        vec![Event::Mounted, answered(Phase::Running), missed(ErrorCode::UnknownTask)],
        "idle",
        &["say Refused", "tasks"],
    );
}

#[test]
fn late_answers_change_nothing() {
    let mut other = view(Phase::Running);
    other.id = id("t2");
    check(vec![Event::Mounted, answered(Phase::Running), Event::Answered(Ok(answer(other)))], "running", &[]);
    check(vec![Event::Mounted, answered(Phase::Succeeded), answered(Phase::Running)], "ready", &[]);
    check(vec![Event::Mounted, none(), click(), none()], "submitting", &[]);
    check(vec![Event::Mounted, none(), Event::Shown, answered(Phase::Running)], "running", &["later 0"]);
    check(vec![Event::Mounted, answered(Phase::Running), Event::Shown], "running", &["ask t1"]);
}

#[test]
fn shown_progress_waits_a_second_and_never_goes_back() {
    let rows = |server_now, done, total, unit| {
        let progress = Progress { done, total, unit };
        Event::Answered(Ok(answer(TaskView { progress, server_now, ..view(Phase::Running) })))
    };
    let mut state = next(TaskState::default(), Event::Mounted, SEEN).0;
    for (event, visible, done, fraction) in [
        (rows(5_900, 10, Some(100), Unit::Rows), false, 10, Some(0.1)),
        (rows(6_000, 20, Some(100), Unit::Rows), true, 20, Some(0.2)),
        // Another worker started over.
        (rows(7_000, 5, Some(100), Unit::Rows), true, 20, Some(0.2)),
        (rows(8_000, 40, Some(400), Unit::Rows), true, 40, Some(0.2)),
        (rows(9_000, 500, Some(400), Unit::Rows), true, 500, Some(1.0)),
        (rows(9_500, 500, None, Unit::Rows), true, 500, Some(1.0)),
        (rows(9_900, 7, Some(70), Unit::Bytes), true, 7, Some(1.0)),
    ] {
        state = next(state, event.clone(), SEEN).0;
        let shown = &state.progress;
        assert_eq!((shown.visible, shown.done, shown.fraction), (visible, done, fraction), "{event:?}");
    }
}

#[test]
fn quarters_are_announced_at_most_every_15_seconds() {
    let mut state = next(TaskState::default(), Event::Mounted, SEEN).0;
    for (seconds, done, want) in
        [(0, 1, None), (3, 30, None), (16, 31, Some(25)), (20, 55, None), (31, 80, Some(75)), (60, 100, None)]
    {
        let progress = Progress { done, total: Some(100), unit: Unit::Rows };
        let event = Event::Answered(Ok(answer(TaskView { progress, ..view(Phase::Running) })));
        let moment = Moment { now_ms: 1_000_000 + seconds * 1000, visible: true };
        let (after, effects) = next(state, event, moment);
        state = after;
        let said = effects.iter().find_map(|effect| match effect {
            Effect::Announce(Announcement::Quarter(percent)) => Some(*percent),
            _ => None,
        });
        assert_eq!(said, want, "after {seconds} s");
    }
}
