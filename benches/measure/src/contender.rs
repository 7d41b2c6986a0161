//! Who takes part.

use std::path::PathBuf;

/// What a contender writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Xlsx,
    Csv,
    /// The orders in a form of its own, to standard output; only its size is looked at.
    Foreign,
    /// How many cells it has read, printed; those that read the same file must say the same.
    Cells,
    /// Nothing: a part of the work, measured alone.
    Nothing,
}

/// What a contender is told after its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    RowsAndFile,
    File,
    Nothing,
}

/// A command that is not measured.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
}

/// A program that writes or reads the orders.
#[derive(Clone, Debug)]
pub(crate) struct Contender {
    /// By which the aims find it.
    pub(crate) id: &'static str,
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) told: Told,
    /// Variables of its environment.
    pub(crate) environment: Vec<(&'static str, &'static str)>,
    pub(crate) output: Output,
    pub(crate) rows: u64,
    /// Slow ones run less often.
    pub(crate) runs_max: u64,
    /// What its standard input is, if anything.
    pub(crate) input: Option<PathBuf>,
    /// What comes before each run.
    pub(crate) before: Option<Step>,
    /// What must print this after each run.
    pub(crate) after: Option<(Step, String)>,
}

impl Contender {
    /// One that is told the rows and a file, and takes part in every round.
    pub(crate) fn new(
        id: &'static str,
        name: &str,
        program: PathBuf,
        arguments: &[&str],
        rows: u64,
    ) -> Contender {
        Contender {
            id,
            name: name.to_owned(),
            program,
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            told: Told::RowsAndFile,
            environment: Vec::new(),
            output: Output::Nothing,
            rows,
            runs_max: u64::MAX,
            input: None,
            before: None,
            after: None,
        }
    }
}

/// A Python, and the script that the variable `script` names.
pub(crate) fn python(script: &str) -> Option<(PathBuf, String)> {
    let found = (std::env::var_os("BENCH_PYTHON"), std::env::var(script));
    let (Some(python), Ok(script)) = found else {
        eprintln!("    BENCH_PYTHON and {script} are not both set, so what is in Python is left out");
        return None;
    };
    Some((python.into(), script))
}

/// Where the programs that were built with this one are.
pub(crate) fn folder_of_programs() -> anyhow::Result<PathBuf> {
    Ok(std::env::current_exe()?.parent().map(PathBuf::from).unwrap_or_default())
}
