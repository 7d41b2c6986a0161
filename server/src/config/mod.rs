//! Configuration: defaults in the binary, a file, the environment, the command line, in that order.

mod settings;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use longshore_datasets::{Catalog, CatalogConfig};

pub use self::settings::{Config, LogConfig, LogFormat, Role};

/// Every setting with its default and a word on it.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");
/// The demo shop's datasets.
pub const DEMO: &str = include_str!("../../config/demo.toml");
/// The file that is read where none is named.
pub const DEFAULT_FILE: &str = "longshore.toml";
/// Characters a session secret must have: 256 bits as hexadecimal digits would be 64.
const SECRET_CHARS_MIN: usize = 32;

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
    use std::time::Duration;

    use longshore_datasets::Address;
    use longshore_jobs::Compression;

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
            (
                "[export]\ncompression = 'best'",
                "export.compression: \"best\" is none of fastest, balanced, smallest",
            ),
            ("[export]\ncompression = 6", "export.compression"),
            ("[export]\npart_size_mib = 0", "export.part_size_mib: must be 1 to 2048"),
            ("[export]\npart_size_mib = 2049", "export.part_size_mib: must be 1 to 2048"),
            ("[export]\npart_size_mib = -1", "export.part_size_mib"),
            ("[export]\ncsv_guard = 'maybe'", "export.csv_guard"),
            ("[export]\ncsv_gard = false", "csv_gard"),
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
    fn settings_of_exports_reach_the_engine() {
        let export = |text: &str| load_text(text).expect(text).config.export.settings().expect(text);
        for compression in Compression::ALL {
            let text = format!("[export]\ncompression = '{}'", compression.name());
            assert_eq!(export(&text).compression, compression);
        }
        for (text, csv_guard, part_bytes) in [
            ("", true, 512 << 20),
            ("[export]\ncsv_guard = false", false, 512 << 20),
            ("[export]\npart_size_mib = 2048", true, 2048 << 20),
        ] {
            let settings = export(text);
            assert_eq!((settings.csv_guard, settings.part_bytes), (csv_guard, part_bytes), "{text}");
        }
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let loaded = load_text("redis_url = 'redis://:hunter2@localhost'").expect("valid");
        assert!(!format!("{loaded:?}").contains("hunter2"));
    }
}
