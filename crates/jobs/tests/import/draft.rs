//! Uploads and drafts: what is refused, what is kept, and for how long.

use std::time::Duration;

use bytes::Bytes;
use longshore_jobs::import::sweep::sweep;
use longshore_jobs::{CentreError, CentreSettings, ImportSettings};
use longshore_protocol::import::{
    CheckRequest, DraftProblem, DraftRequest, FileKind, ImportDraft, ImportMode, ImportWay, MappedTo,
    MatchedBy, UpdateDraftRequest,
};
use longshore_protocol::{ErrorCode, Lang, Phase, ProblemKind};

use crate::people::{People, caller, file, line, problems, settings};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_becomes_a_draft() {
    let people = People::new(0);
    let text = "\u{FEFF}编号;Full Name;Town;amount \r\n1;Ann;x;1,5\r\n;;;\r\n2;Bob;y;2\r\n";
    let draft = people.upload("C:\\files\\neue Leute.csv", text).await;
    assert_eq!(draft.file.name, "neue Leute.csv");
    assert_eq!((draft.file.kind, draft.file.delimiter.as_deref()), (FileKind::Csv, Some(";")));
    assert_eq!((draft.file.size_bytes, draft.header_row), (text.len() as u64, 1));
    let found: Vec<_> =
        draft.columns.iter().map(|column| (column.target.as_deref(), column.matched_by)).collect();
    let by_name = |name| (Some(name), MatchedBy::Name);
    assert_eq!(found, [by_name("id"), by_name("name"), (None, MatchedBy::Nothing), by_name("amount")]);
    assert_eq!(draft.columns[1].samples, ["Ann", "Bob"]);
    assert_eq!((draft.mode, draft.problems.as_slice()), (ImportMode::Upsert, [].as_slice()));
    assert_eq!(people.draft_of(&people.ann).await.expect("is there").id, draft.id);
    assert_eq!(people.draft_of(&caller("bob")).await, None, "a draft is its owner's");

    let change = |request: UpdateDraftRequest| {
        let request = UpdateDraftRequest { dataset: "people".into(), draft: draft.id.clone(), ..request };
        let (centre, ann) = (people.house.centre.clone(), people.ann.clone());
        async move { centre.update_draft(&ann, &request).await }
    };
    let to = |index, target: Option<&str>| MappedTo { index, target: target.map(str::to_owned) };
    let mapping = vec![to(2, Some("name")), to(3, None)];
    let changed =
        change(UpdateDraftRequest { mapping, ..UpdateDraftRequest::default() }).await.expect("is changed");
    let targets: Vec<_> = changed.columns.iter().map(|column| column.target.as_deref()).collect();
    assert_eq!(targets, [Some("id"), None, Some("name"), None]);
    let mapping = vec![to(0, None)];
    let changed =
        change(UpdateDraftRequest { mapping, ..UpdateDraftRequest::default() }).await.expect("is changed");
    assert_eq!(changed.problems, [DraftProblem::Missing { columns: vec!["id".into()] }]);
    for request in [
        UpdateDraftRequest { sheet: Some(1), ..UpdateDraftRequest::default() },
        UpdateDraftRequest { header_row: Some(99), ..UpdateDraftRequest::default() },
        UpdateDraftRequest { encoding: Some("utf-7".into()), ..UpdateDraftRequest::default() },
        UpdateDraftRequest { delimiter: Some("x".into()), ..UpdateDraftRequest::default() },
        UpdateDraftRequest { mapping: vec![to(9, None)], ..UpdateDraftRequest::default() },
        UpdateDraftRequest { mapping: vec![to(0, Some("nope"))], ..UpdateDraftRequest::default() },
    ] {
        let refused = problems(change(request.clone()).await.expect_err("is refused"));
        let is_right =
            matches!(refused[..], [ProblemKind::NoSuchChoice { .. } | ProblemKind::UnknownColumn { .. }]);
        assert!(is_right, "{request:?}: {refused:?}");
    }
    let other =
        UpdateDraftRequest { dataset: "people".into(), draft: "x".into(), ..UpdateDraftRequest::default() };
    let refused = people.house.centre.update_draft(&people.ann, &other).await.map_err(|error| error.code());
    assert_eq!(refused, Err(ErrorCode::DraftChanged));
    let refused =
        people.house.centre.update_draft(&caller("bob"), &other).await.map_err(|error| error.code());
    assert_eq!(refused, Err(ErrorCode::UnknownDraft));

    // Two pages that show the same draft: the one that changes it second has to look first.
    let both = people.draft_of(&people.ann).await.expect("is there");
    let as_shown = |target: &str| UpdateDraftRequest {
        revision: Some(both.revision.clone()),
        mapping: vec![to(0, Some(target))],
        ..UpdateDraftRequest::default()
    };
    let first = change(as_shown("id")).await.expect("is changed");
    assert_ne!(first.revision, both.revision);
    assert_eq!(change(as_shown("name")).await.map_err(|error| error.code()), Err(ErrorCode::DraftChanged));
    assert_eq!(people.draft_of(&people.ann).await.expect("is there").columns, first.columns);
    let stale = CheckRequest {
        dataset: "people".into(),
        draft: draft.id.clone(),
        revision: Some(both.revision.clone()),
        ..CheckRequest::default()
    };
    let refused = people.house.centre.register_check(&people.ann, stale, Lang::En).await;
    assert_eq!(refused.map_err(|error| error.code()).map(|_| ()), Err(ErrorCode::DraftChanged));

    let again = people.upload("other.csv", file(1..3)).await;
    assert_ne!(again.id, draft.id);
    assert_eq!(uploads(&people), 1, "a second upload takes the place of the first");
    let request = DraftRequest { dataset: "people".into() };
    assert!(people.house.centre.discard_draft(&people.ann, &request).await.expect("answers"));
    assert!(!people.house.centre.discard_draft(&people.ann, &request).await.expect("answers"));
    assert_eq!(people.house.files(), Vec::<std::path::PathBuf>::new());
    people.stop().await;
}

fn uploads(people: &People) -> usize {
    people.house.files().iter().filter(|path| path.ends_with("upload")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_leaves_nothing() {
    let people = People::new(0);
    let big = 1 << 20;
    let too_big = ProblemKind::FileTooBig { limit_bytes: big as u64 };
    for (content, want) in [
        (Vec::new(), ProblemKind::FileEmpty),
        (vec![b'x'; big + 1], too_big.clone()),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), ProblemKind::NotASpreadsheet),
        (b"PK\x03\x04 and no more".to_vec(), ProblemKind::FileDamaged),
    ] {
        let refused =
            problems(people.try_upload(&people.ann, "x.xlsx", content).await.expect_err("is refused"));
        assert_eq!(refused, [want]);
    }
    let centre = &people.house.centre;
    let never = || futures::stream::pending::<Result<Bytes, std::io::Error>>();
    let refused = centre.upload(&people.ann, "people", "x", Some(big as u64 + 1), never()).await;
    assert_eq!(problems(refused.expect_err("is refused")), [too_big]);
    let refused = centre.upload(&people.ann, "closed", "x", None, never()).await;
    assert_eq!(problems(refused.expect_err("is refused")), [ProblemKind::NotImportable]);
    let refused =
        centre.upload(&people.ann, "nowhere", "x", None, never()).await.map_err(|error| error.code());
    assert_eq!(refused, Err(ErrorCode::UnknownDataset));

    let kept = people.upload("kept.csv", file(1..9)).await;
    let broken = [Ok(Bytes::from("ID,Name\n1,")), Err(std::io::Error::other("gone"))];
    let refused = centre.upload(&people.ann, "people", "x", None, futures::stream::iter(broken)).await;
    assert!(matches!(refused, Err(CentreError::Upload(_))), "{refused:?}");
    // A client that goes away in the middle is a future that is dropped.
    let begun = futures::StreamExt::chain(
        futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from("ID,Name\n1,"))]),
        never(),
    );
    let upload = centre.upload(&people.ann, "people", "x", None, begun);
    assert!(tokio::time::timeout(Duration::from_millis(50), upload).await.is_err());
    people.house.until_files(|files| files.len() == 2).await;
    assert_eq!(people.draft_of(&people.ann).await.expect("is there").id, kept.id);
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_nobody_touches_goes() {
    let import = ImportSettings { draft_kept: Duration::from_millis(300), ..settings().import };
    let people = People::with(0, CentreSettings { import, ..settings() });
    let (centre, kept) = (&people.house.centre, Duration::from_millis(300));
    let draft = people.upload("late.csv", file(1..9)).await;
    let left = draft.expires_at - draft.server_now;
    assert!((1..=300).contains(&left), "{left}");
    let (files, store) = (centre.files().clone(), people.house.store.clone());
    let unknown = Bytes::from_static(b"{\"form\":\"of another version\"}");
    files.put("imports/bob/people/draft.json", unknown).await.expect("is stored");
    assert_eq!(
        sweep(&files, &store, &people.house.catalog, Duration::from_secs(60)).await.expect("sweeps"),
        0
    );
    let gone = async {
        while people.draft_of(&people.ann).await.is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("its time passes");
    // The one that can't be read was stored a moment after the other, so its time passes a moment later.
    let swept = async {
        let mut count = 0;
        while people.house.files().iter().any(|path| path.ends_with("draft.json")) {
            count += sweep(&files, &store, &people.house.catalog, kept).await.expect("sweeps");
        }
        count
    };
    let count = tokio::time::timeout(Duration::from_secs(10), swept).await.expect("both go");
    assert!(count >= 2, "{count}");
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn matching_is_remembered_for_the_same_headers() {
    let people = People::new(1);
    let text = "Key,Who\n1,Ann\n";
    let draft = people.upload("a.csv", text).await;
    assert!(draft.columns.iter().all(|column| column.target.is_none()), "{:?}", draft.columns);
    let to = |index, target: &str| MappedTo { index, target: Some(target.to_owned()) };
    let request = UpdateDraftRequest {
        dataset: "people".into(),
        draft: draft.id.clone(),
        mapping: vec![to(0, "id"), to(1, "name")],
        ..UpdateDraftRequest::default()
    };
    let draft = people.house.centre.update_draft(&people.ann, &request).await.expect("is changed");
    assert!(draft.columns.iter().all(|column| column.matched_by == MatchedBy::Hand));
    people.register_check(&people.ann, &draft).await;
    let again = people.upload("b.csv", "KEY , who\n7,Bob\n").await;
    let found: Vec<_> =
        again.columns.iter().map(|column| (column.target.as_deref(), column.matched_by)).collect();
    assert_eq!(found, [(Some("id"), MatchedBy::Memory), (Some("name"), MatchedBy::Memory)]);
    let bob = people.try_upload(&caller("bob"), "b.csv", text).await.expect("is taken");
    assert!(bob.columns.iter().all(|column| column.target.is_none()), "memory is a person's own");
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_forgets_imports_whose_record_is_gone() {
    let people = People::new(1);
    let draft = people.upload("people.csv", file(51..151)).await;
    let (_, plan) = people.check(&people.ann, &draft).await;
    let (import, _) = people.import(&people.ann, &plan, ImportWay::ValidRows).await;
    let gone = import.id.to_string().replace(|c: char| c.is_ascii_digit(), "7");
    let database = people.house.database();
    let add = "INSERT INTO longshore_ledger SELECT ?1, chunk, kind, counts, at FROM longshore_ledger WHERE import = ?2";
    database.execute(add, [&gone, import.id.as_str()]).expect("adds");
    let (files, store) = (people.house.centre.files().clone(), people.house.store.clone());
    files.put(&format!("imports-ledger/{gone}"), Bytes::from_static(b"people")).await.expect("is stored");
    sweep(&files, &store, &people.house.catalog, Duration::from_secs(600)).await.expect("sweeps");
    let imports = "SELECT group_concat(DISTINCT import) FROM longshore_ledger";
    let left: String = database.query_row(imports, [], |row| row.get(0)).expect("answers");
    assert_eq!(left, import.id.as_str());
    let marks = files.list("imports-ledger/").await.expect("answers");
    assert_eq!(
        marks.iter().map(|mark| mark.key.as_str()).collect::<Vec<_>>(),
        [format!("imports-ledger/{left}")]
    );
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_turns_out_too_long_is_named_so() {
    let import = ImportSettings { row_count_max: 300, ..settings().import };
    let people = People::with(1, CentreSettings { import, ..settings() });
    let draft = people.upload("long.csv", file(1..400)).await;
    let task = people.register_check(&people.ann, &draft).await.task;
    let task = people.house.until(&people.ann, &task, Phase::Failed).await;
    let failure = task.failure.expect("it failed");
    let detail =
        serde_json::from_str(&failure.detail.expect("says what is wrong")).expect("a kind of problem");
    assert_eq!(ProblemKind::SheetTooBig { what: "rows".into(), limit: 300 }, detail);
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_of_one_revision_one_is_taken() {
    let people = People::new(0);
    let draft = people.upload("people.csv", file(1..9)).await;
    let change = |target: &str| {
        let request = UpdateDraftRequest {
            dataset: "people".into(),
            draft: draft.id.clone(),
            revision: Some(draft.revision.clone()),
            mapping: vec![MappedTo { index: 1, target: Some(target.to_owned()) }],
            ..UpdateDraftRequest::default()
        };
        let (centre, ann) = (people.house.centre.clone(), people.ann.clone());
        tokio::spawn(async move { centre.update_draft(&ann, &request).await.map(|draft| draft.columns) })
    };
    let (a, b) = (change("city"), change("amount"));
    let answers = [a.await.expect("ends"), b.await.expect("ends")];
    let taken: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
    let refused: Vec<_> =
        answers.iter().filter_map(|answer| answer.as_ref().err()).map(CentreError::code).collect();
    assert_eq!(refused, [ErrorCode::DraftChanged]);
    assert_eq!(taken, [&people.draft_of(&people.ann).await.expect("is there").columns]);
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_headers_is_imported_by_place() {
    let people = People::new(2);
    let text: String = (101..104).map(|id| line(id) + "\r\n").collect();
    let bare = |draft: &ImportDraft, mapping| UpdateDraftRequest {
        dataset: "people".into(),
        draft: draft.id.clone(),
        header_row: Some(0),
        mapping,
        ..UpdateDraftRequest::default()
    };
    let draft = people.upload("bare.csv", text.clone()).await;
    let centre = &people.house.centre;
    let draft = centre.update_draft(&people.ann, &bare(&draft, vec![])).await.expect("is changed");
    assert_eq!((draft.header_row, draft.asks_where, draft.asks_header), (0, false, false));
    let headers: Vec<&str> = draft.columns.iter().map(|column| column.header.as_str()).collect();
    assert_eq!(headers, ["A", "B", "C", "D", "E"]);
    assert_eq!(draft.columns[0].samples, ["101", "102", "103"], "the first row is data");
    assert!(draft.columns.iter().all(|column| column.target.is_none()), "a place is no name");
    let names = ["id", "name", "city", "amount", "joined"];
    let mapping: Vec<_> =
        (0..).zip(names).map(|(index, name)| MappedTo { index, target: Some(name.to_owned()) }).collect();
    let draft = centre.update_draft(&people.ann, &bare(&draft, mapping)).await.expect("is changed");
    let (_, plan) = people.check(&people.ann, &draft).await;
    assert_eq!((plan.counts.create, plan.counts.total()), (3, 3));
    people.import(&people.ann, &plan, ImportWay::ValidRows).await;
    assert_eq!(people.rows()[50..], [line(101), line(102), line(103)]);
    let again = people.upload("bare.csv", text).await;
    let again = centre.update_draft(&people.ann, &bare(&again, vec![])).await.expect("is changed");
    assert!(again.columns.iter().all(|column| column.matched_by == MatchedBy::Memory));
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_header_row_is_shown_wherever_it_stands() {
    let people = People::new(0);
    let notes: String = (1..=20).map(|number| format!("note {number}\r\n")).collect();
    let draft = people.upload("notes.csv", notes + &file(1..60)).await;
    assert_eq!((draft.header_row, draft.asks_where, draft.asks_header), (21, true, true));
    let shown: Vec<u32> = draft.first_rows.iter().map(|(row, _)| *row).collect();
    assert_eq!(shown, (1..=10).chain([21]).collect::<Vec<_>>());
    assert_eq!(draft.first_rows[10].1[1], "Name");
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_with_a_number_for_its_revision_is_read() {
    let people = People::new(0);
    let draft = people.upload("people.csv", file(1..9)).await;
    let path = people.house.files().into_iter().find(|path| path.ends_with("draft.json")).expect("is stored");
    let text = std::fs::read_to_string(&path).expect("reads");
    std::fs::write(&path, text.replace(&format!("\"{}\"", draft.revision), "3")).expect("writes");
    let read = people.draft_of(&people.ann).await.expect("is there");
    assert_eq!((read.id, read.revision.as_str()), (draft.id, "3"));
    people.stop().await;
}
