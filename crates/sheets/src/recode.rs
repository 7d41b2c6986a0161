//! A text file in another encoding: the one in which a person has sent it.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use encoding_rs::{EncoderResult, GB18030, WINDOWS_1252};

use crate::read::{Encoding, encoding_of};

/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 64 << 10;
/// More bytes than any character takes in any of the encodings.
const CHARACTER_BYTES_MAX: usize = 16;

/// Puts a file of UTF-8 into another encoding, in its place. It stays as it is where a character can't be said in that, or where the
/// file would be taken for one of another encoding when it is sent again; gives whether it was changed.
///
/// # Errors
/// What the system says; also where the file is no UTF-8.
pub(crate) fn recode(path: &Path, encoding: Encoding) -> io::Result<bool> {
    if encoding == Encoding::Utf8 {
        return Ok(false);
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".recoded");
    let beside = Path::new(&beside);
    let is_good = recoded(path, beside, encoding)
        .and_then(|is_whole| Ok(is_whole && encoding_of(&mut File::open(beside)?)? == encoding));
    match is_good {
        Ok(true) => std::fs::rename(beside, path).map(|()| true),
        other => {
            // Either it was not made, or nobody needs it.
            std::fs::remove_file(beside).ok();
            other
        }
    }
}

/// Writes the file `to`; gives whether all characters are in it.
fn recoded(from: &Path, to: &Path, encoding: Encoding) -> io::Result<bool> {
    let mut from = BufReader::new(File::open(from)?);
    let mut to = BufWriter::new(File::create_new(to)?);
    let (mut buffer, mut filled, mut is_first) = (vec![0; CHUNK_BYTES], 0, true);
    loop {
        let count = from.read(&mut buffer[filled..])?;
        filled += count;
        let text = valid(&buffer[..filled], count == 0)?;
        let is_all = write(
            text.strip_prefix('\u{FEFF}').filter(|_| is_first).unwrap_or(text),
            is_first,
            encoding,
            &mut to,
        )?;
        if !is_all || count == 0 {
            return to.flush().map(|()| is_all);
        }
        is_first &= text.is_empty();
        let used = text.len();
        buffer.copy_within(used..filled, 0);
        filled -= used;
    }
}

/// The whole characters at the beginning of the bytes, which are all of them at the end of the file.
fn valid(bytes: &[u8], is_end: bool) -> io::Result<&str> {
    let broken = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() && !is_end => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).map_err(broken)
        }
        text => text.map_err(broken),
    }
}

/// Appends characters; gives whether there are such in the encoding.
fn write(text: &str, is_first: bool, encoding: Encoding, to: &mut impl Write) -> io::Result<bool> {
    let units = |to: &mut dyn Write, bytes: fn(u16) -> [u8; 2]| {
        let mark = (is_first && !text.is_empty()).then_some('\u{FEFF}' as u16);
        mark.into_iter().chain(text.encode_utf16()).try_for_each(|unit| to.write_all(&bytes(unit)))
    };
    let standard = match encoding {
        Encoding::Utf8 => return to.write_all(text.as_bytes()).map(|()| true),
        Encoding::Utf16Le => return units(to, u16::to_le_bytes).map(|()| true),
        Encoding::Utf16Be => return units(to, u16::to_be_bytes).map(|()| true),
        Encoding::Gb18030 => GB18030,
        Encoding::Windows1252 => WINDOWS_1252,
    };
    let mut encoder = standard.new_encoder();
    let (mut rest, mut bytes) = (text, vec![0; CHUNK_BYTES + CHARACTER_BYTES_MAX]);
    loop {
        let (result, read, written) = encoder.encode_from_utf8_without_replacement(rest, &mut bytes, false);
        to.write_all(&bytes[..written])?;
        rest = &rest[read..];
        match result {
            EncoderResult::InputEmpty => return Ok(true),
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(_) => return Ok(false),
        }
    }
}
