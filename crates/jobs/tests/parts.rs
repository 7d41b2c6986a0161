//! Exports in parts: one archive, its manifest, and runs that go on from what earlier ones have finished.

mod support;

use std::io::{Cursor, Read};
use std::path::PathBuf;
use std::time::Duration;

use longshore_jobs::CentreSettings;
use longshore_jobs::export::ExportSettings;
use longshore_jobs::verify::{Verdict, verify};
use longshore_protocol::manifest::{Resumed, Shortened};
use longshore_protocol::{Manifest, Phase, TaskView};
use sha2::{Digest, Sha256};

use support::{House, caller, of};

/// 60,000 rows; of `slow`, rows come slowly after the first 52,000.
const ROWS: &str = r#"
[database.shop]
url = "sqlite:shop.db"
[dataset.rows]
database = "shop"
table = "rows"
key = ["id"]
column = [{ name = "id", type = "integer" }, { name = "note", type = "text" }]
[dataset.slow]
database = "shop"
query = """SELECT id, CASE WHEN id > 52000 AND (SELECT closed FROM gate) THEN
           note || (WITH RECURSIVE c(i) AS (SELECT id UNION ALL SELECT i + 1 FROM c WHERE i < 10000000) SELECT substr(max(i), 9) FROM c)
           ELSE note END AS note FROM rows"""
key = ["id"]
column = [{ name = "id", type = "integer" }, { name = "note", type = "text" }]
"#;
const MADE: &str = "CREATE TABLE gate (closed); INSERT INTO gate VALUES (0);
    CREATE TABLE rows (id INTEGER PRIMARY KEY, note TEXT);
    WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 60000)
    INSERT INTO rows SELECT i, printf('note %d %0200d', i * 7919 % 60000, i) FROM c;";
const SMALL: u64 = 60_000;

fn house() -> House {
    let settings = ExportSettings { part_bytes: SMALL, ..ExportSettings::default() };
    let house = House::new(ROWS, 10, CentreSettings::default(), settings);
    house.database().execute_batch(MADE).expect("valid SQL");
    house
}

async fn manifest(house: &House, task: &TaskView) -> Manifest {
    let details = house.centre.details(&caller("ann"), task.id.as_str()).await.expect("answers");
    details.manifest.expect("has one")
}

fn sha256(bytes: &[u8]) -> String {
    longshore_datasets::text::hex(&Sha256::digest(bytes))
}

/// The members of an archive, by name.
fn members(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let count = archive.len();
    let read = |index| {
        let mut member = archive.by_index(index).expect("is there");
        let mut content = Vec::new();
        member.read_to_end(&mut content).expect("its checksum is right");
        (member.name().expect("UTF-8").into_owned(), content)
    };
    (0..count).map(read).collect()
}

/// The rows of CSV files one after the other, headers and marks taken off.
fn rows(files: &[(String, Vec<u8>)]) -> Vec<String> {
    let lines = |content: &[u8]| {
        let text = String::from_utf8(content.to_vec()).expect("UTF-8");
        let lines = text.strip_prefix('\u{FEFF}').expect("a mark").split_terminator("\r\n");
        lines.skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    files.iter().flat_map(|(_, content)| lines(content)).collect()
}

/// The line of a row.
fn line(id: usize) -> String {
    format!("{id},note {} {id:0200}", id * 7919 % 60_000)
}

fn finished_parts(files: &[PathBuf]) -> usize {
    let is_part = |path: &&PathBuf| !path.to_string_lossy().contains(".unfinished");
    files.iter().filter(is_part).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_export_is_an_archive_of_parts() {
    let mut house = house();
    house.start_worker("one");
    for (earlier, format) in ["csv", "xlsx"].into_iter().enumerate() {
        let task = house.export(&caller("ann"), of("rows", format)).await;
        let ready = house.until(&caller("ann"), &task, Phase::Succeeded).await.file.expect("a file");
        let bytes = house.bytes(&caller("ann"), &task).await;
        let (manifest, members) = (manifest(&house, &task).await, members(&bytes));
        assert!(members.len() > 1, "{format}: {} parts", members.len());
        assert!(ready.name.ends_with(".zip") && ready.name == manifest.file.name, "{}", ready.name);
        assert_eq!((ready.row_count, ready.part_count), (60_000, members.len() as u32));
        assert_eq!((manifest.file.size_bytes, &manifest.file.sha256), (bytes.len() as u64, &sha256(&bytes)));
        assert_eq!(manifest.parts.iter().map(|part| part.row_count).sum::<u64>(), 60_000);
        for ((name, content), part) in members.iter().zip(&manifest.parts) {
            assert!(name.ends_with(&format!(".{format}")), "{name}");
            let found = (name.as_str(), content.len() as u64, sha256(content));
            assert_eq!(found, (part.name.as_str(), part.size_bytes, part.sha256.clone()));
        }
        // Of each only the archive is left.
        house.until_files(|files| finished_parts(files) == earlier + 1).await;
        if format == "csv" {
            let rows = rows(&members);
            assert_eq!(rows.len(), 60_000);
            assert!((1..).zip(&rows).all(|(id, row)| *row == line(id)));
        }
        let path = house.folder.path().join("file");
        std::fs::write(&path, &bytes).expect("writes");
        assert_eq!(verify(&path, &manifest).expect("reads"), Verdict::Whole);
        std::fs::write(&path, &members[1].1).expect("writes");
        assert_eq!(verify(&path, &manifest).expect("reads"), Verdict::Part(manifest.parts[1].clone()));
        std::fs::write(&path, &bytes[1..]).expect("writes");
        assert!(matches!(verify(&path, &manifest).expect("reads"), Verdict::Different { .. }));
        let files = house.centre.clear(&caller("ann"), &support::slot("rows")).await;
        assert!(files.expect("answers"));
    }
    house.stop_workers().await;
}

/// Starts the slow export, stops its worker when it has some parts, opens the gate, and changes the rows.
async fn interrupted(house: &mut House, change: &str) -> TaskView {
    house.database().execute_batch("UPDATE gate SET closed = 1").expect("closes");
    house.start_worker("first");
    let task = house.export(&caller("ann"), of("slow", "csv")).await;
    house.until_files(|files| finished_parts(files) >= 2).await;
    house.stop_workers().await;
    house.database().execute_batch(&format!("UPDATE gate SET closed = 0; {change}")).expect("opens");
    house.start_worker("second");
    house.until(&caller("ann"), &task, Phase::Succeeded).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_takes_over_keeps_the_parts_that_are_finished() {
    let mut house = house();
    let task = interrupted(&mut house, "").await;
    let (manifest, bytes) = (manifest(&house, &task).await, house.bytes(&caller("ann"), &task).await);
    let [resumed] = manifest.resumed.as_slice() else { panic!("{:?}", manifest.resumed) };
    assert!(resumed.kept_part_count >= 1 && resumed.kept_row_count >= 4096, "{resumed:?}");
    let members = members(&bytes);
    let rows = rows(&members);
    assert_eq!((rows.len(), manifest.row_count), (60_000, 60_000));
    assert!((1..).zip(&rows).all(|(id, row)| *row == line(id)));
    assert_eq!(manifest.file.sha256, sha256(&bytes));
    house.until_files(|files| finished_parts(files) == 1).await;
    house.stop_workers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_finds_other_rows_begins_anew() {
    let mut house = house();
    let task = interrupted(
        &mut house,
        "UPDATE rows SET note = 'changed' WHERE id = 7; DELETE FROM rows WHERE id = 9",
    )
    .await;
    let (manifest, bytes) = (manifest(&house, &task).await, house.bytes(&caller("ann"), &task).await);
    let kept = manifest.resumed.iter().map(|resumed| (resumed.kept_part_count, resumed.kept_row_count));
    assert_eq!(kept.collect::<Vec<_>>(), [(0, 0)]);
    let rows = rows(&members(&bytes));
    assert_eq!(rows.len(), 59_999, "all of one snapshot, the later one");
    assert_eq!(rows[6..9], ["7,changed".to_owned(), line(8), line(10)]);
    house.until_files(|files| finished_parts(files) == 1).await;
    house.stop_workers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_one_part_whose_worker_was_killed_says_that_it_started_over() {
    let mut house = House::new(ROWS, 10, CentreSettings::default(), ExportSettings::default());
    house.database().execute_batch(MADE).expect("valid SQL");
    // The lost run still reads for a while, and must not keep the gate from opening.
    house.database().execute_batch("PRAGMA journal_mode = WAL").expect("valid SQL");
    house.database().execute_batch("UPDATE gate SET closed = 1").expect("closes");
    house.start_worker("first");
    let task = house.export(&caller("ann"), of("slow", "xlsx")).await;
    // Its first bytes come only with the last rows, so it is known by its rows.
    let begun = async {
        let query = support::slot("slow");
        while house
            .centre
            .status(&caller("ann"), &query)
            .await
            .expect("answers")
            .expect("is there")
            .progress
            .done
            == 0
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), begun).await.expect("begins");
    house.lose_workers().await;
    house.database().execute_batch("UPDATE gate SET closed = 0").expect("opens");
    house.start_worker("second");
    let task = house.until(&caller("ann"), &task, Phase::Succeeded).await;
    let (manifest, bytes) = (manifest(&house, &task).await, house.bytes(&caller("ann"), &task).await);
    assert_eq!(manifest.resumed, [Resumed { kept_part_count: 0, kept_row_count: 0 }]);
    assert_eq!((manifest.row_count, manifest.parts.len()), (60_000, 0));
    assert_eq!(manifest.file.sha256, sha256(&bytes));
    let mut workbook: calamine::Xlsx<_> = calamine::Reader::new(Cursor::new(bytes)).expect("a workbook");
    let sheet = calamine::Reader::worksheet_range_at(&mut workbook, 0).expect("a sheet").expect("reads");
    assert_eq!(sheet.height(), 60_001);
    house.stop_workers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_would_write_otherwise_begins_anew() {
    let mut house = house();
    house.database().execute_batch("UPDATE gate SET closed = 1").expect("closes");
    house.start_worker("first");
    let task = house.export(&caller("ann"), of("slow", "csv")).await;
    house.until_files(|files| finished_parts(files) >= 2).await;
    house.stop_workers().await;
    house.database().execute_batch("UPDATE gate SET closed = 0").expect("opens");
    let column = r#"{ name = "note", type = "text" }"#;
    let renamed = r#"{ name = "note", type = "text", label = { en = "Remark", zh = "备注" } }"#;
    house.configure(&ROWS.replace(column, renamed));
    house.start_worker("second");
    let task = house.until(&caller("ann"), &task, Phase::Succeeded).await;
    let (manifest, bytes) = (manifest(&house, &task).await, house.bytes(&caller("ann"), &task).await);
    let kept = manifest.resumed.iter().map(|resumed| (resumed.kept_part_count, resumed.kept_row_count));
    assert_eq!(kept.collect::<Vec<_>>(), [(0, 0)]);
    let members = members(&bytes);
    assert!(members.len() > 1);
    for (name, content) in &members {
        assert!(content.starts_with("\u{FEFF}id,Remark\r\n".as_bytes()), "{name}");
    }
    assert_eq!(rows(&members).len(), 60_000);
    house.stop_workers().await;
}

/// Texts of `note` are too long for a cell in rows 7, 20,007 and 40,007, one of `other` in row 55,000.
const LONG: &str = r#"
[database.shop]
url = "sqlite:shop.db"
[dataset.long]
database = "shop"
query = """SELECT id, CASE WHEN id % 20000 = 7 THEN printf('%040000d', id) ELSE note END AS note,
           CASE WHEN id = 55000 THEN printf('%040000d', id) ELSE 'other' END AS other FROM rows"""
key = ["id"]
column = [{ name = "id", type = "integer" }, { name = "note", type = "text" }, { name = "other", type = "text" }]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn cut_texts_are_counted_over_all_parts() {
    for (part_bytes, has_parts) in [(SMALL, true), (512 << 20, false)] {
        let settings = ExportSettings { part_bytes, ..ExportSettings::default() };
        let mut house = House::new(LONG, 10, CentreSettings::default(), settings);
        house.database().execute_batch(MADE).expect("valid SQL");
        house.start_worker("one");
        let task = house.export(&caller("ann"), of("long", "xlsx")).await;
        let task = house.until(&caller("ann"), &task, Phase::Succeeded).await;
        let manifest = manifest(&house, &task).await;
        assert_eq!(manifest.parts.len() > 1, has_parts, "{:?}", manifest.parts);
        if let Some(first) = manifest.parts.first() {
            assert!((7..40_007).contains(&first.row_count), "the cut rows are in several parts: {first:?}");
        }
        let cut = |column: &str, cell_count, first_row| Shortened {
            column: column.to_owned(),
            cell_count,
            first_row,
        };
        assert_eq!(manifest.shortened, [cut("note", 3, 7), cut("other", 1, 55_000)]);
        assert_eq!(task.file.expect("a file").shortened_cell_count, 4);
        house.stop_workers().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_an_export_that_is_cancelled_go() {
    let mut house = house();
    house.database().execute_batch("UPDATE gate SET closed = 1").expect("closes");
    house.start_worker("one");
    let task = house.export(&caller("ann"), of("slow", "csv")).await;
    house.until_files(|files| finished_parts(files) >= 2).await;
    house.centre.cancel(&caller("ann"), &support::slot("slow")).await.expect("answers");
    house.until(&caller("ann"), &task, Phase::Cancelled).await;
    house.until_files(<[_]>::is_empty).await;
    house.stop_workers().await;
    assert_eq!(house.files(), Vec::<PathBuf>::new(), "nothing is written behind its back");
}
