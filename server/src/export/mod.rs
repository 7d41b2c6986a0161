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
use longshore_protocol::manifest::{MANIFEST_ENDING, ManifestFile, Shortened};
use longshore_protocol::{ExportFormat, ExportRequest, Lang, Manifest, OwnerId, Sort};

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
    remarks(manifest).iter().for_each(|line| println!("  {line}"));
}

/// What somebody who opens the file would not expect: further sheets, further files, texts that were cut.
fn remarks(manifest: &Manifest) -> Vec<String> {
    let sheets = |count: u32| format!("the rows go on over {count} sheets");
    let part = |part: &ManifestFile| match part.sheet_count {
        0 | 1 => format!("{}: {} rows", part.name, part.row_count),
        count => format!("{}: {} rows, {}", part.name, part.row_count, sheets(count)),
    };
    let cut = |column: &Shortened| {
        format!(
            "{} texts of column {} were longer than a cell can be and were cut, the first in row {}",
            column.cell_count, column.column, column.first_row
        )
    };
    let file = &manifest.file;
    let several = (manifest.parts.is_empty() && file.sheet_count > 1).then(|| sheets(file.sheet_count));
    let parts = manifest.parts.iter().map(part);
    several.into_iter().chain(parts).chain(manifest.shortened.iter().map(cut)).collect()
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sheets_files_and_cut_texts_are_told() {
        let file = |name: &str, sheet_count: u32| json!({ "name": name, "size_bytes": 9, "sha256": "", "row_count": 5, "sheet_count": sheet_count });
        let cut = json!({ "column": "note", "cell_count": 2, "first_row": 7 });
        let said = "2 texts of column note were longer than a cell can be and were cut, the first in row 7";
        for (sheet_count, parts, shortened, expected) in [
            (1, json!([]), json!([]), vec![]),
            (3, json!([]), json!([cut]), vec!["the rows go on over 3 sheets", said]),
            (
                3,
                json!([file("o-001.xlsx", 2), file("o-002.xlsx", 1)]),
                json!([cut]),
                vec!["o-001.xlsx: 5 rows, the rows go on over 2 sheets", "o-002.xlsx: 5 rows", said],
            ),
        ] {
            let manifest = json!({
                "version": 1, "task": null, "dataset": "o", "title": "O", "requested_by": "ann", "requested_at": "",
                "snapshot_at": "", "lang": "en", "time_zone": "UTC", "format": "xlsx", "columns": [], "filters": [],
                "sort": [], "row_count": 5, "file": file("o.xlsx", sheet_count), "parts": parts,
                "shortened": shortened, "resumed": []
            });
            let manifest: Manifest = serde_json::from_value(manifest).expect("a manifest");
            assert_eq!(remarks(&manifest), expected);
        }
    }
}
