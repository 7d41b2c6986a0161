//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Longshore: exports and imports that never time out.
#[derive(Debug, Parser)]
#[command(name = "longshore", version, about)]
pub struct Cli {
    /// What to do; `serve` where nothing is named.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves the pages and runs the tasks.
    ///
    /// With nothing configured it keeps everything in ./data and serves a demo shop, which it makes at the
    /// first start.
    Serve(ServeArgs),
    /// Makes the demo shop: a SQLite database and a configuration file that declares its datasets.
    Demo(DemoArgs),
    /// Prints every setting with its default, as a configuration file.
    Defaults,
}

/// Arguments of `serve`.
#[derive(Debug, Default, Args)]
pub struct ServeArgs {
    /// Configuration file; ./longshore.toml if it is there.
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(short, long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Folder for everything that is written.
    #[arg(short, long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Number of orders; a tenth as many customers and a hundredth as many products come with them.
    #[arg(short, long, value_name = "NUMBER", default_value_t = 200_000)]
    pub rows: u64,
    /// Folder that gets shop.db and longshore.toml.
    #[arg(short, long, value_name = "FOLDER", default_value = "data")]
    pub dir: PathBuf,
}
