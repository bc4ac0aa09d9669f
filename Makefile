# Two commands are enough: `make run` and `make test`. They need Debian 12 or Ubuntu with Python 3.11 or newer, nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

# The system's own where it is new enough: a distribution builds it for speed, one built by hand takes a tenth more time.
PYTHON ?= $(shell for one in /usr/bin/python3 python3; do \
	$$one -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$one && exit; done; echo python3)
PORT ?= 8000
DATA ?= .data
# More than cores: the walks wait for a browser, a server and a worker much of the time.
JOBS ?= 3
VENV := .venv
BIN := $(VENV)/bin
BUILD_FILES := setup.cfg pyproject.toml
# Tools of others, some under the AGPL: an environment of their own, run as processes, no part of the product.
OUTSIDE := .venv-outside

# `root <packages>` installs with apt where that is allowed, and otherwise fails so that the caller can say what to do.
define ROOT
root() { \
	if ! command -v apt-get >/dev/null; then return 1; fi; \
	local sudo=""; \
	if [ "$$(id -u)" != 0 ]; then sudo -n true 2>/dev/null || return 1; sudo="sudo -n"; fi; \
	echo "apt-get install $$*"; \
	local log; log=$$(mktemp); \
	if { $$sudo apt-get update -q && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -q -y --no-install-recommends "$$@"; } >"$$log" 2>&1; \
	then rm -f "$$log"; else tail -n 5 "$$log"; rm -f "$$log"; return 1; fi; \
}
endef
export ROOT
# Compiled once, whatever the environment says: each process that compiles everything anew takes six seconds more.
export PYTHONDONTWRITEBYTECODE :=
PDF_PACKAGES := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
TEST_PACKAGES := poppler-utils qpdf libnss3-tools

.PHONY: help run test check setup bench shots clean pdf-libraries
help: ## What there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.installed ## Start the product with the demonstration district (PORT=8000 DATA=.data)
	@MARKET_DATA='$(DATA)' MARKET_PORT='$(PORT)' exec $(BIN)/market run

test: $(VENV)/.test-ready ## The whole test suite on both engines, browser walks included
	@exec $(BIN)/python -m pytest -q -n $(JOBS) --dist loadgroup --no-loadscope-reorder --durations=10

check: $(VENV)/.test-ready ## Style, types, import contracts, templates, house tests, and open data judged by outside tools
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python -m pytest -q tests/house -m "not slow"
	@$(MAKE) $(OUTSIDE)/.ready || echo '外部核对工具没有装上 / the outside tools could not be installed'
	$(BIN)/python -m tests.outside

setup: $(VENV)/.installed $(VENV)/.test-ready ## Prepare everything without starting

bench: $(VENV)/.test-ready ## Speed as ratios to a plain floor application
	@exec $(BIN)/python -m tests.bench

shots: $(VENV)/.test-ready ## Browser walks with screenshots in tests/.shots
	@MARKET_TEST_SHOTS=tests/.shots exec $(BIN)/python -m pytest -q -m browser

clean: ## Remove what is built, not the data
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis tests/.shots
	find . -path './$(VENV)' -prune -o -name __pycache__ -type d -print0 | xargs -0 -r rm -rf

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo '需要 Python 3.11 或更高版本 / Python 3.11 or newer is needed (PYTHON=…)'; exit 1; }
	@eval "$$ROOT"; \
	if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null && ! root python3-venv; then \
		echo '缺少 python3-venv，请运行 / missing python3-venv, please run: sudo apt-get install python3-venv'; exit 1; fi
	@rm -rf $(VENV) && $(PYTHON) -m venv $(VENV)

# Installed once; again only when the build files change.
$(VENV)/.installed: $(BUILD_FILES) | $(BIN)/python
	@$(MAKE) pdf-libraries
	@echo '安装中，约需一两分钟 / installing, this takes a minute or two'
	@$(BIN)/python -m pip install -q -e .
	@$(BIN)/python -m compileall -q market contracts
	@touch $@

$(OUTSIDE)/.ready: tests/outside/requirements.txt
	@rm -rf $(OUTSIDE) && $(PYTHON) -m venv $(OUTSIDE)
	@$(OUTSIDE)/bin/python -m pip install -q -r $<
	@touch $@

pdf-libraries:
	@eval "$$ROOT"; ldconfig=$$(command -v ldconfig || echo /sbin/ldconfig); \
	if ! $$ldconfig -p | grep -q libpangoft2-1.0.so.0 || ! $$ldconfig -p | grep -q libharfbuzz-subset.so.0; then \
		root $(PDF_PACKAGES) || echo '暂缺 PDF 程序库，其余功能照常，请运行 / PDF libraries are missing, all else works, please run: sudo apt-get install $(PDF_PACKAGES)'; fi

$(VENV)/.test-ready: $(BUILD_FILES) | $(BIN)/python
	@$(MAKE) pdf-libraries
	@$(BIN)/python -m pip install -q -e '.[dev]'
	@$(BIN)/python -m compileall -q market contracts
	@eval "$$ROOT"; \
	need() { root "$$@" || { echo "测试缺少程序，请运行 / the tests need programs, please run: sudo apt-get install $$*"; exit 1; }; }; \
	if ! command -v pdfsig >/dev/null || ! command -v qpdf >/dev/null || ! command -v certutil >/dev/null; then need $(TEST_PACKAGES); fi
	@# The same Chromium without a window's machinery takes a third less of the processor; Ubuntu has no package of it.
	@eval "$$ROOT"; \
	if [ -z "$${CHROMIUM:-}" ] && ! command -v chromium-headless-shell >/dev/null && ! root chromium-headless-shell; then \
		command -v chromium chromium-browser google-chrome >/dev/null || root chromium || root chromium-browser || \
		{ echo '测试缺少浏览器，请运行 / the tests need a browser, please run: sudo apt-get install chromium'; exit 1; }; fi
	@touch $@ $(VENV)/.installed
