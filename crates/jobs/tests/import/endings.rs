//! How imports end when something comes in between: drift, cancelling, lost workers, other people.

use std::time::Duration;

use longshore_protocol::import::{ImportWay, StopReason, UndoRequest};
use longshore_protocol::{Phase, TaskQuery, TaskView};

use crate::people::{CHUNK, People, caller, file, line};

/// Waits until so many parts of a task have ended.
async fn until_parts(people: &People, task: &TaskView, ended: u32) {
    let asked = async {
        loop {
            let stored = people.house.store.load(&task.id).await.expect("answers").task.expect("is there");
            if stored.children.ended() >= ended || stored.state.is_final() {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asked).await.expect("comes");
}

/// Makes every write of a row beyond `id` slow.
fn slow_down(people: &People, id: usize) {
    let trigger = format!(
        "CREATE TRIGGER slow BEFORE INSERT ON people WHEN NEW.id > {id} BEGIN
         SELECT max(i) FROM (WITH RECURSIVE c(i) AS (SELECT NEW.id UNION ALL SELECT i + 1 FROM c WHERE i < 100000) SELECT i FROM c); END"
    );
    people.house.database().execute_batch(&trigger).expect("valid SQL");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_somebody_has_changed_stop_the_import() {
    for way in [ImportWay::ValidRows, ImportWay::AllOrNothing] {
        let people = People::new(2);
        let draft = people.upload("people.csv", file(1..=400)).await;
        let (_, plan) = people.check(&people.ann, &draft).await;
        let database = people.house.database();
        database.execute("UPDATE people SET name = 'Somebody' WHERE id = 7", []).expect("changes");
        database.execute("INSERT INTO people (id, name) VALUES (250, 'Somebody')", []).expect("adds");
        let (import, report) = people.import(&people.ann, &plan, way).await;
        let stopped = report.stopped.clone().expect("it stopped");
        assert_eq!(stopped.reason, StopReason::Drifted);
        assert_eq!(import.stopped, Some(StopReason::Drifted), "the task's own view says so too");
        assert!(stopped.drifted.contains(&8) || stopped.drifted.contains(&251), "{stopped:?}");
        let rows = people.rows();
        assert!(rows.contains(&"7,Somebody,bj,7.00,2026-01-01".to_owned()));
        let is_in = |row: u32| stopped.committed.iter().any(|(first, last)| (*first..=*last).contains(&row));
        for id in (1..=400).filter(|id| ![7, 250].contains(id)) {
            assert_eq!(rows.contains(&line(id)), is_in(id as u32 + 1), "{way:?}: {id}, {stopped:?}");
        }
        if way == ImportWay::AllOrNothing {
            assert_eq!((stopped.committed, report.done.writes(), report.can_be_undone), (vec![], 0, false));
        } else if report.can_be_undone {
            people.undo(&people.ann, &import).await;
            assert_eq!(people.rows().len(), 51, "only Somebody is left");
        }
        people.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_import_tells_which_rows_are_in() {
    let people = People::new(1);
    let before = people.rows();
    slow_down(&people, 400);
    let draft = people.upload("people.csv", file(51..1051)).await;
    let (_, plan) = people.check(&people.ann, &draft).await;
    let task =
        people.register_import(&people.ann, &plan, ImportWay::ValidRows).await.expect("registers").task;
    until_parts(&people, &task, 2).await;
    let query = TaskQuery { task: Some(task.id.to_string()), ..TaskQuery::default() };
    people.house.centre.cancel(&people.ann, &query).await.expect("answers");
    let task = people.house.until(&people.ann, &task, Phase::Cancelled).await;
    let report = people.report(&people.ann, &task).await;
    let stopped = report.stopped.expect("it stopped");
    assert_eq!(stopped.reason, StopReason::Cancelled);
    let rows = people.rows();
    let in_table: u64 = (rows.len() - before.len()) as u64;
    assert!(in_table > 0 && in_table < 1000, "in the middle: {in_table}");
    assert_eq!((report.done.create, report.done.error), (in_table, 1000 - in_table));
    for id in 51..1051 {
        let row = id as u32 - 49;
        let is_in = stopped.committed.iter().any(|(first, last)| (*first..=*last).contains(&row));
        assert_eq!(rows.contains(&line(id)), is_in, "{id}");
    }
    // What is in can be taken back all the same.
    assert!(report.can_be_undone);
    let undone = people.undo(&people.ann, &task).await;
    assert_eq!(undone.removed_row_count, in_table);
    assert_eq!(people.rows(), before);
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_workers_change_nothing() {
    let mut people = People::new(1);
    let before = people.rows();
    let draft = people.upload("people.csv", file(1..1500)).await;
    let check = people.register_check(&people.ann, &draft).await.task;
    for parts in [0, 3] {
        until_parts(&people, &check, parts).await;
        people.house.lose_workers().await;
        people.house.start(2);
    }
    let check = people.house.until(&people.ann, &check, Phase::Succeeded).await;
    let plan = people.draft_of(&people.ann).await.and_then(|draft| draft.plan).expect("a plan");
    assert_eq!((plan.counts.create, plan.counts.update, check.counts), (1449, 50, Some(plan.counts)));
    let import =
        people.register_import(&people.ann, &plan, ImportWay::ValidRows).await.expect("registers").task;
    for parts in [1, 5] {
        until_parts(&people, &import, parts).await;
        people.house.lose_workers().await;
        people.house.start(2);
    }
    let import = people.house.until(&people.ann, &import, Phase::Succeeded).await;
    let report = people.report(&people.ann, &import).await;
    assert_eq!((report.done, report.stopped), (plan.counts, None));
    assert_eq!(people.rows(), (1..1500).map(line).collect::<Vec<_>>());
    let request = UndoRequest { task: import.id.to_string() };
    let undo = people.house.centre.register_undo(&people.ann, request).await.expect("registers").task;
    until_parts(&people, &undo, 4).await;
    people.house.lose_workers().await;
    people.house.start(2);
    people.house.until(&people.ann, &undo, Phase::Succeeded).await;
    let details = people.house.centre.details(&people.ann, undo.id.as_str()).await.expect("answers");
    let undone = details.undo.expect("a report");
    assert_eq!((undone.removed_row_count, undone.restored_row_count, undone.kept_row_count), (1449, 50, 0));
    assert_eq!(people.rows(), before);
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_with_the_same_keys_do_not_write_them_twice() {
    let people = People::new(4);
    let (ann, bob) = (caller("ann"), caller("bob"));
    let size = 51..51 + 3 * CHUNK;
    let (mut tasks, mut created) = (Vec::new(), 0);
    let mut plans = Vec::new();
    for person in [&ann, &bob] {
        let draft = people.try_upload(person, "people.csv", file(size.clone())).await.expect("is taken");
        plans.push(people.check(person, &draft).await.1);
    }
    for (person, plan) in [&ann, &bob].into_iter().zip(&plans) {
        assert_eq!(plan.counts.create, 300);
        tasks.push(people.register_import(person, plan, ImportWay::ValidRows).await.expect("registers").task);
    }
    for (person, task) in [&ann, &bob].into_iter().zip(&tasks) {
        let task = people.house.until(person, task, Phase::Succeeded).await;
        let report = people.report(person, &task).await;
        created += report.done.create;
        assert!(report.done.create == 300 || report.stopped.is_some_and(|s| s.reason == StopReason::Drifted));
    }
    let rows = people.rows();
    assert_eq!(rows.len() as u64, 50 + created);
    assert!((1..=300).contains(&created), "{created}");
    people.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_back_leaves_rows_that_somebody_has_changed() {
    let people = People::new(2);
    let draft = people.upload("people.csv", file(41..251)).await;
    let (_, plan) = people.check(&people.ann, &draft).await;
    let (import, _) = people.import(&people.ann, &plan, ImportWay::ValidRows).await;
    let database = people.house.database();
    database.execute("UPDATE people SET name = 'Mine' WHERE id IN (45, 200)", []).expect("changes");
    let undone = people.undo(&people.ann, &import).await;
    assert_eq!((undone.removed_row_count, undone.restored_row_count, undone.kept_row_count), (199, 9, 2));
    let kept: Vec<_> = undone.kept.iter().map(|row| (row.row, row.key.clone())).collect();
    assert_eq!(kept, [(6, vec![Some("45".to_owned())]), (161, vec![Some("200".to_owned())])]);
    assert_eq!(people.rows().len(), 51);
    people.stop().await;
}
