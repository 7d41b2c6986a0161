//! Files of other programs by their names in the folder that `LONGSHORE_CORPUS` names: what stands in them is known.

use std::path::{Path, PathBuf};

use longshore_sheets::read::{Choice, FileKind, ReadLimits, recognise};

use crate::support::{batches, lines};

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the corpus can be listed");
    let mut paths = entries.map(|entry| entry.expect("its entries can be read").path());
    paths.find_map(|path| match path.is_dir() {
        true => find(&path, name),
        false => (path.file_name().is_some_and(|found| found == name)).then_some(path),
    })
}

#[test]
fn kinds_and_values_are_known() {
    let Some(folder) = std::env::var_os("LONGSHORE_CORPUS") else {
        println!("skipped: LONGSHORE_CORPUS names no folder");
        return;
    };
    let limits = ReadLimits::default();
    let mut differences = Vec::new();
    for (name, kind, want) in KNOWN {
        let path = find(Path::new(&folder), name).unwrap_or_else(|| panic!("{name} is not in the corpus"));
        let recognised = recognise(&path, &limits).expect("it is recognised");
        assert_eq!(recognised.kind, kind, "{name}");
        let batches = batches(&path, &Choice::default(), &limits).expect("it is read");
        let found: Vec<String> = batches.iter().flat_map(lines).take(ROWS_KNOWN).collect();
        if found != want {
            differences.push(format!("{name}: {found:#?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Rows that are compared.
const ROWS_KNOWN: usize = 4;

/// Files and their first rows.
const KNOWN: [(&str, FileKind, &[&str]); 7] = [
    ("date.xls", FileKind::Xls, &DATES),
    ("date_1904.xls", FileKind::Xls, &DATES),
    ("date.xlsb", FileKind::Xlsb, &DATES),
    ("date_1904.xlsb", FileKind::Xlsb, &DATES),
    (
        "date.ods",
        FileKind::Ods,
        &[
            "1 d:2021-01-01 | n:15",
            "2 d:2021-01-01T10:10:10 | n:16",
            "3 d:10:10:10 | n:17",
            "4 d:10:10:10.123456 | n:18",
        ],
    ),
    ("covered.ods", FileKind::Ods, &["1 t:a1", "2 t:a2"]),
    ("issue221.xlsm", FileKind::Xlsm, &["1 t:Cell_A1 | t:Cell_B1", "2 t:Cell_A2 | t:Cell_B2"]),
];

/// The same days and a duration in four files.
const DATES: [&str; 3] = ["1 d:2021-01-01 | n:15", "2 d:2021-01-02 | n:16", "3 d:255:10:10 | n:17"];
