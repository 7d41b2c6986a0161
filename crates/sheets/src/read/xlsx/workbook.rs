//! What a workbook says of itself: its parts, its sheets, and where its dates begin.

use std::collections::HashMap;

use crate::read::package::Package;
use crate::read::parts::{attribute, for_each_tag};
use crate::read::{FileKind, ReadError, SheetInfo};

/// Sheets that a workbook may have.
const SHEETS_MAX: usize = 10_000;

/// The parts of a workbook that are read.
#[derive(Debug)]
pub(in crate::read) struct Workbook {
    pub(super) sheets: Vec<(SheetInfo, String)>,
    pub(super) strings: Option<String>,
    pub(super) styles: Option<String>,
    pub(super) is_1904: bool,
}

/// The name of the workbook's main part and what kind of workbook it makes the package; `None` where there is none.
pub(in crate::read) fn main_part(package: &Package) -> Result<Option<(FileKind, String)>, ReadError> {
    let mut name = None;
    for_each_tag(package, "_rels/.rels", |local, tag| {
        if local == "Relationship" && is_of_type(attribute(tag, "Type").as_deref(), "officeDocument") {
            name = attribute(tag, "Target").map(|target| resolve("", &target));
        }
    })?;
    let name = name.filter(|name| package.has(name));
    let name = name.or_else(|| {
        let usual = ["xl/workbook.xml", "xl/workbook.bin"];
        usual.into_iter().find(|name| package.has(name)).map(str::to_owned)
    });
    let Some(name) = name else { return Ok(None) };
    let mut content_type = String::new();
    for_each_tag(package, "[Content_Types].xml", |local, tag| {
        let is_it =
            || attribute(tag, "PartName").is_some_and(|part| resolve("", &part).eq_ignore_ascii_case(&name));
        if local == "Override" && is_it() {
            content_type = attribute(tag, "ContentType").unwrap_or_default().to_ascii_lowercase();
        }
    })?;
    let has = |part: &str| content_type.contains(part);
    let kind = if name.to_ascii_lowercase().ends_with(".bin") || has("sheet.binary") {
        FileKind::Xlsb
    } else if has("wordprocessingml") || has("presentationml") || has("visio") {
        return Ok(None);
    } else if has("macroenabled") {
        FileKind::Xlsm
    } else {
        FileKind::Xlsx
    };
    Ok(Some((kind, name)))
}

impl Workbook {
    /// Reads the main part and its relations.
    pub(in crate::read) fn read(package: &Package, main: &str) -> Result<Workbook, ReadError> {
        let (folder, file) = main.rsplit_once('/').unwrap_or(("", main));
        let relations = if folder.is_empty() {
            format!("_rels/{file}.rels")
        } else {
            format!("{folder}/_rels/{file}.rels")
        };
        let mut targets: HashMap<String, String> = HashMap::new();
        let (mut strings, mut styles) = (None, None);
        for_each_tag(package, &relations, |local, tag| {
            if local != "Relationship" {
                return;
            }
            let (kind, target) = (attribute(tag, "Type"), attribute(tag, "Target"));
            let Some(target) = target.map(|target| resolve(folder, &target)) else { return };
            if is_of_type(kind.as_deref(), "sharedStrings") {
                strings = Some(target);
            } else if is_of_type(kind.as_deref(), "styles") {
                styles = Some(target);
            } else if is_of_type(kind.as_deref(), "worksheet")
                && let Some(id) = attribute(tag, "Id")
            {
                targets.insert(id, target);
            }
        })?;
        let mut workbook = Workbook { sheets: Vec::new(), strings, styles, is_1904: false };
        let is_there = for_each_tag(package, main, |local, tag| match local {
            "workbookPr" => {
                workbook.is_1904 = matches!(attribute(tag, "date1904").as_deref(), Some("1" | "true" | "on"));
            }
            "sheet" if workbook.sheets.len() < SHEETS_MAX => {
                // Sheets of charts and of macros have no cells, and no relation that was kept.
                let part = attribute(tag, "id").and_then(|id| targets.get(&id).cloned());
                if let Some(part) = part {
                    let name = attribute(tag, "name").unwrap_or_default();
                    let is_hidden = attribute(tag, "state").is_some_and(|state| state != "visible");
                    workbook.sheets.push((SheetInfo { name, is_hidden }, part));
                }
            }
            _ => {}
        })?;
        if is_there { Ok(workbook) } else { Err(ReadError::damaged(format!("{main} is missing"))) }
    }

    /// Its sheets that have cells.
    pub(in crate::read) fn sheets(&self) -> Vec<SheetInfo> {
        self.sheets.iter().map(|(sheet, _)| sheet.clone()).collect()
    }
}

/// Whether a relation's type, an address, ends so; the strict form of the format has other addresses before it.
fn is_of_type(kind: Option<&str>, want: &str) -> bool {
    kind.and_then(|kind| kind.rsplit('/').next()).is_some_and(|last| last == want)
}

/// The name of a member by a relation's target, which is relative to the folder or begins with a slash. Names are only compared with
/// those in the zip, so going up beyond its top finds nothing outside.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut parts: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::{is_of_type, resolve};

    #[test]
    fn targets_are_members() {
        for (folder, target, want) in [
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("", "xl/workbook.xml", "xl/workbook.xml"),
            ("", "/xl/workbook.xml", "xl/workbook.xml"),
            ("xl", "../xl/./styles.xml", "xl/styles.xml"),
            ("xl", "../../../etc/passwd", "etc/passwd"),
            ("xl", "worksheets\\sheet1.xml", "xl/worksheets/sheet1.xml"),
        ] {
            assert_eq!(resolve(folder, target), want);
        }
    }

    #[test]
    fn types_are_told_by_their_end() {
        let strict = "http://purl.oclc.org/ooxml/officeDocument/relationships/worksheet";
        assert!(is_of_type(Some(strict), "worksheet"));
        assert!(!is_of_type(Some("http://schemas.microsoft.com/xlDialogsheet"), "worksheet"));
        assert!(!is_of_type(None, "worksheet"));
    }
}
