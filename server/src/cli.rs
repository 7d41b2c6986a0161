//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::Role;

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
    /// Exports a dataset into a file, by the same engine as the server, which need not run.
    ///
    /// longshore export orders --where 'status=paid' --where 'total>=100' -o orders.xlsx
    Export(ExportArgs),
    /// Imports a file into a dataset, by the same engine as the server, which need not run.
    ///
    /// longshore import orders orders.xlsx --dry-run --errors-to mend.xlsx
    ///
    /// Ends with 0 if all rows are in (or would be), 3 if some are in error and the others are in (or would be), 4 if none is in,
    /// 2 if the command or the configuration is wrong, and 1 if it failed.
    Import(ImportArgs),
    /// Checks that a file is the one that its manifest tells of, complete and unchanged.
    Verify(VerifyArgs),
    /// Declares what people see and export.
    Dataset(DatasetArgs),
    /// Compares every dataset of the configuration with its live database; fails if one does not fit.
    Check(CheckArgs),
    /// Looks at tasks and acts on them, whether the server runs or not.
    Tasks(TasksArgs),
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
    /// What this process does; both where nothing is configured.
    #[arg(short, long)]
    pub role: Option<Role>,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The dataset's id.
    pub dataset: String,
    /// The file; <dataset>.<format> in the working directory where absent.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// xlsx, csv, csv.gz or parquet; where absent, by the ending of the file's name.
    #[arg(short, long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Only rows for which this holds: 'status=paid', 'status=paid,shipped', 'total>=100', 'note~fragile', 'no^=SO-',
    /// 'paid_at is null'; several times for several conditions.
    #[arg(short = 'w', long = "where", value_name = "CONDITION")]
    pub conditions: Vec<String>,
    /// Only these columns, in this order.
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Order of the rows: columns, with - before a descending one.
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', allow_hyphen_values = true)]
    pub sort: Vec<String>,
    /// Language of the headers: en or zh.
    #[arg(long, default_value = "en")]
    pub lang: String,
    /// Time zone of moments, such as Asia/Shanghai; UTC where absent.
    #[arg(long, value_name = "ZONE", default_value = "")]
    pub time_zone: String,
    /// Also writes the manifest, as <FILE>.manifest.json.
    #[arg(long)]
    pub manifest: bool,
    /// Replaces a file that is there.
    #[arg(long)]
    pub force: bool,
    /// Shows neither progress nor result.
    #[arg(short, long)]
    pub quiet: bool,
    /// Configuration file; ./longshore.toml if it is there.
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the demo shop, where nothing is configured.
    #[arg(short, long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The dataset's id.
    pub dataset: String,
    /// The file: XLSX, XLSM, XLSB, XLS, ODS, CSV or TSV, told by its content.
    pub file: PathBuf,
    /// insert (only new rows), update (only known ones) or upsert (both); the dataset's first where absent.
    #[arg(short, long, value_name = "MODE")]
    pub mode: Option<String>,
    /// Checks, tells what would happen, and writes nothing to the database.
    #[arg(long)]
    pub dry_run: bool,
    /// Imports all rows in one transaction, or none if one is in error.
    #[arg(long)]
    pub all_or_nothing: bool,
    /// Writes the rows in error to this file: a workbook, or text where text is imported. It can be mended and imported.
    #[arg(long, value_name = "FILE")]
    pub errors_to: Option<PathBuf>,
    /// The sheet to read, from 1.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub sheet: Option<u32>,
    /// The encoding of a text file, where another one is recognised: utf-8, utf-16le, utf-16be, gb18030 or windows-1252.
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// The delimiter of a text file, where another one is recognised: , ; | or tab.
    #[arg(long, value_name = "CHARACTER")]
    pub delimiter: Option<String>,
    /// The row that holds the headers, from 1; 0 where none does: columns are called A, B and so on then.
    #[arg(long, value_name = "NUMBER")]
    pub header_row: Option<u32>,
    /// Where a column of the file goes: 'Order no.=order_no'; 'Remarks=' leaves one out. Several times for several columns.
    #[arg(long, value_name = "HEADER=COLUMN")]
    pub map: Vec<String>,
    /// Language of the reasons: en or zh.
    #[arg(long, default_value = "en")]
    pub lang: String,
    /// Time zone of moments without an offset, such as Asia/Shanghai; UTC where absent.
    #[arg(long, value_name = "ZONE", default_value = "")]
    pub time_zone: String,
    /// Shows neither progress nor result.
    #[arg(short, long)]
    pub quiet: bool,
    /// Configuration file; ./longshore.toml if it is there.
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the demo shop, where nothing is configured, and for files on the way.
    #[arg(short, long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The file: what was downloaded, or one of the files in a downloaded archive.
    pub file: PathBuf,
    /// The manifest; <FILE>.manifest.json where absent.
    pub manifest: Option<PathBuf>,
}

/// Arguments of `dataset`.
#[derive(Debug, Args)]
pub struct DatasetArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: DatasetCommand,
}

/// What can be done about datasets.
#[derive(Debug, Subcommand)]
pub enum DatasetCommand {
    /// Looks at a table or view and writes its definition to the end of the configuration file.
    Add(DatasetAddArgs),
}

/// Arguments of `dataset add`.
#[derive(Debug, Args)]
pub struct DatasetAddArgs {
    /// Id of the database in the configuration.
    #[arg(long, value_name = "ID")]
    pub database: String,
    /// The table or view.
    #[arg(long, value_name = "[SCHEMA.]TABLE")]
    pub table: String,
    /// Id of the dataset; the table's name where absent.
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// Columns that together are unique, separated by commas, where no index says so, as in a view.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub key: Vec<String>,
    /// Configuration file; ./longshore.toml where absent.
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Prints the definition and writes nothing.
    #[arg(long)]
    pub print: bool,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Configuration file; ./longshore.toml if it is there.
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Arguments of `tasks`.
#[derive(Debug, Args)]
pub struct TasksArgs {
    /// Configuration file; ./longshore.toml if it is there.
    #[arg(short, long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Folder for everything that is written.
    #[arg(short, long, value_name = "FOLDER", global = true)]
    pub data_dir: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: TasksCommand,
}

/// What can be done about tasks.
#[derive(Debug, Subcommand)]
pub enum TasksCommand {
    /// Lists tasks that wait, run, or have ended and hold their place still.
    List {
        /// Only those in this state.
        #[arg(short, long)]
        state: Option<StateFilter>,
        /// Tasks at most.
        #[arg(short = 'n', long, default_value_t = 50)]
        limit: usize,
    },
    /// Shows everything about one task.
    Show {
        /// Its id.
        id: String,
    },
    /// Stops a task.
    Cancel {
        /// Its id.
        id: String,
    },
    /// Registers what a failed, cancelled or expired task was to do once more.
    Retry {
        /// Its id.
        id: String,
    },
    /// Lists tasks that were given up after crashes or failed attempts.
    Dead {
        /// Tasks at most.
        #[arg(short = 'n', long, default_value_t = 50)]
        limit: usize,
    },
}

/// A state to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StateFilter {
    /// Waits for a worker, or for its time.
    Queued,
    /// A worker has it.
    Running,
    /// Its children run.
    Waiting,
    /// Ended with a result, not seen yet.
    Succeeded,
    /// Ended without one, not seen yet.
    Failed,
    /// Stopped, not seen yet.
    Cancelled,
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
