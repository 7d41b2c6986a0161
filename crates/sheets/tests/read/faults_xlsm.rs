//! A file of errors in XLSM is the one in XLSX but for what it says of itself.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use longshore_sheets::faults::{FaultsKind, FaultsWriter};
use longshore_sheets::read::{CellKind, FileKind, ReadLimits, recognise};
use zip::ZipArchive;

use crate::faults::cell;

const XLSX_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";
const XLSM_TYPE: &str = "application/vnd.ms-excel.sheet.macroEnabled.main+xml";

fn begun(kind: FaultsKind, path: &Path) -> FaultsWriter {
    let headers = ["a", "row", "problem"].map(str::to_owned).to_vec();
    let mut writer = FaultsWriter::create(kind, path, XLSX_TYPE, headers).expect("it is made");
    for text in ["x", XLSX_TYPE] {
        writer.push(&[cell(CellKind::Text, text)], &[0], 7, "why").expect("it is written");
    }
    writer
}

/// Each part: its name, how it is compressed, and what of it is in the file.
fn parts(path: &Path) -> Vec<(String, String, Vec<u8>)> {
    let mut archive = ZipArchive::new(File::open(path).expect("opens")).expect("an archive");
    let part = |index| {
        let mut part = archive.by_index_raw(index).expect("is there");
        let name = part.name().expect("a name").into_owned();
        let form = format!("{:?} {:?} {:?}", part.compression(), part.crc32(), part.last_modified());
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).expect("reads");
        (name, form, bytes)
    };
    let count = ZipArchive::new(File::open(path).expect("opens")).expect("an archive").len();
    (0..count).map(part).collect()
}

fn types(path: &Path) -> String {
    let mut archive = ZipArchive::new(File::open(path).expect("opens")).expect("an archive");
    let mut text = String::new();
    archive.by_index(0).expect("is there").read_to_string(&mut text).expect("UTF-8");
    text
}

#[test]
fn only_the_type_is_another() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let [xlsx, xlsm] = [FaultsKind::Xlsx, FaultsKind::Xlsm].map(|kind| {
        let path = folder.path().join(format!("{kind:?}"));
        assert_eq!(begun(kind, &path).finish().expect("it is completed"), 2);
        path
    });
    assert_eq!(std::fs::read_dir(folder.path()).expect("is listed").count(), 2, "nothing else is left");
    for (path, kind) in [(&xlsx, FileKind::Xlsx), (&xlsm, FileKind::Xlsm)] {
        assert_eq!(recognise(path, &ReadLimits::default()).expect("it is recognised").kind, kind);
    }
    assert_eq!(types(&xlsx).matches(XLSX_TYPE).count(), 1);
    assert_eq!(types(&xlsm), types(&xlsx).replace(XLSX_TYPE, XLSM_TYPE));
    let (want, found) = (parts(&xlsx), parts(&xlsm));
    assert_eq!((want[0].0.as_str(), found[0].0.as_str()), ("[Content_Types].xml", "[Content_Types].xml"));
    assert_eq!(want[1..], found[1..]);
}

#[test]
fn nothing_is_left_of_a_workbook_that_is_given_up() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    drop(begun(FaultsKind::Xlsm, &folder.path().join("faults")));
    assert_eq!(std::fs::read_dir(folder.path()).expect("is listed").count(), 0);
}
