# Four file servers, dfs1..dfs4, and their client.  "make" builds them in their places;
# "make demo" shows them at work; "make test" tests them; "make help" lists the rest.

CC      ?= gcc
CFLAGS  ?= -O2 -g
BUILD   ?= build
# Where the programs go: the source tree itself, or a folder of a sanitizer build.
BIN     ?= .
VERSION := 0.1.0

WARN    := -Wall -Wextra -Wconversion -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
	   -Wcast-qual -Wformat=2 -Wundef -Werror
HARDEN  := -fstack-protector-strong -fPIE
ALL_CFLAGS   = -std=gnu11 $(CFLAGS) $(WARN) $(HARDEN) $(SANITIZE) -pthread
ALL_CPPFLAGS = -D_GNU_SOURCE -DDFS_SOFTWARE='"$(VERSION)"' -isystem /usr/include/tirpc -MMD -MP
ALL_LDFLAGS  = -pie -Wl,-z,relro,-z,now $(SANITIZE) -pthread $(LDFLAGS)

RPC_LIBS    := -ltirpc -lssl -lcrypto -linih -lxxhash
SERVER_LIBS := -lgdbm
CLIENT_LIBS := -ljansson

# The include path is the architecture: rpc/ sees itself, server/ and client/ see rpc/.
RPC_PATH    := -Irpc -I$(BUILD)/rpc
SERVER_PATH := -Iserver $(RPC_PATH)
CLIENT_PATH := -Iclient $(RPC_PATH)

RPC_OBJECTS    := $(patsubst %.c,$(BUILD)/%.o,$(wildcard rpc/*.c)) $(BUILD)/rpc/dfs_xdr.o
SERVER_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard server/*.c))
CLIENT_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out client/main.c,$(wildcard client/*.c)))
SERVERS        := $(foreach n,1 2 3 4,$(BIN)/dfs$(n)/dfs$(n))
PROGRAMS       := $(BIN)/client/client $(SERVERS)

.DELETE_ON_ERROR:
.PHONY: all
all: $(PROGRAMS)

# rpcgen repeats the path it is given in the header's name, so it runs inside rpc/.  It does
# not overwrite its output.
$(BUILD)/rpc/dfs.h: rpc/dfs.x
	@mkdir -p $(@D) && rm -f $@
	cd rpc && rpcgen -C -M -i 0 -h -o $(abspath $@) dfs.x
$(BUILD)/rpc/dfs_xdr.c: rpc/dfs.x $(BUILD)/rpc/dfs.h
	@mkdir -p $(@D) && rm -f $@
	cd rpc && rpcgen -C -M -i 0 -c -o $(abspath $@) dfs.x
$(BUILD)/rpc/dfs_xdr.o: $(BUILD)/rpc/dfs_xdr.c
	$(CC) $(ALL_CPPFLAGS) $(RPC_PATH) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/rpc/%.o: rpc/%.c | $(BUILD)/rpc/dfs.h
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(RPC_PATH) $(ALL_CFLAGS) -c -o $@ $<
$(BUILD)/server/%.o: server/%.c | $(BUILD)/rpc/dfs.h
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(SERVER_PATH) $(ALL_CFLAGS) -c -o $@ $<
$(BUILD)/client/%.o: client/%.c | $(BUILD)/rpc/dfs.h
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(CLIENT_PATH) $(ALL_CFLAGS) -c -o $@ $<
$(BUILD)/dfs%/main.o: dfs%/main.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) -Iserver $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/librpc.a: $(RPC_OBJECTS)
$(BUILD)/libserver.a: $(SERVER_OBJECTS)
$(BUILD)/libdfs.a: $(CLIENT_OBJECTS)
$(BUILD)/%.a:
	rm -f $@ && $(AR) rcs $@ $^

$(BIN)/client/client: $(BUILD)/client/main.o $(BUILD)/libdfs.a $(BUILD)/librpc.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(RPC_LIBS) $(CLIENT_LIBS)
define server_rule
$(BIN)/dfs$(1)/dfs$(1): $(BUILD)/dfs$(1)/main.o $(BUILD)/libserver.a $(BUILD)/librpc.a
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(RPC_LIBS) $$(SERVER_LIBS)
endef
$(foreach n,1 2 3 4,$(eval $(call server_rule,$(n))))

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
