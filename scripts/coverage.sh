#!/usr/bin/env bash
# Line coverage of registry, archive, tables and app by their own tests, with rustc's instrumentation and LLVM's own tools.
# Fails under 85 % of any of them. LLVM_PROFDATA and LLVM_COV may name the tools; else rustup's, else the system's of
# rustc's LLVM version, which Debian's package llvm-NN brings.
set -euo pipefail
cd "$(dirname "$0")/.."
rooms=(registry archive tables app)
major=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
host=$(rustc -vV | sed -n 's/^host: //p')
tool() { # the path of an LLVM tool, or nothing
  for path in "$(rustc --print sysroot)/lib/rustlib/$host/bin/$1" "/usr/lib/llvm-$major/bin/$1"; do
    [ -x "$path" ] && { echo "$path"; return; }
  done
  command -v "$1-$major" || true
}
profdata=${LLVM_PROFDATA:-$(tool llvm-profdata)}
cov=${LLVM_COV:-$(tool llvm-cov)}
if [ -z "$profdata" ] || [ -z "$cov" ]; then
  echo "coverage: installing llvm-$major" >&2
  root=(); [ "$(id -u)" -eq 0 ] || root=(sudo)
  if ! { command -v apt-get && "${root[@]}" apt-get update &&
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "llvm-$major"; } >/dev/null 2>&1; then
    echo "coverage: LLVM $major's llvm-profdata and llvm-cov are needed (rustup component add llvm-tools, or your system's package)." >&2
    exit 1
  fi
  profdata=$(tool llvm-profdata)
  cov=$(tool llvm-cov)
fi

target=$PWD/target/coverage
raw=$target/raw
rm -rf "$raw"
mkdir -p "$raw"
packages=()
for room in "${rooms[@]}"; do packages+=(--package "sheaf-$room"); done
# Optimised a little: the tests copy much, and counters stay exact.
export CARGO_PROFILE_DEV_OPT_LEVEL=1
export CARGO_TARGET_DIR=$target RUSTFLAGS="-C instrument-coverage" LLVM_PROFILE_FILE="$raw/%p-%m.profraw" CARGO_INCREMENTAL=0
# Build scripts and proc macros count too while they run; their profiles go before the tests begin.
cargo test "${packages[@]}" --no-run --message-format json >"$target/built.json"
find "$raw" -name '*.profraw' -delete
cargo test "${packages[@]}" --lib --tests
"$profdata" merge --sparse "$raw"/*.profraw --output "$target/all.profdata"
.env-checkers/bin/python scripts/coverage.py "$cov" "$target" "${rooms[@]}"
