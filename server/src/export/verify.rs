//! `longshore verify`: is this the file that was exported?

use anyhow::{Context, bail};
use longshore_jobs::verify::{Verdict, verify as compare};
use longshore_protocol::Manifest;
use longshore_protocol::manifest::MANIFEST_VERSION;

use super::manifest_path;
use crate::cli::VerifyArgs;

/// Compares a file with its manifest and says what it is.
///
/// # Errors
/// If it is another file than the manifest tells of, or one of the two can't be read.
pub fn verify(args: &VerifyArgs) -> anyhow::Result<()> {
    let path = args.manifest.clone().unwrap_or_else(|| manifest_path(&args.file));
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("can't read the manifest {}", path.display()))?;
    let manifest: Manifest =
        serde_json::from_str(&text).with_context(|| format!("{} is not a manifest", path.display()))?;
    if manifest.version > MANIFEST_VERSION {
        bail!("{} was written by a newer version of Longshore; verify it with that one", path.display());
    }
    let file = args.file.display();
    let verdict = compare(&args.file, &manifest).with_context(|| format!("can't read {file}"))?;
    let facts = format!(
        "{} of dataset {}, asked for by {} at {}, of the snapshot of {}",
        manifest.title, manifest.dataset, manifest.requested_by, manifest.requested_at, manifest.snapshot_at
    );
    match verdict {
        Verdict::Whole => println!("{file} is whole and unchanged: {} rows; {facts}", manifest.row_count),
        Verdict::Part(part) => {
            println!(
                "{file} is the part {} of {}, whole and unchanged: {} rows; {facts}",
                part.name, manifest.file.name, part.row_count
            );
        }
        Verdict::Different { size_bytes, sha256 } => bail!(
            "{file} is not the file of this manifest: it has {size_bytes} bytes and SHA-256 {sha256}, the manifest says {} bytes and {}; \
             it was changed, is not complete, or belongs to another manifest",
            manifest.file.size_bytes,
            manifest.file.sha256
        ),
    }
    Ok(())
}
