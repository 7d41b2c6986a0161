//! Bends the files of a folder at random, and the members of those that are zips, and reads them:
//! `mutate FOLDER SECONDS [SEED]`. A file whose reading panics or takes too long is kept beside, and named.
//!
//! Coverage is not followed, but it needs nothing besides a stable toolchain, and it gets past the checksums of zips.

use std::io::{Cursor, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// The longest that one file may take.
const TIME_MAX: Duration = Duration::from_secs(10);
/// Pieces of XML and numbers that make trouble where they do not belong.
const TOKENS: [&[u8]; 16] = [
    b"<",
    b">",
    b"\"",
    b"&",
    b"]]>",
    b"<![CDATA[",
    b"<!--",
    b"<c r=\"XFD1048576\">",
    b"</row>",
    b"<v>",
    b"999999999",
    b"-1",
    b"\0",
    b"\xFF\xFF\xFF\xFF",
    b"<is><t>",
    b"<si>",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, seconds, rest @ ..] = arguments.as_slice() else {
        panic!("usage: mutate FOLDER SECONDS [SEED]")
    };
    let seconds: u64 = seconds.parse().expect("SECONDS is a number");
    let seed: u64 = rest.first().map_or(1, |seed| seed.parse().expect("SEED is a number"));
    let mut random = StdRng::seed_from_u64(seed);
    let files = files(Path::new(folder));
    let started = Instant::now();
    let (mut count, mut read, mut bad) = (0_u64, 0_u64, 0_u64);
    while started.elapsed() < Duration::from_secs(seconds) {
        let path = &files[random.random_range(0..files.len())];
        let content = std::fs::read(path).expect("the file can be read");
        let bent = if content.starts_with(b"PK") && random.random_bool(0.9) {
            bend_member(&content, &mut random).unwrap_or(content)
        } else {
            bend(content, &mut random)
        };
        let begun = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| sheets_fuzz::recognise_and_read(&bent)));
        count += 1;
        read += u64::from(matches!(outcome, Ok(Ok(()))));
        if outcome.is_err() || begun.elapsed() > TIME_MAX {
            bad += 1;
            let name =
                format!("bad-{seed}-{count}-{}", path.file_name().unwrap_or_default().to_string_lossy());
            std::fs::write(&name, &bent).expect("the file can be kept");
            println!("{name}: {:?} after {:?}", outcome.map(|_| ()), begun.elapsed());
        }
    }
    println!("{count} files, of which {read} could be read, {bad} bad; seed {seed}");
    assert!(bad == 0, "{bad} files were too much");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("its entries can be read").path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// Changes some bytes, takes some out, repeats some, or puts a token in.
fn bend(mut content: Vec<u8>, random: &mut StdRng) -> Vec<u8> {
    for _ in 0..random.random_range(1..8) {
        let size = content.len().max(1);
        let place = random.random_range(0..size).min(content.len());
        let end = (place + random.random_range(0..64)).min(content.len());
        match random.random_range(0..5) {
            0 if place < content.len() => content[place] = random.random(),
            1 => drop(content.drain(place..end)),
            2 => {
                let piece = content[place..end].to_vec();
                content.splice(place..place, piece);
            }
            3 => {
                let token = TOKENS[random.random_range(0..TOKENS.len())];
                content.splice(place..place, token.iter().copied());
            }
            _ if random.random_bool(0.1) => content.truncate(place),
            _ => {}
        }
    }
    content
}

/// Bends one member of a zip and packs it anew, so that its checksum is right.
fn bend_member(content: &[u8], random: &mut StdRng) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(content)).ok()?;
    let chosen = random.random_range(0..archive.len().max(1));
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).ok()?;
        let (name, mut bytes) = (member.name().to_owned(), Vec::new());
        member.by_ref().take(4 << 20).read_to_end(&mut bytes).ok()?;
        let is_chosen = index == chosen || (random.random_bool(0.3) && name.contains("sheet1"));
        if is_chosen {
            bytes = bend(bytes, random);
        }
        writer.start_file(name, SimpleFileOptions::default()).ok()?;
        writer.write_all(&bytes).ok()?;
    }
    Some(writer.finish().ok()?.into_inner())
}
