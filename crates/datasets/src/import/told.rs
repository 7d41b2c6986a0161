//! What the ledger tells of imports that are taken back.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::tz::TimeZone;

use super::commit::said;
use super::ledger::Deed;
use super::target::{self, Access};
use super::{CommitError, LedgerKey, Undone};
use crate::dataset::Dataset;

/// What taking back these transactions has done, for each: `None` where it is not taken back, or not yet. Reads only. Blocks; setting
/// `stop` ends it within a moment.
///
/// # Errors
/// What the database says.
pub fn undone(
    dataset: &Dataset,
    transactions: &[LedgerKey],
    stop: &Arc<AtomicBool>,
) -> Result<Vec<Option<Undone>>, CommitError> {
    let mut target = target::open(dataset, Access::Read, &TimeZone::UTC, stop)?;
    let mut told = Vec::with_capacity(transactions.len());
    for key in transactions {
        let text = target.recorded(key, Deed::Undo)?;
        told.push(text.map(|text| said(dataset, Some(text))).transpose()?);
    }
    Ok(told)
}
