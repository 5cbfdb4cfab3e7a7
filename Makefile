# SPDX-License-Identifier: MIT
# make help shows what there is. Everything runs from a fresh clone: `make start`, then `make test`.
#
#   CC=clang            another compiler             WERROR=1   warnings are errors (the default in CI)
#   BUILD=build-x       another build directory      SANITIZE=address,undefined
#   FUZZ_SECONDS=…      how long make fuzz runs each harness
#   MYSQL_PC=…          the client library's pkg-config name (libmariadb, mariadb, mysqlclient)
#
# SERVER_PORT, DATA_DIR and all of conf/booking.env.example are read from the environment
# (or the command line: make start SERVER_PORT=9090).

ifeq ($(origin CC),default)
CC := gcc
endif
BUILD    ?= build
SANITIZE ?=
WERROR   ?= $(if $(CI),1,)
PYTHON   ?= /usr/bin/python3
PYTEST   ?= $(PYTHON) -m pytest
PYTEST_ARGS ?=
ROUNDS   ?= 14
FUZZ_SECONDS ?= 60
STACK    := conf/stack

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# ---- what is built from what -------------------------------------------------------------------------

BOOKING_SRC := $(wildcard booking/*.c booking/*/*.c)
WEB_SRC     := $(filter-out fcgi/booking_api.c,$(wildcard fcgi/*.c))
GATEWAY_SRC := $(filter-out fcgi/simulator/payment_gateway.c,$(wildcard fcgi/simulator/*.c))
STRIPE_SRC  := $(filter-out fcgi/stripe/stripe_gateway.c,$(wildcard fcgi/stripe/*.c))
SWEEPER_SRC := $(filter-out sweeper/daemon.c,$(wildcard sweeper/*.c))
TEST_SRC    := $(wildcard tests/unit/test_*.c)
BENCH_SRC   := $(wildcard bench/*.c)
FUZZ_SRC    := $(wildcard tests/fuzz/fuzz_*.c)

object   = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
PROGRAMS := $(addprefix $(BUILD)/,booking-api payment-gateway stripe-gateway sweeper migrate booking-admin)
TESTS    := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(TEST_SRC))
FUZZERS  := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))
BENCHES  := $(addprefix $(BUILD)/bench/,load bare_sql slow_gateway slow_mail slow_disk.so)
SOURCES  := $(BOOKING_SRC) $(WEB_SRC) fcgi/booking_api.c $(GATEWAY_SRC) fcgi/simulator/payment_gateway.c $(STRIPE_SRC) fcgi/stripe/stripe_gateway.c $(SWEEPER_SRC) sweeper/daemon.c sql/migrate/migrate.c sql/migrate/cabins.c sql/admin/booking_admin.c

# ---- how -----------------------------------------------------------------------------------------------

PKG_CONFIG ?= pkg-config
MYSQL_PC   ?= $(firstword $(foreach name,libmariadb mariadb mysqlclient,\
                $(shell $(PKG_CONFIG) --exists $(name) 2>/dev/null && echo $(name))))
# Other people's headers are -isystem, so that our warnings are about our code.
system = $(patsubst -I%,-isystem %,$(1))
ifneq ($(MYSQL_PC),)
MYSQL_CFLAGS := $(call system,$(shell $(PKG_CONFIG) --cflags $(MYSQL_PC)))
MYSQL_LIBS   := $(shell $(PKG_CONFIG) --libs $(MYSQL_PC))
else
MYSQL_CONFIG := $(shell command -v mariadb_config || command -v mysql_config)
MYSQL_CFLAGS := $(if $(MYSQL_CONFIG),$(call system,$(shell $(MYSQL_CONFIG) --include)))
MYSQL_LIBS   := $(if $(MYSQL_CONFIG),$(shell $(MYSQL_CONFIG) --libs),-lmariadb)
endif
OTHER_CFLAGS := $(call system,$(shell $(PKG_CONFIG) --cflags json-c libcurl libqrencode libutf8proc nettle 2>/dev/null))
LIBS = $(MYSQL_LIBS) $(or $(shell $(PKG_CONFIG) --libs json-c libcurl libqrencode libutf8proc nettle 2>/dev/null),-ljson-c -lcurl -lqrencode -lutf8proc -lnettle) -lcsv -lfcgi -lm

WARNINGS := -Wall -Wextra -Wpedantic -Wformat=2 -Wshadow -Wconversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla -Wwrite-strings -Wswitch-enum

# Only the sweeper puts pictures into its mails.
SWEEPER_CFLAGS := $(call system,$(shell $(PKG_CONFIG) --cflags libpng 2>/dev/null))
SWEEPER_LIBS := $(or $(shell $(PKG_CONFIG) --libs libpng 2>/dev/null),-lpng)

# Generated once per build directory: the hardening flags this compiler knows. Only where something is
# compiled: `make start` on a bare machine has no compiler to ask before setup installs one.
ifneq ($(filter programs test-programs bench-programs $(BUILD)/%,$(MAKECMDGOALS)),)
-include $(BUILD)/flags.mk
endif

ALL_CPPFLAGS := -I. -D_GNU_SOURCE $(MYSQL_CFLAGS) $(OTHER_CFLAGS) $(SWEEPER_CFLAGS) $(HARDEN_CPPFLAGS) $(CPPFLAGS)
ALL_CFLAGS   := -std=gnu17 -O2 -g $(WARNINGS) $(if $(WERROR),-Werror) $(HARDEN_CFLAGS) $(CFLAGS)
ALL_LDFLAGS  := $(HARDEN_LDFLAGS) -Wl,--as-needed $(LDFLAGS)
TOOLCHAIN    := $(CC) $(SANITIZE) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(MYSQL_PC) $(if $(WERROR),-Werror)

.PHONY: help setup setup-test build programs start stop restart status logs migrate admin db-shell backup restore \
        install uninstall deb test-package test test-unit test-mysql test-mariadb test-api test-ui test-screens test-sso test-stripe test-lighthouse \
        screenshots test-parallel test-fault test-docker test-fresh test-long audit test-build test-programs fault-programs asan \
        cluster cluster-stop cluster-kill test-cluster \
        bench bench-programs fuzz test-fuzz fuzz-programs valgrind lint format tidy hooks dist clean \
        distclean FORCE

help: ## show this list
	@awk -F ':.*## ' '/^[a-z_.-]+:.*## / { printf "  make %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- build ---------------------------------------------------------------------------------------------

setup: ## install what is missing: Debian packages
	@tools/install-packages build run

# npm leaves the lock file's copy beside what it fetched, last of all.
NODE_MODULES := html/node_modules/.package-lock.json
$(NODE_MODULES): html/package-lock.json html/install
	@html/install

setup-test:
	@tools/install-packages build run test
	@$(MAKE) --no-print-directory -s $(NODE_MODULES)

build: setup ## compile the programs into build/
	@$(MAKE) --no-print-directory -s programs

programs: $(PROGRAMS)

$(BUILD)/flags.mk: tools/probe-flags $(BUILD)/toolchain
	@SANITIZE='$(SANITIZE)' tools/probe-flags $(CC) > $@

# Changes when the compiler or its options do, so that nothing old is linked in.
$(BUILD)/toolchain: FORCE
	@mkdir -p $(BUILD)
	@echo '$(TOOLCHAIN)' | cmp -s - $@ || echo '$(TOOLCHAIN)' > $@

$(BUILD)/obj/%.o: %.c $(BUILD)/toolchain $(BUILD)/flags.mk
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libbooking.a: $(call object,$(BOOKING_SRC))
$(BUILD)/libweb.a:     $(call object,$(WEB_SRC))
$(BUILD)/libgateway.a: $(call object,$(GATEWAY_SRC))
$(BUILD)/libstripe.a:  $(call object,$(STRIPE_SRC))
$(BUILD)/libsweeper.a: $(call object,$(SWEEPER_SRC))
$(BUILD)/lib%.a:
	@echo "  AR    $@"
	@rm -f $@ && $(AR) rcs $@ $^

# The commit, which --version tells: only the programs hold it, and it is written when it changes, so that a commit links
# six programs anew and compiles nothing else. It is empty where there is no git, as in a tarball.
BOOKING_COMMIT ?= $(if $(wildcard .git),$(shell git describe --always --dirty --exclude='*' 2>/dev/null))
commit_source = extern const char booking_commit[]; const char booking_commit[] = "$(BOOKING_COMMIT)";
$(BUILD)/commit.c: FORCE
	@mkdir -p $(@D)
	@echo '$(commit_source)' | cmp -s - $@ || echo '$(commit_source)' > $@

$(BUILD)/commit.o: $(BUILD)/commit.c $(BUILD)/toolchain $(BUILD)/flags.mk
	@$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

# Whatever the umask is: the account that runs a program may not be the one that built it.
link = @echo "  LINK  $@"; $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(1) $(LIBS) && chmod 755 $@

$(BUILD)/booking-api: $(call object,fcgi/booking_api.c) $(BUILD)/commit.o $(BUILD)/libweb.a $(BUILD)/libbooking.a
	$(call link,$(BUILD)/libweb.a $(BUILD)/libbooking.a)
$(BUILD)/payment-gateway: $(call object,fcgi/simulator/payment_gateway.c) $(BUILD)/commit.o $(BUILD)/libgateway.a $(BUILD)/libweb.a $(BUILD)/libbooking.a
	$(call link,$(BUILD)/libgateway.a $(BUILD)/libweb.a $(BUILD)/libbooking.a)
$(BUILD)/stripe-gateway: $(call object,fcgi/stripe/stripe_gateway.c) $(BUILD)/commit.o $(BUILD)/libstripe.a $(BUILD)/libweb.a $(BUILD)/libbooking.a
	$(call link,$(BUILD)/libstripe.a $(BUILD)/libweb.a $(BUILD)/libbooking.a)
$(BUILD)/sweeper: $(call object,sweeper/daemon.c) $(BUILD)/commit.o $(BUILD)/libsweeper.a $(BUILD)/libbooking.a
	$(call link,$(BUILD)/libsweeper.a $(BUILD)/libbooking.a $(SWEEPER_LIBS))
$(BUILD)/migrate: $(call object,sql/migrate/migrate.c sql/migrate/cabins.c) $(BUILD)/commit.o $(BUILD)/libbooking.a
	$(call link,$(BUILD)/libbooking.a)
$(BUILD)/booking-admin: $(call object,sql/admin/booking_admin.c) $(BUILD)/commit.o $(BUILD)/libbooking.a
	$(call link,$(BUILD)/libbooking.a)

# The benchmark's programs; only one of them knows the product.
$(BUILD)/bench/bare_sql: $(BUILD)/obj/bench/bare_sql.o $(BUILD)/libbooking.a
	@mkdir -p $(@D)
	$(call link,$(BUILD)/libbooking.a)
$(BUILD)/bench/load $(BUILD)/bench/slow_gateway $(BUILD)/bench/slow_mail: $(BUILD)/bench/%: $(BUILD)/obj/bench/%.o
	@mkdir -p $(@D)
	$(call link)
# Preloaded into the benchmark's database.
$(BUILD)/bench/slow_disk.so: bench/slow_disk.c $(BUILD)/toolchain $(BUILD)/flags.mk
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fPIC -shared -o $@ $<

# The whole of the libraries with SQL, so that a test can look at every statement they hold.
$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libweb.a $(BUILD)/libsweeper.a $(BUILD)/libgateway.a $(BUILD)/libstripe.a $(BUILD)/libbooking.a
	@mkdir -p $(@D)
	$(call link,-Wl$(,)--whole-archive $(BUILD)/libgateway.a $(BUILD)/libstripe.a $(BUILD)/libbooking.a \
	    -Wl$(,)--no-whole-archive $(BUILD)/libweb.a $(BUILD)/libsweeper.a $(SWEEPER_LIBS) -lcmocka)
, := ,
space := $(subst ,, )

# A harness may play parts of the library itself; what it defines comes first.
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/libweb.a $(BUILD)/libsweeper.a $(BUILD)/libbooking.a
	@mkdir -p $(@D)
	$(call link,-fsanitize=fuzzer -Wl$(,)--allow-multiple-definition \
	    $(BUILD)/libweb.a $(BUILD)/libsweeper.a $(BUILD)/libbooking.a $(SWEEPER_LIBS))

-include $(patsubst %.c,$(BUILD)/obj/%.d,$(SOURCES) $(TEST_SRC) $(FUZZ_SRC) $(BENCH_SRC))
.SECONDARY:

# ---- run -----------------------------------------------------------------------------------------------

start: build ## run everything, and print the URL
	@$(STACK) start
stop: ## stop what make start started; the data stays
	@$(STACK) stop
restart: build ## stop, then start
	@$(STACK) restart
status: ## show what is running
	@$(STACK) status
logs: ## follow the logs
	@$(STACK) logs
migrate: build ## apply new migrations to the running database
	@$(STACK) migrate
admin: ## make and revoke the tokens of staff: ARGS="list", ARGS="add 'Ada Lovelace' agent" (man booking-admin)
	@$(STACK) admin $(ARGS)
db-shell: ## open an SQL shell on the running database
	@$(STACK) db-shell

cluster: build ## run everything on three Galera nodes on this machine, and print the URL
	@tools/install-packages cluster
	@tools/cluster/cluster start
cluster-kill: ## kill the node that takes the writes, and show what customers see
	@tools/cluster/cluster kill
cluster-stop: ## stop what make cluster started; the data stays
	@tools/cluster/cluster stop

backup: ## write all bookings and charges to FILE (default: in DATA_DIR/backups) while everything runs
	@$(STACK) backup $(if $(FILE),'$(FILE)')

restore: ## replace all bookings by the backup FILE=..., and start
	@$(STACK) restore '$(FILE)'

include tools/install.mk tools/test.mk

# ---- measure, look over, hand out ----------------------------------------------------------------------

bench: build ## measure the system beside its own limit; the report is in build/bench-report/
	@$(MAKE) --no-print-directory bench-programs
	@bench/run

bench-programs: $(BENCHES)

lint: ## check the house rules, and run the checkers of C, scripts and manuals that are installed
	@tools/lint

format: ## run clang-format over all C sources
	@command -v clang-format >/dev/null || tools/install-packages lint
	@git ls-files -z '*.c' '*.h' | xargs -0 clang-format -i

tidy: compile_commands.json ## run clang-tidy over the programs' sources; .clang-tidy has its settings
	@command -v clang-tidy >/dev/null || tools/install-packages lint
	@mkdir -p $(BUILD)
	@printf '%s\n' $(SOURCES) | xargs -P "$$(nproc)" -n 8 clang-tidy --quiet -p . 2> $(BUILD)/tidy.log || \
	    { grep -v ' generated\.$$' $(BUILD)/tidy.log >&2; exit 1; }

# For editors, clangd and clang-tidy. Without the hardening options, which are one compiler's own.
compile_command = {"directory": "$(CURDIR)", "file": "$(1)", "command": "$(CC) -I. -D_GNU_SOURCE \
    $(MYSQL_CFLAGS) $(OTHER_CFLAGS) $(SWEEPER_CFLAGS) $(CPPFLAGS) -std=gnu17 $(WARNINGS) $(CFLAGS) -c $(1)"}
compile_commands.json: FORCE ## write down how each source is compiled, for editors
	@printf '[\n%b\n]\n' '$(subst }$(space){,}$(,)\n{,$(strip $(foreach source,\
	    $(SOURCES) $(TEST_SRC) $(FUZZ_SRC) $(BENCH_SRC),$(call compile_command,$(source)))))' > $@

hooks: ## have git run make lint before each commit in this clone
	@git config core.hooksPath .githooks
	@echo 'git runs .githooks/pre-commit now. Undone by: git config --unset core.hooksPath'

# What is in HEAD, and nothing else: it builds with make programs.
dist: ## pack HEAD's sources into build/dist/
	@mkdir -p $(BUILD)/dist
	@version=$$(sed -n 's/^#define BOOKING_VERSION "\(.*\)"/\1/p' booking/config.h); \
	    git archive --format=tar.gz --prefix="booking-$$version/" -o "$(BUILD)/dist/booking-$$version.tar.gz" HEAD && \
	    echo "$(BUILD)/dist/booking-$$version.tar.gz"

clean: ## remove what was built
	rm -rf build build-*

distclean: clean ## remove the downloaded libraries and the local database too
	@$(STACK) stop
	@if [ -d data-cluster ]; then env -u DATA_DIR tools/cluster/cluster stop; fi
	rm -rf html/node_modules "$${DATA_DIR:-data}" data-cluster
