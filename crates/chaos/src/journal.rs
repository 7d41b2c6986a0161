//! What nodes write down about runs, for the account at the end. A line is one write to a file opened for appending, so
//! that a process that is killed leaves whole lines.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use longshore_tasks::TaskContext;
use serde::{Deserialize, Serialize};

use crate::timing::wall_ms;

/// What happened in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// It began, with this checkpoint.
    Begin {
        /// Steps that were done according to the checkpoint.
        checkpoint: Option<u32>,
    },
    /// So many steps were done and the checkpoint set.
    Step {
        /// Steps done.
        done: u32,
    },
    /// It ended.
    End {
        /// Whether without an error.
        well: bool,
    },
    /// It saw something that must not be.
    Wrong {
        /// What.
        what: String,
    },
}

/// One line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// When, by the machine's clock.
    pub at: u64,
    /// Who.
    pub node: String,
    /// Which task.
    pub task: String,
    /// The number of its order.
    pub number: u64,
    /// Which claim of it.
    pub epoch: u64,
    /// What.
    pub fact: Fact,
}

/// The journal of one node.
#[derive(Debug)]
pub struct Journal {
    node: String,
    file: File,
}

impl Journal {
    /// Opens a node's journal.
    ///
    /// # Errors
    /// If it can't be created.
    pub fn open(folder: &Path, node: &str) -> anyhow::Result<Journal> {
        let path = folder.join(format!("{node}.jsonl"));
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.with_context(|| format!("can't open the journal {}", path.display()))?;
        Ok(Journal { node: node.to_owned(), file })
    }

    /// Writes down a fact of a run.
    pub fn note(&self, context: &TaskContext, number: u64, fact: Fact) {
        let entry = Entry {
            at: wall_ms(),
            node: self.node.clone(),
            task: context.task().id.to_string(),
            number,
            epoch: context.token().epoch,
            fact,
        };
        let mut line = serde_json::to_vec(&entry).unwrap_or_default();
        line.push(b'\n');
        if let Err(error) = (&self.file).write_all(&line) {
            tracing::error!(error = %error, "the journal could not be written");
        }
    }
}

/// All entries of all nodes, in the order of time.
///
/// # Errors
/// If a journal can't be read.
pub fn read_all(folder: &Path) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for file in std::fs::read_dir(folder)? {
        let text = std::fs::read_to_string(file?.path())?;
        entries.extend(text.lines().filter_map(|line| serde_json::from_str::<Entry>(line).ok()));
    }
    entries.sort_by_key(|entry| entry.at);
    Ok(entries)
}
