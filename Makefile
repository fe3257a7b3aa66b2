# The commands of this project. PORT, HOST and PYTHON may be given: make demo PORT=8001
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
# Left empty, the first interpreter on the path that is new enough is taken.
PYTHON ?=
LOCALE := wagtail_sms_automation/locale
CATALOGUES = $(wildcard $(LOCALE)/*/LC_MESSAGES/*.po)

.PHONY: help install browser test chaos lint format demo bench messages catalogues

help:  ## Show what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(VENV)/.installed  ## Make .venv and install everything into it

$(VENV)/.installed: setup.cfg pyproject.toml
	@.ci/make-venv $(VENV) $(PYTHON)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--editable '.[test,browser,lint,demo]'
	@touch $@

browser:  ## Install Chromium for the browser tests, where this machine lets us
	@.ci/install-browser

test: install browser  ## Run every test
	$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered

chaos: install  ## Kill a site at work, again and again, in the long form (half an hour)
	CHAOS_LONG=1 $(BIN)/python -m pytest tests/chaos

lint: install  ## Check style, types and imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict wagtail_sms_automation/engine wagtail_sms_automation/gateways
	$(BIN)/lint-imports --config setup.cfg

format: install  ## Mend what style can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

demo: install  ## Run the restaurant: web server and cluster; Ctrl-C stops both
	@$(BIN)/python example_site/demo.py --host $(HOST) --port $(PORT)

bench: install  ## Measure beside the limits, and write benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

messages: install  ## Collect the texts to translate
	cd wagtail_sms_automation && ../$(BIN)/django-admin makemessages --all --no-obsolete --no-location --no-wrap --ignore 'migrations/*'
	$(MAKE) catalogues

catalogues: $(CATALOGUES:.po=.mo)  ## Compile the translations

%.mo: %.po
	msgfmt --check --output-file=$@ $<
