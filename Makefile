# The commands of this project. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
CARGO ?= cargo

.PHONY: help setup run test lint bench coverage clean

help: ## Lists the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

setup: ## Brings what building and testing need (packages and Python readers); quick when all is there
	@scripts/setup.sh

run: ## Makes demo data, exports a project from it, verifies the archive and says where it is (DIR=... chooses where)
	@scripts/setup.sh build
	@scripts/run.sh $(DIR)

test: setup ## Runs every test, with the archives opened by other programs
	$(CARGO) test --workspace --no-fail-fast

lint: setup ## Checks format, lints, documentation and licences
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" $(CARGO) doc --workspace --no-deps --document-private-items --quiet
	.env-checkers/bin/python scripts/licences.py
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny check licenses bans sources; \
	else echo "lint: cargo-deny is not installed; scripts/licences.py has checked the licences"; fi

bench: setup ## Measures speed against Python and 7-Zip, and peak memory
	$(CARGO) build --release --package sheaf-cli --bins --examples
	.env-checkers/bin/python scripts/bench.py

coverage: setup ## Measures line coverage of registry, archive and app (85 % at least)
	scripts/coverage.sh

clean: ## Removes what was built; the Python readers stay
	$(CARGO) clean
