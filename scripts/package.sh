#!/usr/bin/env bash
# Builds the .deb and the .rpm: window, `sheaf`, manual pages, completions, licences. Says where they are.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
stage=target/package # named in tauri.conf.json
scripts/ui.sh
cargo build --release --package sheaf-cli --bin sheaf
rm -rf "$stage"
mkdir -p "$stage"/{bin,man1,completions,doc}
cp "$target/release/sheaf" "$stage/bin/"
sheaf=$stage/bin/sheaf

# A page for each command, and for each command of a command.
"$sheaf" man >"$stage/man1/sheaf.1"
commands() { "$sheaf" "$@" --help | sed -n '/^Commands:/,/^[A-Z]/s/^  \([a-z]\+\) .*/\1/p' | grep -vx help || true; }
for command in $(commands); do
  "$sheaf" man "$command" >"$stage/man1/sheaf-$command.1"
  for below in $(commands "$command"); do
    "$sheaf" man "$command" "$below" >"$stage/man1/sheaf-$command-$below.1"
  done
done
cp packaging/sheaf-desktop.1 "$stage/man1/"
gzip -9n "$stage"/man1/*.1

"$sheaf" completions bash >"$stage/completions/sheaf"
"$sheaf" completions zsh >"$stage/completions/_sheaf"
"$sheaf" completions fish >"$stage/completions/sheaf.fish"
cp packaging/copyright LICENSE-MIT LICENSE-APACHE "$stage/doc/"
gzip -9nc CHANGELOG.md >"$stage/doc/changelog.gz"
python=.env-checkers/bin/python
"$python" scripts/third_party.py | gzip -9n >"$stage/doc/third-party.txt.gz"

# The page is built already.
tauri=ui/node_modules/.bin/tauri
$tauri build --ci --no-bundle --config '{"build":{"beforeBuildCommand":null}}'

# What the programs need of the system, beyond the libraries that the bundler names itself.
programs=("$PWD/$sheaf" "$(realpath "$target")/release/sheaf-desktop")
glibc=$(objdump -T "${programs[@]}" | grep -o 'GLIBC_[0-9.]*' | sort -V | tail -n 1)
deb=""
if command -v dpkg-shlibdeps >/dev/null; then
  mkdir -p "$stage/debian"
  printf 'Source: sheaf\n\nPackage: sheaf\nArchitecture: any\n' >"$stage/debian/control"
  deb=$(cd "$stage" && dpkg-shlibdeps -O "${programs[@]}" 2> >(grep -v 'should already be installed' >&2) | sed 's/^shlibs:Depends=//')
else
  echo "package: without dpkg-shlibdeps the .deb names only the libraries of the window" >&2
fi
depends=$("$python" - "$deb" "libc.so.6($glibc)(64bit)" <<'PYTHON'
import json, sys
named = ("libwebkit2gtk-4.1-0", "libgtk-3-0")
deb = [each for each in sys.argv[1].split(", ") if each and not each.startswith(named)]
print(json.dumps({"bundle": {"linux": {"deb": {"depends": deb}, "rpm": {"depends": [sys.argv[2]]}}}}))
PYTHON
)
rm -rf "$target"/release/bundle/{deb,rpm} # of an earlier version
$tauri bundle --ci --bundles deb,rpm --config "$depends"
echo
ls -l "$target"/release/bundle/deb/*.deb "$target"/release/bundle/rpm/*.rpm
