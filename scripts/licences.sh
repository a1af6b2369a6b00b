#!/usr/bin/env bash
# Checks the licences of the Go modules that our binaries are made of against licences.json.
# usage: scripts/licences.sh DETECTOR...    the command of go-licence-detector
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mapfile -t modules < <(go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}' ./cmd/... | sort -u)
go list -m -json "${modules[@]}" >"$work/modules.json"
printf '{{range .Direct}}{{.Name}} {{.LicenceType}}\n{{end}}{{range .Indirect}}{{.Name}} {{.LicenceType}}\n{{end}}' >"$work/template"
"$@" -in "$work/modules.json" -rules scripts/licences.json -includeIndirect \
  -noticeTemplate "$work/template" -noticeOut "$work/list" -depsTemplate "$work/template" -depsOut "$work/list"
printf 'The licences of %d Go modules are among those allowed:\n' "${#modules[@]}"
awk '{n[$NF]++} END {for (l in n) printf "%6d %s\n", n[l], l}' "$work/list" | sort -rn
