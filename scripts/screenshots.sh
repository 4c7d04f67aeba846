#!/usr/bin/env bash
# Pictures of every page and state of the real window into target/screenshots, and those that the README shows into docs/pictures.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf target/screenshots
cargo test --package sheaf-desktop --test window -- --ignored pictures_of
# Few colours are enough for a window, and make a picture that is quick to load.
for picture in new-export-light new-export-dark exports-light studies-light; do
  convert "target/screenshots/${picture##*-}-1280x800/${picture%-*}.png" -strip +dither -colors 128 "docs/pictures/$picture.png"
done
echo "screenshots: $(find target/screenshots -name '*.png' | wc -l) pictures below target/screenshots; those of the README in docs/pictures"
