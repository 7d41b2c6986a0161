//! Whether a file is the one that its manifest tells of.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use longshore_protocol::Manifest;
use longshore_protocol::manifest::ManifestFile;
use sha2::{Digest, Sha256};

/// Bytes read at a time.
const READ_BYTES: usize = 1 << 20;

/// What a file turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the file of the manifest, byte by byte.
    Whole,
    /// It is one of the files in the archive of the manifest.
    Part(ManifestFile),
    /// It is another file, was changed, or is not complete.
    Different {
        /// Its size in bytes.
        size_bytes: u64,
        /// Its SHA-256, in hexadecimal digits.
        sha256: String,
    },
}

/// Compares a file with a manifest. Reads the whole file. Blocks.
///
/// # Errors
/// If the file can't be read.
pub fn verify(file: &Path, manifest: &Manifest) -> io::Result<Verdict> {
    let mut file = File::open(file)?;
    let (mut hash, mut size_bytes, mut buffer) = (Sha256::new(), 0, vec![0; READ_BYTES]);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
        size_bytes += count as u64;
    }
    let sha256 = longshore_datasets::text::hex(&hash.finalize());
    let is_it =
        |file: &ManifestFile| file.size_bytes == size_bytes && file.sha256.eq_ignore_ascii_case(&sha256);
    if is_it(&manifest.file) {
        return Ok(Verdict::Whole);
    }
    let part = manifest.parts.iter().find(|part| is_it(part)).cloned();
    Ok(part.map_or(Verdict::Different { size_bytes, sha256 }, Verdict::Part))
}
