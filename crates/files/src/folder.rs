//! What the store in a folder does itself: small files and copies that appear whole, and names that outlive a loss of power.
//!
//! OpenDAL writes files beside their place, has the system store their bytes (`fsync`), and renames them. The name is then only in
//! memory: a machine that loses power in the next seconds may come up without the file, although a task's entity, which is
//! stored for good, names it. So the folder of a file is stored, too, before it counts as finished, and those above it that may be
//! new. In a folder that goes with its process (`longshore import`) nothing is stored so.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{
    self, BufWriter,
    ErrorKind::{InvalidInput, NotFound, PermissionDenied, Unsupported},
    Write,
};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use opendal::ErrorKind;

use crate::FileError;

/// Folder below the root where files grow before they are complete.
pub(crate) const UNFINISHED: &str = ".unfinished";
/// Bytes of small pieces that are handed to the system at a time.
const TOGETHER_BYTES: usize = 64 << 10;
/// Folders that are remembered to be stored, at most.
const REMEMBERED_MAX: usize = 10_000;

/// The store's folder. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    /// Whether files outlive a loss of power; else nothing waits for the disk.
    is_lasting: bool,
    /// Folders whose own names are stored, so that only new ones have theirs stored.
    remembered: Arc<Mutex<HashSet<PathBuf>>>,
}

impl Folder {
    pub(crate) fn new(root: PathBuf, is_lasting: bool) -> Folder {
        Folder { root, is_lasting, remembered: Arc::default() }
    }

    /// Where a file of that key is.
    pub(crate) fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    /// Has the system store the names of a file and of the folders on its way. One whose name can't be stored is removed.
    ///
    /// # Errors
    /// [`FileError::Store`]; there is no file then.
    pub(crate) async fn keep_name(self, key: String) -> Result<(), FileError> {
        blocking("complete a file", move || self.keep(&self.path(&key))).await
    }

    /// The whole file of that key, in one piece of memory; `None` where there is none.
    ///
    /// # Errors
    /// [`FileError::Store`].
    pub(crate) async fn get(self, key: String) -> Result<Option<Bytes>, FileError> {
        let get = move || match std::fs::read(self.path(&key)) {
            Ok(bytes) => Ok(Some(Bytes::from(bytes))),
            Err(error) if error.kind() == NotFound => Ok(None),
            Err(error) => Err(error),
        };
        blocking("read a file", get).await
    }

    /// Stores bytes under a key, one piece behind the other, where they appear when all of them are stored.
    ///
    /// # Errors
    /// [`FileError::Store`]; nothing appears then.
    pub(crate) async fn put(self, key: String, pieces: Vec<Bytes>) -> Result<(), FileError> {
        let put = move || {
            self.by_way_of_unfinished("put", &self.path(&key), |unfinished| {
                let mut file = OpenOptions::new().write(true).create_new(true).open(unfinished)?;
                // Small pieces go together; one that is larger goes from where it lies.
                let mut writer = BufWriter::with_capacity(TOGETHER_BYTES, &mut file);
                pieces.iter().try_for_each(|piece| writer.write_all(piece))?;
                writer.flush()?;
                drop(writer);
                if self.is_lasting { file.sync_all() } else { Ok(()) }
            })
        };
        blocking("write to a file", put).await
    }

    /// Has a file appear under another key as well; gives whether there was one. As nothing is ever changed in its place, it is a second name
    /// for the same bytes where the file system has such, else a copy.
    ///
    /// # Errors
    /// [`FileError::Store`]; nothing appears then.
    pub(crate) async fn copy(self, from: String, to: String) -> Result<bool, FileError> {
        let copy = move || {
            let from = self.path(&from);
            let copied = self.by_way_of_unfinished("copy", &self.path(&to), |unfinished| {
                match std::fs::hard_link(&from, unfinished) {
                    Err(error) if error.kind() != NotFound => self.copy_bytes(&from, unfinished),
                    linked => linked,
                }
            });
            match copied {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == NotFound && !from.exists() => Ok(false),
                Err(error) => Err(error),
            }
        };
        blocking("copy a file", copy).await
    }

    fn copy_bytes(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::copy(from, to)?;
        if self.is_lasting { OpenOptions::new().write(true).open(to)?.sync_all() } else { Ok(()) }
    }

    /// What is made at a path that nobody else uses appears at `to` when it is complete; nothing stays where that fails.
    fn by_way_of_unfinished(
        &self,
        what: &str,
        to: &Path,
        make: impl FnOnce(&Path) -> io::Result<()>,
    ) -> io::Result<()> {
        let unfinished = self.root.join(UNFINISHED).join(format!("{what}-{:032x}", rand::random::<u128>()));
        let made = make(&unfinished).and_then(|()| {
            if let Some(parent) = to.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::rename(&unfinished, to)
        });
        // Also where both are names of the same bytes, for then renaming does nothing. What can't be removed goes with the next sweep.
        std::fs::remove_file(&unfinished).ok();
        made?;
        self.keep(to)
    }

    fn keep(&self, path: &Path) -> io::Result<()> {
        if !self.is_lasting {
            return Ok(());
        }
        self.sync_folders(path).inspect_err(|_| drop(std::fs::remove_file(path)))
    }

    fn sync_folders(&self, path: &Path) -> io::Result<()> {
        // A folder on the way may be new, and is then itself only a name in the one above it.
        let folders = || path.ancestors().skip(1).take_while(|folder| folder.starts_with(&self.root));
        for folder in folders() {
            sync_folder(folder)?;
            if self.remembered().contains(folder) {
                return Ok(());
            }
        }
        let mut remembered = self.remembered();
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.extend(folders().map(Path::to_path_buf));
        Ok(())
    }

    /// Has folders that go, and come again, be stored again.
    pub(crate) fn forget(&self, folder: &str) {
        let folder = self.path(folder);
        self.remembered().retain(|remembered| !remembered.starts_with(&folder));
    }

    fn remembered(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has the system store which files a folder holds, so that one that was renamed into it is there after a loss of power. Does
/// nothing where that can't be done: on Windows, on some network file systems, and in a folder that may not be listed. Blocks.
///
/// # Errors
/// What the system says.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if matches!(error.kind(), InvalidInput | Unsupported | PermissionDenied) => Ok(()),
        synced => synced,
    }
}

async fn blocking<T: Send + 'static>(
    action: &'static str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, FileError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(io::Error::other).and_then(|done| done);
    done.map_err(|error| {
        let said = opendal::Error::new(ErrorKind::Unexpected, error.to_string());
        FileError::store(action)(said.set_source(error))
    })
}
