//! A worker process: worker and reaper on a store, until SIGTERM or until the driver is gone.
//!
//! The driver holds the other end of standard input. It asks questions there, one a line; when it closes, the driver has
//! ended in whatever way, and so does the node.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use longshore_tasks::store::{EmbeddedStore, RedisStore};
use longshore_tasks::{Registry, TaskStore, reaper, worker};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, Stdin};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::cli::NodeArgs;
use crate::jobs::Scene;
use crate::place::Place;
use crate::timing::worker_settings;
use crate::wire::{Answered, Asked, answer};

/// Pause between tries to connect while the server is away.
const CONNECT_PAUSE: Duration = Duration::from_millis(200);
/// Answers that wait to be written.
const ANSWERS: usize = 256;

/// Runs a node until it is told to end.
///
/// # Errors
/// If a part of it can't be opened.
pub async fn run(args: &NodeArgs) -> anyhow::Result<()> {
    let place = Place::at(&args.place);
    let scene = Scene::open(&place, &args.name)?;
    let shutdown = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let lines = BufReader::new(tokio::io::stdin()).lines();
    let working = work(args, &place, scene.registry(), lines, &shutdown);
    tokio::pin!(working);
    tokio::select! {
        done = &mut working => return done,
        _ = terminate.recv() => shutdown.cancel(),
    }
    working.await
}

async fn open(args: &NodeArgs, place: &Place) -> anyhow::Result<Arc<dyn TaskStore>> {
    let Some(url) = &args.redis else {
        let clock = place.clone();
        let store = EmbeddedStore::open_with_clock(&place.tasks(), Arc::new(move || clock.clock_ms()));
        return Ok(Arc::new(store.context("can't open the embedded store")?));
    };
    loop {
        match RedisStore::connect(url).await {
            Ok(store) => return Ok(Arc::new(store)),
            Err(error) => tracing::warn!(error = %error, "waiting for Redis"),
        }
        tokio::time::sleep(CONNECT_PAUSE).await;
    }
}

async fn work(
    args: &NodeArgs,
    place: &Place,
    registry: Registry,
    lines: Lines<BufReader<Stdin>>,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let store = tokio::select! {
        opened = open(args, place) => opened?,
        () = shutdown.cancelled() => return Ok(()),
    };
    let registry = Arc::new(registry);
    let settings = worker_settings(&args.name, store.is_exclusive());
    if store.is_exclusive() {
        reaper::take_back_orphans(&*store, &registry).await?;
    }
    let reaping = tokio::spawn(reaper::run(
        Arc::clone(&store),
        Arc::clone(&registry),
        settings.clone(),
        shutdown.clone(),
    ));
    let working = worker::run(Arc::clone(&store), registry, settings, shutdown.clone());
    tokio::select! {
        () = working => {}
        served = serve(store, lines) => served?,
    }
    // Its rounds are made of commits, so it may end anywhere.
    reaping.abort();
    Ok(())
}

/// Answers the driver's questions until it is gone.
async fn serve(store: Arc<dyn TaskStore>, mut lines: Lines<BufReader<Stdin>>) -> anyhow::Result<()> {
    let (answers, mut answered) = mpsc::channel::<Answered>(ANSWERS);
    let writing = tokio::spawn(async move {
        let mut out = tokio::io::stdout();
        while let Some(answered) = answered.recv().await {
            let Ok(mut line) = serde_json::to_vec(&answered) else { continue };
            line.push(b'\n');
            if out.write_all(&line).await.is_err() || out.flush().await.is_err() {
                return;
            }
        }
    });
    while let Some(line) = lines.next_line().await? {
        let Ok(asked) = serde_json::from_str::<Asked>(&line) else { continue };
        let (store, answers) = (Arc::clone(&store), answers.clone());
        tokio::spawn(async move {
            let answer = answer(&*store, &asked.request).await;
            // The driver may be gone already.
            let _ = answers.send(Answered { seq: asked.seq, answer }).await;
        });
    }
    writing.abort();
    Ok(())
}
