use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::MySqlSnapshot;
use crate::catalog::Catalog;
use crate::query::Query;
use crate::source::{Snapshot, Yield};
use crate::statement::{Dialect, Statement};

/// Counts for at most a moment, and reads in the same snapshot afterwards.
#[test]
fn a_count_that_takes_too_long_is_given_up_and_reading_goes_on() {
    let Some(url) = std::env::var("LONGSHORE_TEST_MYSQL_URL").ok().filter(|url| !url.is_empty()) else {
        println!(
            "SKIPPED: LONGSHORE_TEST_MYSQL_URL names no MySQL or MariaDB server; `make test` starts one"
        );
        return;
    };
    let dataset = |select: &str| {
        let toml = format!(
            "[database.db]\nurl = '{url}/information_schema'\n[dataset.d]\ndatabase = 'db'\nkey = ['id']\n\
             query = '{select}'\ncolumn = [{{ name = 'id', type = 'integer' }}]"
        );
        let catalog = Catalog::from_config(&toml::from_str(&toml).expect("well-formed"), ".".as_ref());
        catalog.expect("valid").get("d").expect("declared").clone()
    };
    let (slow, quick) =
        (dataset("SELECT SLEEP(600) AS id FROM (SELECT 1) AS one GROUP BY 1"), dataset("SELECT 7 AS id"));
    let mut snapshot = MySqlSnapshot::open(&slow, &format!("{url}/"), &Arc::default()).expect("connects");
    for within in [Duration::from_millis(100), Duration::ZERO] {
        let count = Statement::count(Dialect::MySql, &slow, &Query::all_of(&slow));
        assert_eq!(snapshot.count(&count, Some(within)).expect("gives up"), None);
    }
    let query = Query::all_of(&quick);
    let count = Statement::count(Dialect::MySql, &quick, &query);
    assert_eq!(snapshot.count(&count, Some(Duration::from_secs(60))).expect("counts"), Some(1));
    let columns = query.columns_of(&quick);
    let yields = Yield { columns: &columns, zone: &TimeZone::UTC, batch_rows: 10 };
    let mut row_count = 0;
    let select = Statement::select(Dialect::MySql, &quick, &query);
    let read = snapshot.rows(&select, &yields, &mut |batch| {
        row_count += batch.num_rows();
        ControlFlow::Continue(())
    });
    read.expect("reads");
    assert_eq!(row_count, 1);
}
