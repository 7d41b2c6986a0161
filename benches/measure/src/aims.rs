//! What was aimed at, and whether it is reached.

use crate::run::Figures;

/// The most memory that a writer may take at any number of rows.
const MEMORY_MAX_BYTES: u64 = 128 << 20;
/// How much more memory a hundred times the rows may take.
const MEMORY_GROWTH_MAX: f64 = 1.1;

/// Begins a table of aims.
pub(crate) fn head(rows: u64) {
    println!("\n| aim, {rows} rows | wanted | found | |");
    println!("|---|--:|--:|---|");
}

/// One aim.
pub(crate) fn line(what: &str, wanted: &str, found: &str, is_reached: bool) {
    println!("| {what} | {wanted} | {found} | {} |", if is_reached { "reached" } else { "**not reached**" });
}

/// The aim for the memory of a process.
pub(crate) fn memory(what: &str, figures: Figures) {
    let found = figures.peak_memory_bytes;
    line(
        &format!("peak memory, {what}"),
        "< 128 MiB",
        &format!("{} MiB", found >> 20),
        found < MEMORY_MAX_BYTES,
    );
}

/// The aim for the memory of a process at a hundred times the rows.
pub(crate) fn memory_growth(what: &str, few: Figures, many: Figures) {
    let found = many.peak_memory_bytes as f64 / few.peak_memory_bytes as f64;
    line(
        &format!("{what}, memory for a hundred times the rows"),
        &format!("≤ {MEMORY_GROWTH_MAX} ×"),
        &format!("{found:.2} ×"),
        found <= MEMORY_GROWTH_MAX,
    );
}
