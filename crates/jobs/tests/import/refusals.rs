//! What the database refuses for rules of its own, in an import and in taking it back.

use longshore_protocol::import::{ImportWay, StopReason};

use crate::people::{People, file, line};

fn forbid(people: &People, rule: &str) {
    people.house.database().execute_batch(rule).expect("valid SQL");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_part_leaves_the_others_alone_and_is_told() {
    let people = People::new(2);
    let draft = people.upload("people.csv", file(51..=450)).await;
    let (_, plan) = people.check(&people.ann, &draft).await;
    forbid(
        &people,
        "CREATE TRIGGER never BEFORE INSERT ON people WHEN NEW.id = 200 BEGIN SELECT RAISE(ABORT, 'no 200 here'); END",
    );
    let (import, report) = people.import(&people.ann, &plan, ImportWay::ValidRows).await;
    assert_eq!(import.stopped, Some(StopReason::Database));
    let stopped = report.stopped.expect("it did not end whole");
    assert_eq!((stopped.reason, stopped.drifted.as_slice()), (StopReason::Database, [].as_slice()));
    // Rows of the file from 2 on, in parts of 100: the second one has the row.
    assert_eq!(stopped.committed, [(2, 101), (202, 401)]);
    let [refused] = stopped.refused.as_slice() else { panic!("{:?}", stopped.refused) };
    assert_eq!((refused.rows, refused.message.as_str()), (Some((102, 201)), "no 200 here"));
    assert_eq!((report.done.create, report.done.error), (300, 100));
    assert_eq!(people.rows().len(), 350);
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_may_refer_to_rows_of_a_later_part() {
    let people = People::new(1);
    let draft = people.upload("people.csv", file(51..=450)).await;
    let (_, plan) = people.check(&people.ann, &draft).await;
    forbid(
        &people,
        "CREATE TRIGGER refers BEFORE INSERT ON people WHEN NEW.id <= 250 AND NOT EXISTS (SELECT 1 FROM people WHERE id = NEW.id + 150)
         BEGIN SELECT RAISE(ABORT, 'its other half is not there'); END",
    );
    let (_, report) = people.import(&people.ann, &plan, ImportWay::ValidRows).await;
    assert_eq!((report.stopped, report.done), (None, plan.counts));
    assert_eq!(people.rows()[50..], (51..=450).map(line).collect::<Vec<_>>());
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_that_is_refused_tells_what_is_left_and_can_be_repeated() {
    let people = People::new(2);
    let before = people.rows();
    let draft = people.upload("people.csv", file(51..=350)).await;
    let (_, plan) = people.check(&people.ann, &draft).await;
    let (import, _) = people.import(&people.ann, &plan, ImportWay::ValidRows).await;
    forbid(
        &people,
        "CREATE TRIGGER stays BEFORE DELETE ON people WHEN OLD.id = 60 BEGIN SELECT RAISE(ABORT, 'it is needed'); END",
    );
    let undone = people.undo(&people.ann, &import).await;
    assert_eq!((undone.removed_row_count, undone.kept_row_count, undone.left_row_count), (200, 0, 100));
    let [refused] = undone.refused.as_slice() else { panic!("{:?}", undone.refused) };
    assert_eq!(refused.message, "it is needed");
    assert_eq!(people.rows().len(), 150);
    forbid(&people, "DROP TRIGGER stays");
    assert!(people.report(&people.ann, &import).await.can_be_undone, "100 rows are in still");
    let undone = people.undo(&people.ann, &import).await;
    assert_eq!((undone.removed_row_count, undone.left_row_count), (300, 0), "of both times");
    assert_eq!(people.rows(), before);
    assert!(!people.report(&people.ann, &import).await.can_be_undone);
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_taken_back_whichever_part_has_those_that_point_at_them() {
    let people = People::new(2);
    let before = people.rows();
    forbid(
        &people,
        "ALTER TABLE people ADD COLUMN above INTEGER REFERENCES people (id);
         CREATE TRIGGER refers BEFORE INSERT ON people WHEN NEW.id <= 250 AND NOT EXISTS (SELECT 1 FROM people WHERE id = NEW.id + 150)
         BEGIN SELECT RAISE(ABORT, 'the row above is not there'); END;
         CREATE TRIGGER points AFTER INSERT ON people WHEN NEW.id <= 250
         BEGIN UPDATE people SET above = NEW.id + 150 WHERE id = NEW.id; END",
    );
    let draft = people.upload("people.csv", file(51..=450)).await;
    let (_, plan) = people.check(&people.ann, &draft).await;
    let (import, report) = people.import(&people.ann, &plan, ImportWay::ValidRows).await;
    assert_eq!((report.stopped, report.done), (None, plan.counts));
    // The rows that are pointed at are those of the last parts, which are taken back first.
    let undone = people.undo(&people.ann, &import).await;
    assert_eq!((undone.removed_row_count, undone.kept_row_count, undone.left_row_count), (400, 0, 0));
    assert_eq!(people.rows(), before);
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_others_have_come_to_point_at_are_kept() {
    let people = People::new(2);
    let draft = people.upload("people.csv", file(51..=350)).await;
    forbid(&people, "ALTER TABLE people ADD COLUMN above INTEGER REFERENCES people (id)");
    let (_, plan) = people.check(&people.ann, &draft).await;
    let (import, _) = people.import(&people.ann, &plan, ImportWay::ValidRows).await;
    forbid(&people, "UPDATE people SET above = 60 WHERE id = 1; UPDATE people SET above = 260 WHERE id = 2");
    let undone = people.undo(&people.ann, &import).await;
    assert_eq!((undone.removed_row_count, undone.kept_row_count, undone.left_row_count), (298, 2, 0));
    assert_eq!(undone.kept.iter().map(|kept| kept.row).collect::<Vec<_>>(), [11, 211]);
    assert!(!people.report(&people.ann, &import).await.can_be_undone);
    people.stop().await;
}
