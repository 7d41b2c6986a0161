//! A text file of errors: in the form in which the file was sent, its cells guarded.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Fault, FaultsError, FaultsFile};
use crate::guard;
use crate::read::{Encoding, TextForm};
use crate::recode::recode;

/// A file in UTF-8, which gets its own encoding when it is complete.
pub(super) struct TextFile {
    writer: csv::Writer<BufWriter<File>>,
    encoding: Encoding,
    path: PathBuf,
}

impl TextFile {
    pub(super) fn create(path: &Path, form: TextForm, headers: &[String]) -> Result<TextFile, FaultsError> {
        let mut file = BufWriter::new(File::create(path)?);
        // Without the mark Excel takes UTF-8 for the system's own encoding.
        file.write_all(b"\xEF\xBB\xBF")?;
        let mut builder = csv::WriterBuilder::new();
        builder.delimiter(form.delimiter).terminator(csv::Terminator::CRLF).flexible(true);
        if form.quote != 0 {
            builder.quote(form.quote);
        }
        let mut writer = builder.from_writer(file);
        writer.write_record(headers.iter().map(|header| guard(header).into_owned()))?;
        Ok(TextFile { writer, encoding: form.encoding, path: path.to_path_buf() })
    }
}

impl FaultsFile for TextFile {
    fn push(&mut self, fault: &Fault<'_>) -> Result<(), FaultsError> {
        for cell in fault.cells {
            self.writer.write_field(&*guarded(cell.text))?;
        }
        for _ in fault.cells.len()..fault.column_count {
            self.writer.write_field("")?;
        }
        self.writer.write_field(fault.number.to_string())?;
        self.writer.write_field(&*guard(fault.reason))?;
        self.writer.write_record(None::<&[u8]>)?;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), FaultsError> {
        self.writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?.flush()?;
        recode(&self.path, self.encoding)?;
        Ok(())
    }
}

/// A number needs no guard: what makes a formula of it is not in it.
fn guarded(text: &str) -> Cow<'_, str> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
        && text.parse::<f64>().is_ok();
    if is_number { text.into() } else { guard(text) }
}
