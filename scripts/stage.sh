#!/usr/bin/env bash
# Runs one stage of a longer job between two lines that tell its name, result and time.
# usage: scripts/stage.sh "NAME" COMMAND [ARG...]
set -uo pipefail

name=$1
shift
printf '\n==> %s\n' "$name"
start=$SECONDS
"$@"
status=$?
if [ "$status" -eq 0 ]; then
  printf '==> %s: passed in %d s\n' "$name" $((SECONDS - start))
else
  printf '==> %s: FAILED (exit %d) after %d s\n' "$name" "$status" $((SECONDS - start)) >&2
fi
exit "$status"
