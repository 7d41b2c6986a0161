//! The table.

use crate::contender::Contender;
use crate::run::Figures;

const MEBIBYTE: f64 = 1_048_576.0;
const MEGABYTE: f64 = 1e6;

/// Prints one; its last column compares with the contender `rival`.
pub(crate) fn print(title: &str, results: &[(Contender, Figures)], rows: u64, rival: &str) {
    println!("\n| {title} | rows | wall s | processor s | peak MiB | file MB | {rival} ÷ this, wall |");
    let rival = results.iter().find(|(contender, _)| contender.id == rival);
    println!("|---|--:|--:|--:|--:|--:|--:|");
    for (contender, figures) in results {
        let ratio = match rival {
            Some((_, rival)) if contender.rows == rows => {
                format!("{:.1}", rival.wall.as_secs_f64() / figures.wall.as_secs_f64())
            }
            _ => String::new(),
        };
        let size = match figures.file_bytes {
            0 => String::new(),
            bytes => format!("{:.1}", bytes as f64 / MEGABYTE),
        };
        println!(
            "| {} | {} | {:.2} | {:.2} | {:.0} | {size} | {ratio} |",
            contender.name,
            contender.rows,
            figures.wall.as_secs_f64(),
            figures.processor.as_secs_f64(),
            figures.peak_memory_bytes as f64 / MEBIBYTE,
        );
    }
}
