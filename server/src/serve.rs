//! `longshore serve`: puts the parts together, runs them, and ends them in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use longshore_datasets::{Catalog, check};
use longshore_files::FileStore;
use longshore_jobs::leftovers;
use longshore_jobs::{Centre, CentreSettings};
use longshore_tasks::store::{EmbeddedStore, RedisStore};
use longshore_tasks::{TaskStore, WorkerSettings, reaper, worker};
use rand::RngCore;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::cli::ServeArgs;
use crate::config::{self, Config, Loaded, Overrides};
use crate::{demo, http, logging, metrics, operators};

/// Orders of the demo shop that is made where nothing is configured.
const DEMO_ORDERS: u64 = 200_000;
/// Stack of each thread: rendering a page goes deep, and in a development build deeper than the usual 2 MiB.
const STACK_BYTES: usize = 16 << 20;
/// How long open requests, such as downloads, may take to end at shutdown.
const REQUEST_DRAIN: Duration = Duration::from_secs(10);
/// How often files that killed processes left are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(3600);
/// The embedded task store's file in the data folder.
pub const STORE_FILE: &str = "tasks.redb";

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// Whatever keeps it from starting, in words that say what to do.
pub fn serve(args: &ServeArgs) -> anyhow::Result<()> {
    let overrides = Overrides { listen: args.listen, data_dir: args.data_dir.clone(), role: args.role };
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
    let metrics_listener = match config::metrics_address(&config)? {
        Some(address) => Some(bind(address, "metrics_listen").await?),
        None => None,
    };
    let metrics = metrics_listener.is_some().then(metrics::record).transpose()?;
    let listener = match config.role.serves() {
        true => Some(bind(config.listen, "--listen or the setting listen").await?),
        false => None,
    };
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
    let files = open_files(&config).await?;

    let shutdown = CancellationToken::new();
    let mut parts = JoinSet::new();
    if let (Some(listener), Some(metrics)) = (metrics_listener, metrics) {
        println!("Metrics are at http://{}/metrics", listener.local_addr()?);
        parts.spawn(serve_until(listener, metrics::router(metrics, Arc::clone(&store)), shutdown.clone()));
    }
    if store.is_exclusive() {
        let (data, store, shutdown) = (data.clone(), Arc::clone(&store), shutdown.clone());
        parts.spawn(async move { operators::serve(&data, store, shutdown).await });
    }
    let import = config.import.settings(data)?;
    // Twice the longest time that a run can take.
    let untouched_for = 2 * longest_run(&config, &catalog);
    let sweeping = leftovers::sweep_machine(import.scratch.clone(), untouched_for, SWEEP_INTERVAL);
    parts.spawn(until(shutdown.clone(), sweeping));
    if config.role.works() {
        work(&config, &catalog, &files, &store, &shutdown, &mut parts).await?;
    }
    if let Some(listener) = listener {
        let settings =
            CentreSettings { time_limit: config.tasks.time_limit, retention: config.tasks.retention, import };
        let centre = Centre::new(store, catalog, files, settings);
        let router = http::router(centre, &config)?;
        println!("Longshore is ready at http://{}", listener.local_addr()?);
        parts.spawn(serve_until(listener, router, shutdown.clone()));
    } else {
        println!("Longshore is ready to run tasks");
    }
    tokio::spawn(stop_at_signal(shutdown.clone()));
    // The first part that fails stops the others.
    let mut first_error = Ok(());
    while let Some(ended) = parts.join_next().await {
        if let Err(error) = ended.context("a part of the server ended early").and_then(|ended| ended) {
            shutdown.cancel();
            first_error = first_error.and(Err(error));
        }
    }
    tracing::info!("stopped");
    first_error
}

/// Starts what runs tasks.
async fn work(
    config: &Config,
    catalog: &Arc<Catalog>,
    files: &FileStore,
    store: &Arc<dyn TaskStore>,
    shutdown: &CancellationToken,
    parts: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    if store.is_exclusive() {
        // Not every server and every key can do it, and the next sweep tries again: no reason not to start.
        if let Err(error) = files.remove_unfinished(Duration::ZERO).await {
            tracing::warn!(error = %error, "unfinished files of an earlier process could not be removed");
        }
    }
    let import = config.import.settings(&config.data_dir)?;
    let untouched_for = 2 * longest_run(config, catalog);
    let (files_swept, store_swept) = (files.clone(), Arc::clone(store));
    let sweeping = leftovers::sweep(
        files_swept,
        store_swept,
        Arc::clone(catalog),
        untouched_for,
        import.draft_kept,
        SWEEP_INTERVAL,
    );

    let registry = Arc::new(longshore_jobs::registry(catalog, files, config.export.settings()?, &import));
    reaper::take_back_orphans(&**store, &registry).await?;
    let settings = worker_settings(config);
    let reaper = reaper::run(Arc::clone(store), Arc::clone(&registry), settings.clone(), shutdown.clone());
    let worker = worker::run(Arc::clone(store), registry, settings, shutdown.clone());
    parts.spawn(async move {
        tokio::select! {
            () = async { tokio::join!(worker, reaper); } => {}
            () = sweeping => {}
        }
        Ok(())
    });
    Ok(())
}

/// The longest time that a run can take: no task goes on after its deadline.
fn longest_run(config: &Config, catalog: &Catalog) -> Duration {
    let deadlines = catalog.all().into_iter().filter_map(|dataset| dataset.export_deadline);
    deadlines.chain([config.tasks.time_limit]).max().unwrap_or_default()
}

/// Does what never ends, until `shutdown`.
async fn until(shutdown: CancellationToken, work: impl Future<Output = ()>) -> anyhow::Result<()> {
    tokio::select! {
        () = work => {}
        () = shutdown.cancelled() => {}
    }
    Ok(())
}

async fn bind(address: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("can't listen on {address}; choose another address with {setting}"))
}

/// Opens the task store that the configuration names.
///
/// # Errors
/// If it can't be opened, in words that say what to do; the source is a [`longshore_tasks::StoreError`].
pub async fn open_store(config: &Config) -> anyhow::Result<Arc<dyn TaskStore>> {
    let url = config.redis_url.0.as_str();
    if url.is_empty() {
        return Ok(Arc::new(EmbeddedStore::open(&config.data_dir.join(STORE_FILE))?));
    }
    let store = RedisStore::connect(url).await.context(
        "can't use the Redis server of REDIS_URL; check that it runs, and that address, port and password are right",
    )?;
    tracing::info!("tasks are shared through Redis");
    for advice in store.advice() {
        tracing::warn!("{advice}");
    }
    Ok(Arc::new(store))
}

async fn open_files(config: &Config) -> anyhow::Result<FileStore> {
    let files = FileStore::open(&config.files_url.0, &config.data_dir).await?;
    tracing::info!(store = ?files, "files are kept");
    Ok(if config.files_presign { files } else { files.without_links() })
}

/// A dataset that can't be read is no reason to refuse the others, and a database that does not answer none to wait with them.
fn warn_about_unreadable(catalog: &Arc<Catalog>) {
    let catalog = Arc::clone(catalog);
    // Nobody waits for its end.
    drop(tokio::task::spawn_blocking(move || {
        for dataset in catalog.all() {
            for finding in check::check(dataset).into_iter().filter(|finding| finding.is_problem) {
                tracing::warn!(dataset = %dataset.id, key = finding.key, problem = finding.text, "a dataset does not fit its database");
            }
        }
    }));
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
        retry_pause: config.worker.retry_pause,
        limits: config.worker.limits.limits(),
        ..WorkerSettings::named(name)
    }
}

async fn serve_until(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
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
