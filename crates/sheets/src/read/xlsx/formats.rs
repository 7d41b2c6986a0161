//! Which cells are dates, by the place of their format in the workbook's list.

use std::collections::HashMap;

use super::cell::number;
use crate::read::ReadError;
use crate::read::number_format::{built_in, custom};
use crate::read::package::Package;
use crate::read::parts::{attribute, for_each_tag};
use crate::read::serial::DateForm;

/// Cell formats that a workbook may have; Excel allows 65,490.
const FORMATS_MAX: usize = 1 << 20;

/// Which list of the part reading is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Numbers,
    Cells,
    Other,
}

/// The date forms of cell formats, in their order.
#[derive(Default)]
pub(super) struct Formats {
    forms: Vec<Option<DateForm>>,
}

impl Formats {
    /// Reads the part with the styles; no formats where there is none.
    pub(super) fn read(package: &Package, name: &str) -> Result<Formats, ReadError> {
        let mut written: HashMap<u32, Option<DateForm>> = HashMap::new();
        let mut numbers = Vec::new();
        let mut list = List::Other;
        for_each_tag(package, name, |local, tag| match local {
            "numFmts" => list = List::Numbers,
            "cellXfs" => list = List::Cells,
            "fonts" | "fills" | "borders" | "cellStyleXfs" | "cellStyles" | "dxfs" | "tableStyles"
            | "colors" | "extLst" => list = List::Other,
            // In the list of formats that depend on conditions the same numbers may mean other formats.
            "numFmt" if list == List::Numbers => {
                let number = attribute(tag, "numFmtId").and_then(|id| id.parse().ok());
                if let (Some(number), Some(code)) = (number, attribute(tag, "formatCode")) {
                    written.insert(number, custom(&code));
                }
            }
            "xf" if list == List::Cells && numbers.len() < FORMATS_MAX => {
                numbers.push(attribute(tag, "numFmtId").and_then(|id| id.parse::<u32>().ok()).unwrap_or(0));
            }
            _ => {}
        })?;
        let form = |number: &u32| written.get(number).copied().unwrap_or_else(|| built_in(*number));
        Ok(Formats { forms: numbers.iter().map(form).collect() })
    }

    /// The form of a cell's format by the cell's attribute `s`; `None` where it shows no date.
    #[inline]
    pub(super) fn date_form(&self, style: &[u8]) -> Option<DateForm> {
        let index = if style.is_empty() { 0 } else { usize::try_from(number(style)?).ok()? };
        *self.forms.get(index)?
    }
}
