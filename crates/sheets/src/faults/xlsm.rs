//! An XLSM workbook of errors: an XLSX workbook that may hold macros, as far as its type says; it holds none.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::spool::temporary;
use super::xlsx::XlsxFile;
use super::{Fault, FaultsError, FaultsFile};

/// Where a package says what its parts are (ECMA-376 part 2, 10.1.2).
const TYPES: &str = "[Content_Types].xml";
/// What the workbook's part is in XLSX (ECMA-376 part 1, 12.3.23), and in XLSM ([MS-OFFMACRO2] 2.2.1.2).
const XLSX_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";
const XLSM_TYPE: &str = "application/vnd.ms-excel.sheet.macroEnabled.main+xml";

/// A workbook that becomes XLSM in the end.
pub(super) struct XlsmFile {
    xlsx: XlsxFile,
    path: PathBuf,
}

impl XlsmFile {
    pub(super) fn create(path: &Path, title: &str, headers: Vec<String>) -> Result<XlsmFile, FaultsError> {
        Ok(XlsmFile { xlsx: XlsxFile::create(path, title, headers)?, path: path.to_path_buf() })
    }
}

impl FaultsFile for XlsmFile {
    fn push(&mut self, fault: &Fault<'_>) -> Result<(), FaultsError> {
        self.xlsx.push(fault)
    }

    fn finish(self: Box<Self>) -> Result<(), FaultsError> {
        let xlsx = temporary(&self.path)?;
        self.xlsx.save(BufWriter::new(&xlsx))?;
        let mut xlsx = ZipArchive::new(BufReader::new(xlsx))?;
        let mut xlsm = ZipWriter::new(BufWriter::new(File::create(&self.path)?));
        for index in 0..xlsx.len() {
            let mut part = xlsx.by_index(index)?;
            if part.name_raw() != TYPES.as_bytes() {
                xlsm.raw_copy_file(part)?;
                continue;
            }
            let mut types = String::new();
            part.read_to_string(&mut types)?;
            let deflated = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
            xlsm.start_file(TYPES, deflated)?;
            xlsm.write_all(types.replace(XLSX_TYPE, XLSM_TYPE).as_bytes())?;
        }
        Ok(xlsm.finish()?.flush()?)
    }
}
