# Builds, runs and tests Driftlock. `make` alone lists the targets.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# What may be said on the command line, as in `make run LIVE=0`.
# LIVE=0: `make run` starts the collector alone.
LIVE ?= 1
# CARGO_FLAGS=--no-default-features: a quick build without OpenZL.
CARGO_FLAGS ?=
# GO_TEST_FLAGS=-v: anything that `go test` takes.
GO_TEST_FLAGS ?=
# BROWSER=0: `make test` without the dashboard's tests in a browser.
BROWSER ?= 1
# How long each fuzz target runs.
FUZZTIME ?= 20s
# Which benchmarks run.
BENCH ?= .

GOLANGCI_LINT := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.12.2
ACTIONLINT    := go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
GOVULNCHECK   := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0
GO_LICENCES   := go run go.elastic.co/go-licence-detector@v0.11.1

CARGO        := cargo
CORE         := --manifest-path cbad-core/Cargo.toml --locked
ARCHIVE      := cbad-core/target/release/libcbad_core.a
HEADER       := cbad-core/include/cbad.h
ARCHIVE_HASH := internal/cbad/archive_sha256.go
GO_BUILD     := go build -trimpath -buildvcs=false -ldflags "-s -w"

# Everything that a binary is made of: when none of it changed, nothing is built.
CORE_SRC := $(shell find cbad-core/src cbad-core/include cbad-core/build.rs cbad-core/Cargo.toml cbad-core/Cargo.lock -type f 2>/dev/null)
GO_SRC   := go.mod go.sum ui/embed.go ui/placeholder/index.html $(shell find cmd connector exporter extension internal migrations processor receiver \
	-type f ! -name '*_test.go' ! -path '*/testdata/*' 2>/dev/null)
UI_SRC   := $(shell find ui -type f -not -path 'ui/node_modules/*' -not -path 'ui/dist/*' -not -path 'ui/tests/*' -not -name '*.go' -not -name '*.md' 2>/dev/null)
NPM      := npm --prefix ui

# cmd/driftlock and tests/e2e are tested without the race detector: they would compile the
# whole distribution a second time, and e2e looks at a separate process anyway.
# tests/faults takes minutes and has a target of its own.
PLAIN_PACKAGES := ./cmd/driftlock ./tests/e2e/... ./tests/imports

STAGE   := scripts/stage.sh
STARTED := $(shell date +%s)

##@ Build

.PHONY: cbad-core-lib ui collector api tools generate
cbad-core-lib: $(ARCHIVE_HASH) ## The Rust core, linked into everything else
ui: ui/dist/index.html ## The dashboard, which bin/driftlock has in it
collector: bin/driftlock ## bin/driftlock, the collector
api: collector ## The same: the API is an extension of the collector
tools: bin/synthetic bin/replay bin/driftlock-migrate bin/driftlock-keys ## bin/synthetic, bin/replay, bin/driftlock-migrate, bin/driftlock-keys

# `touch`: cargo and go leave a file as it is when its content would not change.
$(ARCHIVE): $(CORE_SRC) | preflight
	$(CARGO) build --release $(CORE) $(CARGO_FLAGS)
	touch $@

$(ARCHIVE_HASH): $(ARCHIVE) $(HEADER) scripts/archive-hash.sh
	scripts/archive-hash.sh $(ARCHIVE) $(HEADER) $@

ui/node_modules/.package-lock.json: ui/package.json ui/package-lock.json | preflight
	$(NPM) ci --no-progress || { echo "the packages of ui/package-lock.json cannot be had: npm's lines above say why" >&2; exit 1; }
	touch $@

ui/dist/index.html: $(UI_SRC) ui/node_modules/.package-lock.json
	$(NPM) run build
	touch $@

bin/driftlock: ui/dist/index.html

bin/driftlock bin/synthetic bin/replay: bin/%: $(GO_SRC) $(ARCHIVE_HASH)
	$(GO_BUILD) -o $@ ./cmd/$*
	touch $@

bin/driftlock-migrate bin/driftlock-keys: bin/driftlock-%: $(GO_SRC)
	$(GO_BUILD) -o $@ ./cmd/$*
	touch $@

.PHONY: migrate
# DIRECTION=down or status.
DIRECTION ?= up
migrate: bin/driftlock-migrate ## The schema of $DRIFTLOCK_DSN (else data/driftlock.db) to this version; DIRECTION=down, status
	bin/driftlock-migrate $(DIRECTION)

generate: ## cmd/driftlock from builder-config.yaml
	scripts/generate.sh

##@ Run

.PHONY: run
run: ## A collector on this machine with two hours of telemetry and an incident; LIVE=0: the collector alone
	@LIVE=$(LIVE) scripts/run.sh

##@ Test

.PHONY: test test-rust test-go test-ui test-browser screenshots bench-ui test-plain test-api test-faults test-short coverage fuzz bench bench-load
test: preflight ## Everything: Rust, Go with the race detector, golden files, the distribution, end to end
	@$(STAGE) "build the Rust core" $(MAKE) --no-print-directory cbad-core-lib
	@$(STAGE) "test the Rust core" $(MAKE) --no-print-directory test-rust
	@$(STAGE) "test the dashboard" $(MAKE) --no-print-directory test-ui
	@$(STAGE) "build the binaries" $(MAKE) --no-print-directory collector tools
	@$(STAGE) "test the distribution, end to end" $(MAKE) --no-print-directory test-plain
	@$(STAGE) "test the dashboard in a browser" $(MAKE) --no-print-directory test-browser
	@$(STAGE) "test the API from outside" $(MAKE) --no-print-directory test-api
	@$(STAGE) "test our packages with the race detector" $(MAKE) --no-print-directory test-go
	@printf '\nEverything passed in %d min.\n' $$(( ($$(date +%s) - $(STARTED) + 59) / 60 ))

# The property tests draw the same cases each time, so that a red build is the change's fault; `make fuzz` draws others.
test-rust test-short: export PROPTEST_RNG_SEED := 1

test-rust: ## The Rust core alone
	$(CARGO) test $(CORE) $(CARGO_FLAGS)

test-ui: ui/node_modules/.package-lock.json ## The dashboard's types and logic
	$(NPM) run typecheck
	$(NPM) test

test-browser: collector tools ## The dashboard in Chromium, against the built collector; BROWSER=0 leaves it out
ifeq ($(BROWSER),0)
	@printf '!!! The dashboard was NOT tested in a browser: BROWSER=0\n' >&2
else
	@browser=$$(scripts/browser.sh); DRIFTLOCK_CHROMIUM=$$browser $(NPM) run browser
endif

bench-ui: collector tools ## What the dashboard weighs, how soon it paints, how it scrolls, how soon an anomaly is on screen
	@browser=$$(scripts/browser.sh); DRIFTLOCK_CHROMIUM=$$browser $(NPM) run measure

screenshots: collector tools ## Every page in both themes into docs/images, of generated telemetry of a fixed day
	@browser=$$(scripts/browser.sh); DRIFTLOCK_CHROMIUM=$$browser $(NPM) run screenshots

test-plain: collector tools ## cmd/driftlock and tests/e2e, with the built binaries
	go test -timeout 15m $(GO_TEST_FLAGS) $(PLAIN_PACKAGES)

test-api: collector ## The API from outside, with schemathesis; needs Python and the package index, and says so where they are not to be had
	@if command -v python3 >/dev/null; then tests/api/run.py; else \
		printf '!!! The API was NOT tested from outside: python3 is missing (Debian and Ubuntu: apt-get install python3-venv)\n' >&2; [ -z "$${GITHUB_ACTIONS:-}" ]; fi

test-faults: collector tools ## The database away for a minute and killed, the collector killed: each anomaly is stored once; takes three minutes
	go test -count=1 -timeout 15m -v ./tests/faults

test-go: cbad-core-lib ## Our own packages, with the race detector
	go test -race -timeout 20m $(GO_TEST_FLAGS) $$(scripts/packages.sh)

test-short: cbad-core-lib ## What is quick: no race detector, no end to end, no OpenZL in the Rust tests
	$(CARGO) test $(CORE) --no-default-features
	go test -short -timeout 10m $(GO_TEST_FLAGS) $$(scripts/packages.sh)

coverage: cbad-core-lib ## What the tests run of handlers, store, auth, limits, processor, …; fails at 80 % or below
	scripts/coverage.sh

fuzz: cbad-core-lib ## Each fuzz target for FUZZTIME (20s), and the property tests on new cases
	PROPTEST_CASES=2000 $(CARGO) test $(CORE) --no-default-features --lib
	scripts/fuzz.sh $(FUZZTIME)

bench: cbad-core-lib ## All benchmarks on one core; BENCH=REGEXP chooses
	go test -run '^$$' -bench '$(strip $(BENCH))' -benchmem -cpu 1 $$(scripts/packages.sh)
	$(CARGO) bench $(CORE) $(CARGO_FLAGS)

# ROWS, REQUESTS, CLIENTS, ANOMALIES, RATE, SECONDS_EACH: smaller numbers for a quick look.
bench-load: collector tools ## The collector under load, against its targets: events, lists of a million, a thousand live streams; needs wrk, takes 15 minutes
	go test -run '^$$' -bench '$(strip $(BENCH))' -benchtime 1x -timeout 60m $(GO_TEST_FLAGS) ./tests/load

include quality/quality.mk

##@ Keep in order

.PHONY: lint lint-go lint-rust lint-ui lint-ci licences vulnerabilities fmt clean
lint: lint-go lint-rust lint-ui lint-ci ## All linters; any finding fails

lint-go: cbad-core-lib
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { \
		printf 'not formatted; run `make fmt`:\n%s\n' "$$unformatted" >&2; exit 1; }
	go mod tidy -diff
	go vet ./...
	$(GOLANGCI_LINT) run ./...

lint-rust:
	$(CARGO) fmt --manifest-path cbad-core/Cargo.toml --check
	$(CARGO) clippy $(CORE) --all-targets $(CARGO_FLAGS) -- -D warnings

lint-ui: ui/node_modules/.package-lock.json
	$(NPM) run lint

lint-ci:
	$(ACTIONLINT)

licences: ## Licences and sources of all that we link; needs cargo-deny
	@$(CARGO) deny --version >/dev/null 2>&1 || { \
		printf 'missing: cargo-deny\n    cargo install cargo-deny --version 0.20.2 --locked\n' >&2; exit 1; }
	scripts/licences.sh $(GO_LICENCES)
	cd cbad-core && $(CARGO) deny --locked check licenses bans sources

vulnerabilities: cbad-core-lib ## Known vulnerabilities of what we depend on; needs the network and cargo-audit
	$(GOVULNCHECK) ./...
	cd cbad-core && $(CARGO) audit
	$(NPM) audit

fmt: ## Format Go and Rust
	gofmt -w $$(git ls-files '*.go')
	$(CARGO) fmt --manifest-path cbad-core/Cargo.toml

clean: ## What builds and runs have made here; Go's own cache stays
	rm -rf bin data tests/api/build ui/node_modules ui/dist/assets ui/dist/index.html $(ARCHIVE_HASH)
	$(CARGO) clean --manifest-path cbad-core/Cargo.toml

##@ Help

.PHONY: help preflight
help: ## This list
	@awk -F ':.*## ' ' \
		/^##@ /           { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## /  { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

preflight:
	@scripts/preflight.sh build
