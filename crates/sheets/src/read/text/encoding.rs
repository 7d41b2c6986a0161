//! Which characters the bytes of a text file are.

use std::cmp::Ordering;
use std::io::{self, Read, Seek, SeekFrom};

use encoding_rs::{CoderResult, DecoderResult, GB18030, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};

/// Bytes that are looked at to tell GB18030 from windows-1252, from the first beyond ASCII on, and UTF-16 without a byte order mark.
const SAMPLE_BYTES: usize = 1 << 20;
/// So many bytes beyond ASCII that are UTF-8 make it UTF-8, whatever comes after them: other encodings hardly look like it by chance.
const UTF_8_BYTES_THAT_TELL: usize = 16;
/// So many times as many characters of UTF-8 as bytes that are none make it UTF-8 that was damaged.
const UTF_8_TO_DAMAGE: usize = 3;
/// Bytes read at a time.
const CHUNK_BYTES: usize = 256 << 10;

/// How characters stand in a text file. A byte order mark is taken off in any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, least significant byte first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, most significant byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// GB18030, which has all of GBK and GB2312: what Excel writes in mainland China.
    #[serde(rename = "gb18030")]
    Gb18030,
    /// Windows-1252, of western Europe; every file can be read by it, if not rightly.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Encoding {
    /// All, the likeliest first.
    pub const ALL: [Encoding; 5] =
        [Encoding::Utf8, Encoding::Gb18030, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Windows1252];

    /// The name by the WHATWG's Encoding Standard, in small letters.
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16Le => "utf-16le",
            Encoding::Utf16Be => "utf-16be",
            Encoding::Gb18030 => "gb18030",
            Encoding::Windows1252 => "windows-1252",
        }
    }

    /// The one with that name, in any case; `None` where there is none.
    pub fn parse(name: &str) -> Option<Encoding> {
        Encoding::ALL.into_iter().find(|encoding| encoding.name().eq_ignore_ascii_case(name))
    }

    pub(super) fn standard(self) -> &'static encoding_rs::Encoding {
        match self {
            Encoding::Utf8 => UTF_8,
            Encoding::Utf16Le => UTF_16LE,
            Encoding::Utf16Be => UTF_16BE,
            Encoding::Gb18030 => GB18030,
            Encoding::Windows1252 => WINDOWS_1252,
        }
    }
}

/// Tells the encoding of a whole file: by its byte order mark, else UTF-16 by its zeros, else UTF-8 if all of it, a long beginning, or by far
/// the most of the first MiB that has more than ASCII is, else GB18030 if that MiB is and most of its characters are those of GB2312, else
/// windows-1252.
pub(crate) fn detect<R: Read + Seek>(file: &mut R) -> io::Result<Encoding> {
    let mut sample = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    Read::take(&mut *file, SAMPLE_BYTES as u64).read_to_end(&mut sample)?;
    for (mark, encoding) in [
        (&b"\xEF\xBB\xBF"[..], Encoding::Utf8),
        (b"\x84\x31\x95\x33", Encoding::Gb18030),
        (b"\xFF\xFE", Encoding::Utf16Le),
        (b"\xFE\xFF", Encoding::Utf16Be),
    ] {
        if sample.starts_with(mark) {
            return Ok(encoding);
        }
    }
    if let Some(encoding) = utf16_by_zeros(&sample) {
        return Ok(encoding);
    }
    file.seek(SeekFrom::Start(0))?;
    let Some(place) = not_utf8(file)? else { return Ok(Encoding::Utf8) };
    sample.clear();
    file.seek(SeekFrom::Start(place))?;
    Read::take(&mut *file, SAMPLE_BYTES as u64).read_to_end(&mut sample)?;
    Ok(if is_damaged_utf8(&sample) {
        Encoding::Utf8
    } else if is_gb18030(&sample) {
        Encoding::Gb18030
    } else {
        Encoding::Windows1252
    })
}

/// UTF-16 without a byte order mark: delimiters and digits have a zero beside them. So have a few other characters on the other side, such as
/// 一, but none that would be a line end.
fn utf16_by_zeros(sample: &[u8]) -> Option<Encoding> {
    let (pairs, _) = sample.as_chunks::<2>();
    let is_usual = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    let is_end = |byte: u8| matches!(byte, b'\n' | b'\r');
    let count = |zero: usize, is_it: &dyn Fn(u8) -> bool| {
        pairs.iter().filter(|pair| pair[zero] == 0 && is_it(pair[1 - zero])).count()
    };
    let [little, big] = [1, 0].map(|zero| (count(zero, &is_end), count(zero, &is_usual)));
    let many = (pairs.len() / 8).max(1);
    match little.cmp(&big) {
        Ordering::Greater if little.1 > many => Some(Encoding::Utf16Le),
        Ordering::Less if big.1 > many => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// Whether bytes are UTF-8 of which a few were damaged: the row of these is told when they are read.
fn is_damaged_utf8(sample: &[u8]) -> bool {
    let (mut character_count, mut damage_count) = (0_usize, 0_usize);
    for chunk in sample.utf8_chunks() {
        character_count += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        damage_count += usize::from(!chunk.invalid().is_empty());
    }
    character_count >= UTF_8_TO_DAMAGE * damage_count
}

/// The place of the first byte beyond ASCII, unless everything that can be read is UTF-8, or was for long.
fn not_utf8(file: &mut impl Read) -> io::Result<Option<u64>> {
    let mut buffer = vec![0; CHUNK_BYTES];
    let (mut kept, mut telling) = (0, 0);
    let (mut passed, mut place) = (0, None);
    loop {
        let size = match file.read(&mut buffer[kept..]) {
            Ok(size) => size,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let filled = kept + size;
        let checked = std::str::from_utf8(&buffer[..filled]);
        let valid = checked.err().map_or(filled, |error| error.valid_up_to());
        let beyond = || buffer[..filled].iter().position(|byte| !byte.is_ascii());
        place = place.or_else(|| Some(passed + beyond()? as u64));
        passed += valid as u64;
        telling += buffer[..valid].iter().filter(|byte| !byte.is_ascii()).count();
        match checked {
            _ if telling >= UTF_8_BYTES_THAT_TELL => return Ok(None),
            Ok(_) if size == 0 => return Ok(None),
            Ok(_) => kept = 0,
            // A character that is cut off goes on in the next bytes.
            Err(error) if error.error_len().is_none() && size > 0 => {
                buffer.copy_within(error.valid_up_to()..filled, 0);
                kept = filled - error.valid_up_to();
            }
            Err(_) => return Ok(place.or(Some(0))),
        }
    }
}

/// Whether bytes are GB18030, and most characters beyond ASCII from the part of it that is GB2312: two bytes from A1. In western
/// texts by windows-1252 single letters with accents stand before ASCII letters, which GB18030 takes for rare characters.
fn is_gb18030(sample: &[u8]) -> bool {
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    let mut text = vec![0; 64 << 10];
    let mut rest = sample;
    loop {
        let (result, read, _) = decoder.decode_to_utf8_without_replacement(rest, &mut text, false);
        rest = &rest[read..];
        match result {
            DecoderResult::InputEmpty => break,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => return false,
        }
    }
    let (mut common, mut rare, mut place) = (0_usize, 0_usize, 0);
    while let Some(&lead) = sample.get(place) {
        if lead < 0x80 {
            place += 1;
            continue;
        }
        match sample.get(place + 1) {
            Some(0xA1..) if lead >= 0xA1 => common += 1,
            Some(0x30..=0x39) => {
                rare += 1;
                place += 2;
            }
            _ => rare += 1,
        }
        place += 2;
    }
    common >= rare
}

/// Makes UTF-8 of a file as it is read.
pub(super) struct Decoder {
    inner: encoding_rs::Decoder,
    encoding: Encoding,
    is_finished: bool,
}

/// What decoding some bytes came to.
pub(super) struct Decoded {
    /// Bytes of the input that are used up.
    pub(super) read: usize,
    /// Bytes of the output that are filled.
    pub(super) written: usize,
    /// Whether what follows is no character.
    pub(super) is_malformed: bool,
}

impl Decoder {
    pub(super) fn new(encoding: Encoding) -> Decoder {
        Decoder { inner: encoding.standard().new_decoder_with_bom_removal(), encoding, is_finished: false }
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Decodes what fits; `output` has room for 16 bytes at least.
    pub(super) fn decode(&mut self, input: &[u8], output: &mut [u8], is_last: bool) -> Decoded {
        if self.is_finished {
            return Decoded { read: 0, written: 0, is_malformed: false };
        }
        let (result, read, written) = match self.encoding {
            // Every byte is some character by that standard.
            Encoding::Windows1252 => {
                let (result, read, written, _) = self.inner.decode_to_utf8(input, output, is_last);
                let result = match result {
                    CoderResult::InputEmpty => DecoderResult::InputEmpty,
                    CoderResult::OutputFull => DecoderResult::OutputFull,
                };
                (result, read, written)
            }
            _ => self.inner.decode_to_utf8_without_replacement(input, output, is_last),
        };
        self.is_finished = is_last && matches!(result, DecoderResult::InputEmpty);
        Decoded { read, written, is_malformed: matches!(result, DecoderResult::Malformed(..)) }
    }

    /// Whether the last bytes were decoded.
    pub(super) fn is_finished(&self) -> bool {
        self.is_finished
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::{Encoding, detect};

    #[test]
    fn names_are_parsed() {
        for encoding in Encoding::ALL {
            assert_eq!(Encoding::parse(&encoding.name().to_uppercase()), Some(encoding));
        }
        assert_eq!(Encoding::parse("utf8mb4"), None);
    }

    #[test]
    fn encodings_are_told_by_content() {
        let gb = |text: &str| encoding_rs::GB18030.encode(text).0.into_owned();
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        for (content, want) in [
            (b"a,b\n1,2\n".to_vec(), Encoding::Utf8),
            ("订单,客户\n".into(), Encoding::Utf8),
            ("\u{feff}订单".into(), Encoding::Utf8),
            (gb("订单,客户\n1,张伟\n"), Encoding::Gb18030),
            (gb("\u{feff}订单"), Encoding::Gb18030),
            (gb("\u{1F600},订单"), Encoding::Gb18030),
            (utf16("\u{feff}a,订单\n"), Encoding::Utf16Le),
            (utf16("a,b\n1,订\n"), Encoding::Utf16Le),
            ("a,b\n1,2\n".encode_utf16().flat_map(u16::to_be_bytes).collect(), Encoding::Utf16Be),
            (b"caf\xE9,\xE9lan\n".to_vec(), Encoding::Windows1252),
            (b"\xE9lan vital,na\xEFve\n".to_vec(), Encoding::Windows1252),
            // 一 and the wide space have a zero on the other side.
            (utf16("编号,一\n1,一一\u{3000}一\n2,一\n"), Encoding::Utf16Le),
            ("a,一\n1,\u{3000}\n".encode_utf16().flat_map(u16::to_be_bytes).collect(), Encoding::Utf16Be),
            // What comes first beyond ASCII comes late.
            ([&b"a,b\n".repeat(300_000)[..], b"caf\xE9,na\xEFve\n"].concat(), Encoding::Windows1252),
            ([&b"a,b\n".repeat(300_000)[..], &gb("订单,客户\n")].concat(), Encoding::Gb18030),
            // One byte of a few characters is damaged.
            (["a,é\nb,ö\nc,ü\n".as_bytes(), b"d,\xE9\n"].concat(), Encoding::Utf8),
            ([&b"d,\xE9\n"[..], "a,é\nb,ö\nc,ü\n".as_bytes()].concat(), Encoding::Utf8),
            ([&b"d,\xE9\n"[..], "a,é\nb,ö\n".as_bytes()].concat(), Encoding::Windows1252),
            (gb("联通,联通\n"), Encoding::Gb18030),
        ] {
            let shown = String::from_utf8_lossy(&content[content.len().saturating_sub(50)..]);
            assert_eq!(detect(&mut Cursor::new(&content)).ok(), Some(want), "{shown}");
        }
    }

    #[test]
    fn a_character_may_be_cut_by_a_chunk() {
        for before in 0..4 {
            let content = "a".repeat(before) + &"订".repeat(200_000);
            assert_eq!(detect(&mut Cursor::new(content.as_bytes())).ok(), Some(Encoding::Utf8));
        }
        let cut = &"订单订单订单订".as_bytes()[..20];
        assert_eq!(detect(&mut Cursor::new(cut)).ok(), Some(Encoding::Utf8));
    }
}
