#!/usr/bin/env bash
# Lists our own packages: all but the distribution and the end-to-end tests, which are
# tested apart (the Makefile says why).
set -euo pipefail
cd "$(dirname "$0")/.."

go list ./... | grep -v -e '/cmd/driftlock$' -e '/tests/'
