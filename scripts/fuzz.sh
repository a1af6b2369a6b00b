#!/usr/bin/env bash
# Runs each Go fuzz target for a short time, one after the other: `go test -fuzz` takes one.
# usage: scripts/fuzz.sh [TIME]   (default 20s)
set -euo pipefail
cd "$(dirname "$0")/.."

time=${1:-20s}
count=0
while IFS=: read -r file line; do
  target=${line#func }
  target=${target%%(*}
  scripts/stage.sh "$target in $(dirname "$file") for $time" \
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "./$(dirname "$file")"
  count=$((count + 1))
done < <(git ls-files '*_test.go' | xargs grep -Ho '^func Fuzz[A-Za-z0-9_]*(')

printf '\n%d fuzz targets passed.\n' "$count"
