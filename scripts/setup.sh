#!/usr/bin/env bash
# Brings what building and testing Sheaf needs: a C compiler, WebKitGTK, ZIP checkers, a screen without a monitor, a Python
# environment with imaging readers. Quick when all is there. Rust and Node are looked for, never installed: that is the user's
# choice. With the word `build` it brings only what building and running the window need, with `headless` what `sheaf` needs.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-all} # headless, build or all
[[ $what =~ ^(headless|build|all)$ ]] || { echo "setup: headless, build or all, not $what" >&2; exit 2; }
say() { printf 'setup: %s\n' "$*" >&2; }

# Rust 1.95 or newer.
want=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if ! command -v cargo >/dev/null; then
  say "cargo is not there. Install Rust $want or newer with rustup (https://rustup.rs), then run this again."
  exit 1
fi
have=$(rustc --version | sed 's/^rustc \([0-9]*\.[0-9]*\).*/\1/')
if [ "$(printf '%s\n%s\n' "$want" "$have" | sort -V | head -n 1)" != "$want" ]; then
  say "Rust $have is too old; Sheaf needs $want or newer. With rustup: rustup update stable"
  exit 1
fi

# Node of the engines' field of ui/package.json or newer, for the page.
if [ "$what" != headless ]; then
  want=$(sed -n 's/.*"node": ">=\([0-9.]*\)".*/\1/p' ui/package.json)
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    say "node or npm is not there. Install Node.js $want or newer (https://nodejs.org), then run this again."
    exit 1
  fi
  have=$(node --version)
  if [ "$(printf '%s\n%s\n' "$want" "${have#v}" | sort -V | head -n 1)" != "$want" ]; then
    say "Node.js ${have#v} is too old; the window's page needs $want or newer (https://nodejs.org)."
    exit 1
  fi
fi

# Programs, each with the Debian package that brings it.
programs=("cc:build-essential" "make:make")
if [ "$what" = all ]; then
  programs+=("unzip:unzip" "zip:zip" "7zz:7zip" "bsdtar:libarchive-tools" "ziptool:ziptool" "sha256sum:coreutils"
    "strace:strace" "setpriv:util-linux" "python3:python3" "soffice:libreoffice-calc-nogui"
    # The window's tests: its driver, a screen, a hand on the keyboard, a notification daemon, a bus.
    "WebKitWebDriver:webkit2gtk-driver" "Xvfb:xvfb" "xauth:xauth" "xdotool:xdotool" "dunst:dunst" "import:imagemagick"
    "dbus-daemon:dbus" "gdbus:libglib2.0-bin"
    # A database server of the tests' own; without the packages that would start one for the whole machine.
    "mariadb-install-db:mariadb-server-core" "mariadb:mariadb-client-core" "mariadb-dump:mariadb-client" "openssl:openssl"
    "gnome-keyring-daemon:gnome-keyring")
fi
missing=()
# PostgreSQL of the tests' own. Its programs lie on no path; the package would also start a server for the machine, so it is told not to.
if [ "$what" = all ] && ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 && ! command -v postgres >/dev/null; then
  missing+=("postgresql")
fi
for row in "${programs[@]}"; do
  command -v "${row%%:*}" >/dev/null || missing+=("${row##*:}")
done
if [ "$what" != headless ] && ! pkg-config --exists webkit2gtk-4.1 2>/dev/null; then
  missing+=("libwebkit2gtk-4.1-dev" "pkg-config")
fi
# The interpreter that makes the environment must have venv and ensurepip; Debian ships them apart.
find_python() {
  for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}
if [ "$what" = all ] && [ -z "$(find_python)" ]; then missing+=("python3-venv"); fi
if [ ${#missing[@]} -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    say "These are missing: ${missing[*]} (names of Debian packages)."
    say "Install what brings them on your system, then run this again; Python must be 3.11 or newer."
    exit 1
  fi
  root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { say "Not root and no sudo. As root: apt-get install ${missing[*]}"; exit 1; }
    root=(sudo)
  fi
  say "installing ${missing[*]}"
  log=$(mktemp)
  if ! { "${root[@]}" apt-get update &&
    "${root[@]}" sh -c 'mkdir -p /etc/postgresql-common && [ -e /etc/postgresql-common/createcluster.conf ] ||
      echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf' &&
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    cat "$log" >&2
    say "apt-get could not install ${missing[*]}"
    exit 1
  fi
  rm -f "$log"
fi
if [ "$what" != headless ]; then
  # What the page is made of, when its list has changed.
  if ! cmp -s ui/package-lock.json ui/node_modules/.made-from.json; then
    say "bringing the page's packages (npm ci)"
    log=$(mktemp)
    (cd ui && npm ci --no-audit --no-fund) >"$log" 2>&1 || { cat "$log" >&2; say "npm ci failed in ui/"; exit 1; }
    rm -f "$log"
    cp ui/package-lock.json ui/node_modules/.made-from.json
  fi
fi
[ "$what" = all ] || exit 0
python=$(find_python)
[ -n "$python" ] || { say "A Python of 3.11 or newer with the module venv is needed."; exit 1; }

# The readers, made again when their list changes.
if ! cmp -s scripts/checkers.txt .env-checkers/made-from.txt || ! .env-checkers/bin/python -c '' 2>/dev/null; then
  say "making .env-checkers (nibabel, pydicom, numpy-stl, Pillow, jsonschema)"
  rm -rf .env-checkers
  "$python" -m venv .env-checkers
  .env-checkers/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: -r scripts/checkers.txt
  cp scripts/checkers.txt .env-checkers/made-from.txt
fi
say "all there"
