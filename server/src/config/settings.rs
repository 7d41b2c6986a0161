//! The settings of a process, and how parts of it take them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use longshore_datasets::CatalogConfig;
use longshore_jobs::export::{ExportSettings, PART_BYTES_MAX};
use longshore_jobs::{Compression, ImportSettings};
use longshore_tasks::Limits;
use serde::Deserialize;

/// The largest upload that can be configured: what the file store takes.
const UPLOAD_MIB_MAX: u64 = 64 << 10;
/// Folder of the data folder for files that are being read.
const SCRATCH: &str = "scratch";

/// Settings of one process; see `config/default.toml` for what each does.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// Address and port.
    pub listen: std::net::SocketAddr,
    /// What this process does.
    pub role: Role,
    /// Address and port of the metrics; empty for none.
    pub metrics_listen: String,
    /// Folder for everything that is written.
    pub data_dir: PathBuf,
    /// Where finished files are kept; empty for a folder of the data folder.
    pub files_url: Secret,
    /// Whether browsers fetch files from a bucket itself.
    pub files_presign: bool,
    /// Address of Redis; empty for the embedded store.
    pub redis_url: Secret,
    /// Key of the session cookies; empty for one of the data folder.
    pub session_secret: Secret,
    /// Folder of the client's files; empty for the usual places.
    pub site_dir: PathBuf,
    /// `[tasks]`.
    pub tasks: TaskConfig,
    /// `[export]`.
    pub export: ExportConfig,
    /// `[import]`.
    pub import: ImportConfig,
    /// `[worker]`.
    pub worker: WorkerConfig,
    /// `[log]`.
    pub log: LogConfig,
    /// `[database.…]` and `[dataset.…]`.
    #[serde(flatten)]
    pub catalog: CatalogConfig,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Serves pages and calls.
    Web,
    /// Runs tasks.
    Worker,
    /// Both.
    Both,
}

impl Role {
    /// Whether pages and calls are served.
    pub fn serves(self) -> bool {
        self != Role::Worker
    }

    /// Whether tasks are run.
    pub fn works(self) -> bool {
        self != Role::Web
    }
}

/// A text that must not appear in logs.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "(empty)" } else { "(secret)" })
    }
}

/// `[tasks]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskConfig {
    /// From registration to the deadline.
    #[serde(with = "humantime_serde")]
    pub time_limit: Duration,
    /// How long finished files are kept.
    #[serde(with = "humantime_serde")]
    pub retention: Duration,
}

/// `[export]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportConfig {
    /// How workbooks are compressed, by name.
    pub compression: String,
    /// Whether texts in CSV that would be read as formulas are guarded.
    pub csv_guard: bool,
    /// Mebibytes after which a file ends and another one begins.
    pub part_size_mib: u64,
}

impl ExportConfig {
    /// As the export engine takes them.
    ///
    /// # Errors
    /// The offending key, and what would be right.
    pub fn settings(&self) -> anyhow::Result<ExportSettings> {
        let compression = Compression::parse(&self.compression).with_context(|| {
            let names = Compression::ALL.map(Compression::name).join(", ");
            format!("export.compression: {:?} is none of {names}", self.compression)
        })?;
        let limit = PART_BYTES_MAX >> 20;
        if self.part_size_mib == 0 || self.part_size_mib > limit {
            bail!("export.part_size_mib: must be 1 to {limit}");
        }
        let (csv_guard, part_bytes) = (self.csv_guard, self.part_size_mib << 20);
        Ok(ExportSettings { compression, csv_guard, part_bytes })
    }
}

/// `[import]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportConfig {
    /// Mebibytes that an uploaded file may have.
    pub size_mib_max: u64,
    /// Rows that it may have.
    pub row_count_max: u64,
    /// How long a draft waits for its person.
    #[serde(with = "humantime_serde")]
    pub draft_kept: Duration,
}

impl ImportConfig {
    /// As imports take them; files that are being read are in a folder of `data_dir`.
    ///
    /// # Errors
    /// The offending key, and what would be right.
    pub fn settings(&self, data_dir: &Path) -> anyhow::Result<ImportSettings> {
        if self.size_mib_max == 0 || self.size_mib_max > UPLOAD_MIB_MAX {
            bail!("import.size_mib_max: must be 1 to {UPLOAD_MIB_MAX}");
        }
        if self.row_count_max == 0 || self.row_count_max > u64::from(u32::MAX) {
            bail!("import.row_count_max: must be 1 to {}", u32::MAX);
        }
        if self.draft_kept.is_zero() {
            bail!("import.draft_kept: must be longer than nothing");
        }
        Ok(ImportSettings {
            size_bytes_max: self.size_mib_max << 20,
            row_count_max: self.row_count_max,
            draft_kept: self.draft_kept,
            scratch: data_dir.join(SCRATCH),
            ..ImportSettings::default()
        })
    }
}

/// `[worker]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerConfig {
    /// Tasks side by side.
    pub concurrency: usize,
    /// How long a claim lasts.
    #[serde(with = "humantime_serde")]
    pub lease: Duration,
    /// How often it is renewed.
    #[serde(with = "humantime_serde")]
    pub beat: Duration,
    /// How often progress is stored.
    #[serde(with = "humantime_serde")]
    pub progress_beat: Duration,
    /// How often the reaper comes.
    #[serde(with = "humantime_serde")]
    pub reap_interval: Duration,
    /// Time to stop at shutdown.
    #[serde(with = "humantime_serde")]
    pub drain: Duration,
    /// Pause before the second attempt.
    #[serde(with = "humantime_serde")]
    pub retry_pause: Duration,
    /// `[worker.limits]`.
    pub limits: LimitConfig,
}

/// `[worker.limits]`; 0 is no limit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitConfig {
    /// Running tasks of one tenant.
    pub per_tenant: u32,
    /// Running tasks of a kind.
    pub per_kind: BTreeMap<String, u32>,
}

impl LimitConfig {
    /// As the task runner takes them.
    pub fn limits(&self) -> Limits {
        let some = |limit: u32| Some(limit).filter(|limit| *limit > 0);
        let per_kind =
            self.per_kind.iter().filter_map(|(kind, limit)| Some((kind.clone(), some(*limit)?))).collect();
        Limits { per_tenant: some(self.per_tenant), per_kind }
    }
}

/// `[log]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// Filter directives.
    pub level: String,
    /// Text for people or JSON for machines.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One readable line an event.
    Text,
    /// One JSON object an event.
    Json,
}
