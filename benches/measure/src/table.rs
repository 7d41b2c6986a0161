//! The table.

use crate::contender::Contender;
use crate::run::Figures;

const MEBIBYTE: f64 = 1_048_576.0;
const MEGABYTE: f64 = 1e6;

/// Prints one; its last columns compare with those of `rivals` that took part.
pub(crate) fn print(title: &str, results: &[(Contender, Figures)], rows: u64, rivals: &[&str]) {
    let find = |rival: &&str| results.iter().find(|(contender, _)| contender.id == *rival);
    let rivals: Vec<&(Contender, Figures)> = rivals.iter().filter_map(find).collect();
    let heads: String = rivals.iter().map(|(rival, _)| format!(" {} ÷ this, wall |", rival.id)).collect();
    println!("\n| {title} | rows | wall s | processor s | peak MiB | file MB |{heads}");
    println!("|---|--:|--:|--:|--:|--:|{}", "--:|".repeat(rivals.len()));
    for (contender, figures) in results {
        let ratio = |(_, rival): &&(Contender, Figures)| match contender.rows == rows {
            true => format!(" {:.1} |", rival.wall.as_secs_f64() / figures.wall.as_secs_f64()),
            false => "  |".to_owned(),
        };
        let ratios: String = rivals.iter().map(ratio).collect();
        let size = match figures.file_bytes {
            0 => String::new(),
            bytes => format!("{:.1}", bytes as f64 / MEGABYTE),
        };
        println!(
            "| {} | {} | {:.2} | {:.2} | {:.0} | {size} |{ratios}",
            contender.name,
            contender.rows,
            figures.wall.as_secs_f64(),
            figures.processor.as_secs_f64(),
            figures.peak_memory_bytes as f64 / MEBIBYTE,
        );
    }
}
