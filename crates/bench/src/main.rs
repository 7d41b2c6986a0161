//! Measures the task runner: how soon a registered task starts, how many transitions and status polls a second there are,
//! and what a task costs in memory.
//!
//! `bench-tasks run` measures and prints one table; `tools/bench_tasks.sh` starts it with a Redis server of its own.
//! `bench-tasks limit` is the server that status polls are compared with.
//!
//! - [`start`], [`throughput`], [`polls`], [`memory`] and [`embedded`] are one part of the table each; [`run`] puts them in
//!   order.
//! - [`load`] is the load generator: the same bytes over the same connections, whoever answers.
//! - [`fill`] makes many real entities quickly, by the store's own commits.

mod client;
mod embedded;
mod entities;
mod fill;
mod job;
mod limit;
mod load;
mod memory;
mod plan;
mod polls;
mod process;
mod redis_server;
mod run;
mod samples;
mod start;
mod table;
mod throughput;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures Longshore's task runner.
#[derive(Debug, Parser)]
#[command(name = "bench-tasks", about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measures everything and prints the table.
    Run(plan::RunArgs),
    /// Serves what status polls are compared with.
    Limit(limit::LimitArgs),
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match (runtime, Cli::parse().command) {
        (Ok(runtime), Command::Run(args)) => runtime.block_on(run::run(args)),
        (Ok(runtime), Command::Limit(args)) => runtime.block_on(limit::serve(args)),
        (Err(error), _) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-tasks: {error:#}");
            ExitCode::FAILURE
        }
    }
}
