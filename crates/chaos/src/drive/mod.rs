//! The driver: producers, faults, and the verdict.

mod bench;
mod checkpoints;
mod door;
mod faults;
mod later;
mod leftovers;
mod losses;
mod nodes;
mod producer;
mod proxy;
mod record;
mod recovery;
mod redis_server;
mod run;
mod summary;
mod verdict;

use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::DriveArgs;

/// What was dropped by an error ends its processes when its threads come to it.
const TIME_TO_DROP: Duration = Duration::from_millis(500);

/// Drives one run; gives whether every promise was kept.
///
/// # Errors
/// If the run could not be carried through, or was interrupted.
pub async fn drive(args: &DriveArgs) -> anyhow::Result<bool> {
    let folder = tempfile::Builder::new().prefix("longshore-chaos-").tempdir();
    let mut folder = folder.context("no temporary folder")?;
    if args.keep {
        folder.disable_cleanup(true);
        println!("kept in {}", folder.path().display());
    }
    let mut terminated = signal(SignalKind::terminate())?;
    // Whichever way this goes, dropping the run ends every process that it started, and then the folder goes.
    let done = tokio::select! {
        done = run::run(args, folder.path().to_path_buf()) => done,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
        _ = terminated.recv() => Err(anyhow::anyhow!("terminated")),
    };
    if done.is_err() {
        tokio::time::sleep(TIME_TO_DROP).await;
    }
    done
}
