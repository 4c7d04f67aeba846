#!/usr/bin/env bash
# Shows the main job once: makes demo data, exports one project, verifies the archive, says where it is and how to do it
# with a registry of one's own. Works again and again; an optional folder says where (default: target/run).
set -euo pipefail
cd "$(dirname "$0")/.."
dir=${1:-}
cargo build --quiet --profile quick --package sheaf-cli
sheaf=${CARGO_TARGET_DIR:-target}/quick/sheaf
[ -x "$sheaf" ] || { echo "run: $sheaf was not built" >&2; exit 1; }
if [ -z "$dir" ]; then
  dir=target/run
  rm -rf "$dir" # made by this script alone
fi
mkdir -p "$dir/archives"
dir=$(cd "$dir" && pwd)
registry=$dir/demo/registry.sqlite
sheaf=$(cd "$(dirname "$sheaf")" && pwd)/sheaf
bold="" plain=""
if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; fi
show() {
  printf '\n%s$ sheaf %s%s\n' "$bold" "${*//"$dir/"/}" "$plain"
  "$sheaf" --home "$dir/home" "$@"
}

[ -e "$registry" ] || show demo "$dir/demo"
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
