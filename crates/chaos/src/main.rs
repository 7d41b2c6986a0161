//! Runs the task runner under random faults, and checks what came of it against a ledger that the runner does not know.
//!
//! Purpose: find what only happens when processes are killed, stopped and cut off at the worst moment. One process, the
//! driver, starts nodes (this same program), registers orders as any front end would, injects faults from a printed seed,
//! and at the end compares three accounts: what it was promised, what the nodes wrote down, and what the world outside (a
//! database and a folder of files) looks like.
//!
//! Read it in this order: `order` (what is asked for), `jobs` (what it does to the world), `journal` and `ledger` (what
//! is written down), `node` (a worker process), `drive` (producers, faults, verdict).

mod cli;
mod drive;
mod jobs;
mod journal;
mod ledger;
mod node;
mod order;
mod place;
mod timing;
mod wire;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return told(Err(error.into())),
    };
    match Cli::parse().command {
        Command::Drive(args) => told(runtime.block_on(drive::drive(&args))),
        Command::Node(args) => {
            let code = told(runtime.block_on(node::run(&args)).map(|()| true));
            // The thread that reads standard input would keep the process until the driver says something.
            runtime.shutdown_background();
            code
        }
    }
}

fn told(done: anyhow::Result<bool>) -> ExitCode {
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("longshore-chaos: {error:#}");
            ExitCode::FAILURE
        }
    }
}
