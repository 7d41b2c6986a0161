//! What was aimed at in writing, and whether it is reached.

use crate::aims::{head, line, memory, memory_growth};
use crate::contender::Contender;
use crate::run::Figures;

pub(crate) fn print(results: &[(Contender, Figures)], rows: u64) {
    let of = |id: &str| results.iter().find(|(contender, _)| contender.id == id).map(|(_, figures)| *figures);
    head(rows);
    let faster = |what: &str, ours: &str, theirs: &str, wanted: f64| {
        let (Some(ours), Some(theirs)) = (of(ours), of(theirs)) else { return };
        let found = theirs.wall.as_secs_f64() / ours.wall.as_secs_f64();
        line(what, &format!("≥ {wanted} ×"), &format!("{found:.2} ×"), found >= wanted);
    };
    faster("default against rust_xlsxwriter, speed", "balanced", "rust_xlsxwriter", 6.0);
    if let (Some(ours), Some(theirs)) = (of("balanced"), of("rust_xlsxwriter")) {
        let found = ours.file_bytes as f64 / theirs.file_bytes as f64;
        line("default against rust_xlsxwriter, size", "≤ 1.1 ×", &format!("{found:.2} ×"), found <= 1.1);
    }
    faster("fastest against rust_xlsxwriter, speed", "fastest", "rust_xlsxwriter", 10.0);
    faster("fastest against excel-rs, speed", "fastest", "excel-rs", 1.7);
    faster("fastest against excel-rs with SIMD, speed", "fastest", "excel-rs-simd", 1.7);
    for (ours, limit, what) in [
        ("fastest", "limit-1", "fastest against the limit prototype at level 1, time"),
        ("balanced", "limit-3", "default against the limit prototype at level 3, time"),
        ("smallest", "limit-6", "smallest against the limit prototype at level 6, time"),
    ] {
        let (Some(ours), Some(limit)) = (of(ours), of(limit)) else { continue };
        let found = ours.wall.as_secs_f64() / limit.wall.as_secs_f64();
        line(what, "≤ 1.3 ×", &format!("{found:.2} ×"), found <= 1.3);
    }
    faster("CSV against the `csv` crate, speed", "csv", "csv-crate", 1.0);
    for (contender, figures) in results.iter().filter(|(contender, _)| contender.name.starts_with("**ours")) {
        memory(&format!("{}, {} rows", contender.id, contender.rows), *figures);
    }
    if let (Some(few), Some(many)) = (of("tenth"), of("tenfold")) {
        memory_growth("default", few, many);
    }
}
