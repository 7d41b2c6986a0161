//! `longshore import`: the import engine without a server.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use longshore_app::i18n::Texts;
use longshore_jobs::import::local::{LocalError, LocalImport, LocalReport, import_file};
use longshore_protocol::import::{ImportMode, ImportWay, PlanCounts};
use longshore_protocol::{Lang, Progress};

use crate::cli::ImportArgs;
use crate::config::{self, Loaded, Overrides};
use crate::export::person;

/// It failed.
const FAILED: u8 = 1;
/// The command or the configuration is wrong.
const WRONG: u8 = 2;
/// Some rows are in error.
const SOME: u8 = 3;
/// No row was imported.
const NONE: u8 = 4;

/// Imports a file; tells what came of it, and by its exit code.
pub fn import(args: &ImportArgs) -> ExitCode {
    let told = |code: u8, error: &anyhow::Error| {
        let text = match error.downcast_ref::<LocalError>() {
            // The problems were put into words already.
            Some(LocalError::Invalid(_)) => error.to_string(),
            _ => crate::sentence(error),
        };
        eprintln!("longshore: {text}");
        ExitCode::from(code)
    };
    let (loaded, import) = match prepare(args) {
        Ok(prepared) => prepared,
        Err(error) => return told(WRONG, &error),
    };
    match run(args, loaded, import) {
        Ok(report) => {
            if !args.quiet {
                tell(args, &report);
            }
            ExitCode::from(code(args, &report))
        }
        Err(error) => {
            let code = match error.downcast_ref::<LocalError>() {
                Some(
                    LocalError::UnknownDataset(_)
                    | LocalError::Invalid(_)
                    | LocalError::NoHeader(_)
                    | LocalError::Missing(_)
                    | LocalError::NoRows,
                ) => WRONG,
                Some(LocalError::Stopped) => NONE,
                _ => FAILED,
            };
            told(code, &error)
        }
    }
}

fn prepare(args: &ImportArgs) -> anyhow::Result<(Loaded, LocalImport)> {
    let overrides = Overrides { data_dir: args.data_dir.clone(), ..Overrides::default() };
    let loaded = config::load(args.config.as_deref(), &overrides)?;
    if !args.file.is_file() {
        bail!("there is no file {}", args.file.display());
    }
    if let Some(errors) = &args.errors_to
        && errors.canonicalize().is_ok_and(|errors| args.file.canonicalize().is_ok_and(|file| file == errors))
    {
        bail!("--errors-to names the file that is imported, which would be lost; name another one");
    }
    let mode = match &args.mode {
        Some(name) => Some(ImportMode::from_name(name).with_context(|| {
            format!("--mode: {name:?} is none of {}", ImportMode::ALL.map(ImportMode::name).join(", "))
        })?),
        None => None,
    };
    let mapping = args.map.iter().map(|text| {
        let (header, column) = text
            .rsplit_once('=')
            .with_context(|| format!("--map: {text:?} is not of the form 'Header=column'"))?;
        Ok((header.to_owned(), Some(column.to_owned()).filter(|column| !column.is_empty())))
    });
    let import = LocalImport {
        dataset: args.dataset.clone(),
        file: args.file.clone(),
        mode,
        is_dry_run: args.dry_run,
        way: if args.all_or_nothing { ImportWay::AllOrNothing } else { ImportWay::ValidRows },
        sheet: args.sheet.map(|number| number - 1),
        encoding: args.encoding.clone(),
        delimiter: args.delimiter.as_deref().map(|name| if name == "tab" { "\t" } else { name }.to_owned()),
        header_row: args.header_row,
        mapping: mapping.collect::<anyhow::Result<_>>()?,
        errors_to: args.errors_to.clone(),
        lang: Lang::from_tag(&args.lang)
            .with_context(|| format!("--lang: {:?} is neither en nor zh", args.lang))?,
        time_zone: args.time_zone.clone(),
        settings: loaded.config.import.settings(&loaded.config.data_dir)?,
        concurrency: loaded.config.worker.concurrency,
        requested_by: person(),
    };
    Ok((loaded, import))
}

fn run(args: &ImportArgs, loaded: Loaded, import: LocalImport) -> anyhow::Result<LocalReport> {
    let runtime = tokio::runtime::Runtime::new().context("can't start threads")?;
    let bar = bar(std::io::stderr().is_terminal() && !args.quiet);
    let stop = Arc::<AtomicBool>::default();
    let done = runtime.block_on(async {
        let flag = Arc::clone(&stop);
        tokio::spawn(async move {
            tokio::signal::ctrl_c().await.ok();
            flag.store(true, Ordering::Relaxed);
        });
        let report = |progress: Progress, is_writing: bool| show(&bar, progress, is_writing);
        import_file(Arc::new(loaded.catalog), import, stop, report).await
    });
    bar.finish_and_clear();
    done.map_err(|error| match &error {
        LocalError::Invalid(problems) => {
            let texts = Texts::new(Lang::En);
            let words: Vec<String> = problems
                .iter()
                .map(|problem| format!("{}: {}", problem.field, texts.problem(&problem.kind)))
                .collect();
            let words = words.join("; ");
            anyhow::Error::new(error).context(words)
        }
        _ => error.into(),
    })
}

fn bar(is_shown: bool) -> ProgressBar {
    let target = if is_shown { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target);
    bar.set_style(style("{spinner} {msg} {human_pos} rows, {per_sec}"));
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn show(bar: &ProgressBar, progress: Progress, is_writing: bool) {
    let doing = if is_writing { "importing" } else { "checking" };
    if bar.message() != doing {
        bar.set_message(doing);
        bar.reset();
    }
    if let Some(total) = progress.total
        && bar.length() != Some(total)
    {
        bar.set_style(style("{bar:30} {msg} {human_pos} of {human_len} rows ({percent}%), {eta} left"));
        bar.set_length(total);
    }
    bar.set_position(progress.done);
}

/// By how many rows are in, or would be.
fn code(args: &ImportArgs, report: &LocalReport) -> u8 {
    let planned = report.planned;
    match &report.report {
        _ if args.dry_run && planned.error > 0 => SOME,
        _ if args.dry_run => 0,
        None if planned.error > 0 => NONE,
        None => 0,
        Some(report) if report.done.error == 0 => 0,
        Some(report) if report.done.error == report.planned.total() => NONE,
        Some(_) => SOME,
    }
}

fn tell(args: &ImportArgs, report: &LocalReport) {
    let texts = Texts::new(Lang::En);
    let counted = |counts: PlanCounts, was: &str| {
        let PlanCounts { create, update, unchanged, error } = counts;
        format!(
            "{create} rows {was}added, {update} {was}changed, {unchanged} as they were, {error} not imported"
        )
    };
    match &report.report {
        Some(done) => {
            println!("{}: {}", args.file.display(), counted(done.done, ""));
            if let Some(stopped) = &done.stopped {
                let ranges = stopped.committed.iter().map(|(first, last)| format!("{first} to {last}"));
                let ranges = ranges.collect::<Vec<_>>().join(", ");
                let what = if ranges.is_empty() { "no rows".to_owned() } else { format!("rows {ranges}") };
                println!("  {}", texts.stopped(stopped.reason));
                println!("  of the file {what} are in the database");
                for refused in &stopped.refused {
                    println!("  {}", texts.refused_rows(refused));
                }
            }
        }
        None => println!("{}: {}", args.file.display(), counted(report.planned, "would be ")),
    }
    for problem in &report.problems {
        let column = problem.column.as_deref().unwrap_or("row");
        println!("  {column}: {} ({} times)", problem.problem.sentence(Lang::En), problem.count);
    }
    if let Some(errors) = &report.errors {
        println!("  rows in error are in {}", errors.display());
    }
}
