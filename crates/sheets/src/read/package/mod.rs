//! The zip around a workbook: which members it has, and what is in them, without believing what it says of sizes.

mod chunks;
mod inflate;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use zip::{CompressionMethod, ZipArchive};

use super::feed::Watch;
use super::rows::too_big;
use super::{Limit, ReadError, ReadLimits};

pub(super) use chunks::{Chunks, chunks};
pub(super) use inflate::Inflate;

/// Bytes that may be read for the list of members and their headers: some ten thousand members.
const DIRECTORY_BYTES_MAX: u64 = 8 << 20;
/// Members that a workbook may have.
const MEMBERS_MAX: usize = 20_000;

/// A zip on the disk.
pub(super) struct Package {
    file: File,
    members: Vec<Member>,
    limits: ReadLimits,
    /// Bytes that came out of all members so far.
    inflated: Arc<AtomicU64>,
}

/// A member: where its compressed bytes stand.
#[derive(Clone, Debug)]
struct Member {
    /// In small letters, with slashes, and none in front; it is compared, never used as a path.
    name: String,
    start: u64,
    compressed_size: u64,
    size: u64,
    crc: u32,
    is_deflated: bool,
}

impl Package {
    /// Reads the list of members.
    pub(super) fn open(path: &Path, limits: &ReadLimits) -> Result<Package, ReadError> {
        let listed = Counted { file: File::open(path)?, left: DIRECTORY_BYTES_MAX };
        let mut archive = ZipArchive::new(listed).map_err(unreadable)?;
        if archive.len() > MEMBERS_MAX {
            return Err(ReadError::damaged(format!("its zip has {} members", archive.len())));
        }
        let mut members = Vec::with_capacity(archive.len());
        for index in 0..archive.len() {
            let member = archive.by_index_raw(index).map_err(unreadable)?;
            if member.encrypted() {
                return Err(ReadError::PasswordProtected);
            }
            let is_deflated = match member.compression() {
                CompressionMethod::Deflated => true,
                CompressionMethod::Stored => false,
                other => return Err(ReadError::Unsupported { what: format!("the compression {other}") }),
            };
            let start =
                member.data_start().ok_or_else(|| ReadError::damaged("a member of its zip has no place"))?;
            members.push(Member {
                name: normal_name(&String::from_utf8_lossy(member.name_raw())),
                start,
                compressed_size: member.compressed_size(),
                size: member.size(),
                crc: member.crc32(),
                is_deflated,
            });
        }
        let file = File::open(path)?;
        refuse_overlaps(&members, file.metadata()?.len())?;
        Ok(Package { file, members, limits: limits.clone(), inflated: Arc::default() })
    }

    /// Whether there is a member of that name, in any case.
    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Whether the name of a member begins so.
    pub(super) fn has_below(&self, folder: &str) -> bool {
        self.members.iter().any(|member| member.name.starts_with(folder))
    }

    /// The bytes that the members say they have, together.
    pub(super) fn declared_size(&self) -> u64 {
        self.members.iter().fold(0, |sum, member| sum.saturating_add(member.size))
    }

    /// A member's bytes, which are limited to `most`; `None` where there is no such member.
    pub(super) fn bytes(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>, ReadError> {
        let Some(mut member) = self.open_member(name)? else { return Ok(None) };
        let (mut bytes, mut filled) = (vec![0; 16 << 10], 0);
        loop {
            if filled == bytes.len() {
                if filled as u64 > most {
                    return Err(too_big(Limit::UncompressedBytes, most, filled as u64));
                }
                bytes.resize(filled * 2, 0);
            }
            match member.fill(&mut bytes[filled..])? {
                0 => break,
                size => filled += size,
            }
        }
        bytes.truncate(filled);
        Ok(Some(bytes))
    }

    /// Inflates all members to nowhere, so that the sizes that they say are known to be true or within limits.
    pub(super) fn check_all(&self, watch: &Watch) -> Result<(), ReadError> {
        let mut buffer = vec![0; 256 << 10];
        for member in &self.members {
            let mut member = self.open_found(member)?;
            while member.fill(&mut buffer)? > 0 {
                watch.check()?;
            }
        }
        Ok(())
    }

    /// A member to be read from its beginning.
    pub(super) fn open_member(&self, name: &str) -> Result<Option<Inflate>, ReadError> {
        self.find(name).map(|member| self.open_found(member)).transpose()
    }

    fn open_found(&self, member: &Member) -> Result<Inflate, ReadError> {
        Ok(Inflate::new(self.file.try_clone()?, member.clone(), &self.limits, Arc::clone(&self.inflated)))
    }

    fn find(&self, name: &str) -> Option<&Member> {
        let name = normal_name(name);
        self.members.iter().find(|member| member.name == name)
    }
}

/// A member's name as it is compared: programs differ in case, slashes and a slash in front.
fn normal_name(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_ascii_lowercase()
}

/// Members that share bytes make a small file give endlessly many, and one that says to go on behind the file's end makes itself out to be
/// hardly compressed.
fn refuse_overlaps(members: &[Member], file_size: u64) -> Result<(), ReadError> {
    let mut ranges: Vec<(u64, u64)> = members
        .iter()
        .map(|member| (member.start, member.start.saturating_add(member.compressed_size)))
        .collect();
    ranges.sort_unstable();
    if ranges.windows(2).any(|pair| pair[0].1 > pair[1].0) {
        return Err(ReadError::damaged("members of its zip overlap"));
    }
    if ranges.iter().any(|&(_, end)| end > file_size) {
        return Err(ReadError::damaged("a member of its zip goes on behind the end of the file"));
    }
    Ok(())
}

/// The error for a zip whose directory cannot be read.
fn unreadable(error: zip::result::ZipError) -> ReadError {
    match error {
        zip::result::ZipError::Io(error) if error.kind() == io::ErrorKind::QuotaExceeded => {
            ReadError::damaged("the list of its zip's members is too long")
        }
        zip::result::ZipError::Io(error)
            if error.kind() != io::ErrorKind::UnexpectedEof && error.raw_os_error().is_some() =>
        {
            ReadError::Io(error)
        }
        error => ReadError::damaged(format!("its zip cannot be read ({error})")),
    }
}

/// A file of which only so much is read.
struct Counted {
    file: File,
    left: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.file.read(buffer)?;
        self.left = self.left.checked_sub(size as u64).ok_or(io::ErrorKind::QuotaExceeded)?;
        Ok(size)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
