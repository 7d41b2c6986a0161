//! Queries and what they yield, as tests compare them.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_array::RecordBatch;
use jiff::tz::TimeZone;
use longshore_datasets::source::{self, Begin, RowSink};
use longshore_datasets::{Dataset, Query, SourceError, text};
use longshore_protocol::{Filter, Sort};

/// Cells as text.
pub type Rows = Vec<Vec<Option<String>>>;

/// Keeps what it is given.
#[derive(Default)]
pub struct Collected {
    /// What was said before the first row.
    pub begin: Option<Begin>,
    /// The rows.
    pub rows: Rows,
    /// Batches so far.
    pub batches: usize,
    /// The batch after which it has enough.
    pub break_at: Option<usize>,
    /// Called at the beginning.
    pub at_begin: Option<Box<dyn FnMut()>>,
    /// Called after each batch with their number.
    pub at_batch: Option<Box<dyn FnMut(usize)>>,
}

impl RowSink for Collected {
    fn begin(&mut self, begin: Begin) -> ControlFlow<()> {
        self.begin = Some(begin);
        if let Some(call) = &mut self.at_begin {
            call();
        }
        ControlFlow::Continue(())
    }

    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
        self.rows.extend(text::rows(&batch));
        self.batches += 1;
        if let Some(call) = &mut self.at_batch {
            call(self.batches);
        }
        if self.break_at == Some(self.batches) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// A checked query; `-` before a column to sort by means descending.
pub fn query(
    dataset: &Dataset,
    columns: &[&str],
    filters: &[(&str, &str, serde_json::Value)],
    sort: &[&str],
) -> Query {
    query_in(dataset, columns, filters, sort, &TimeZone::UTC)
}

/// The same for a person in a zone.
pub fn query_in(
    dataset: &Dataset,
    columns: &[&str],
    filters: &[(&str, &str, serde_json::Value)],
    sort: &[&str],
    zone: &TimeZone,
) -> Query {
    let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
    let filter = |(column, op, value): &(&str, &str, serde_json::Value)| Filter {
        column: (*column).to_owned(),
        op: (*op).to_owned(),
        value: value.clone(),
    };
    let filters: Vec<Filter> = filters.iter().map(filter).collect();
    let level = |name: &&str| Sort {
        column: name.trim_start_matches('-').to_owned(),
        descending: name.starts_with('-'),
    };
    let sort: Vec<Sort> = sort.iter().map(level).collect();
    Query::check(dataset, &columns, &filters, &sort, zone).expect("a valid query")
}

/// All rows of a query.
pub fn read(dataset: &Dataset, query: &Query) -> Result<Rows, SourceError> {
    let mut collected = Collected::default();
    source::read(dataset, query, &Arc::default(), &mut collected)?;
    let announced = collected.begin.and_then(|begin| begin.row_count);
    assert_eq!(announced, Some(collected.rows.len() as u64), "as many rows as announced");
    Ok(collected.rows)
}

/// All rows by key, each as one line; `∅` where there is no value.
pub fn lines(dataset: &Dataset) -> Vec<String> {
    shown(&read(dataset, &query(dataset, &[], &[], &[])).expect("reads"))
}

/// Rows as lines.
pub fn shown(rows: &Rows) -> Vec<String> {
    let line = |row: &Vec<Option<String>>| {
        row.iter().map(|cell| cell.as_deref().unwrap_or("∅")).collect::<Vec<_>>().join("|")
    };
    rows.iter().map(line).collect()
}

/// The first column's values of the rows that a filter leaves, by key.
pub fn left_by(dataset: &Dataset, column: &str, op: &str, value: serde_json::Value) -> Vec<String> {
    let wanted = query(dataset, &[], &[(column, op, value.clone())], &[]);
    let rows = read(dataset, &wanted).unwrap_or_else(|error| panic!("{column} {op} {value}: {error}"));
    rows.iter().map(|row| row[0].clone().unwrap_or_default()).collect()
}
