# The commands of the project. `make help` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup pages demo test check bench faults fuzz picture lock

PYTHON ?=
NAME ?=
VENV := .venv/bin
PAGES := src/snowtrack/api/pages/index.html src/portal_bridge/pages/index.html
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -type f -print)
DEBIAN_PACKAGES := mosquitto nats-server chromium fonts-ipafont-gothic

help: ## Say what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.ready pages ## Make the environment in .venv and build the pages

demo: setup ## Run everything with 40 simulated ploughs (DEMO_SECONDS=60 stops by itself)
	@exec $(VENV)/snowtrack up --data .demo --ploughs 40 --set public.cut_s=60 --stop-with-parent \
	  $(if $(DEMO_SECONDS),--seconds $(DEMO_SECONDS))

test: setup tests/oidc/node_modules/.ready ## Install what the tests need, then check and test everything
	@.ci/install-debian-packages $(DEBIAN_PACKAGES)
	@$(MAKE) --no-print-directory check
	@cd web && npm test --silent
	@$(VENV)/pytest

check: setup ## Format, lint, types, import rules
	@$(VENV)/ruff format --check .
	@$(VENV)/ruff check .
	@$(VENV)/mypy
	@$(VENV)/lint-imports --no-logo
	@cd web && npm run check --silent

bench: setup ## Run the benchmarks (NAME=line for one of them)
	@$(VENV)/python -m benchmarks $(or $(NAME),all)

faults: setup ## Break everything and count what is lost (NAME=kill-ingest KILLS=200 SOAK_HOURS=1 SEED=1; docs/faults.md)
	@.ci/install-debian-packages mosquitto
	@mkdir -p dist
	@$(VENV)/python -m tests.faults $(NAME) --soak-hours $(or $(SOAK_HOURS),1) --json dist/faults.json \
	  $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

fuzz: setup ## Try the decoder for long (FUZZ_EXAMPLES=20000 inputs for each property)
	@HYPOTHESIS_PROFILE=fuzz $(VENV)/pytest -q --timeout=0 tests/nmea/test_properties.py

picture: setup ## Take the README's picture from the running demo
	@$(VENV)/python docs/picture/take.py

lock: .venv/.ready ## Write the lock files anew, with the newest versions that fit
	@for kind in runtime develop; do \
	  $(VENV)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-emit-index-url --no-header \
	    --generate-hashes pyproject.toml firmware-sim/pyproject.toml \
	    $$([ $$kind = develop ] && echo --group develop) -o config/locks/$$kind.txt || exit 1; \
	done

pages: $(PAGES)

.venv/.ready: config/locks/develop.txt pyproject.toml firmware-sim/pyproject.toml .ci/make-environment
	@PYTHON="$(PYTHON)" .ci/make-environment

web/node_modules/.ready: web/package-lock.json web/package.json
	@.ci/check-node
	@echo "pages: installing what the build needs"
	@cd web && npm ci --silent
	@touch $@

tests/oidc/node_modules/.ready: tests/oidc/package-lock.json
	@.ci/check-node
	@echo "tests: installing the OpenID provider that they ask"
	@cd tests/oidc && npm ci --silent
	@touch $@

$(PAGES) &: web/node_modules/.ready $(WEB_SOURCES)
	@echo "pages: building"
	@cd web && npm run build --silent
	@touch $(PAGES)
