#!/usr/bin/env bash
# Measures the export engine against others and prints tables: `make bench`, with `make bench QUICK=1` to see in a minute whether it
# works. BENCH_ROWS=100000 and BENCH_RUNS=3 do less.
. "$(dirname "$0")/common.sh"

"$root/tools/prerequisites.sh" run
"$root/tools/rust_toolchain.sh" run
use_chosen_toolchain

target="$root/target/benches"
venv="$tools_dir/bench-venv"

# build PACKAGE [ARGUMENT...]: each by itself, so that none gets features that another asked for.
build() {
    cargo build --release --quiet --manifest-path benches/Cargo.toml --target-dir "$target" --package "$@"
}

step "Building the contenders (the first time about 3 minutes)"
build rivals --features simd
# A copy, since the next build puts another file in its place.
rm -f "$target/release/rivals-simd"
cp "$target/release/rivals" "$target/release/rivals-simd"
build rivals
build ours
build limit
build measure
step_done

if [ ! -x "$venv/bin/python" ] && have python3; then
    step "Installing XlsxWriter for Python into .tools"
    python3 -m venv "$venv" && "$venv/bin/pip" --quiet install "XlsxWriter==3.3.1" || rm -rf "$venv"
    step_done
fi
if [ -x "$venv/bin/python" ]; then
    export BENCH_PYTHON="$venv/bin/python" BENCH_XLSXWRITER="$root/tools/bench_xlsxwriter.py"
fi

if [ -n "${QUICK:-}" ]; then
    export BENCH_ROWS="${BENCH_ROWS:-50000}" BENCH_RUNS="${BENCH_RUNS:-1}"
    step "Measuring a little (about half a minute; the figures mean little)"
else
    step "Measuring (about 6 minutes; leave the machine alone)"
fi
"$target/release/measure" "$root/target/bench-export"
step_done
