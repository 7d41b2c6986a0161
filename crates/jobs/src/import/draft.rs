//! The draft of an import as it is kept.

use longshore_datasets::Dataset;
use longshore_protocol::import::{
    DraftProblem, ImportDraft, ImportMode, ImportPlan, MappedTo, MatchedBy, SheetView, SourceColumn,
    UploadedFile,
};
use longshore_protocol::{DatasetId, Problem, ProblemKind, TaskId};
use longshore_sheets::read::{Choice, Recognised};
use longshore_tasks::Timestamp;
use rand::RngCore;
use serde::{Deserialize, Deserializer, Serialize};

use super::look::{Look, NO_HEADER};
use super::matching::{self, added_count};

/// A draft in the file store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Draft {
    /// Random, new for each upload.
    pub(super) id: String,
    pub(super) dataset: DatasetId,
    pub(super) file_name: String,
    pub(super) size_bytes: u64,
    pub(super) recognised: Recognised,
    pub(super) choice: Choice,
    pub(super) header_row: u32,
    pub(super) asks_where: bool,
    /// Whether that is because of the header row.
    #[serde(default)]
    pub(super) asks_header: bool,
    pub(super) first_rows: Vec<(u32, Vec<String>)>,
    pub(super) has_rows: bool,
    pub(super) columns: Vec<SourceColumn>,
    pub(super) mode: ImportMode,
    /// Random, new for each change: a check is of one of them, and a page that shows an earlier one learns of it.
    #[serde(deserialize_with = "revision_of")]
    pub(super) revision: String,
    pub(super) check: Option<TaskId>,
    pub(super) import: Option<TaskId>,
    pub(super) changed_at: Timestamp,
}

/// Drafts that were stored before revisions were random have numbers, which do as well.
fn revision_of<'de, D: Deserializer<'de>>(json: D) -> Result<String, D::Error> {
    Ok(match serde_json::Value::deserialize(json)? {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    })
}

/// 32 hexadecimal digits by chance.
pub(super) fn random_id() -> String {
    let mut bytes = [0u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    longshore_datasets::text::hex(&bytes)
}

impl Draft {
    /// Takes over what was seen in the file; columns are matched anew.
    pub(super) fn see(&mut self, dataset: &Dataset, look: Look, remembered: Option<&[Option<String>]>) {
        // The name of a place says nothing about what stands there.
        let names = match look.header_row {
            NO_HEADER => vec![String::new(); look.headers.len()],
            _ => look.headers.clone(),
        };
        let found = matching::matches(dataset, &names, remembered);
        self.columns = look
            .headers
            .into_iter()
            .zip(look.samples)
            .zip(found)
            .zip(0..)
            .map(|(((header, samples), (target, matched_by)), index)| SourceColumn {
                index,
                header,
                samples,
                target,
                matched_by,
            })
            .collect();
        self.recognised = look.recognised;
        self.choice = look.choice;
        self.header_row = look.header_row;
        self.asks_where = look.asks_where;
        self.asks_header = look.asks_header;
        self.first_rows = look.first_rows;
        self.has_rows = look.has_rows;
    }

    pub(super) fn headers(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.header.clone()).collect()
    }

    /// Headers without those that a file of errors adds.
    pub(super) fn own_headers(&self) -> Vec<String> {
        let mut headers = self.headers();
        headers.truncate(headers.len() - added_count(&headers));
        headers
    }

    /// Puts columns where the person wants them.
    ///
    /// # Errors
    /// The field of the first that is not there.
    pub(super) fn map(&mut self, dataset: &Dataset, mapping: &[MappedTo]) -> Result<(), Problem> {
        for (place, wanted) in mapping.iter().enumerate() {
            let problem = |kind| Problem { field: format!("mapping[{place}]"), kind };
            let short = |text: &str| text.chars().take(40).collect::<String>();
            if wanted.index as usize >= self.columns.len() {
                return Err(problem(ProblemKind::NoSuchChoice { name: wanted.index.to_string() }));
            }
            if let Some(target) = &wanted.target {
                if !can_take(dataset, target) {
                    return Err(problem(ProblemKind::UnknownColumn { name: short(target) }));
                }
                for column in self.columns.iter_mut().filter(|column| column.target.as_ref() == Some(target))
                {
                    (column.target, column.matched_by) = (None, MatchedBy::Hand);
                }
            }
            let column = &mut self.columns[wanted.index as usize];
            (column.target, column.matched_by) = (wanted.target.clone(), MatchedBy::Hand);
        }
        Ok(())
    }

    /// What keeps it from being checked.
    pub(super) fn problems(&self, dataset: &Dataset) -> Vec<DraftProblem> {
        let mut problems = Vec::new();
        let is_mapped = |name: &str| self.columns.iter().any(|column| column.target.as_deref() == Some(name));
        if let Some(importing) = &dataset.importing {
            // New rows need all of their values; rows that only change are found by their key.
            let needed = importing.importable().filter(|(position, rules)| {
                importing.key.contains(position) || (rules.is_required && self.mode != ImportMode::Update)
            });
            let missing: Vec<String> = needed
                .map(|(position, _)| dataset.columns[position].name.clone())
                .filter(|name| !is_mapped(name))
                .collect();
            if !missing.is_empty() {
                problems.push(DraftProblem::Missing { columns: missing });
            }
        }
        if !self.has_rows {
            problems.push(DraftProblem::NoRows);
        }
        if self.columns.iter().all(|column| column.target.is_none()) {
            problems.push(DraftProblem::NothingMatched);
        }
        problems
    }

    /// As the front end sees it.
    pub(super) fn view(
        &self,
        dataset: &Dataset,
        plan: Option<ImportPlan>,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> ImportDraft {
        let text = self.choice.text.or(self.recognised.text);
        let sheets = self.recognised.sheets.iter();
        let kind = self.recognised.kind;
        ImportDraft {
            id: self.id.clone(),
            revision: self.revision.clone(),
            dataset: self.dataset.clone(),
            file: UploadedFile {
                name: self.file_name.clone(),
                size_bytes: self.size_bytes,
                kind,
                encoding: text.map(|form| form.encoding.name().to_owned()),
                delimiter: text.map(|form| char::from(form.delimiter).to_string()),
            },
            sheets: sheets
                .filter(|_| !kind.is_text())
                .map(|sheet| SheetView { name: sheet.name.clone(), is_hidden: sheet.is_hidden })
                .collect(),
            sheet: self.choice.sheet as u32,
            header_row: self.header_row,
            asks_where: self.asks_where,
            asks_header: self.asks_header,
            first_rows: self.first_rows.clone(),
            columns: self.columns.clone(),
            mode: self.mode,
            problems: self.problems(dataset),
            check: self.check.clone(),
            plan,
            import: self.import.clone(),
            expires_at: expires_at.as_millis(),
            server_now: now.as_millis(),
        }
    }
}

/// Whether a column of the dataset can be imported.
pub(super) fn can_take(dataset: &Dataset, name: &str) -> bool {
    dataset.importing.as_ref().is_some_and(|importing| {
        importing.importable().any(|(position, _)| dataset.columns[position].name == name)
    })
}

/// A file's name without folders and without what could disturb a page, at most 120 characters.
pub(super) fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !c.is_control()).take(120).collect();
    let plain = plain.trim().to_owned();
    if plain.is_empty() { "file".to_owned() } else { plain }
}
