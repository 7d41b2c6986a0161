//! `readers calamine|inflate FILE` reads the first sheet of a workbook by calamine's cell reader, or only inflates it, and prints how many
//! cells hold something, or bytes.

use std::fs::File;
use std::io::{BufReader, Read};

use anyhow::{Context, bail};
use calamine::{DataRef, Reader, Xlsx, open_workbook};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, file] = arguments.as_slice() else { bail!("usage: readers calamine|inflate FILE") };
    let count = match what.as_str() {
        "calamine" => calamine(file)?,
        "inflate" => inflate(file)?,
        _ => bail!("{what} is not known"),
    };
    println!("{count}");
    Ok(())
}

fn calamine(file: &str) -> anyhow::Result<usize> {
    let mut workbook: Xlsx<BufReader<File>> = open_workbook(file)?;
    let name = workbook.sheet_names().first().context("a sheet")?.clone();
    let mut cells = workbook.worksheet_cells_reader(&name)?;
    let mut count = 0;
    while let Some(cell) = cells.next_cell()? {
        count += usize::from(!matches!(cell.get_value(), DataRef::Empty));
    }
    Ok(count)
}

fn inflate(file: &str) -> anyhow::Result<usize> {
    let mut archive = zip::ZipArchive::new(BufReader::new(File::open(file)?))?;
    let (mut buffer, mut count) = (vec![0; 256 << 10], 0);
    for index in 0..archive.len() {
        let mut member = archive.by_index(index)?;
        loop {
            match member.read(&mut buffer)? {
                0 => break,
                size => count += size,
            }
        }
    }
    Ok(count)
}
