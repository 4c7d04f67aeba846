#!/usr/bin/env bash
# Installs the .deb that `make package` has built with apt, tries what it brought, and removes it again: files, `sheaf`, the window.
# Needs root or sudo. Refuses where a package of Sheaf is installed already.
set -euo pipefail
cd "$(dirname "$0")/.."
say() { printf 'package-check: %s\n' "$*"; }
fail() { printf 'package-check: %s\n' "$*" >&2; exit 1; }
root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || fail "root or sudo is needed to install a package"
  root=(sudo)
fi
bundle=${CARGO_TARGET_DIR:-target}/release/bundle
deb=$(find "$bundle/deb" -maxdepth 1 -name '*.deb' 2>/dev/null)
[ "$(wc -l <<<"$deb")" -eq 1 ] && [ -f "$deb" ] || fail "no package, or more than one, in $bundle/deb: run make package"
if dpkg-query -W -f '${db:Status-Status}' sheaf 2>/dev/null | grep -qx installed; then
  fail "sheaf is installed already; remove it first (apt-get remove sheaf)"
fi
work=$(mktemp -d)
apt() { "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "apt-get $* failed"; }; }
clean() { "${root[@]}" dpkg --purge sheaf >/dev/null 2>&1 || true; rm -rf "$work"; }
trap clean EXIT

cp "$deb" "$work/sheaf.deb"
chmod 755 "$work" # apt reads it as a user of its own
apt install -y --no-install-recommends "$work/sheaf.deb"
dpkg --listfiles sheaf >"$work/files"
for file in bin/sheaf bin/sheaf-desktop share/applications/Sheaf.desktop share/doc/sheaf/{copyright,changelog.gz,third-party.txt.gz} \
  share/man/man1/{sheaf,sheaf-export,sheaf-exports-restart,sheaf-desktop}.1.gz share/bash-completion/completions/sheaf \
  share/zsh/vendor-completions/_sheaf share/fish/vendor_completions.d/sheaf.fish share/icons/hicolor/scalable/apps/sheaf-desktop.svg \
  share/icons/hicolor/{16x16,32x32,48x48,64x64,128x128,256x256,512x512}/apps/sheaf-desktop.png; do
  grep -qx "/usr/$file" "$work/files" || fail "/usr/$file is not in the package"
done
# What is not the same as in the package, files that this system leaves out on purpose apart.
altered=$(dpkg --verify sheaf | grep -v '^missing ' || true)
[ -z "$altered" ] || fail "not installed as packaged: $altered"
icon=$(sed -n 's/^Icon=//p' /usr/share/applications/Sheaf.desktop)
[ -f "/usr/share/icons/hicolor/48x48/apps/$icon.png" ] || fail "the desktop entry names no icon of the package"
if command -v desktop-file-validate >/dev/null; then desktop-file-validate /usr/share/applications/Sheaf.desktop; fi
for program in sheaf sheaf-desktop; do
  version=$(dpkg-query -W -f '${Version}' sheaf)
  [ "$("/usr/bin/$program" --version)" = "$program $version" ] || fail "$program does not say version $version"
  missing=$(ldd "/usr/bin/$program" | grep 'not found' || true)
  [ -z "$missing" ] || fail "$program lacks $missing"
done
# What tests may do to a program, those for users must not know.
for word in SHEAF_TEST_DIALOGS SHEAF_FAILPOINT SHEAF_PAUSE; do
  if grep -qa "$word" /usr/bin/sheaf /usr/bin/sheaf-desktop; then fail "a program knows $word, which is for tests"; fi
done
bash -c 'source /usr/share/bash-completion/completions/sheaf && complete -p sheaf' >/dev/null
say "installed: $(grep -c . "$work/files") files and folders, $(du -h "$deb" | cut -f 1)"

sheaf() { /usr/bin/sheaf --home "$work/home" --quiet "$@"; }
sheaf demo "$work/demo" >/dev/null
sheaf export --registry "$work/demo/registry.sqlite" --project maxillo --all --all-modalities --kind both --out "$work" --name try >/dev/null
sheaf verify "$work/try.zip"
unzip -tqq "$work/try.zip"
say "sheaf has made the demo and an archive of it that sheaf and unzip read"

cargo test --quiet --test window -- --ignored installed
say "the window has opened, made the demo and an archive of it"

apt remove -y sheaf
for file in /usr/bin/sheaf /usr/bin/sheaf-desktop /usr/share/applications/Sheaf.desktop; do
  [ ! -e "$file" ] || fail "$file is left behind"
done
say "removed"

if command -v rpm >/dev/null; then
  rpm=$(find "$bundle/rpm" -maxdepth 1 -name '*.rpm')
  [ -f "$rpm" ] || fail "no .rpm in $bundle/rpm"
  rpm -qlp "$rpm" >"$work/rpm"
  for file in bin/sheaf bin/sheaf-desktop share/applications/Sheaf.desktop share/man/man1/sheaf.1.gz share/licenses/sheaf/LICENSE-MIT; do
    grep -qx "/usr/$file" "$work/rpm" || fail "/usr/$file is not in the .rpm"
  done
  say "the .rpm holds $(grep -c . "$work/rpm") files"
else
  say "rpm is not installed here, so the .rpm was not looked into"
fi
