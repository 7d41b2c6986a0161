//! The writers.

use crate::contender::{Contender, Output, folder_of_programs, python};

/// All writers, in the order in which they run and stand in the table.
pub(crate) fn contenders(rows: u64) -> anyhow::Result<Vec<Contender>> {
    let here = folder_of_programs()?;
    let with = |id, name: &str, program: &str, arguments: &[&str], output| Contender {
        output,
        ..Contender::new(id, name, here.join(program), arguments, rows)
    };
    let mut all = vec![
        with("rows", "*making the rows alone*", "ours", &["rows"], Output::Nothing),
        with("batches", "*making Arrow batches of them alone*", "ours", &["batches"], Output::Nothing),
        with("encode", "*limit prototype*: encoding alone", "limit", &["0"], Output::Nothing),
        with("limit-1", "*limit prototype*, level 1", "limit", &["1"], Output::Xlsx),
        with("fastest", "**ours**, fastest", "ours", &["xlsx-fastest"], Output::Xlsx),
        with("excel-rs", "excel-rs", "rivals", &["excel-rs"], Output::Xlsx),
        with("excel-rs-simd", "excel-rs with SIMD", "rivals-simd", &["excel-rs"], Output::Xlsx),
        with("limit-2", "*limit prototype*, level 2", "limit", &["2"], Output::Xlsx),
        with("limit-3", "*limit prototype*, level 3", "limit", &["3"], Output::Xlsx),
        with("balanced", "**ours**, balanced (default)", "ours", &["xlsx-balanced"], Output::Xlsx),
        with("limit-6", "*limit prototype*, level 6", "limit", &["6"], Output::Xlsx),
        with("smallest", "**ours**, smallest", "ours", &["xlsx-smallest"], Output::Xlsx),
        Contender {
            runs_max: 3,
            ..with(
                "rust_xlsxwriter",
                "rust_xlsxwriter, constant memory, `zmij`",
                "rivals",
                &["rust_xlsxwriter"],
                Output::Xlsx,
            )
        },
        with("csv", "**ours**, CSV", "ours", &["csv"], Output::Csv),
        with("csv-crate", "`csv` crate", "rivals", &["csv"], Output::Csv),
    ];
    if let Some((program, script)) = python("BENCH_XLSXWRITER") {
        let name = "XlsxWriter (Python), constant memory";
        let python = with("xlsxwriter", name, "", &[&script], Output::Xlsx);
        all.push(Contender { program, runs_max: 1, ..python });
    }
    for (id, part) in [("tenth", rows / 10), ("tenfold", rows * 10)] {
        let same = with(id, "**ours**, balanced (default)", "ours", &["xlsx-balanced"], Output::Xlsx);
        all.push(Contender { rows: part, runs_max: 1, ..same });
    }
    Ok(all)
}
