#!/usr/bin/env bash
# Shows the main job on demo data, made once in a folder (default: target/run). With a display it opens the window on it.
# Without one it says so and does the same job in words: exports one project, verifies the archive, says where it is.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=${1:-}
here=${CARGO_TARGET_DIR:-target}/quick
window=yes
if [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  window=
  echo "run: there is no display here (DISPLAY and WAYLAND_DISPLAY are empty), so the window cannot open. In words instead:" >&2
fi
if [ -n "$window" ]; then
  scripts/setup.sh build
  scripts/ui.sh
  cargo build --quiet --profile quick --package sheaf-cli --package sheaf-desktop --bins
else
  scripts/setup.sh headless
  cargo build --quiet --profile quick --package sheaf-cli
fi
[ -x "$here/sheaf" ] || { echo "run: $here/sheaf was not built" >&2; exit 1; }
here=$(cd "$here" && pwd)
sheaf=$here/sheaf
if [ -z "$dir" ]; then
  dir=target/run
  [ -n "$window" ] || rm -rf "$dir" # made by this script alone
fi
mkdir -p "$dir/archives"
dir=$(cd "$dir" && pwd)
registry=$dir/demo/registry.sqlite
bold="" plain=""
if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; fi
show() {
  printf '\n%s$ sheaf %s%s\n' "$bold" "${*//"$dir/"/}" "$plain"
  "$sheaf" --home "$dir/home" "$@"
}

[ -e "$registry" ] || show demo "$dir/demo"
if [ -n "$window" ]; then
  printf '\nThe window opens on the demo in %s/demo; its history is in %s/home.\n' "$dir" "$dir"
  SHEAF_HOME=$dir/home exec "$here/sheaf-desktop" "$registry"
fi
show projects --registry "$registry"
project=maxillo
show plan --registry "$registry" --project "$project" --all --all-modalities --kind both --out "$dir/archives"
show export --registry "$registry" --project "$project" --all --all-modalities --kind both --out "$dir/archives"
archive=$(ls -t "$dir"/archives/*.zip | head -n 1)
show verify "$archive"
show exports list

cat <<TEXT

The archive is at  $archive
Its checksums:     unzip it, then  sha256sum -c --strict manifest-sha256.txt  in its folder.

With a registry of your own:
  $sheaf projects --registry FILE
  $sheaf plan     --registry FILE --project SLUG --all --all-modalities
  $sheaf export   --registry FILE --project SLUG --all --all-modalities --out FOLDER
More: README.md, docs/guide.md, and  $sheaf help
TEXT
