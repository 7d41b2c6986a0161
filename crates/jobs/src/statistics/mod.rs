//! Daily statistics: a long task in parts. The parent splits the days of a dataset, its children add up some days each,
//! wherever a worker is free, and the parent writes what they found as one file with a line a day.
//!
//! ```text
//! StatisticsRequest ─check▶ payload ─task▶ StatisticsJob::run: first and last day ─▶ parts, and wait
//!   PartJob::run (many, on any node): rows of its days ─▶ counts and sums as the child's result
//! StatisticsJob::run, resumed: results of all children, in order ─▶ CSV ─▶ file store
//! ```

mod order;
mod part;
mod plan;
mod run;
mod sheet;

pub use order::{StatisticsOrder, check, request_of};
pub use part::{DayRow, PartJob, PartOrder, PartTotals};
pub use plan::Plan;
pub use run::StatisticsJob;
