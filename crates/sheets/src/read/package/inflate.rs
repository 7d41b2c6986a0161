//! The bytes of one member, counted as they come out.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::{Decompress, FlushDecompress, Status};

use super::Member;
use crate::read::rows::too_big;
use crate::read::{Limit, ReadError, ReadLimits};

/// Compressed bytes read at a time.
const INPUT_BYTES: usize = 64 << 10;
/// So much may come out of a member before its ratio counts.
const RATIO_FROM_BYTES: u64 = 64 << 20;

/// Reads a member. What it says of its size is only compared at its end.
pub(in crate::read) struct Inflate {
    file: File,
    member: Member,
    place: u64,
    left: u64,
    input: Vec<u8>,
    input_range: (usize, usize),
    inflater: Decompress,
    crc: crc32fast::Hasher,
    size: u64,
    is_ended: bool,
    inflated: Arc<AtomicU64>,
    uncompressed_bytes: u64,
    compression_ratio: u64,
}

impl Inflate {
    pub(super) fn new(file: File, member: Member, limits: &ReadLimits, inflated: Arc<AtomicU64>) -> Inflate {
        Inflate {
            file,
            place: member.start,
            left: member.compressed_size,
            input: vec![0; INPUT_BYTES],
            input_range: (0, 0),
            inflater: Decompress::new(false),
            crc: crc32fast::Hasher::new(),
            size: 0,
            is_ended: false,
            inflated,
            uncompressed_bytes: limits.uncompressed_bytes,
            compression_ratio: limits.compression_ratio,
            member,
        }
    }

    /// Fills the buffer as far as there are bytes; less than all only at the member's end.
    pub(in crate::read) fn fill(&mut self, output: &mut [u8]) -> Result<usize, ReadError> {
        let mut filled = 0;
        while filled < output.len() && !self.is_ended {
            if self.input_range.0 == self.input_range.1 && self.left > 0 {
                self.read_input()?;
            }
            filled += if self.member.is_deflated {
                self.inflate(&mut output[filled..])?
            } else {
                self.copy(&mut output[filled..])
            };
        }
        self.crc.update(&output[..filled]);
        self.count(filled as u64)?;
        if self.is_ended && filled < output.len() {
            self.check_end()?;
        }
        Ok(filled)
    }

    fn inflate(&mut self, output: &mut [u8]) -> Result<usize, ReadError> {
        let input = &self.input[self.input_range.0..self.input_range.1];
        let (before_in, before_out) = (self.inflater.total_in(), self.inflater.total_out());
        let status = self
            .inflater
            .decompress(input, output, FlushDecompress::None)
            .map_err(|_| ReadError::damaged(format!("{} cannot be unpacked", self.member.name)))?;
        let read = (self.inflater.total_in() - before_in) as usize;
        let written = (self.inflater.total_out() - before_out) as usize;
        self.input_range.0 += read;
        self.is_ended = status == Status::StreamEnd;
        if !self.is_ended && read == 0 && written == 0 {
            return Err(ReadError::damaged(format!("{} is cut off", self.member.name)));
        }
        Ok(written)
    }

    fn copy(&mut self, output: &mut [u8]) -> usize {
        let input = &self.input[self.input_range.0..self.input_range.1];
        let size = input.len().min(output.len());
        output[..size].copy_from_slice(&input[..size]);
        self.input_range.0 += size;
        self.is_ended = self.input_range.0 == self.input_range.1 && self.left == 0;
        size
    }

    /// Reads at the member's own place: other members of the same file are read at the same time.
    fn read_input(&mut self) -> Result<(), ReadError> {
        let most = usize::try_from(self.left).unwrap_or(INPUT_BYTES).min(INPUT_BYTES);
        let size = read_at(&self.file, &mut self.input[..most], self.place)?;
        if size == 0 {
            return Err(ReadError::damaged(format!("{} is cut off", self.member.name)));
        }
        self.place += size as u64;
        self.left -= size as u64;
        self.input_range = (0, size);
        Ok(())
    }

    fn count(&mut self, size: u64) -> Result<(), ReadError> {
        self.size += size;
        let all = self.inflated.fetch_add(size, Ordering::Relaxed) + size;
        if all > self.uncompressed_bytes {
            return Err(too_big(Limit::UncompressedBytes, self.uncompressed_bytes, all));
        }
        let ratio = self.size / self.member.compressed_size.max(1);
        if self.size > RATIO_FROM_BYTES && ratio > self.compression_ratio {
            return Err(too_big(Limit::CompressionRatio, self.compression_ratio, ratio));
        }
        Ok(())
    }

    fn check_end(&mut self) -> Result<(), ReadError> {
        let crc = std::mem::take(&mut self.crc).finalize();
        if crc != self.member.crc || self.size != self.member.size {
            return Err(ReadError::damaged(format!("{} is not what was packed", self.member.name)));
        }
        // Being asked again gives nothing again.
        self.crc = crc32fast::Hasher::new_with_initial(crc);
        Ok(())
    }
}

/// Reads once at a place of a file; 0 bytes only at its end.
fn read_at(file: &File, buffer: &mut [u8], place: u64) -> io::Result<usize> {
    loop {
        #[cfg(unix)]
        let result = std::os::unix::fs::FileExt::read_at(file, buffer, place);
        #[cfg(windows)]
        let result = std::os::windows::fs::FileExt::seek_read(file, buffer, place);
        match result {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
