//! Rows that stand twice in a file, wherever they stand.

use longshore_protocol::import::{CellProblem, PlanRowsRequest, PlanShow};

use crate::people::{CHUNK, People, file, line};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_comes_again_in_another_part_names_the_first_row() {
    let people = People::new(2);
    let mut text = file(100..100 + 5 * CHUNK);
    // Once in each of two later parts, and twice in the last.
    for id in [100, 150, 100, 599] {
        text += &format!("{}\r\n", line(id));
    }
    let draft = people.upload("people.csv", text).await;
    let (check, plan) = people.check(&people.ann, &draft).await;
    assert_eq!((plan.counts.create, plan.counts.error), (5 * CHUNK as u64, 4));
    let request = PlanRowsRequest {
        dataset: "people".into(),
        task: check.id.to_string(),
        show: PlanShow::Errors,
        page: 1,
    };
    let page = people.house.centre.plan_rows(&people.ann, &request).await.expect("answers");
    let told: Vec<_> = page.rows.iter().map(|row| (row.row, row.problems.clone())).collect();
    let first = |first_row| vec![CellProblem::DuplicateInFile { first_row }];
    let of_cells: Vec<Vec<CellProblem>> = page
        .rows
        .iter()
        .map(|row| row.cells.iter().flat_map(|cell| cell.problems.clone()).collect())
        .collect();
    assert_eq!(told.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [502, 503, 504, 505]);
    assert_eq!(of_cells, [first(2), first(52), first(2), first(501)]);
    people.stop().await;
}
