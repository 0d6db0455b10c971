# Four file servers, dfs1..dfs4, and their client.  "make" builds them in their places;
# "make demo" shows them at work; "make test" tests them; "make help" lists the rest.
#
# One file builds everything.  Other builds (sanitizers, clang) are the same rules with other
# values of CC, SANITIZE, BUILD and BIN, so that they never mix with the product's objects.

ifeq ($(origin CC),default)
CC      := gcc
endif
CFLAGS  ?= -O2 -g
BUILD   ?= build
# Where the programs go: the source tree itself, or a folder of a sanitizer build.
BIN     ?= .
JOBS    ?= $(shell nproc)
VERSION := 0.2.0
comma   := ,

WARN    := -Wall -Wextra -Wconversion -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
	   -Wcast-qual -Wformat=2 -Wundef -Werror
HARDEN  := -fstack-protector-strong -fPIE
ALL_CFLAGS   = -std=gnu11 $(CFLAGS) $(WARN) $(HARDEN) $(SANITIZE) -pthread
ALL_CPPFLAGS = -D_GNU_SOURCE -DDFS_SOFTWARE='"$(VERSION)"' -isystem /usr/include/tirpc -MMD -MP
ALL_LDFLAGS  = -pie -Wl,-z,relro,-z,now $(SANITIZE) -pthread $(LDFLAGS)

# libtirpc as an archive, where there is one: the shared library brings seven of Kerberos with it,
# which no program here uses (rpc/kerberos.c) and each would load.  TIRPC=-ltirpc links it shared.
# Sanitizers stand between a program and XDR, and look for it in a shared library alone.
TIRPC_ARCHIVE := $(if $(SANITIZE),,$(filter /%,$(shell $(CC) -print-file-name=libtirpc.a)))
TIRPC       ?= $(if $(TIRPC_ARCHIVE),-Wl$(comma)-u$(comma)is_authgss_client \
	       -Wl$(comma)-u$(comma)_svcauth_gss $(TIRPC_ARCHIVE),-ltirpc)
RPC_LIBS    := $(TIRPC) -lssl -lcrypto -linih -lxxhash
SERVER_LIBS := -lgdbm
CLIENT_LIBS := -ljansson -lzstd -lreadline

# The include path is the architecture: a file sees its own folder, of the wings below it what
# they show, and rpc/.  The store and the library show what is in their include/ alone; the
# library's is seen from below too, because results are made there.
path_rpc              := -Irpc -I$(BUILD)/rpc
path_server/store     := -Iserver/store -Iserver/store/include $(path_rpc)
path_server/agreement := -Iserver/agreement -Iserver/store/include $(path_rpc)
path_server/healing   := -Iserver/healing $(path_server/agreement)
path_server/access    := -Iserver/access $(path_server/agreement)
path_server/service   := -Iserver/service -Iserver/access $(path_server/healing)
path_server           := -Iserver $(path_server/service)
path_client/session   := -Iclient/session -Iclient/lib/include $(path_rpc)
path_client/registers := -Iclient/registers $(path_client/session)
path_client/lib       := -Iclient/lib $(path_client/registers)
path_client/cluster   := -Iclient/cluster $(path_client/session)
path_client/command   := -Iclient/command -Iclient/lib/include $(path_rpc)
path_client/upkeep    := -Iclient/upkeep -Iclient/cluster $(path_client/command)
path_client/verbs     := -Iclient/verbs -Iclient/upkeep $(path_client/command)
path_client/shell     := -Iclient/shell $(path_client/verbs)
path_client           := $(path_client/shell)
$(foreach n,1 2 3 4,$(eval path_dfs$(n) := -Iserver))
# A test may look into every layer; nothing looks into the tests.
path_tests            := -Itests/unit -Iclient/cluster $(path_client/shell) $(path_client/lib) \
			 -Iserver/store $(path_server)
path_of = $(or $(path_$(patsubst %/,%,$(1))),$(path_tests))

objects         = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(addsuffix /*.c,$(1))))
RPC_OBJECTS     := $(call objects,rpc) $(BUILD)/rpc/dfs_xdr.o
SERVER_WINGS    := service access healing agreement store
SERVER_OBJECTS  := $(call objects,server $(SERVER_WINGS:%=server/%))
LIB_WINGS       := lib registers session
LIB_OBJECTS     := $(call objects,$(LIB_WINGS:%=client/%))
CLIENT_WINGS    := shell verbs upkeep command cluster
COMMAND_OBJECTS := $(call objects,$(CLIENT_WINGS:%=client/%))
SERVERS        := $(foreach n,1 2 3 4,$(BIN)/dfs$(n)/dfs$(n))
PROGRAMS       := $(BIN)/client/client $(SERVERS)

.DELETE_ON_ERROR:
.PHONY: all
all: $(PROGRAMS)             ## the five programs, each in its place (the default); V=1 shows how
# One line per thing made; V=1 shows the commands.
Q = $(if $(V),,@echo "  $@" &&)

# A file of the tree by its whole name; the tree may lie in "my dir/", which $(abspath) would split.
here = $(if $(filter /%,$(1)),$(1),$(CURDIR)$(if $(filter-out .,$(1)),/$(1)))

# rpcgen repeats the path it is given in the header's name, so it runs inside rpc/.  It does
# not overwrite its output.
$(BUILD)/rpc/dfs.h: rpc/dfs.x
	@mkdir -p $(@D) && rm -f $@
	$(Q) cd rpc && rpcgen -C -M -i 0 -h -o "$(call here,$@)" dfs.x
$(BUILD)/rpc/dfs_xdr.c: rpc/dfs.x $(BUILD)/rpc/dfs.h
	@mkdir -p $(@D) && rm -f $@
	$(Q) cd rpc && rpcgen -C -M -i 0 -c -o "$(call here,$@)" dfs.x
$(BUILD)/rpc/dfs_xdr.o: $(BUILD)/rpc/dfs_xdr.c
	$(Q) $(CC) $(ALL_CPPFLAGS) $(path_rpc) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/%.o: %.c | $(BUILD)/rpc/dfs.h
	@mkdir -p $(@D)
	$(Q) $(CC) $(ALL_CPPFLAGS) $(call path_of,$(dir $<)) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/librpc.a: $(RPC_OBJECTS)
$(BUILD)/libserver.a: $(SERVER_OBJECTS)
$(BUILD)/libdfs.a: $(LIB_OBJECTS)
$(BUILD)/libcommand.a: $(COMMAND_OBJECTS)
$(BUILD)/%.a:
	$(Q) rm -f $@ && $(AR) rcs $@ $^

$(BIN)/client/client: $(BUILD)/client/main.o $(BUILD)/libcommand.a $(BUILD)/libdfs.a $(BUILD)/librpc.a
	@mkdir -p $(@D)
	$(Q) $(CC) $(ALL_LDFLAGS) -o $@ $^ $(RPC_LIBS) $(CLIENT_LIBS)
define server_rule
$(BIN)/dfs$(1)/dfs$(1): $(BUILD)/dfs$(1)/main.o $(BUILD)/libserver.a $(BUILD)/librpc.a
	@mkdir -p $$(@D)
	$$(Q) $$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(RPC_LIBS) $$(SERVER_LIBS)
endef
$(foreach n,1 2 3 4,$(eval $(call server_rule,$(n))))

# ---- tests ----------------------------------------------------------------------------------

UNIT_SOURCES := $(wildcard tests/unit/*/test_*.c)
TEST_SHARED  := $(call objects,tests/unit)
UNIT_TESTS   := $(UNIT_SOURCES:%.c=$(BUILD)/%)
# Small programs that scenarios and benchmarks use: one source each, beside them.
PRELOADED    := $(addprefix tests/scenarios/tools/,eio counted)
TEST_TOOLS   := $(patsubst %.c,$(BUILD)/%,$(filter-out tests/crash/disk.c $(PRELOADED:=.c), \
		$(wildcard tests/scenarios/tools/*.c tests/bench/*.c tests/crash/*.c \
		tests/history/*.c))) $(PRELOADED:%=$(BUILD)/%.so)
SCENARIOS    := $(wildcard tests/scenarios/*.bats)
MODELS       := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/model/*.c))
# What users must not be able to do, tried: one source each, and what they share.
ATTACK_PARTS := $(addprefix tests/attacks/,attack.c bad_memory.c bad_server.c library.c \
		preimage.c)
ATTACKS      := $(patsubst %.c,$(BUILD)/%,$(filter-out $(ATTACK_PARTS), \
		$(wildcard tests/attacks/*.c)))
LIBRARIES    := $(addprefix $(BUILD)/lib,$(addsuffix .a,server command dfs rpc))
# What anybody can send, one source each; fed by replay.c, or by an engine ("make fuzz").
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,%,$(filter-out %_fixture.c tests/fuzz/engine.c \
		tests/fuzz/replay.c tests/fuzz/seeds%,$(wildcard tests/fuzz/*.c)))
FUZZ_MAIN    := $(BUILD)/tests/fuzz/replay.o
FUZZ_SEEDS   := $(BUILD)/tests/fuzz/seeds
FUZZERS      := $(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz/%)
FUZZ_FIXTURES        := file stream
FUZZ_CLIENT_FIXTURES := client client_keys
FUZZ_CLIENT_WRAPPED  := exchange_ask_tls exchange_run stream_start_tls record_send clock_pause \
		$(addprefix keys_,lock unlock lock_ring unlock_ring wrap unwrap)
FUZZ_CLIENTS := $(filter $(BUILD)/tests/fuzz/client_%,$(FUZZERS)) $(FUZZ_SEEDS)
FUZZ_SIGNED  := $(FUZZ_CLIENTS) $(BUILD)/tests/fuzz/arguments

.PRECIOUS: $(BUILD)/%.o
# What reaches the disk is recorded in these two.
$(BUILD)/tests/crash/store_states $(BUILD)/tests/crash/recovery_states: $(BUILD)/tests/crash/disk.o
$(ATTACKS): $(ATTACK_PARTS:%.c=$(BUILD)/%.o)
# Looking up is counted and answered by the test.
$(BUILD)/tests/unit/registers/test_account_cache: LDFLAGS += -Wl,--wrap=lookup_agreed
# What stands in for links and rounds is for these alone.
$(BUILD)/tests/unit/agreement/test_peers $(BUILD)/tests/unit/agreement/test_peers_finish \
$(BUILD)/tests/unit/agreement/test_peers_hints $(BUILD)/tests/unit/agreement/test_peers_lone: \
		$(BUILD)/tests/unit/agreement/peers_world.o
# Memory is short when the test says so.
$(BUILD)/tests/unit/session/test_keys $(BUILD)/tests/unit/session/test_identity: \
		LDFLAGS += -Wl,--wrap=EVP_PKEY_get_raw_public_key
$(BUILD)/tests/unit/service/test_admission: LDFLAGS += -Wl,--wrap=malloc
# Servers' pages of a listing are made by the test.
$(BUILD)/tests/unit/registers/test_listing: LDFLAGS += -Wl,--wrap=links_leave_out \
		$(addprefix -Wl$(comma)--wrap=round_,new ask wait take free)
# Listings are the test's.
$(BUILD)/tests/unit/lib/test_descent: LDFLAGS += -Wl,--wrap=dfs_list,--wrap=lookup_newest
# The server, with a hand on some of its answers.
$(BUILD)/tests/attacks/lying: LDFLAGS += $(addprefix -Wl$(comma)--wrap=procs_,\
		list lookup get hello prepare recall fence finish) -Wl,--wrap=confirming_state
$(BUILD)/tests/attacks/liar: LDFLAGS += -Wl,--wrap=peers_teach $(addprefix -Wl$(comma)--wrap=procs_,\
		hello lookup prepare confirm accept delete finish settled list get learn forget digest recall)
# What is put before a program's own calls: without sanitizers, which want to be first.
$(BUILD)/tests/%.so: tests/%.c
	@mkdir -p $(@D)
	$(Q) $(CC) $(ALL_CPPFLAGS) -std=gnu11 $(CFLAGS) $(WARN) $(HARDEN) -fPIC -shared -o $@ $<
# The client with other rules than the product's.
$(BUILD)/tests/bench/client_plain: $(BUILD)/client/main.o
# The client, with a hand on each of its calls.
$(BUILD)/tests/scenarios/tools/dying: $(BUILD)/client/main.o
$(BUILD)/tests/scenarios/tools/dying: LDFLAGS += -Wl,--wrap=call_run
# Random numbers count; connections lead to the input; and what clients get, and what is stated
# to servers, is read as if whoever sent it knew all keys.
$(FUZZERS): $(FUZZ_MAIN)
$(FUZZERS): LDFLAGS += $(FUZZ_ENGINE)
$(FUZZERS) $(FUZZ_SEEDS): $(FUZZ_FIXTURES:%=$(BUILD)/tests/fuzz/%_fixture.o)
$(FUZZERS) $(FUZZ_SEEDS): LDFLAGS += -Wl,--wrap=getrandom,--wrap=stream_connect
$(FUZZ_CLIENTS): $(FUZZ_CLIENT_FIXTURES:%=$(BUILD)/tests/fuzz/%_fixture.o)
$(FUZZ_CLIENTS): LDFLAGS += $(FUZZ_CLIENT_WRAPPED:%=-Wl,--wrap=%)
$(FUZZ_SIGNED): $(BUILD)/tests/fuzz/statement_fixture.o
$(FUZZ_SIGNED): LDFLAGS += -Wl,--wrap=statement_is_signed,--wrap=statement_is_signed_seen
$(BUILD)/tests/fuzz/arguments: LDFLAGS += -Wl,--wrap=peers_read,--wrap=peers_look,--wrap=peers_finish
$(FUZZ_SEEDS): $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/fuzz/seeds_*.c))
$(BUILD)/tests/%: $(BUILD)/tests/%.o $(TEST_SHARED) $(LIBRARIES)
	$(Q) $(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(LIBRARIES) -Wl,--end-group \
		$(RPC_LIBS) $(SERVER_LIBS) $(CLIENT_LIBS) -lcmocka

RUN_TESTS = DFS_BIN="$(call here,$(BIN))" DFS_TOOLS="$(call here,$(BUILD))/tests" MAKEFLAGS= \
	tests/run $(if $(SUMMARY),--summary $(SUMMARY)) $(RUN_FLAGS)
# A narrower run: make run-tests ONLY="build/tests/unit/rpc/test_path tests/scenarios/bytes.bats"
ONLY ?= $(UNIT_TESTS) $(SCENARIOS)

.PHONY: programs
programs: $(PROGRAMS) $(UNIT_TESTS) $(TEST_TOOLS) $(ATTACKS) $(MODELS) $(FUZZERS) $(FUZZ_SEEDS)

.PHONY: test run-tests test-large test-long
test:                        ## builds everything and runs all tests, in some minutes
	tests/deps test
	+$(MAKE) --no-print-directory -j$(JOBS) programs
	+$(MAKE) --no-print-directory run-tests SUMMARY=$(SUMMARY)
run-tests: programs
	$(RUN_TESTS) --tags '!large,!long' $(ONLY)
test-large:                  ## a file above 4 GiB: needs 25 GiB of disk
	tests/deps test
	+$(MAKE) --no-print-directory -j$(JOBS) programs
	$(RUN_TESTS) --limit 7200 --tags large $(SCENARIOS)
test-long:                   ## the tests with chance in them, many times over
	tests/deps test
	+$(MAKE) --no-print-directory -j$(JOBS) programs
	$(RUN_TESTS) --limit 7200 --tags long $(SCENARIOS)

.PHONY: test-package
test-package:                ## builds, checks, installs and removes the Debian package (root)
	tests/deps package
	tests/package

SANITIZERS := address thread
address_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined
thread_FLAGS  := -fsanitize=thread
.PHONY: test-sanitize $(SANITIZERS:%=test-sanitize-%)
test-sanitize: $(SANITIZERS:%=test-sanitize-%)  ## all tests under ASan + UBSan, then under TSan
$(SANITIZERS:%=test-sanitize-%): test-sanitize-%:
	tests/deps test
	+$(MAKE) --no-print-directory -j$(JOBS) BUILD=build/$* BIN=build/$*/bin \
		CFLAGS='-O1 -g -fno-omit-frame-pointer' SANITIZE='$($*_FLAGS)' programs
	+$(MAKE) --no-print-directory BUILD=build/$* BIN=build/$*/bin SANITIZE='$($*_FLAGS)' \
		CFLAGS='-O1 -g -fno-omit-frame-pointer' RUN_FLAGS='--sanitizer $* --limit 3600' run-tests

# The search behind doc/AGREEMENT.md: each model is one source, built without the product.
$(BUILD)/tests/model/%: tests/model/%.c $(wildcard tests/model/*.h)
	@mkdir -p $(@D)
	$(Q) $(CC) -std=gnu11 -O2 -Wall -Wextra -Werror -o $@ $<
.PHONY: model
model: $(MODELS)             ## searches all states of small cases for faults of the rules
	tests/model/run --jobs $(JOBS) $(BUILD)/tests/model

# libFuzzer comes with clang, whose objects are a build of their own.
TARGET  ?=
SECONDS ?= 60
.PHONY: fuzz
fuzz:                        ## TARGET= SECONDS=60 feeds it what nobody would send; none: names all
ifneq ($(TARGET),)
	tests/deps fuzz
	+$(MAKE) --no-print-directory -j$(JOBS) CC=clang BUILD=build/fuzz BIN=build/fuzz/bin \
		CFLAGS='-O1 -g -fno-omit-frame-pointer' FUZZ_MAIN=build/fuzz/tests/fuzz/engine.o \
		SANITIZE='$(address_FLAGS) -fsanitize=fuzzer-no-link' FUZZ_ENGINE=-fsanitize=fuzzer \
		build/fuzz/tests/fuzz/$(TARGET)
endif
	tests/fuzz/run build/fuzz $(TARGET) $(if $(TARGET),$(SECONDS))

# ---- checks ---------------------------------------------------------------------------------

C_FILES = $(shell git ls-files '*.c' '*.h')
.PHONY: lint format include-path
lint:                        ## compilers, clang-tidy, cppcheck, format, the rules of the layers
	tests/deps lint
	+$(MAKE) --no-print-directory -j$(JOBS) CC=gcc BUILD=build/gcc BIN=build/gcc/bin programs
	+$(MAKE) --no-print-directory -j$(JOBS) CC=clang BUILD=build/clang BIN=build/clang/bin programs
	tests/lint build/gcc
include-path:                # what a file of FOLDER may include, for tests/lint
	@echo $(call path_of,$(FOLDER))
format:                      ## puts every C file into the one format
	clang-format -i $(C_FILES)

.PHONY: bench
bench:                       ## times, as ratios to the bare machine; BENCH_FLAGS="--size 1024"
	tests/deps test
	+$(MAKE) --no-print-directory -j$(JOBS) programs
	DFS_BIN="$(call here,$(BIN))" DFS_TOOLS="$(call here,$(BUILD))/tests" tests/bench/bench $(BENCH_FLAGS)

# ---- use ------------------------------------------------------------------------------------

.PHONY: deps demo up down
deps:                        ## installs what "make" needs (root, Debian or Ubuntu), or names it
	tests/deps build
demo:                        ## two minutes of puts, kills, gets and damage; STEP=1 stops for a key
	tests/deps test
	+$(MAKE) --no-print-directory -j$(JOBS) all
	DFS_BIN="$(call here,$(BIN))" STEP=$(STEP) tests/demo
up:                          ## makes a cluster of this folder and starts it; PORT=10000
	@tests/deps build
	+@$(MAKE) --no-print-directory $(if $(V),,-s) -j$(JOBS) all
	@tests/up $(PORT)
down:                        ## ends it; what is stored stays
	@tests/down

# ---- installing -----------------------------------------------------------------------------

DESTDIR ?=
PREFIX  ?= /usr/local
TO      := "$(DESTDIR)$(PREFIX)
COMPLETIONS := bash-completion/completions
.PHONY: install uninstall
install: all                 ## DESTDIR= PREFIX=/usr/local; the client as "dfs"
	install -d $(TO)/bin" $(TO)/sbin" $(TO)/share/man/man1" $(TO)/share/man/man8" \
		$(TO)/share/$(COMPLETIONS)" $(TO)/lib/systemd/system" $(TO)/share/doc/dfs"
	install -m 755 $(BIN)/client/client $(TO)/bin/dfs"
	install -m 755 $(SERVERS) $(TO)/sbin"
	install -m 644 doc/dfs.1 $(TO)/share/man/man1"
	install -m 644 doc/dfs1.8 $(TO)/share/man/man8"
	for n in 2 3 4; do ln -sf dfs1.8 $(TO)/share/man/man8/dfs$$n.8"; done
	install -m 644 README.md doc/SECURITY.md $(TO)/share/doc/dfs"
	install -m 644 doc/dfs.bash-completion $(TO)/share/$(COMPLETIONS)/dfs"
	sed 's:@PREFIX@:$(PREFIX):' doc/dfs@.service >$(TO)/lib/systemd/system/dfs@.service"
uninstall:                   ## takes away what install put there; never a key or anything stored
	rm -f $(TO)/bin/dfs" $(TO)/share/man/man1/dfs.1" $(TO)/share/$(COMPLETIONS)/dfs" \
		$(TO)/lib/systemd/system/dfs@.service"
	for n in 1 2 3 4; do rm -f $(TO)/sbin/dfs$$n" $(TO)/share/man/man8/dfs$$n.8"; done
	rm -rf $(TO)/share/doc/dfs"

.PHONY: clean help
clean:                       ## removes what make made; never a key or anything stored
	rm -rf build
	rm -f client/client dfs1/dfs1 dfs2/dfs2 dfs3/dfs3 dfs4/dfs4
help:                        ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 16

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
