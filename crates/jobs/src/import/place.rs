//! Where imports keep what they need in the file store.
//!
//! Keys without a fencing token are of files whose bytes follow from what they are made of, so that every run writes the same.

use longshore_protocol::{DatasetId, OwnerId, TaskId};
use longshore_tasks::Token;

/// The folder of all drafts.
pub(crate) const DRAFTS: &str = "imports/";
/// The folder of what tasks make on their way.
pub(crate) const WORK: &str = "imports-work/";
/// The folder of marks that an import has rows in the ledger of its database.
pub(crate) const LEDGERS: &str = "imports-ledger/";
/// What the key of a draft ends with.
pub(crate) const DRAFT_FILE: &str = "draft.json";

/// The places of one person's imports into one dataset.
#[derive(Clone, Debug)]
pub(crate) struct DraftPlace(String);

impl DraftPlace {
    pub(crate) fn of(owner: &OwnerId, dataset: &DatasetId) -> DraftPlace {
        DraftPlace(format!("{DRAFTS}{owner}/{dataset}/"))
    }

    /// The draft itself.
    pub(crate) fn draft(&self) -> String {
        format!("{}{DRAFT_FILE}", self.0)
    }

    /// The folder of a draft's upload.
    pub(crate) fn folder(&self, draft: &str) -> String {
        format!("{}{draft}/", self.0)
    }

    /// A draft's upload.
    pub(crate) fn upload(&self, draft: &str) -> String {
        format!("{}upload", self.folder(draft))
    }

    /// How columns were matched before.
    pub(crate) fn memory(&self) -> String {
        format!("{}memory.json", self.0)
    }
}

/// The places of a task.
#[derive(Clone, Debug)]
pub(crate) struct WorkPlace(String);

impl WorkPlace {
    pub(crate) fn of(task: &TaskId) -> WorkPlace {
        WorkPlace(format!("{WORK}{task}/"))
    }

    /// The mark that the task, an import, has rows in the ledger of its database: the name of its dataset.
    pub(crate) fn ledger_mark(task: &TaskId) -> String {
        format!("{LEDGERS}{task}")
    }

    /// Everything of the task.
    pub(crate) fn folder(&self) -> &str {
        &self.0
    }

    /// The rows of the file as they stand in it.
    pub(crate) fn staged_folder(&self) -> String {
        format!("{}staged/", self.0)
    }

    /// A chunk of these.
    pub(crate) fn staged(&self, chunk: u32) -> String {
        format!("{}{chunk}", self.staged_folder())
    }

    /// What was staged; there once all of it is.
    pub(crate) fn staging(&self) -> String {
        format!("{}staged.json", self.0)
    }

    /// A chunk as one run has checked it.
    pub(crate) fn checked(&self, chunk: u32, token: Token) -> String {
        format!("{}checked/{chunk}-{token}", self.0)
    }

    /// What must be once in the file, of such a chunk.
    pub(crate) fn digests(&self, chunk: u32, token: Token) -> String {
        format!("{}digests/{chunk}-{token}", self.0)
    }

    /// The folder of these.
    pub(crate) fn digests_folder(&self) -> String {
        format!("{}digests/", self.0)
    }

    /// The plan of all chunks.
    pub(crate) fn plan(&self) -> String {
        format!("{}plan.json", self.0)
    }

    /// The file of rows in error as one run has made it.
    pub(crate) fn faults(&self, token: Token, ending: &str) -> String {
        format!("{}errors/{token}.{ending}", self.0)
    }

    /// A chunk as it is committed, and taken back.
    pub(crate) fn kept(&self, chunk: u32) -> String {
        format!("{}kept/{chunk}", self.0)
    }

    /// Is there once nothing more is to be committed.
    pub(crate) fn halt(&self) -> String {
        format!("{}halt", self.0)
    }

    /// What came of an import that ended without a result.
    pub(crate) fn report(&self) -> String {
        format!("{}report.json", self.0)
    }

    /// The task that takes the import back.
    pub(crate) fn undo(&self) -> String {
        format!("{}undo.json", self.0)
    }
}
