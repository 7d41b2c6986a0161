//! What a check leaves for the import that carries it out.

use longshore_datasets::Dataset;
use longshore_datasets::import::{CheckSpec, CheckedChunk};
use longshore_files::FileStore;
use longshore_protocol::import::{ImportMode, PlanCounts, PlanShow, ProblemCount};
use longshore_protocol::{DatasetId, TaskId};
use serde::{Deserialize, Serialize};

use super::check::CheckOutput;
use super::place::WorkPlace;
use super::stored::read_json;
use crate::request::zone_of;
use crate::work_error::WorkError;

/// Kinds of problems that are told.
const PROBLEMS_MAX: usize = 20;

/// What an import does with the columns of a file: what every part of it needs to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanSpec {
    /// The dataset that is imported into.
    pub dataset: DatasetId,
    /// Places of columns in the file, from 0, and names of the dataset's columns that they go to.
    pub mapping: Vec<(u32, String)>,
    /// What to do with rows that are, or are not, there.
    pub mode: ImportMode,
    /// IANA name of the person's time zone; UTC where empty.
    pub time_zone: String,
}

impl PlanSpec {
    /// As the dataset's columns stand now.
    ///
    /// # Errors
    /// [`WorkError::Changed`] if the configuration no longer has a column, or does not allow the import any more.
    pub(super) fn checked(&self, dataset: &Dataset) -> Result<CheckSpec, WorkError> {
        let changed = |what: &str| WorkError::Changed(what.to_owned());
        let importing = dataset.importing.as_ref().ok_or_else(|| changed("dataset"))?;
        if !importing.modes.contains(&self.mode) {
            return Err(changed("mode"));
        }
        let mapping = self.mapping.iter().map(|(index, name)| {
            let found = importing.importable().find(|(position, _)| dataset.columns[*position].name == *name);
            found.map(|(position, _)| (*index, position)).ok_or_else(|| changed(name))
        });
        Ok(CheckSpec {
            mapping: mapping.collect::<Result<_, _>>()?,
            mode: self.mode,
            zone: zone_of(&self.time_zone),
        })
    }
}

/// A chunk of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PlanChunk {
    /// Its number, from 0.
    pub(super) number: u32,
    /// Where its rows are.
    pub(super) key: String,
    /// Its first and last row by their numbers in the file.
    pub(super) rows: (u32, u32),
    pub(super) counts: PlanCounts,
    /// Rows with a warning, whatever would happen to them.
    #[serde(default)]
    pub(super) warned_row_count: u64,
}

/// The plan of all chunks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) spec: PlanSpec,
    pub(super) chunks: Vec<PlanChunk>,
    pub(super) output: CheckOutput,
}

impl Plan {
    /// The plan that a check has left; `None` where there is none any more.
    pub(super) async fn load(files: &FileStore, check: &TaskId) -> Result<Option<Plan>, WorkError> {
        Ok(read_json(files, &WorkPlace::of(check).plan()).await?)
    }
}

/// How often which problem was found, warnings among them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Findings {
    pub(super) problems: Vec<ProblemCount>,
    pub(super) warning_count: u64,
    /// Rows with a warning.
    #[serde(default)]
    pub(super) warned_row_count: u64,
}

impl Findings {
    pub(super) fn of(chunk: &CheckedChunk) -> Findings {
        let warned_row_count = chunk.shown_count(PlanShow::Warnings) as u64;
        let mut findings = Findings { warned_row_count, ..Findings::default() };
        for error in &chunk.errors {
            findings.warning_count += u64::from(error.problem.is_warning());
            findings.count(ProblemCount {
                column: error.column.clone(),
                problem: error.problem.clone(),
                count: 1,
            });
        }
        findings
    }

    pub(super) fn add(&mut self, other: Findings) {
        self.warning_count += other.warning_count;
        self.warned_row_count += other.warned_row_count;
        for problem in other.problems {
            self.count(problem);
        }
    }

    fn count(&mut self, found: ProblemCount) {
        let is_it = |known: &&mut ProblemCount| {
            known.column == found.column && known.problem.code() == found.problem.code()
        };
        match self.problems.iter_mut().find(is_it) {
            Some(known) => known.count += found.count,
            None => self.problems.push(found),
        }
    }

    /// The most frequent.
    pub(super) fn told(mut self) -> Vec<ProblemCount> {
        self.problems.sort_by_key(|found| std::cmp::Reverse(found.count));
        self.problems.truncate(PROBLEMS_MAX);
        self.problems
    }
}
