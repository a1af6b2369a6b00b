#!/usr/bin/env bash
# Shows how much of each part that has to be trusted is run by the tests, and fails where one is at or below the least.
# A statement counts as run whichever package's test runs it: the stores' conformance suite is a package of its own.
# usage: scripts/coverage.sh [PROFILE]    PROFILE: where Go's profile stays, for go tool cover -html=PROFILE
set -euo pipefail
cd "$(dirname "$0")/.."

least=80 # per cent

# What each part consists of. Suites and other helpers of tests are no part.
parts=(
  "handlers    ./extension/driftlockapi/..."
  "store       ./internal/store ./internal/store/postgres ./internal/store/sqlite ./internal/store/schema ./internal/store/observe"
  "exporters   ./internal/keeper ./exporter/..."
  "auth        ./internal/auth"
  "rate-limits ./internal/limit"
  "live-stream ./internal/live"
  "evidence    ./internal/evidence ./internal/redact"
  "processor   ./processor/driftlockcbad/... ./internal/detect"
)

profile=${1:-}
if [ -z "$profile" ]; then
  profile=$(mktemp)
  trap 'rm -f "$profile"' EXIT
fi

packages=()
for part in "${parts[@]}"; do
  # shellcheck disable=SC2086 # several patterns
  mapfile -t of < <(go list ${part#* })
  packages+=("${of[@]}")
done

go test -timeout 15m -covermode=atomic -coverprofile="$profile" -coverpkg="$(IFS=,; echo "${packages[*]}")" "${packages[@]}" |
  { grep -v -e 'no test files' -e 'coverage: 0.0%' || true; } | sed 's/\tcoverage:.*//'

# A block is listed once for each test binary; it is run if one of them ran it.
printf '\n%-12s %8s  (more than %d %% is needed)\n' part covered "$least"
failed=0
for part in "${parts[@]}"; do
  # shellcheck disable=SC2086
  of=$(go list ${part#* })
  awk -v name="${part%% *}" -v least="$least" -v of="$of" '
    BEGIN { n = split(of, list, "\n"); for (i = 1; i <= n; i++) mine[list[i]] = 1 }
    NR > 1 {
      package = $1; sub(/\/[^\/]*$/, "", package)
      if (!(package in mine)) next
      size[$1] = $2
      if ($3 > 0) run[$1] = 1
    }
    END {
      for (block in size) { all += size[block]; if (block in run) covered += size[block] }
      share = all ? 100 * covered / all : 0
      printf "%-12s %6.1f %%\n", name, share
      exit share > least ? 0 : 1
    }' "$profile" || failed=1
done
exit "$failed"
