//! Configuration: defaults in the binary, a file, the environment, the command line, in that order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use longshore_datasets::{Catalog, CatalogConfig};
use longshore_jobs::export::{ExportSettings, PART_BYTES_MAX};
use longshore_jobs::{Compression, ImportSettings};
use longshore_tasks::Limits;
use serde::Deserialize;

/// Every setting with its default and a word on it.
pub const DEFAULTS: &str = include_str!("../config/default.toml");
/// The demo shop's datasets.
pub const DEMO: &str = include_str!("../config/demo.toml");
/// The file that is read where none is named.
pub const DEFAULT_FILE: &str = "longshore.toml";
/// The largest upload that can be configured: what the file store takes.
const UPLOAD_MIB_MAX: u64 = 64 << 10;
/// Folder of the data folder for files that are being read.
const SCRATCH: &str = "scratch";
/// Characters a session secret must have: 256 bits as hexadecimal digits would be 64.
const SECRET_CHARS_MIN: usize = 32;

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
        Ok(ExportSettings { compression, part_bytes: self.part_size_mib << 20 })
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

/// What the command line says over the rest.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Overrides {
    /// `--listen`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<std::net::SocketAddr>,
    /// `--data-dir`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// `--role`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// The settings, and the datasets that they declare.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The datasets, checked.
    pub catalog: Catalog,
    /// Whether the datasets are those of the demo shop because no file declares any.
    pub is_demo: bool,
}

/// Reads everything. `file` must exist; without it, `longshore.toml` of the working directory is read if it exists.
///
/// # Errors
/// The offending key or file, and what would be right.
pub fn load(file: Option<&Path>, overrides: &Overrides) -> anyhow::Result<Loaded> {
    let file = match file {
        Some(file) if !file.is_file() => bail!("there is no configuration file {}", file.display()),
        Some(file) => Some(file.to_path_buf()),
        None => Some(PathBuf::from(DEFAULT_FILE)).filter(|file| file.is_file()),
    };
    let mut figment = Figment::from(Toml::string(DEFAULTS));
    if let Some(file) = &file {
        check_keys(file)?;
        figment = figment.merge(Toml::file_exact(file));
    }
    figment = figment
        .merge(Env::prefixed("LONGSHORE_").split("__"))
        .merge(Env::raw().only(&["REDIS_URL"]))
        .merge(Serialized::defaults(overrides));
    let mut config: Config = figment.extract().context("the configuration is not right")?;
    check(&config)?;
    let is_demo = config.catalog.dataset.is_empty();
    let base = match &file {
        Some(file) if !is_demo => file.parent().map(Path::to_path_buf).unwrap_or_default(),
        _ => config.data_dir.clone(),
    };
    if is_demo {
        config.catalog = toml::from_str(DEMO).context("the built-in demo datasets")?;
    }
    let catalog = Catalog::from_config(&config.catalog, &base).context("the configuration is not right")?;
    Ok(Loaded { config, catalog, is_demo })
}

/// The databases and datasets of a configuration file's text and the environment, not checked yet.
///
/// # Errors
/// If the text is no right configuration.
pub fn catalog_of(text: &str) -> anyhow::Result<CatalogConfig> {
    let figment = Figment::from(Toml::string(text)).merge(Env::prefixed("LONGSHORE_").split("__"));
    figment.extract().context("the configuration is not right")
}

/// A misspelt setting must not pass for its default. The environment is not checked so: names that begin with `LONGSHORE_`
/// can be anybody's.
fn check_keys(file: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()))?;
    let table = |text: &str| text.parse::<toml::Table>();
    let (Ok(given), Ok(known)) = (table(&text), table(DEFAULTS)) else {
        // Malformed TOML is reported by the reading that follows, with its line.
        return Ok(());
    };
    let is_known = |key: &str| known.contains_key(key) || key == "database" || key == "dataset";
    match given.keys().find(|key| !is_known(key)) {
        Some(key) => {
            bail!("{}: there is no setting {key}; `longshore defaults` prints them all", file.display())
        }
        None => Ok(()),
    }
}

fn check(config: &Config) -> anyhow::Result<()> {
    let secret_chars = config.session_secret.0.chars().count();
    if secret_chars > 0 && secret_chars < SECRET_CHARS_MIN {
        bail!("session_secret: must have {SECRET_CHARS_MIN} characters or more, or be empty");
    }
    if config.role != Role::Both && config.redis_url.0.is_empty() {
        bail!(
            "role: a process that only serves or only works needs REDIS_URL, through which they share tasks"
        );
    }
    metrics_address(config)?;
    config.export.settings()?;
    config.import.settings(&config.data_dir)?;
    for (key, duration) in [
        ("tasks.time_limit", config.tasks.time_limit),
        ("tasks.retention", config.tasks.retention),
        ("worker.lease", config.worker.lease),
        ("worker.beat", config.worker.beat),
        ("worker.progress_beat", config.worker.progress_beat),
        ("worker.reap_interval", config.worker.reap_interval),
    ] {
        if duration.is_zero() {
            bail!("{key}: must be longer than nothing");
        }
    }
    if config.worker.beat * 2 > config.worker.lease {
        bail!(
            "worker.beat: must be at most half of worker.lease, so that one lost beat does not lose the lease"
        );
    }
    if config.worker.concurrency == 0 {
        bail!("worker.concurrency: must be at least 1");
    }
    Ok(())
}

/// Where the metrics are served, if anywhere.
///
/// # Errors
/// If the setting is no address.
pub fn metrics_address(config: &Config) -> anyhow::Result<Option<std::net::SocketAddr>> {
    match config.metrics_listen.as_str() {
        "" => Ok(None),
        text => Ok(Some(text.parse().with_context(|| {
            format!("metrics_listen: {text:?} is not an address with a port, such as 127.0.0.1:9464")
        })?)),
    }
}

#[cfg(test)]
mod tests {
    use longshore_datasets::Address;

    use super::*;

    fn load_text(text: &str) -> anyhow::Result<Loaded> {
        let folder = tempfile::tempdir().expect("temporary folder");
        let file = folder.path().join("longshore.toml");
        std::fs::write(&file, text).expect("writable");
        load(Some(&file), &Overrides::default())
    }

    #[test]
    fn with_nothing_configured_the_demo_shop_is_served() {
        let loaded = load_text("").expect("valid");
        assert!(loaded.is_demo);
        assert_eq!(loaded.config.tasks.time_limit, Duration::from_secs(30 * 60));
        let ids: Vec<_> = loaded.catalog.all().iter().map(|dataset| dataset.id.to_string()).collect();
        assert_eq!(ids, ["orders", "customers", "products"]);
        let shop = Address::Sqlite("data/shop.db".into());
        assert!(loaded.catalog.all()[0].database.address == shop);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, named) in [
            ("listen = 'nowhere'", "listen"),
            ("[tasks]\ntime_limit = '0s'", "tasks.time_limit"),
            ("[worker]\nbeat = '20s'", "worker.beat"),
            ("[worker]\nconcurrency = 0", "worker.concurrency"),
            ("[worker]\nspeed = 9", "speed"),
            ("[loging]\nlevel = 'info'", "loging"),
            ("[import]\nsize_mib_max = 0", "import.size_mib_max"),
            ("[import]\nrow_count_max = 0", "import.row_count_max"),
            ("[import]\ndraft_kept = '0s'", "import.draft_kept"),
            ("data_dri = 'x'", "data_dri"),
            ("role = 'worker'", "REDIS_URL"),
            ("role = 'boss'", "role"),
            ("files_presign = 'maybe'", "files_presign"),
            ("metrics_listen = '9464'", "metrics_listen"),
            ("[worker.limits]\nper_tenant = -1", "per_tenant"),
            ("session_secret = 'short'", "session_secret"),
            ("[dataset.d]\ndatabase='x'\ntable='t'\nkey=['id']\ncolumn=[]", "dataset.d.database"),
            ("[dataset.d]\ndatabase='x'\ntable='t'\nkey=['id']\ncolumn=[{name='a',type='money'}]", "money"),
            ("listen = ", "TOML"),
        ] {
            let error = format!("{:#}", load_text(text).expect_err(text));
            assert!(error.contains(named), "{text}: {error}");
        }
        assert!(load(Some(Path::new("/nowhere.toml")), &Overrides::default()).is_err());
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let loaded = load_text("redis_url = 'redis://:hunter2@localhost'").expect("valid");
        assert!(!format!("{loaded:?}").contains("hunter2"));
    }
}
