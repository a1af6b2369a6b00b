# The quality of detection, measured; see docs/quality.md. Included by the Makefile.

##@ Measure

# PARTS="incidents nulls": some parts alone.
PARTS ?=
# Labelled recordings and their scorers; parts that need them are left out where they are not.
QUALITY_DATA  ?= ../shared/data
QUALITY_BENCH ?= ../shared/bench

QUALITY_BUILD  := quality/build
QUALITY_PYTHON := $(QUALITY_BUILD)/venv/bin/python

# Without the packages the anchors are left out, which the table says.
$(QUALITY_BUILD)/venv/ready: quality/requirements.txt
	mkdir -p $(QUALITY_BUILD)
	python3 -m venv $(QUALITY_BUILD)/venv
	if $(QUALITY_PYTHON) -m pip install --quiet --requirement $<; then touch $@; \
	else echo "packages of $< cannot be had now: the anchors are left out" >&2; fi

.PHONY: bench-quality
bench-quality: tools $(QUALITY_BUILD)/venv/ready ## Detection measured, beside other detectors; PARTS="incidents nulls" runs some
	$(QUALITY_PYTHON) quality/test_harness.py --quiet
	QUALITY_BUILD=$(abspath $(QUALITY_BUILD)) QUALITY_DATA=$(abspath $(QUALITY_DATA)) QUALITY_BENCH=$(abspath $(QUALITY_BENCH)) \
		$(QUALITY_PYTHON) quality/run.py $(PARTS)
