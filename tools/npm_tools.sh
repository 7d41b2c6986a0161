#!/usr/bin/env bash
# Installs wasm-opt, which shrinks the browser side, from npm's binaryen into .tools.
. "$(dirname "$0")/common.sh"

if cmp -s tools/package-lock.json "$tools_dir/package-lock.json" && [ -x "$tools_dir/node_modules/.bin/wasm-opt" ]; then
    exit 0
fi

rm -f "$tools_dir/package-lock.json"
mkdir -p "$tools_dir/npm"
cp tools/package.json tools/package-lock.json "$tools_dir/npm/"
(cd "$tools_dir/npm" && npm ci --no-audit --no-fund)
rm -rf "$tools_dir/node_modules"
mv "$tools_dir/npm/node_modules" "$tools_dir/node_modules"
# Copied last: its presence is what says that the installation was completed.
cp tools/package-lock.json "$tools_dir/package-lock.json"
rm -rf "$tools_dir/npm"
