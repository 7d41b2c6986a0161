//! Whole imports: plan, errors, mending, taking back.

use std::io::Cursor;

use calamine::{Data, Ods, Reader, Xls, Xlsb, Xlsx};
use longshore_protocol::import::{
    CellProblem, ImportMode, ImportWay, MatchedBy, PlanCounts, PlanRowsRequest, PlanShow, UndoRequest,
    UpdateDraftRequest,
};
use longshore_protocol::{ErrorCode, ProblemKind};
use longshore_sheets::faults::{FaultsKind, FaultsWriter};
use longshore_sheets::read::{Cell, CellKind};

use crate::people::{People, caller, file, line, problems};

fn counts(create: u64, update: u64, unchanged: u64, error: u64) -> PlanCounts {
    PlanCounts { create, update, unchanged, error }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_mended_and_what_was_done_is_taken_back() {
    let people = People::new(2);
    let before = people.rows();
    // 1 to 50 are there; 41, 141, 241, … have no amount that can be read, and 999 stands twice.
    let text = file(41..1000).replace(",sh,", ",Shanghai,");
    let spoilt = |id: usize| id % 100 == 41;
    let spoil = |line: &str| {
        let id: usize = line.split(',').next().and_then(|id| id.parse().ok()).unwrap_or_default();
        if spoilt(id) { line.replace(&format!(",{id}.50,"), ",=much,") } else { line.to_owned() }
    };
    let mut text: String = text.lines().map(|line| spoil(line) + "\r\n").collect();
    text += "999,Twice,sh,1,2026-08-01\r\n";
    let draft = people.upload("people.csv", text).await;
    assert_eq!(draft.problems, []);
    let (check, plan) = people.check(&people.ann, &draft).await;
    assert_eq!(plan.counts, counts(940, 9, 0, 11));
    let codes: Vec<_> = plan.problems.iter().map(|found| (found.problem.code(), found.count)).collect();
    assert_eq!(codes, [("wrong_type", 10), ("duplicate_in_file", 1)]);
    let ask =
        |show, page| PlanRowsRequest { dataset: "people".into(), task: check.id.to_string(), show, page };
    let page = people.house.centre.plan_rows(&people.ann, &ask(PlanShow::Errors, 1)).await.expect("answers");
    assert_eq!((page.total_row_count, page.rows.len()), (11, 11));
    assert_eq!(page.columns, ["id", "name", "city", "amount", "joined"]);
    assert_eq!((page.rows[0].row, page.rows[0].cells[3].new.as_deref()), (2, Some("=much")));
    let twice = &page.rows[10];
    let problem = CellProblem::DuplicateInFile { first_row: 960 };
    assert_eq!((twice.row, &twice.cells[0].problems), (961, &vec![problem]));
    let page = people.house.centre.plan_rows(&people.ann, &ask(PlanShow::Updates, 1)).await.expect("answers");
    let (new, old) = (page.rows[0].cells[1].new.as_deref(), page.rows[0].cells[1].old.clone().flatten());
    assert_eq!((new, old.as_deref()), (Some("New 42"), Some("Person 42")));
    let page =
        people.house.centre.plan_rows(&people.ann, &ask(PlanShow::Creates, 19)).await.expect("answers");
    assert_eq!((page.total_row_count, page.rows.len()), (940, 40));
    let other = people.house.centre.plan_rows(&caller("bob"), &ask(PlanShow::All, 1)).await;
    assert_eq!(other.map_err(|error| error.code()), Err(ErrorCode::UnknownTask));
    assert_eq!(people.rows(), before, "a check writes nothing");

    // The file of errors, as it was sent: cells guarded, with number and reason.
    let errors = people.house.bytes(&people.ann, &check).await;
    let errors = String::from_utf8(errors).expect("UTF-8");
    let lines: Vec<&str> = errors.trim_start_matches('\u{FEFF}').lines().collect();
    assert_eq!((lines.len(), lines[0]), (12, "ID,Name,City,Amount,Joined,Row in file,Reason"));
    assert_eq!(
        lines[1],
        "41,New 41,Shanghai,'=much,2026-08-14,2,Amount: Not a number; write it like 1234.56"
    );

    // Clicked twice, it is one import.
    let first = people.register_import(&people.ann, &plan, ImportWay::ValidRows).await.expect("registers");
    let second = people.register_import(&people.ann, &plan, ImportWay::ValidRows).await.expect("registers");
    assert_eq!(first.task.id, second.task.id);
    let (import, report) = people.import(&people.ann, &plan, ImportWay::ValidRows).await;
    assert_eq!((import.id.clone(), report.stopped.clone()), (first.task.id, None));
    assert_eq!((report.planned, report.done), (plan.counts, plan.counts));
    assert_eq!(people.draft_of(&people.ann).await.and_then(|draft| draft.import), Some(import.id.clone()));
    assert_eq!(people.house.bytes(&people.ann, &import).await, errors.as_bytes());
    let good = |id: &usize| !spoilt(*id);
    let want: Vec<String> = before[..41].iter().cloned().chain((42..1000).filter(good).map(line)).collect();
    assert_eq!(people.rows(), want);

    // Mended and sent again, it is just those rows.
    let mended: String = errors
        .lines()
        .filter(|line| !line.contains("Twice"))
        .map(|line| {
            let id = line.trim_start_matches('\u{FEFF}').split(',').next().unwrap_or_default();
            line.replace("'=much", &format!("{id}.50")) + "\r\n"
        })
        .collect();
    let draft = people.upload("people_errors.csv", mended).await;
    let added: Vec<_> = draft.columns[5..].iter().map(|column| (&column.target, column.matched_by)).collect();
    assert_eq!(added, [(&None, MatchedBy::Nothing), (&None, MatchedBy::Nothing)]);
    let (_, plan) = people.check(&people.ann, &draft).await;
    assert_eq!(plan.counts, counts(9, 1, 0, 0));
    let (mending, report) = people.import(&people.ann, &plan, ImportWay::AllOrNothing).await;
    assert_eq!((report.done, report.can_be_undone), (plan.counts, true));
    let want: Vec<String> = before[..40].iter().cloned().chain((41..1000).map(line)).collect();
    assert_eq!(people.rows(), want);

    // The same file once more changes nothing.
    let draft = people.upload("again.csv", file(41..1000)).await;
    let (_, plan) = people.check(&people.ann, &draft).await;
    assert_eq!(plan.counts, counts(0, 0, 959, 0));
    let refused = people.register_import(&people.ann, &plan, ImportWay::ValidRows).await;
    assert_eq!(problems(refused.expect_err("is refused")), [ProblemKind::NothingToImport]);

    // Taken back, the table is as it was.
    let undone = people.undo(&people.ann, &mending).await;
    assert_eq!((undone.removed_row_count, undone.restored_row_count, undone.kept_row_count), (9, 1, 0));
    let undone = people.undo(&people.ann, &import).await;
    assert_eq!((undone.removed_row_count, undone.restored_row_count, undone.kept_row_count), (940, 9, 0));
    assert_eq!(people.rows(), before);
    let report = people.report(&people.ann, &import).await;
    assert!(report.undo.is_some() && !report.can_be_undone);
    let request = UndoRequest { task: import.id.to_string() };
    let refused =
        people.house.centre.register_undo(&people.ann, request.clone()).await.expect_err("is refused");
    assert_eq!(problems(refused), [ProblemKind::NotUndoable]);
    let refused =
        people.house.centre.register_undo(&caller("bob"), request).await.map_err(|error| error.code());
    assert_eq!(refused.map(|_| ()), Err(ErrorCode::UnknownTask));
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_gives_errors_in_its_own_format() {
    for (kind, ending) in [
        (FaultsKind::Xlsx, "xlsx"),
        (FaultsKind::Xlsm, "xlsm"),
        (FaultsKind::Xlsb, "xlsb"),
        (FaultsKind::Xls, "xls"),
        (FaultsKind::Ods, "ods"),
    ] {
        let errors = Cursor::new(errors_of_a_workbook(kind, ending).await);
        match kind {
            FaultsKind::Xlsb => found_in(&mut Xlsb::new(errors).expect("a workbook")),
            FaultsKind::Xls => found_in(&mut Xls::new(errors).expect("a workbook")),
            FaultsKind::Ods => found_in(&mut Ods::new(errors).expect("a document")),
            _ => found_in(&mut Xlsx::new(errors).expect("a workbook")),
        }
    }
}

/// A sheet of XLS ends with its 256th column.
#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_without_room_for_two_more_columns_gives_a_wider_one() {
    let people = People::new(1);
    for (column_count, wanted) in [(254, "made_errors.xls"), (255, "made_errors.xlsx")] {
        let path = people.house.folder.path().join("made.xls");
        let mut headers = vec!["ID".to_owned(), "Name".to_owned()];
        headers.extend((2..column_count).map(|number| format!("Further {number}")));
        // The writer takes the last two for those that it adds itself.
        let mut writer = FaultsWriter::create(FaultsKind::Xls, &path, "List", headers).expect("is made");
        let cells = ["nonsense", "Ann"].map(|text| Cell { kind: CellKind::Text, text });
        writer.push(&cells, &[], 7, "no reason").expect("is written");
        writer.finish().expect("is complete");
        let draft = people.upload("made.xls", std::fs::read(&path).expect("reads")).await;
        assert_eq!(draft.columns.len(), column_count);
        let (check, plan) = people.check(&people.ann, &draft).await;
        assert_eq!(plan.counts, counts(0, 0, 0, 1));
        assert_eq!(check.file.expect("a file").name, wanted);
    }
    people.stop().await;
}

/// The file of errors of a file of that kind, which has the columns of one already. Sent again, it has the same errors.
async fn errors_of_a_workbook(kind: FaultsKind, ending: &str) -> Vec<u8> {
    let people = People::new(1);
    let name = format!("made.{ending}");
    let path = people.house.folder.path().join(&name);
    let headers = ["ID", "Name", "Joined", "Row in file", "Reason"].map(str::to_owned).to_vec();
    let mut writer = FaultsWriter::create(kind, &path, "Liste", headers).expect("is made");
    let cell = |kind, text| Cell { kind, text };
    for (id, name, joined) in
        [("101", "Ann", "2026-08-01"), ("102", "", "2026-08-02"), ("103", "=Bob", "nie")]
    {
        let joined_kind = if joined == "nie" { CellKind::Text } else { CellKind::Date };
        let name_kind = if name.is_empty() { CellKind::Empty } else { CellKind::Text };
        let cells = [cell(CellKind::Number, id), cell(name_kind, name), cell(joined_kind, joined)];
        writer.push(&cells, &[1], 7, "no reason").expect("is written");
    }
    assert_eq!(writer.finish().expect("is complete"), 3);
    let draft = people.upload(&name, std::fs::read(&path).expect("reads")).await;
    assert_eq!(draft.file.kind.name(), ending);
    assert_eq!((draft.columns[3].target.as_ref(), draft.columns[4].target.as_ref()), (None, None));
    let (check, plan) = people.check(&people.ann, &draft).await;
    assert_eq!(plan.counts, counts(1, 0, 0, 2));
    let found = check.file.clone().expect("a file");
    assert_eq!((found.name, found.row_count), (format!("made_errors.{ending}"), 2));
    let errors = people.house.bytes(&people.ann, &check).await;
    let draft = people.upload(&format!("made_errors.{ending}"), errors.clone()).await;
    assert_eq!((draft.columns[3].target.as_ref(), draft.columns[4].target.as_ref()), (None, None));
    let (_, plan) = people.check(&people.ann, &draft).await;
    assert_eq!(plan.counts, counts(0, 0, 0, 2));
    people.stop().await;
    errors
}

/// What stands in that file of errors.
fn found_in<R: Reader<Cursor<Vec<u8>>, Error: std::fmt::Debug>>(workbook: &mut R) {
    assert_eq!(workbook.sheet_names(), ["Liste"]);
    let sheet = workbook.worksheet_range("Liste").expect("reads");
    let rows: Vec<Vec<Data>> = sheet.rows().map(<[Data]>::to_vec).collect();
    let texts = |row: &[Data]| row.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(texts(&rows[0]), ["ID", "Name", "Joined", "Row in file", "Reason"]);
    assert!(matches!(rows[1][2], Data::DateTime(_) | Data::DateTimeIso(_)), "{:?}", rows[1]);
    assert_eq!(texts(&rows[1])[3..], ["3", "Name: A value is needed here"]);
    assert_eq!(texts(&rows[2])[..3], ["103", "=Bob", "nie"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_with_a_warning_are_shown_whatever_happens_to_them() {
    let people = People::new(1);
    let path = people.house.folder.path().join("long.xlsx");
    // The last two are the file's own, for row and reason.
    let headers = ["ID", "Name", "its row", "its reason"].map(str::to_owned).to_vec();
    let mut writer = FaultsWriter::create(FaultsKind::Xlsx, &path, "List", headers).expect("is made");
    let cell = |kind, text| Cell { kind, text };
    for (id, name) in [
        ("101", "Ann"),
        ("102", "123456789012345680.0"),
        ("x", "123456789012345680.0"),
        ("50", "123456789012345680.0"),
        ("y", "Bob"),
    ] {
        let id_kind = if id.len() > 1 { CellKind::Number } else { CellKind::Text };
        let name_kind = if name.len() > 3 { CellKind::Number } else { CellKind::Text };
        writer.push(&[cell(id_kind, id), cell(name_kind, name)], &[], 1, "").expect("is written");
    }
    writer.finish().expect("is complete");
    let draft = people.upload("long.xlsx", std::fs::read(&path).expect("reads")).await;
    let (check, plan) = people.check(&people.ann, &draft).await;
    assert_eq!((plan.counts, plan.warning_count), (counts(2, 1, 0, 2), 3));
    let told: Vec<_> = plan.problems.iter().map(|found| (found.problem.code(), found.count)).collect();
    assert_eq!(told, [("digits_lost", 3), ("wrong_type", 2)]);
    let ask = |page| PlanRowsRequest {
        dataset: "people".into(),
        task: check.id.to_string(),
        show: PlanShow::Warnings,
        page,
    };
    let page = people.house.centre.plan_rows(&people.ann, &ask(1)).await.expect("answers");
    let rows: Vec<u32> = page.rows.iter().map(|row| row.row).collect();
    assert_eq!((page.total_row_count, rows), (3, vec![3, 4, 5]));
    assert!(page.rows.iter().all(|row| row.cells[1].problems == [CellProblem::DigitsLost]));
    let page = people.house.centre.plan_rows(&people.ann, &ask(2)).await.expect("answers");
    assert_eq!((page.total_row_count, page.rows.len()), (3, 0));
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn modes_decide_which_rows_are_errors() {
    let people = People::new(1);
    for (mode, want) in [
        (ImportMode::Upsert, counts(10, 10, 0, 0)),
        (ImportMode::Insert, counts(10, 0, 0, 10)),
        (ImportMode::Update, counts(0, 10, 0, 10)),
    ] {
        let draft = people.upload("people.csv", file(41..61)).await;
        let draft = people.set_mode(&draft, mode).await;
        let (_, plan) = people.check(&people.ann, &draft).await;
        assert_eq!((plan.mode, plan.counts), (mode, want));
        if want.error > 0 {
            let refused = people.register_import(&people.ann, &plan, ImportWay::AllOrNothing).await;
            assert_eq!(problems(refused.expect_err("is refused")), [ProblemKind::PlanHasErrors]);
        }
        // A change makes the plan void.
        let other = if mode == ImportMode::Upsert { ImportMode::Insert } else { ImportMode::Upsert };
        let changed = people.set_mode(&draft, other).await;
        assert_eq!((changed.check, changed.plan), (None, None));
        let refused = people.register_import(&people.ann, &plan, ImportWay::ValidRows).await;
        assert_eq!(refused.map_err(|error| error.code()).map(|_| ()), Err(ErrorCode::DraftChanged));
    }
    let draft = people.upload("people.csv", "City\nsh\n").await;
    let request = longshore_protocol::import::CheckRequest {
        dataset: "people".into(),
        draft: draft.id.clone(),
        ..Default::default()
    };
    let refused =
        people.house.centre.register_check(&people.ann, request, longshore_protocol::Lang::En).await;
    assert_eq!(problems(refused.expect_err("is refused")), [ProblemKind::NotMatched]);
    let unknown = UpdateDraftRequest { dataset: "closed".into(), draft: draft.id, ..Default::default() };
    let refused = people.house.centre.update_draft(&people.ann, &unknown).await;
    assert_eq!(problems(refused.expect_err("is refused")), [ProblemKind::NotImportable]);
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_right_of_the_headers_is_in_the_file_of_errors() {
    let people = People::new(1);
    let text = "ID,Name,City\r\nx,Ann,bj,and,more\r\n101,Bob,bj\r\ny,Eve,sh\r\n";
    let draft = people.upload("wide.csv", text).await;
    let (check, _) = people.check(&people.ann, &draft).await;
    let download = people.house.centre.download(&people.ann, check.id.as_str()).await.expect("has a file");
    let bytes = people.house.centre.files().get(&download.key).await.expect("is there");
    let lines: Vec<String> = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
    let starts = ["\u{FEFF}ID,Name,City,,,", "x,Ann,bj,and,more,2,", "y,Eve,sh,,,4,"];
    assert_eq!(lines.len(), starts.len(), "{lines:?}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
    people.stop().await;
}
