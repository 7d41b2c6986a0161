#!/usr/bin/env bash
# Measures reading workbooks against others and prints a table: `make bench-read`, with QUICK=1 to see whether it works.
# BENCH_ROWS=100000 and BENCH_RUNS=3 do less.
. "$(dirname "$0")/common.sh"

"$root/tools/prerequisites.sh" run
"$root/tools/rust_toolchain.sh" run
use_chosen_toolchain

target="$root/target/benches"
venv="$tools_dir/bench-read-venv"

step "Building the readers (the first time about 3 minutes)"
# Each by itself, so that none gets features that another asked for.
for package in rivals readers ours reading; do
    cargo build --release --quiet --manifest-path benches/Cargo.toml --target-dir "$target" --package "$package"
done
step_done

if [ ! -x "$venv/bin/python" ] && have python3; then
    step "Installing openpyxl and fastexcel for Python into .tools"
    python3 -m venv "$venv" && "$venv/bin/pip" --quiet install openpyxl==3.1.5 fastexcel pyarrow || rm -rf "$venv"
    step_done
fi
if [ -x "$venv/bin/python" ]; then
    export BENCH_PYTHON="$venv/bin/python" BENCH_READ_PY="$root/tools/bench_read.py"
fi

if [ -n "${QUICK:-}" ]; then
    export BENCH_ROWS="${BENCH_ROWS:-50000}" BENCH_RUNS="${BENCH_RUNS:-1}"
fi
step "Measuring (leave the machine alone)"
"$target/release/reading" "$root/target/bench-read"
step_done
