//! A centre on real parts in a folder of its own: embedded task store, SQLite shop, file store; workers are started by the test.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use longshore_datasets::Catalog;
use longshore_datasets::demo::{ShopSize, create_shop};
use longshore_files::FileStore;
use longshore_jobs::export::ExportSettings;
use longshore_jobs::{Caller, Centre, CentreSettings};
use longshore_protocol::{ExportRequest, Lang, OwnerId, Phase, TaskQuery, TaskView, TenantId};
use longshore_tasks::store::EmbeddedStore;
use longshore_tasks::{Registry, TaskStore, WorkerSettings, reaper, worker};
use tokio_util::sync::CancellationToken;

/// How long anything may take to come.
const WITHIN: Duration = Duration::from_secs(20);
const QUICK: Duration = Duration::from_millis(20);

/// A centre and what it stands on.
pub struct House {
    pub folder: tempfile::TempDir,
    pub store: Arc<dyn TaskStore>,
    pub catalog: Arc<Catalog>,
    pub centre: Centre,
    pub registry: Arc<Registry>,
    export: ExportSettings,
    shutdown: CancellationToken,
    parts: Vec<tokio::task::JoinHandle<()>>,
}

impl House {
    /// A shop of that many orders with the datasets of `toml`; nobody works yet.
    pub fn new(toml: &str, orders: u64, settings: CentreSettings, export: ExportSettings) -> House {
        let folder = tempfile::tempdir().expect("temporary folder");
        let root = folder.path();
        create_shop(&root.join("shop.db"), ShopSize::for_orders(orders), &mut |_, _| {})
            .expect("makes a shop");
        let config = toml::from_str(toml).expect("well-formed");
        let catalog = Arc::new(Catalog::from_config(&config, root).expect("valid"));
        let files = FileStore::in_folder(&root.join("files")).expect("opens");
        let store: Arc<dyn TaskStore> =
            Arc::new(EmbeddedStore::open(&root.join("tasks.redb")).expect("opens"));
        let registry = Arc::new(longshore_jobs::registry(&catalog, &files, export, &settings.import));
        let centre = Centre::new(store.clone(), Arc::clone(&catalog), files, settings);
        let (shutdown, parts) = (CancellationToken::new(), Vec::new());
        House { folder, store, catalog, centre, registry, export, shutdown, parts }
    }

    /// Workers that start from now on know the datasets of this `toml`.
    pub fn configure(&mut self, toml: &str) {
        let config = toml::from_str(toml).expect("well-formed");
        let catalog = Arc::new(Catalog::from_config(&config, self.folder.path()).expect("valid"));
        let settings = CentreSettings::default();
        let files = self.centre.files();
        self.registry = Arc::new(longshore_jobs::registry(&catalog, files, self.export, &settings.import));
    }

    /// The same with a reaper and so many workers.
    pub fn working(toml: &str, orders: u64, settings: CentreSettings, workers: usize) -> House {
        let mut house = House::new(toml, orders, settings, ExportSettings::default());
        for number in 0..workers {
            house.start_worker(&format!("worker-{number}"));
        }
        house.parts.push(tokio::spawn(reaper::run(
            house.store.clone(),
            house.registry.clone(),
            quick_settings("reaper"),
            house.shutdown.clone(),
        )));
        house
    }

    /// Starts a worker.
    pub fn start_worker(&mut self, name: &str) {
        self.parts.push(tokio::spawn(self.worker_on(self.store.clone(), name)));
    }

    /// A worker that sees the tasks through `store`; it ends with the others.
    pub fn worker_on(&self, store: Arc<dyn TaskStore>, name: &str) -> impl Future<Output = ()> + use<> {
        worker::run(store, self.registry.clone(), quick_settings(name), self.shutdown.clone())
    }

    /// Leaves the workers without anybody to look after them, as when their machine is cut off: their runs may go on for a while.
    /// Their tasks go back to the queue, as they do when the process is started anew.
    pub async fn lose_workers(&mut self) {
        for part in self.parts.drain(..) {
            part.abort();
            // That it was cut off is what is wanted.
            part.await.ok();
        }
        reaper::take_back_orphans(&*self.store, &self.registry).await.expect("answers");
    }

    /// Starts so many workers, and a reaper.
    pub fn start(&mut self, workers: usize) {
        for number in 0..workers {
            self.start_worker(&format!("worker-{number}"));
        }
        self.parts.push(tokio::spawn(reaper::run(
            self.store.clone(),
            self.registry.clone(),
            quick_settings("reaper"),
            self.shutdown.clone(),
        )));
    }

    /// Tells all workers to stop, as SIGTERM does, and waits until they have.
    pub async fn stop_workers(&mut self) {
        self.shutdown.cancel();
        for part in self.parts.drain(..) {
            part.await.expect("ends without a panic");
        }
        self.shutdown = CancellationToken::new();
    }

    pub async fn export(&self, caller: &Caller, request: ExportRequest) -> TaskView {
        self.centre.register_export(caller, request, Lang::En).await.expect("registers").task
    }

    /// Waits until the task stands there; it must not end otherwise.
    pub async fn until(&self, caller: &Caller, task: &TaskView, phase: Phase) -> TaskView {
        let query = TaskQuery { task: Some(task.id.to_string()), ..TaskQuery::default() };
        let asked = async {
            loop {
                let view = self.centre.status(caller, &query).await.expect("answers").expect("is there");
                if view.phase == phase {
                    return view;
                }
                let (now, why) = (view.phase, view.failure);
                assert!(!now.is_final(), "ended as {now:?} ({why:?}), not as {phase:?}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(WITHIN, asked).await.unwrap_or_else(|_| panic!("never {phase:?}"))
    }

    /// Everything in the file store, unfinished files too.
    pub fn files(&self) -> Vec<PathBuf> {
        let root = self.folder.path().join("files");
        let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
        while let Some(folder) = folders.pop() {
            let entries = match std::fs::read_dir(&folder) {
                // Removed since its name was read.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && folder != root => continue,
                entries => entries.expect("readable"),
            };
            for entry in entries.flatten() {
                let path = entry.path();
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found.sort();
        found
    }

    /// Waits until the file store holds what is wanted.
    pub async fn until_files(&self, is_wanted: impl Fn(&[PathBuf]) -> bool) {
        let asked = async {
            while !is_wanted(&self.files()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let asked = tokio::time::timeout(WITHIN, asked).await;
        assert!(asked.is_ok(), "files: {:?}", self.files());
    }

    /// The finished file of a task.
    pub async fn bytes(&self, caller: &Caller, task: &TaskView) -> Vec<u8> {
        let file = self.centre.download(caller, task.id.as_str()).await.expect("may download");
        let stream = self.centre.files().read(&file.key, 0..file.size_bytes).await.expect("opens");
        stream.try_collect::<Vec<_>>().await.expect("reads").concat()
    }

    /// The shop's database, to change it.
    pub fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.path().join("shop.db")).expect("opens")
    }
}

fn quick_settings(name: &str) -> WorkerSettings {
    WorkerSettings {
        progress_beat: QUICK,
        beat: Duration::from_millis(100),
        // A worker that is lost while it claims a task leaves a lease that nobody sees when the others are taken back.
        lease: Duration::from_secs(4),
        reap_interval: QUICK,
        retry_pause: QUICK,
        ..WorkerSettings::named(name)
    }
}

pub fn caller(name: &str) -> Caller {
    Caller { owner: OwnerId::parse(name).expect("valid"), tenant: TenantId::parse("main").expect("valid") }
}

/// A request for all of a dataset.
pub fn of(dataset: &str, format: &str) -> ExportRequest {
    ExportRequest { dataset: dataset.to_owned(), format: format.to_owned(), ..ExportRequest::default() }
}

/// The caller's export of a dataset.
pub fn slot(dataset: &str) -> TaskQuery {
    TaskQuery { dataset: Some(dataset.to_owned()), ..TaskQuery::default() }
}
