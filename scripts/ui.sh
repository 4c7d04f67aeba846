#!/usr/bin/env bash
# Builds the page (ui/dist) unless it is exactly what these sources give: cargo puts ui/dist into the binary as it stands and
# never builds it. What decides are contents, of the sources and of ui/dist itself, not times.
set -euo pipefail
cd "$(dirname "$0")/../ui"
stamp=node_modules/.dist-made-from
sources() {
  find . \( -path ./node_modules -o -path ./dist \) -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
}
built() { find dist -type f -print0 2>/dev/null | LC_ALL=C sort -z | xargs -0r sha256sum; }
state() { { sources; echo; built; } | sha256sum; }

if [ -f dist/index.html ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(state)" ]; then exit 0; fi
rm -f "$stamp"
npm run --silent build
state >"$stamp"
