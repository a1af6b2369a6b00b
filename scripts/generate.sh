#!/usr/bin/env bash
# Writes the collector's main package from builder-config.yaml.
# usage: scripts/generate.sh [DIR]   (DIR: where to write, default cmd/driftlock)
#
# The builder only generates: the sources live in this module, so that one go.sum pins
# everything and `go test ./...` sees them.
set -euo pipefail
cd "$(dirname "$0")/.."

builder=go.opentelemetry.io/collector/cmd/builder@v0.158.0
out=${1:-./cmd/driftlock}

config=$(mktemp)
trap 'rm -f "$config"' EXIT
sed "s|^  output_path: .*|  output_path: $out|" builder-config.yaml >"$config"

go run "$builder" --config "$config" --skip-get-modules --skip-compilation
chmod 755 "$out"
# The builder's templates are not gofmt-clean.
"$(go env GOROOT)/bin/gofmt" -w "$out"/{main,main_others,main_windows,components}.go
