//! `longshore demo`: a shop to try things on.

use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::Context;
use longshore_datasets::demo::{ShopSize, create_shop};

use crate::cli::DemoArgs;
use crate::config::DEMO;

/// The database's file name.
pub const SHOP_FILE: &str = "shop.db";
const CONFIG_FILE: &str = "longshore.toml";

/// Makes the shop's database, and a configuration that declares its datasets unless there is one.
///
/// # Errors
/// If the database is there already or can't be written.
pub fn make(args: &DemoArgs) -> anyhow::Result<()> {
    make_shop(&args.dir, args.rows)?;
    let config = args.dir.join(CONFIG_FILE);
    if !config.exists() {
        std::fs::write(&config, DEMO).with_context(|| format!("can't write {}", config.display()))?;
    }
    println!(
        "Made {}. Serve it with: longshore serve --config {}",
        args.dir.join(SHOP_FILE).display(),
        config.display()
    );
    Ok(())
}

/// Makes the shop's database in a folder, with progress on a terminal.
///
/// # Errors
/// If it is there already or can't be written.
pub fn make_shop(folder: &Path, order_count: u64) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("can't create {}", folder.display()))?;
    let shows_progress = std::io::stderr().is_terminal();
    let mut shown = None;
    create_shop(&folder.join(SHOP_FILE), ShopSize::for_orders(order_count), &mut |done, total| {
        let percent = done * 100 / total.max(1);
        if shows_progress && shown != Some(percent) {
            shown = Some(percent);
            eprint!("\rMaking the demo shop: {percent}%");
            std::io::stderr().flush().ok();
        }
    })?;
    if shows_progress {
        eprintln!();
    }
    Ok(())
}
