//! `longshore serve`: puts the parts together, runs them, and ends them in order.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use longshore_datasets::{Catalog, sqlite};
use longshore_files::FileStore;
use longshore_jobs::export::ExportJob;
use longshore_jobs::{Centre, CentreSettings};
use longshore_tasks::store::{EmbeddedStore, RedisStore};
use longshore_tasks::{Registry, TaskStore, WorkerSettings, reaper, worker};
use rand::RngCore;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::cli::ServeArgs;
use crate::config::{self, Config, Loaded, Overrides};
use crate::{demo, http, logging};

/// Orders of the demo shop that is made where nothing is configured.
const DEMO_ORDERS: u64 = 200_000;
/// Stack of each thread: rendering a page goes deep, and in a development build deeper than the usual 2 MiB.
const STACK_BYTES: usize = 16 << 20;
/// How long open requests, such as downloads, may take to end at shutdown.
const REQUEST_DRAIN: Duration = Duration::from_secs(10);

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// Whatever keeps it from starting, in words that say what to do.
pub fn serve(args: &ServeArgs) -> anyhow::Result<()> {
    let overrides = Overrides { listen: args.listen, data_dir: args.data_dir.clone() };
    let loaded = config::load(args.config.as_deref(), &overrides)?;
    logging::start(&loaded.config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .build()
        .context("can't start threads")?;
    let served = runtime.block_on(run(loaded));
    // Threads that still read or write stop at their next look at their flag; nobody waits for them longer.
    runtime.shutdown_timeout(Duration::from_secs(2));
    served
}

async fn run(Loaded { config, catalog, is_demo }: Loaded) -> anyhow::Result<()> {
    let data = &config.data_dir;
    std::fs::create_dir_all(data).with_context(|| format!("data_dir: can't create {}", data.display()))?;
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!(
            "can't listen on {}; choose another address with --listen or the setting listen",
            config.listen
        )
    })?;
    let store = open_store(&config).await?;
    if is_demo && !data.join(demo::SHOP_FILE).exists() {
        tracing::info!(
            "nothing is configured: making a demo shop in {}, which takes some seconds",
            data.display()
        );
        demo::make_shop(data, DEMO_ORDERS)?;
    }
    let catalog = Arc::new(catalog);
    warn_about_unreadable(&catalog);
    let files = FileStore::in_folder(&data.join("files"))?;
    let scratch = scratch_folder(data, store.is_exclusive())?;
    if store.is_exclusive() {
        files.remove_unfinished().await?;
    }

    let settings = CentreSettings { time_limit: config.tasks.time_limit, retention: config.tasks.retention };
    let centre = Centre::new(Arc::clone(&store), Arc::clone(&catalog), files.clone(), settings);
    let registry = Arc::new(Registry::default().with(ExportJob {
        catalog,
        files,
        scratch: scratch.path().to_path_buf(),
    }));
    let router = http::router(centre, &config)?;

    reaper::take_back_orphans(&*store, &registry).await?;

    let shutdown = CancellationToken::new();
    let settings = worker_settings(&config);
    let worker = tokio::spawn(worker::run(
        Arc::clone(&store),
        Arc::clone(&registry),
        settings.clone(),
        shutdown.clone(),
    ));
    let reaper = tokio::spawn(reaper::run(store, registry, settings, shutdown.clone()));
    tokio::spawn(stop_at_signal(shutdown.clone()));

    println!("Longshore is ready at http://{}", listener.local_addr()?);
    serve_until(listener, router, &shutdown).await?;
    worker.await.context("the worker")?;
    reaper.await.context("the reaper")?;
    tracing::info!("stopped");
    Ok(())
}

async fn open_store(config: &Config) -> anyhow::Result<Arc<dyn TaskStore>> {
    let url = config.redis_url.0.as_str();
    if url.is_empty() {
        return Ok(Arc::new(EmbeddedStore::open(&config.data_dir.join("tasks.redb"))?));
    }
    let store = RedisStore::connect(url).await.context("can't use the Redis server of REDIS_URL")?;
    tracing::info!("tasks are shared through Redis");
    for advice in store.advice() {
        tracing::warn!("{advice}");
    }
    Ok(Arc::new(store))
}

/// A folder of this process for temporary files; it goes with the process. What a killed process left goes now, if no
/// other can be alive.
fn scratch_folder(data: &Path, is_exclusive: bool) -> anyhow::Result<tempfile::TempDir> {
    let all: PathBuf = data.join("scratch");
    if is_exclusive && all.exists() {
        std::fs::remove_dir_all(&all).with_context(|| format!("can't clear {}", all.display()))?;
    }
    std::fs::create_dir_all(&all).with_context(|| format!("can't create {}", all.display()))?;
    tempfile::tempdir_in(&all).with_context(|| format!("can't create a folder in {}", all.display()))
}

/// A dataset that can't be read is no reason to refuse the others.
fn warn_about_unreadable(catalog: &Catalog) {
    for dataset in catalog.all() {
        if let Err(error) = sqlite::probe(dataset) {
            tracing::warn!(dataset = %dataset.id, error = %error, "a dataset can't be read");
        }
    }
}

fn worker_settings(config: &Config) -> WorkerSettings {
    let name = format!("{}-{:08x}", std::process::id(), rand::rng().next_u32());
    WorkerSettings {
        concurrency: config.worker.concurrency,
        lease: config.worker.lease,
        beat: config.worker.beat,
        progress_beat: config.worker.progress_beat,
        reap_interval: config.worker.reap_interval,
        drain: config.worker.drain,
        ..WorkerSettings::named(name)
    }
}

async fn serve_until(
    listener: TcpListener,
    router: Router,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let serving = axum::serve(listener, router).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    tokio::select! {
        served = serving => served.context("serving failed"),
        () = async { shutdown.cancelled().await; tokio::time::sleep(REQUEST_DRAIN).await } => {
            tracing::warn!("open requests did not end in time and are cut off");
            Ok(())
        }
    }
}

async fn stop_at_signal(shutdown: CancellationToken) {
    let interrupted = async { tokio::signal::ctrl_c().await.ok() };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<Option<()>>();
    tokio::select! {
        _ = interrupted => {}
        _ = terminated => {}
    }
    tracing::info!("stopping: no new tasks; running tasks go back to the queue");
    shutdown.cancel();
}
