# The commands a person needs. Each is a thin call; `make help` lists them.
.NOTPARALLEL:
SHELL := /bin/bash
PREFIX ?= /usr/local
DESTDIR ?=
JOBS ?= $(shell nproc)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: ## install what the build needs (quick when it is there)
	@scripts/setup/setup.sh

.PHONY: build
build: setup ## build the programs into build/release/bin
	@test -f build/release/build.ninja || cmake --preset release
	@cmake --build --preset release --target programs -j $(JOBS)

.PHONY: demo
demo: build ## a twin of a real book, from sources to a chat page
	@scripts/setup/setup.sh demo
	@TWIN_PACKAGES="$$(scripts/setup/fetch-models.sh)" scripts/demo.sh

.PHONY: test
test: setup ## build and run all tests
	@scripts/setup/setup.sh test
	@test -f build/release/build.ninja || cmake --preset release
	@cmake --build --preset release -j $(JOBS)
	@TWIN_PACKAGES="$$(scripts/setup/fetch-models.sh)" scripts/test.sh

.PHONY: fuzz
fuzz: setup ## fuzz every parser of foreign bytes for SECONDS (600) each, TARGET=id for one
	@scripts/setup/setup.sh fuzz
	@JOBS=$(JOBS) scripts/fuzz.sh $(or $(TARGET),all) $(or $(SECONDS),600)

.PHONY: lint
lint: ## check formatting, layers and scripts
	@scripts/setup/setup.sh lint
	@git ls-files '*.cpp' '*.h' | xargs -r clang-format --dry-run -Werror
	@git ls-files '*.sh' .ci/run | xargs -r shellcheck -x
	@for check in scripts/check-*.py; do python3 $$check || exit 1; done

.PHONY: tidy
tidy: setup ## clang-tidy over src/ (slow), or over the files named by FILES="…"
	@scripts/setup/setup.sh lint
	@cmake --preset dev > /dev/null
	@run-clang-tidy -quiet -p build/dev -j $(JOBS) $(or $(FILES),'^$(CURDIR)/src/')

.PHONY: format
format: ## format the C++ sources
	@scripts/setup/setup.sh lint
	@git ls-files -co --exclude-standard '*.cpp' '*.h' | xargs -r clang-format -i

.PHONY: install
install: build ## install below PREFIX (/usr/local), in a staging folder DESTDIR if given
	@DESTDIR="$(DESTDIR)" cmake --install build/release --prefix "$(PREFIX)"

.PHONY: package
package: build ## Debian packages and a relocatable archive in build/package
	@cd build/release && cpack

.PHONY: clean
clean: ## remove the build folder (built dependencies stay in the cache)
	@rm -rf build
