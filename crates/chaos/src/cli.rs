//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Runs the task runner under random faults and checks what came of it.
#[derive(Debug, Parser)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can be.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Drives one run: starts nodes, registers orders, injects faults, and gives the verdict.
    Drive(DriveArgs),
    /// One worker process; started by the driver.
    #[command(hide = true)]
    Node(NodeArgs),
}

/// Which task store is put to the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StoreKind {
    /// Several nodes share a Redis server.
    Redis,
    /// One node with a redb file.
    Embedded,
}

/// One run.
#[derive(Debug, Args)]
pub struct DriveArgs {
    /// The task store.
    #[arg(long, value_enum)]
    pub store: StoreKind,
    /// Tasks to register; the children of some of them come on top.
    #[arg(long, env = "TASKS", default_value_t = 2_000)]
    pub tasks: u64,
    /// What all chance comes from; a random one if it is not given.
    #[arg(long, env = "SEED")]
    pub seed: Option<u64>,
    /// How long the run may take altogether.
    #[arg(long, env = "SECONDS_MAX", default_value_t = 300)]
    pub seconds_max: u64,
    /// Worker processes; the embedded store has one.
    #[arg(long, env = "NODES", default_value_t = 3)]
    pub nodes: usize,
    /// Redis is out of reach for 5, 25 or 60 seconds times this.
    #[arg(long, env = "OUTAGE_FACTOR", default_value_t = 0.1)]
    pub outage_factor: f64,
    /// Registrations a second; by default they fill the part of the run that has faults.
    #[arg(long, env = "RATE")]
    pub rate: Option<f64>,
    /// The program `redis-server`.
    #[arg(long, env = "LONGSHORE_REDIS_SERVER", default_value = "redis-server")]
    pub redis_server: PathBuf,
    /// Keeps the folder with journals, logs and stores: KEEP=1.
    #[arg(long, env = "KEEP", value_parser = clap::builder::BoolishValueParser::new(), default_value = "false", num_args = 0..=1, default_missing_value = "true")]
    pub keep: bool,
}

/// One worker process.
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// Its name in leases and journals.
    #[arg(long)]
    pub name: String,
    /// The folder of the run.
    #[arg(long)]
    pub place: PathBuf,
    /// The Redis server; without one the store is embedded.
    #[arg(long)]
    pub redis: Option<String>,
}
