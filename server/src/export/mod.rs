//! `longshore export` and `longshore verify`: the export engine without a server.

mod condition;
mod progress;
mod verify;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};
use longshore_app::i18n::Texts;
use longshore_jobs::export::{LocalError, LocalExport, LocalFile, export_to_file};
use longshore_protocol::manifest::MANIFEST_ENDING;
use longshore_protocol::{ExportFormat, ExportRequest, Lang, OwnerId, Sort};

use self::progress::Progress;
pub use self::verify::verify;
use crate::cli::ExportArgs;
use crate::config::{self, Loaded, Overrides};

/// Exports a dataset into a file.
///
/// # Errors
/// Why there is no file, in words that say what to do.
pub fn export(args: &ExportArgs) -> anyhow::Result<()> {
    let overrides = Overrides { data_dir: args.data_dir.clone(), ..Overrides::default() };
    let Loaded { config, catalog, .. } = config::load(args.config.as_deref(), &overrides)?;
    let format = format_of(args)?;
    let path =
        args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.{}", args.dataset, format.name())));
    if !args.force {
        // The archive of an export in parts would stand there.
        for path in [&path, &path.with_extension("zip")] {
            if path.exists() {
                bail!("{} exists already; choose another name, or say --force to replace it", path.display());
            }
        }
    }
    let export = LocalExport {
        request: request(args, format)?,
        lang: Lang::from_tag(&args.lang)
            .with_context(|| format!("--lang: {:?} is neither en nor zh", args.lang))?,
        path,
        settings: config.export.settings()?,
        requested_by: person(),
    };
    let runtime = tokio::runtime::Runtime::new().context("can't start threads")?;
    let progress = Progress::shown(std::io::stderr().is_terminal() && !args.quiet);
    let stop = Arc::<AtomicBool>::default();
    let done = runtime.block_on(async {
        tokio::spawn(stop_at_signal(Arc::clone(&stop)));
        let report = progress.clone();
        let report = move |done, total, unit| report.report(done, total, unit);
        export_to_file(&catalog, export, stop, report).await
    });
    progress.end();
    let file = done.map_err(explained)?;
    if args.manifest {
        write_manifest(&file)?;
    }
    if !args.quiet {
        tell(&file);
    }
    Ok(())
}

fn format_of(args: &ExportArgs) -> anyhow::Result<ExportFormat> {
    let formats = || ExportFormat::ALL.map(ExportFormat::name).join(", ");
    let by_name = |name: &str| {
        ExportFormat::ALL.into_iter().find(|format| name.ends_with(&format!(".{}", format.name())))
    };
    match (&args.format, &args.output) {
        (Some(name), _) => ExportFormat::from_name(name)
            .with_context(|| format!("--format: {name:?} is none of {}", formats())),
        (None, Some(path)) => by_name(&path.to_string_lossy()).with_context(|| {
            format!("-o: the name ends with none of {}; say which with --format", formats())
        }),
        (None, None) => Ok(ExportFormat::default()),
    }
}

fn request(args: &ExportArgs, format: ExportFormat) -> anyhow::Result<ExportRequest> {
    let filters = args.conditions.iter().map(|text| condition::parse(text)).collect::<anyhow::Result<_>>()?;
    let sort = args.sort.iter().map(|text| match text.strip_prefix('-') {
        Some(column) => Sort { column: column.to_owned(), descending: true },
        None => Sort { column: text.clone(), descending: false },
    });
    Ok(ExportRequest {
        dataset: args.dataset.clone(),
        format: format.name().to_owned(),
        columns: args.columns.clone(),
        filters,
        sort: sort.collect(),
        time_zone: args.time_zone.clone(),
        ..ExportRequest::default()
    })
}

/// Who runs the command, for the manifest.
pub(crate) fn person() -> OwnerId {
    let name = std::env::var("USER").or_else(|_| std::env::var("USERNAME")).unwrap_or_default();
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(40).collect();
    let plain = if plain.is_empty() { "command-line".to_owned() } else { plain };
    OwnerId::parse(&plain).expect("1 to 40 letters, digits and hyphens are an id")
}

fn explained(error: LocalError) -> anyhow::Error {
    match error {
        LocalError::Invalid(problems) => {
            let texts = Texts::new(Lang::En);
            let words =
                problems.iter().map(|problem| format!("{}: {}", problem.field, texts.problem(&problem.kind)));
            anyhow::anyhow!("{}", words.collect::<Vec<_>>().join("\n           "))
        }
        LocalError::Failed(cause) => anyhow::anyhow!(cause).context("the export failed, nothing was kept"),
        error => error.into(),
    }
}

fn write_manifest(file: &LocalFile) -> anyhow::Result<()> {
    let path = manifest_path(&file.path);
    let text = serde_json::to_string_pretty(&file.manifest)?;
    std::fs::write(&path, text + "\n").with_context(|| format!("can't write {}", path.display()))
}

fn tell(file: &LocalFile) {
    let LocalFile { path, manifest } = file;
    let size = indicatif::HumanBytes(manifest.file.size_bytes);
    println!("{}: {} rows, {size}, SHA-256 {}", path.display(), manifest.row_count, manifest.file.sha256);
    for part in &manifest.parts {
        println!("  {}: {} rows", part.name, part.row_count);
    }
    for column in &manifest.shortened {
        println!(
            "  {} texts of column {} were longer than a cell can be and were cut, the first in row {}",
            column.cell_count, column.column, column.first_row
        );
    }
}

async fn stop_at_signal(stop: Arc<AtomicBool>) {
    tokio::signal::ctrl_c().await.ok();
    stop.store(true, Ordering::Relaxed);
}

/// Where the manifest stands beside a file.
fn manifest_path(file: &Path) -> PathBuf {
    let mut path = file.to_path_buf().into_os_string();
    path.push(MANIFEST_ENDING);
    PathBuf::from(path)
}
