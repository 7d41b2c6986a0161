#!/usr/bin/env bash
# Measures exports, reading and imports against others and prints tables: `make bench`, with `make bench QUICK=1` to see in a minute
# whether it works. BENCH_ROWS=100000 and BENCH_RUNS=3 do less; BENCH_PARTS=writing,end-to-end,reading,importing names the tables
# that are wanted; LONGSHORE_BIN names another build of the product to measure than this checkout's.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/find_programs.sh"
. "$(dirname "$0")/test_postgres.sh"

target="$root/target/benches"
venv="$tools_dir/bench-python"
files="$root/target/bench-export"

# What was written goes too, however this ends: it can be gigabytes.
clean_up() {
    stop_test_postgres
    rm -rf "$files"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

"$root/tools/prerequisites.sh" run
"$root/tools/rust_toolchain.sh" run
use_chosen_toolchain

# build PACKAGE [ARGUMENT...]: each by itself, so that none gets features that another asked for.
build() {
    cargo build --release --quiet --manifest-path benches/Cargo.toml --target-dir "$target" --package "$@"
}

# has_part NAME...: whether one of these tables is wanted.
has_part() {
    local name
    for name in "$@"; do
        case ",${BENCH_PARTS:-$name}," in *",$name,"*) return 0 ;; esac
    done
    return 1
}

step "Building the contenders (the first time about 4 minutes)"
if has_part writing; then
    build rivals --features simd
    # A copy, since the next build puts another file in its place.
    rm -f "$target/release/rivals-simd"
    cp "$target/release/rivals" "$target/release/rivals-simd"
    build limit
fi
if has_part writing end-to-end reading; then build rivals; fi
if has_part reading; then build readers; fi
if has_part end-to-end importing; then build sources; fi
build ours
build measure
step_done

if has_part end-to-end importing; then
    if [ -z "${LONGSHORE_BIN:-}" ]; then
        step "Building the product without its pages (the first time about 5 minutes)"
        cargo build --release --quiet --package server
        export LONGSHORE_BIN="$root/target/release/longshore"
        step_done
    fi
    postgres_programs=$(find_postgres)
    if [ -n "$postgres_programs" ]; then
        step "Starting a PostgreSQL in a temporary folder"
        start_test_postgres
        export BENCH_POSTGRES_URL="$LONGSHORE_TEST_POSTGRES_URL" BENCH_PSQL="$postgres_programs/psql"
        step_done
    else
        say "PostgreSQL is missing, so all that needs it is left out: install postgresql (Debian), or run 'brew install postgresql' (macOS)."
    fi
fi

wanted="$root/tools/bench_requirements.txt"
if have python3 && ! { [ -x "$venv/bin/python" ] && cmp -s "$wanted" "$venv/.installed-requirements.txt"; }; then
    step "Installing the contenders in Python into .tools"
    # Anew, since it can be one that an earlier checkout, or another Python, has left.
    python3 -m venv --clear "$venv" && "$venv/bin/pip" --quiet install --requirement "$wanted" &&
        cp "$wanted" "$venv/.installed-requirements.txt" || rm -rf "$venv"
    step_done
fi
if [ -x "$venv/bin/python" ]; then
    export BENCH_PYTHON="$venv/bin/python" BENCH_XLSXWRITER="$root/tools/bench_xlsxwriter.py" \
        BENCH_READERS="$root/tools/bench_readers.py"
fi

if [ -n "${QUICK:-}" ]; then
    export BENCH_ROWS="${BENCH_ROWS:-50000}" BENCH_RUNS="${BENCH_RUNS:-1}"
    step "Measuring a little (about a minute; the figures mean little)"
else
    step "Measuring (about half an hour; leave the machine alone)"
fi
"$target/release/measure" "$files"
step_done
