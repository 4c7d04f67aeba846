#!/usr/bin/env bash
# Draws icons/*.png, .ico and .icns from icons/sheaf.svg. What it draws is committed; run it when the drawing has changed.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v rsvg-convert >/dev/null || { echo "icons: rsvg-convert is missing (Debian: apt-get install librsvg2-bin)" >&2; exit 1; }
[ -x ui/node_modules/.bin/tauri ] || { echo "icons: the page's packages are missing (make setup)" >&2; exit 1; }
draw() { rsvg-convert --width "$1" --height "$1" icons/sheaf.svg --output "$2"; }
for size in 16 32 48 64 128 256; do draw $size "icons/${size}x${size}.png"; done
draw 512 icons/icon.png
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
draw 1024 "$scratch/sheaf.png"
ui/node_modules/.bin/tauri icon "$scratch/sheaf.png" --output "$scratch/icons" >/dev/null 2>&1
cp "$scratch/icons/icon.ico" "$scratch/icons/icon.icns" icons/
