#!/usr/bin/env bash
# Prints the path of a Chromium for the browser tests, and gets one where there is none.
# usage: DRIFTLOCK_CHROMIUM=$(scripts/browser.sh)
#
# In this order: $DRIFTLOCK_CHROMIUM; an installed Chromium or Chrome; the system's package manager, as root or where sudo asks for no
# password; Playwright's own download. It fails, and says what to install, where none of these helps.
set -euo pipefail
cd "$(dirname "$0")/.."

# works PATH: whether it is a browser that starts. (Ubuntu's package is a wrapper for a snap, which a container cannot run.)
works() { [ -n "$1" ] && timeout 30 "$1" --version >/dev/null 2>&1; }

installed() {
  local name path
  for name in chromium chromium-browser google-chrome google-chrome-stable chrome \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" /Applications/Chromium.app/Contents/MacOS/Chromium; do
    path=$(command -v "$name") || continue
    if works "$path"; then
      printf '%s\n' "$path"
      return
    fi
  done
  return 1
}

by_package_manager() {
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null && sudo -n true 2>/dev/null || return 1
    sudo=(sudo -n)
  fi
  if command -v apt-get >/dev/null; then
    echo "installing chromium by apt-get" >&2
    { "${sudo[@]}" apt-get update -qq && "${sudo[@]}" apt-get install -y -qq --no-install-recommends chromium; } >&2
  elif command -v dnf >/dev/null; then
    echo "installing chromium by dnf" >&2
    "${sudo[@]}" dnf install -y -q chromium >&2
  else
    return 1
  fi
}

by_playwright() {
  local path
  echo "downloading Playwright's Chromium" >&2
  (cd ui && npx --no-install playwright install chromium) >&2 || return 1
  path=$(cd ui && node --input-type=module -e 'import { chromium } from "@playwright/test"; console.log(chromium.executablePath())') || return 1
  works "$path" && printf '%s\n' "$path"
}

if [ -n "${DRIFTLOCK_CHROMIUM:-}" ]; then
  if works "$DRIFTLOCK_CHROMIUM"; then
    printf '%s\n' "$DRIFTLOCK_CHROMIUM"
    exit
  fi
  echo "DRIFTLOCK_CHROMIUM=$DRIFTLOCK_CHROMIUM does not start; does it print its version with --version?" >&2
  exit 1
fi
installed && exit
by_package_manager && installed && exit
by_playwright && exit
cat >&2 <<'TEXT'
The dashboard's tests need a Chromium, and none is here nor could be installed.
    Debian: apt-get install chromium; Fedora: dnf install chromium; elsewhere: Chrome or Chromium from its maker,
    and where it is not on the PATH: DRIFTLOCK_CHROMIUM=/path/to/it
    To leave these tests out knowingly: make test BROWSER=0
TEXT
exit 1
