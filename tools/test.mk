# SPDX-License-Identifier: MIT
# Part of the Makefile: all that tests.

# The tests run stacks of their own, with their own ports and data, beside a running `make start`.

test: test-unit test-fuzz ## run the unit tests, a moment of fuzzing, then everything under tests/
	@$(PYTEST) $(PYTEST_ARGS) -m 'not alone' tests
	@$(PYTEST) -m alone tests/api

test-unit: test-build ## test pure code and every SQL statement, with cmocka
	@$(STACK) with-database tools/run-unit-tests $(TESTS)

test-mysql: test-build ## run the unit and HTTP tests against MySQL's server (docs/contributing.md says how)
	@PATH="$(CURDIR)/tests/servers/mysql:$$PATH" $(STACK) with-database tools/run-unit-tests \
	    $(patsubst $(BUILD)/%,$(or $(BUILD_DIR),$(BUILD))/%,$(TESTS))
	@PATH="$(CURDIR)/tests/servers/mysql:$$PATH" $(PYTEST) $(PYTEST_ARGS) tests/api

test-mariadb: test-build ## run them against the MariaDB of another system, in the directory MARIADB_ROOT
	@PATH="$(CURDIR)/tests/servers/mariadb:$$PATH" $(STACK) with-database tools/run-unit-tests $(TESTS)
	@PATH="$(CURDIR)/tests/servers/mariadb:$$PATH" $(PYTEST) $(PYTEST_ARGS) tests/api

test-api: test-build ## run the HTTP tests against the real stack
	@$(PYTEST) $(PYTEST_ARGS) tests/api

test-ui: test-build ## test the page in a real browser
	@$(PYTEST) $(PYTEST_ARGS) tests/ui

test-screens: test-build ## look at every screen in every language, light and dark, with axe-core and on a phone
	@SCREENS=all $(PYTEST) $(PYTEST_ARGS) tests/ui/test_every_screen.py

test-sso: test-build ## sign in with a real oauth2-proxy, and read mails in a real mail server, built from Go modules (two minutes)
	@tools/install-packages sso
	@tools/build-sso
	@$(PYTEST) $(PYTEST_ARGS) tests/sso tests/ui/test_story.py

test-lighthouse: test-build ## judge the page with Lighthouse, from npm (five minutes, and nothing else beside)
	@cd tests/lighthouse && npm ci --loglevel=error --ignore-scripts
	@$(PYTEST) $(PYTEST_ARGS) tests/lighthouse

test-stripe: test-build ## test the gateway program for Stripe, with each request held against Stripe's description (stripe-mock, a Go module)
	@tools/install-packages sso
	@tools/build-sso
	@tools/build-stripe-mock
	@$(PYTEST) $(PYTEST_ARGS) tests/stripe

screenshots: test-build ## take the README's pictures again
	@$(PYTHON) tests/ui/screenshots.py

test-parallel: test-build ## run the HTTP tests four at a time
	@$(PYTEST) -n 4 $(PYTEST_ARGS) tests/api

test-fault: test-build ## run the storm for ROUNDS rounds (seed SEED), crash points, lost commits, races, an upgrade of a million seats
	@STORM_ROUNDS=$(ROUNDS) STORM_SEED=$(SEED) STORM_SECONDS=25 OLD_SEATS=1000000 $(PYTEST) $(PYTEST_ARGS) tests/fault

test-fresh: ## try README's commands on a bare Debian that debootstrap makes, SUITE=trixie (as root)
	@tools/install-packages machine
	@tests/host/package/fresh $(or $(SUITE),trixie)

test-cluster: test-build ## lose database hosts in every way, KILLS times by kill -9, while customers book (as root)
	@tools/install-packages cluster
	@CLUSTER=long CLUSTER_KILLS=$(or $(KILLS),60) CLUSTER_SWITCHES=30 $(PYTEST) $(PYTEST_ARGS) tests/cluster

test-long: ## run what takes too long for .ci/run: the package, bare Debians, every screen, the long storm, the cluster, oauth2-proxy, stripe-mock, a minute of each fuzzer (as root)
	@$(MAKE) --no-print-directory test-package
	@$(MAKE) --no-print-directory test-fresh SUITE=bookworm
	@$(MAKE) --no-print-directory test-fresh SUITE=trixie
	@$(MAKE) --no-print-directory test-screens
	@$(MAKE) --no-print-directory test-sso
	@$(MAKE) --no-print-directory test-stripe
	@$(MAKE) --no-print-directory test-lighthouse
	@$(MAKE) --no-print-directory test-fault
	@$(MAKE) --no-print-directory test-cluster
	@SEASON_FLIGHTS=2000 $(PYTEST) $(PYTEST_ARGS) tests/api/test_import.py -k season
	@$(MAKE) --no-print-directory fuzz

test-docker: ## build the images and run compose.yaml in a Docker engine of its own (as root)
	@[ "$$(id -u)" != 0 ] || tools/install-packages docker-test
	@PYTHON=$(PYTHON) tests/host/docker/run $(PYTEST_ARGS)

audit: ## compare the running stack's orders, seats, jobs, history and charges
	@tools/install-packages audit
	@environment=$$($(STACK) env) && eval "$$environment" && $(PYTHON) tests/audit.py

test-build: setup-test
	@$(MAKE) --no-print-directory test-programs fault-programs
test-programs: programs $(TESTS)

# Programs that die at named points, and programs without the seat lock, which sell a seat twice: tests must notice.
fault-programs:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)-crash CPPFLAGS='$(CPPFLAGS) -DCRASH_POINTS' programs
	@$(MAKE) --no-print-directory BUILD=$(BUILD)-nolock CPPFLAGS='$(CPPFLAGS) -DNO_SEAT_LOCK' programs

ASAN_TESTS ?= tests
asan: setup-test ## run all tests on programs built with the address and undefined-behavior sanitizers
	@$(MAKE) --no-print-directory BUILD=build-asan SANITIZE=address,undefined test-programs fault-programs
	@tools/run-sanitized build-asan $(STACK) with-database tools/run-unit-tests $(TESTS:$(BUILD)/%=build-asan/%)
	@tools/run-sanitized build-asan $(PYTEST) $(PYTEST_ARGS) $(ASAN_TESTS)

fuzz: setup-test ## run libFuzzer on everything that parses strangers' input, FUZZ_SECONDS each
	@$(MAKE) --no-print-directory BUILD=build-fuzz CC=clang SANITIZE=address,undefined \
	    CFLAGS='$(CFLAGS) -fsanitize=fuzzer-no-link' fuzz-programs
	@tools/run-fuzzers build-fuzz $(FUZZ_SECONDS) $(patsubst tests/fuzz/%.c,build-fuzz/fuzz/%,$(FUZZ_SRC))

test-fuzz:
	@$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=3

fuzz-programs: $(FUZZERS)

valgrind: test-build ## run the unit tests under valgrind
	@$(STACK) with-database tools/run-unit-tests --under \
	    'valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect,possible' $(TESTS)
