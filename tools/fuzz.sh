#!/usr/bin/env bash
# Looks for files that the reader of spreadsheets cannot stand, for FUZZ_SECONDS (60): `make fuzz`. Seeds are the files below
# LONGSHORE_CORPUS, if that names a folder, and what earlier runs found worth keeping. What harms it stays in target/fuzz-found.
. "$(dirname "$0")/common.sh"

"$root/tools/rust_toolchain.sh" run
use_chosen_toolchain
have c++ || die "a C++ compiler is missing: install g++ (Debian: apt-get install g++), which libFuzzer is built with."

host=$(rustc -vV | sed -n 's/^host: //p')
build="$root/target/fuzz"
kept="$root/target/fuzz-corpus"
found="$root/target/fuzz-found"
mkdir -p "$kept" "$found"

step "Building the reader with coverage (the first time about 2 minutes)"
# What `cargo fuzz` passes, without the sanitizers, which a stable compiler does not have. Naming the target leaves build scripts alone.
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1" \
    cargo build --release --quiet --manifest-path crates/sheets/fuzz/Cargo.toml --target "$host" --target-dir "$build" \
    --features libfuzzer --bin recognise_and_read
step_done

seeds=()
if [ -n "${LONGSHORE_CORPUS:-}" ]; then
    seeds+=("$LONGSHORE_CORPUS")
else
    say "No seeds: LONGSHORE_CORPUS names no folder of spreadsheets."
fi
step "Fuzzing for ${FUZZ_SECONDS:-60} s"
"$build/$host/release/recognise_and_read" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=1024 -max_len=262144 \
    -print_final_stats=1 -artifact_prefix="$found/" "$kept" ${seeds[@]+"${seeds[@]}"}
step_done
