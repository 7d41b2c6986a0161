//! Longshore's reader: `ours-read FILE` reads the first sheet of a file in batches, and prints how many cells hold something.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use longshore_sheets::read::{Choice, ReadLimits, read, recognise};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let file = std::env::args().nth(1).context("usage: ours-read FILE")?;
    let (path, limits) = (Path::new(&file), ReadLimits::default());
    let recognised = recognise(path, &limits)?;
    let mut count = 0_usize;
    read(path, &recognised, &Choice::default(), &limits, &Arc::default(), &mut |batch| {
        for column in batch.columns() {
            count += column.kinds().iter().filter(|&&kind| kind != 0).count();
        }
        ControlFlow::Continue(())
    })?;
    println!("{count}");
    Ok(())
}
