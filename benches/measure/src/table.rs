//! The table.

use crate::contender::Contender;
use crate::run::Figures;

const MEBIBYTE: f64 = 1_048_576.0;
const MEGABYTE: f64 = 1e6;

pub(crate) fn print(results: &[(Contender, Figures)], rows: u64) {
    let rival = results.iter().find(|(contender, _)| contender.id == "rust_xlsxwriter");
    println!(
        "\n| writing | rows | wall s | processor s | peak MiB | file MB | rust_xlsxwriter ÷ this, wall |"
    );
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
