# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# `make` lists what there is. Everything that is made goes to .cache, which git ignores; `make clean` removes it.
# All paths are relative to the checkout: its own path may hold anything, spaces too.

PYTHON ?= python3
ARGS ?=
CORE ?=
VERSION ?=
MODULE ?= signal_state

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Byte code of the project's own files would end up between them.
export PYTHONDONTWRITEBYTECODE := 1
export PYTHONUNBUFFERED := 1

VENV_PYTHON := .cache/venv/bin/python
TOOL := $(VENV_PYTHON) -m tests.tools
# The tools that look at the plugins meet them where Ansible does.
INNER_TOOL := PYTHONPATH=.cache/collections $(VENV_PYTHON) -m ansible_collections.secops.triage.tests.tools
# The user's arguments, as one word of the shell, whatever quotes are in them.
quoted = '$(subst ','\'',$(1))'
GATE = $(TOOL).gate --with=$(call quoted,$(ARGS))

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2} /^## / {print "\n" substr($$0, 4)}' $(MAKEFILE_LIST)

## See it work

.PHONY: demo
demo: $(if $(shell command -v java),.demo,.run) ## On a simulator of four platforms: a play, events and runbooks, each once more
	@$(TOOL).demo $(ARGS)

.PHONY: doc
doc: .run ## Show a page of a module, role, filter, playbook, the event source: make doc NAME=signal_state
	@$(TOOL).doc $(or $(NAME),$(MODULE))

.PHONY: simulator
simulator: .run ## Run the simulator by hand: make simulator ARGS="--port 8900 --alerts 100"
	@$(VENV_PYTHON) -m tests.simulator $(ARGS)

## Check it

.PHONY: test
test: .dev ## Everything that needs no network but the package registry
	@$(GATE)

.PHONY: gate
gate: .gate ## All that is checked without running a module: linters, types, documentation, licences, Galaxy, ...
	@$(TOOL).sessions $(ARGS)

.PHONY: matrix
matrix: .gate ## Sanity, units and integration on every ansible-core; make matrix CORE=2.16 for one
	@$(TOOL).sessions --session $(if $(CORE),core-$(CORE),matrix) $(ARGS)

.PHONY: matrix-ends
matrix-ends: .gate ## The newest and the oldest, side by side, with the unit tests that depend on versions
	@$(MAKE) --jobs=2 --output-sync .newest .oldest .newest-sanity

.PHONY: .newest .oldest .newest-sanity
.newest .oldest .newest-sanity:
	@$(TOOL).sessions --session $(@:.%=%) $(ARGS)

.PHONY: lint
lint: .dev ## Lint Python and YAML, and check the format
	@$(GATE) lint format yaml

.PHONY: format
format: .dev ## Format the Python code
	@.cache/venv/bin/ruff check --fix-only --quiet . && .cache/venv/bin/ruff format .

.PHONY: types
types: .dev ## Check the types
	@$(GATE) types

.PHONY: units
units: .dev ## Unit and contract tests: make units ARGS="tests/unit/test_x.py -k archive"
	@$(GATE) units

.PHONY: sanity
sanity: .dev ## ansible-test sanity: make sanity ARGS="--test validate-modules"
	@$(GATE) sanity

.PHONY: integration
integration: .dev ## ansible-test integration: make integration ARGS="signal_state -v"
	@$(GATE) integration

.PHONY: conformance
conformance: .conformance ## Hold simulator and modules against the vendors' own clients
	@$(GATE) conformance

.PHONY: awx
awx: .awx ## Set AWX up by its own collection, which is fetched for it, on a stand-in for its API
	@$(GATE) awx

.PHONY: eda
eda: .eda ## Alerts, rulebooks and the runbook, with the real ansible-rulebook; needs Java 17
	@$(GATE) eda

.PHONY: eda-figures
eda-figures: .eda ## Measure what one machine bears of alerts: runbooks a minute, webhooks a second; needs Java 17
	@JAVA_HOME="$${JAVA_HOME:-$$(dirname "$$(dirname "$$(readlink -f "$$(command -v java)")")")}" \
		PYTHONPATH=.cache/collections $(VENV_PYTHON) -m ansible_collections.secops.triage.tests.eda.figures

.PHONY: faults
faults: .dev ## The whole storm of faults over every module: make faults ARGS="--seed 7 --operations 50000"
	@PYTHONPATH=.cache/collections $(VENV_PYTHON) -m ansible_collections.secops.triage.tests.faults $(ARGS)

.PHONY: secrets
secrets: .dev ## Every secret, by every way, through everything that a task can meet: found nowhere
	@$(TOOL).gate --with=$(call quoted,--whole --numprocesses=auto $(ARGS)) secrets

.PHONY: fuzz
fuzz: .dev ## Options and answers that nobody expects, over 10,000 a module: make fuzz ARGS="-k calseta"
	@$(TOOL).gate --with=$(call quoted,--hypothesis-profile=long --hypothesis-show-statistics --numprocesses=auto $(ARGS)) fuzz

.PHONY: live
live: .dev ## The main scenarios on real services, which it puts back as they were; says what it needs
	@PYTHONPATH=.cache/collections $(VENV_PYTHON) -m ansible_collections.secops.triage.tests.live $(ARGS)

.PHONY: bench
bench: .bench ## Measure requests, time and memory on the simulator, beside other ways to do the same
	@MPLCONFIGDIR="$(CURDIR)/.cache/matplotlib" $(VENV_PYTHON) -m tests.benchmark $(ARGS)

## Document it

.PHONY: generate
generate: .dev ## Write what follows from the argument specs: tables, and the doc fragments' options
	@$(INNER_TOOL).generate $(ARGS)

.PHONY: docs
docs: .docs ## Check the documentation and build its site; ARGS=--write fills in the outputs it shows
	@$(INNER_TOOL).docs $(ARGS)

## Ship it

.PHONY: build
build: .dev ## Build the collection's tarball into .cache/build
	@$(TOOL).package build

.PHONY: install-check
install-check: .dev ## Build it, install it into a new folder, and play the demo's runbook from there
	@$(TOOL).package check

.PHONY: release
release: .dev ## The mechanical part of a release, and nothing published: make release VERSION=1.2.3
	@$(TOOL).release "$(VERSION)"

## Keep house

.PHONY: environment
environment: .dev ## Only make the environment for the others

.PHONY: clean
clean: ## Remove everything that was made here
	rm -rf .cache tests/output

.PHONY: .run .demo .dev .awx .bench .conformance .docs .eda .gate
.run .demo .dev .awx .bench .conformance .docs .eda .gate:
	@$(PYTHON) -m tests.tools.environment $(@:.%=%)
