#!/usr/bin/env bash
# Tells which tool or free port is missing, and how to get it, before anything is built.
# usage: scripts/preflight.sh build    the tools that `make` needs
#        scripts/preflight.sh ports    the ports that `make run` listens on
set -euo pipefail
cd "$(dirname "$0")/.."

# complain WHAT HOW: says what is wrong and how to mend it; all is checked before the exit.
wrong=0
complain() {
  printf '%s\n    %s\n' "$1" "$2" >&2
  wrong=1
}

# at_least 1.25.0 1.26.8 → true
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n1)" = "$1" ]; }

check_go() {
  local need have
  need=$(awk '$1 == "go" {print $2}' go.mod)
  if ! command -v go >/dev/null; then
    complain "missing: Go $need or newer" "install it from https://go.dev/dl or by your package manager"
    return
  fi
  have=$(go env GOVERSION)
  have=${have#go}
  at_least "$need" "${have%% *}" || complain "too old: Go, $need or newer is needed (found $have)" "update it from https://go.dev/dl"
  if [ "$(go env CGO_ENABLED)" = 0 ]; then
    complain "missing: cgo (it is off: CGO_ENABLED=0, or Go found no C compiler)" "install a C compiler and run with CGO_ENABLED=1"
  fi
}

check_rust() {
  local need have
  need=$(awk -F'"' '/^rust-version/ {print $2}' cbad-core/Cargo.toml)
  if ! command -v cargo >/dev/null; then
    complain "missing: Rust $need or newer (cargo)" "install it from https://rustup.rs"
    return
  fi
  have=$(cargo --version | awk '{print $2}')
  at_least "$need" "$have" || complain "too old: Rust, $need or newer is needed (found $have)" "run: rustup update stable"
}

check_c() {
  local cc
  cc=$(go env CC 2>/dev/null || echo cc)
  command -v "${cc%% *}" >/dev/null ||
    complain "missing: a C compiler (looked for ${cc%% *})" "Debian and Ubuntu: apt-get install gcc libc6-dev; Fedora: dnf install gcc; macOS: xcode-select --install"
}

check_node() {
  local need have
  need=$(sed -n 's/.*"node": ">=\([0-9.]*\)".*/\1/p' ui/package.json)
  if ! command -v node >/dev/null; then
    complain "missing: Node.js $need or newer, for the dashboard in ui/" "install it from https://nodejs.org"
    return
  fi
  have=$(node --version)
  at_least "$need" "${have#v}" || complain "too old: Node.js, $need or newer is needed (found $have)" "update it from https://nodejs.org"
  command -v npm >/dev/null || complain "missing: npm" "it comes with Node.js from https://nodejs.org; Debian and Ubuntu: apt-get install npm"
}

# A connection that succeeds means that somebody listens there.
check_port() {
  local port=$1 use=$2
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    complain "taken: port $port ($use): another program listens on it" \
      "stop that program (to find it: lsof -i :$port, or ss -ltnp 'sport = :$port'), or change the port in config/local.yaml"
  fi
}

case "${1:-build}" in
build)
  check_go
  check_rust
  check_c
  check_node
  ;;
ports)
  check_port 4317 "OTLP over gRPC"
  check_port 4318 "OTLP over HTTP"
  check_port 8080 "driftlockapi"
  check_port 13133 "health_check"
  ;;
*)
  echo "usage: scripts/preflight.sh build|ports" >&2
  exit 2
  ;;
esac
exit "$wrong"
