# The commands of this project. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
CARGO ?= cargo

.PHONY: help setup ui run test lint icons package package-check bench bench-ui screenshots coverage clean

help: ## Lists the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

setup: ## Brings what building and testing need (packages, the page's packages, Python readers); quick when all is there
	@scripts/setup.sh

ui: ## Builds the page into ui/dist, which cargo puts into the window; quick when nothing changed
	@scripts/setup.sh build
	@scripts/ui.sh

run: ## Opens the window on demo data; without a display, exports a project from it in words (DIR=... chooses where)
	@scripts/run.sh $(DIR)

test: setup ui ## Runs every test: the page's, Rust's with the archives opened by other programs, and those of the real window
	cd ui && npm run --silent test
	$(CARGO) test --workspace --no-fail-fast

lint: setup ui ## Checks format, lints, documentation and licences
	cd ui && npm run --silent lint
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" $(CARGO) doc --workspace --no-deps --document-private-items --quiet
	.env-checkers/bin/python scripts/licences.py
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny check licenses bans sources; \
	else echo "lint: cargo-deny is not installed; scripts/licences.py has checked the licences"; fi

icons: ## Draws the icons in all sizes from icons/sheaf.svg
	@scripts/icons.sh

package: setup ui ## Builds the .deb and the .rpm (release; minutes), and says where they are
	@scripts/package.sh

package-check: setup ui ## Installs that .deb, tries the window and sheaf on the demo, removes it (as root)
	@scripts/check_package.sh

bench: setup ## Measures speed against Python and 7-Zip, and peak memory
	$(CARGO) build --release --package sheaf-cli --bins --examples
	.env-checkers/bin/python scripts/bench.py
	$(CARGO) bench --package sheaf-registry --bench studies
	$(CARGO) bench --package sheaf-sources --bench million_dump --bench million_live
	$(CARGO) bench --package sheaf-sources --bench bucket
	.env-checkers/bin/python scripts/bench_studies.py

bench-ui: setup ui ## Measures the window's budgets in the real window, on 100,000 patients with 1,000,000 files
	$(CARGO) build --profile quick --example empty-window
	xvfb-run -a -s '-screen 0 1280x800x24' dbus-run-session -- $(CARGO) bench --profile quick --bench window-budgets

screenshots: setup ui ## Takes pictures of every page and state of the real window, and those of the README
	@scripts/screenshots.sh

coverage: setup ## Measures line coverage of registry, archive, tables and app (85 % at least)
	scripts/coverage.sh

clean: ## Removes what was built; the page's packages and the Python readers stay
	$(CARGO) clean
	rm -rf ui/dist
