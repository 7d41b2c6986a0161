//! A ZIP archive as a stream: nothing is read back or written twice (APPNOTE.TXT 6.3.10, PKWARE).
//!
//! Members whose size is unknown when they begin are followed by a data descriptor. Members stay below 4 GiB, so that no local
//! header needs ZIP64, which readers of a stream get wrong; the directory uses it where the archive itself is larger.

use std::io::{self, Write};

use flate2::{Compress, Compression, FlushCompress, Status};

use crate::chunks::Contents;

const LOCAL_HEADER: u32 = 0x0403_4b50;
const DATA_DESCRIPTOR: u32 = 0x0807_4b50;
const CENTRAL_HEADER: u32 = 0x0201_4b50;
const ZIP64_END: u32 = 0x0606_4b50;
const ZIP64_LOCATOR: u32 = 0x0706_4b50;
const END: u32 = 0x0605_4b50;
/// Version needed for deflate and folders.
const VERSION_DEFLATE: u16 = 20;
/// Version needed for ZIP64.
const VERSION_ZIP64: u16 = 45;
/// Sizes and checksum follow the data.
const FLAG_DESCRIPTOR: u16 = 1 << 3;
/// The name is UTF-8; without it, programs take it for an old code page.
const FLAG_UTF8: u16 = 1 << 11;
/// 1980-01-01, the first day there is: a file does not tell when it was made, and the same rows make the same bytes.
const DOS_DATE: u16 = 0x0021;
const ZIP64_EXTRA_ID: u16 = 1;

/// How a member's bytes stand in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// As they are.
    Stored,
    /// RFC 1951.
    Deflate,
}

impl Method {
    fn code(self) -> u16 {
        match self {
            Method::Stored => 0,
            Method::Deflate => 8,
        }
    }
}

/// A member as the directory knows it.
pub(crate) struct Member {
    name: String,
    offset: u64,
    flags: u16,
    method: Method,
    contents: Contents,
}

impl Member {
    /// A member whose contents are known before it.
    pub(crate) fn new(name: &str, offset: u64, method: Method, contents: Contents) -> Member {
        let flags = if name.is_ascii() { 0 } else { FLAG_UTF8 };
        Member { name: name.to_owned(), offset, flags, method, contents }
    }
}

/// An archive that grows in its sink.
pub(super) struct Archive {
    sink: Box<dyn Write + Send>,
    offset: u64,
    members: Vec<Member>,
}

impl Archive {
    pub(super) fn new(sink: Box<dyn Write + Send>) -> Archive {
        Archive { sink, offset: 0, members: Vec::new() }
    }

    /// Bytes that have gone to the sink.
    pub(super) fn byte_count(&self) -> u64 {
        self.offset
    }

    /// Begins a member whose data follow by [`Archive::write`].
    pub(super) fn begin(&mut self, name: &str) -> io::Result<()> {
        let mut member = Member::new(name, self.offset, Method::Deflate, Contents::default());
        member.flags |= FLAG_DESCRIPTOR;
        self.begin_member(member)
    }

    /// Raw deflate data of the member that was begun.
    pub(super) fn write(&mut self, compressed: &[u8]) -> io::Result<()> {
        self.sink.write_all(compressed)?;
        self.offset += compressed.len() as u64;
        Ok(())
    }

    /// Ends the member that was begun.
    pub(super) fn end(&mut self, contents: Contents) -> io::Result<()> {
        let mut descriptor = Vec::with_capacity(16);
        put32(&mut descriptor, DATA_DESCRIPTOR);
        put32(&mut descriptor, contents.crc);
        put32(&mut descriptor, small(contents.compressed_bytes)?);
        put32(&mut descriptor, small(contents.bytes)?);
        self.write(&descriptor)?;
        if let Some(member) = self.members.last_mut() {
            member.contents = contents;
        }
        Ok(())
    }

    /// Adds a member that is there as a whole.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut compressed = Vec::with_capacity(bytes.len() / 2 + 128);
        let mut deflate = Compress::new(Compression::default(), false);
        loop {
            let consumed = usize::try_from(deflate.total_in()).unwrap_or(usize::MAX);
            compressed.reserve(bytes.len() / 4 + 128);
            match deflate.compress_vec(&bytes[consumed..], &mut compressed, FlushCompress::Finish) {
                Ok(Status::StreamEnd) => break,
                Ok(_) => {}
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        let contents = Contents {
            crc: crc32fast::hash(bytes),
            compressed_bytes: compressed.len() as u64,
            bytes: bytes.len() as u64,
        };
        self.begin_member(Member::new(name, self.offset, Method::Deflate, contents))?;
        self.write(&compressed)
    }

    fn begin_member(&mut self, member: Member) -> io::Result<()> {
        let mut header = Vec::with_capacity(30 + member.name.len());
        put_local(&mut header, &member)?;
        self.members.push(member);
        self.write(&header)
    }

    /// Writes the directory and flushes the sink.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let directory = put_directory(&self.members, self.offset)?;
        self.write(&directory)?;
        self.sink.flush()
    }
}

/// The header that stands before a member's bytes.
pub(crate) fn put_local(out: &mut Vec<u8>, member: &Member) -> io::Result<()> {
    put32(out, LOCAL_HEADER);
    put16(out, VERSION_DEFLATE);
    put_member(out, member)?;
    put16(out, u16::try_from(member.name.len()).map_err(io::Error::other)?);
    put16(out, 0);
    out.extend_from_slice(member.name.as_bytes());
    Ok(())
}

/// What ends an archive whose members take the bytes up to `start`.
pub(crate) fn put_directory(members: &[Member], start: u64) -> io::Result<Vec<u8>> {
    let mut directory = Vec::new();
    for member in members {
        put_central(&mut directory, member)?;
    }
    let (size, count) = (directory.len() as u64, members.len() as u64);
    let is_large = start + size > u64::from(u32::MAX) || count > u64::from(u16::MAX);
    if is_large {
        put_zip64_end(&mut directory, start, size, count);
    }
    let capped = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    let count = u16::try_from(count).unwrap_or(u16::MAX);
    put32(&mut directory, END);
    put32(&mut directory, 0);
    put16(&mut directory, count);
    put16(&mut directory, count);
    put32(&mut directory, capped(size));
    put32(&mut directory, capped(start));
    put16(&mut directory, 0);
    Ok(directory)
}

/// From the flags to the uncompressed size, as local and central headers have them.
fn put_member(out: &mut Vec<u8>, member: &Member) -> io::Result<()> {
    let contents = member.contents;
    put16(out, member.flags);
    put16(out, member.method.code());
    put16(out, 0);
    put16(out, DOS_DATE);
    put32(out, contents.crc);
    put32(out, small(contents.compressed_bytes)?);
    put32(out, small(contents.bytes)?);
    Ok(())
}

fn put_central(out: &mut Vec<u8>, member: &Member) -> io::Result<()> {
    let far = u32::try_from(member.offset).is_err();
    let version = if far { VERSION_ZIP64 } else { VERSION_DEFLATE };
    put32(out, CENTRAL_HEADER);
    put16(out, version);
    put16(out, version);
    put_member(out, member)?;
    put16(out, u16::try_from(member.name.len()).map_err(io::Error::other)?);
    put16(out, if far { 12 } else { 0 });
    put16(out, 0);
    put16(out, 0);
    put16(out, 0);
    put32(out, 0);
    put32(out, u32::try_from(member.offset).unwrap_or(u32::MAX));
    out.extend_from_slice(member.name.as_bytes());
    if far {
        put16(out, ZIP64_EXTRA_ID);
        put16(out, 8);
        put64(out, member.offset);
    }
    Ok(())
}

fn put_zip64_end(out: &mut Vec<u8>, start: u64, size: u64, count: u64) {
    put32(out, ZIP64_END);
    put64(out, 44);
    put16(out, VERSION_ZIP64);
    put16(out, VERSION_ZIP64);
    put32(out, 0);
    put32(out, 0);
    put64(out, count);
    put64(out, count);
    put64(out, size);
    put64(out, start);
    put32(out, ZIP64_LOCATOR);
    put32(out, 0);
    put64(out, start + size);
    put32(out, 1);
}

/// A size that fits a header without ZIP64.
fn small(size: u64) -> io::Result<u32> {
    u32::try_from(size).map_err(|_| io::Error::other("a part of the workbook is larger than 4 GiB"))
}

fn put16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}
