# The walls of the tree: in a copy of it each rule is broken, and whoever holds it is seen to say so.
load helper

# What a wing may not include: a file of the wing, and the header.
forbidden=(
	rpc/text.c store.h
	rpc/text.c libdfs.h
	server/store/frame.c acceptor.h
	server/store/frame.c libdfs.h
	server/agreement/promises.c index.h
	server/agreement/promises.c healing.h
	server/healing/tombstones.c permit.h
	server/access/ticket.c healing.h
	server/access/ticket.c procs.h
	server/service/message.c segment.h
	dfs1/main.c acceptor.h
	client/session/keys.c lookup.h
	client/registers/manifest.c commands.h
	client/registers/judge.c stage.h
	client/lib/put.c commands.h
	client/registers/manifest.c store.h
	client/cluster/undo.c commands.h
	client/command/run.c cluster_create.h
	client/command/run.c upkeep.h
	client/upkeep/cmd_user.c commands.h
	client/verbs/cmd_df.c proposer.h
	client/verbs/cmd_df.c cluster_create.h
	client/verbs/cmd_df.c shell.h
	client/shell/shell.c cluster_create.h
	client/main.c proposer.h
)

setup_file()
{
	mkdir "$BATS_FILE_TMPDIR/tree"
	cd "$SOURCE"
	cp -a --parents Makefile ./*.md CHANGELOG LICENSE .clang-format rpc server client dfs[1-4]/main.c doc tests \
		"$BATS_FILE_TMPDIR/tree"
	cd "$BATS_FILE_TMPDIR/tree"
	# What is said of the tree as it is, is not said of what is done to it here.
	tests/lint --quick >"$BATS_FILE_TMPDIR/before" || true
}

setup()
{
	cp -a "$BATS_FILE_TMPDIR/tree" "$BATS_FILE_TMPDIR/before" "$T"
	cd "$T/tree"
}

# Was this complaint made, and only after the rule was broken?
said()
{
	grep -qF -- "$1" "$T/after" || { echo "not said: $1"; cat "$T/after"; return 1; }
	! grep -F -- "$1" "$T/before"
}

lint_fails()
{
	run -1 tests/lint --quick
	echo "$output" >"$T/after"
}

# Compiles one file of the copy, in a folder of its own.
compile()
{
	make -s --no-print-directory BUILD=build/walls "build/walls/${1%.c}.o"
}

@test "a forbidden include of any kind does not compile, and lint names it" {
	for ((pair = 0; pair < ${#forbidden[@]}; pair += 2)); do
		file=${forbidden[pair]} header=${forbidden[pair + 1]}
		cp "$file" "$T/kept"
		echo "#include \"$header\"" >>"$file"
		run ! compile "$file"
		[[ $output == *"$header: No such file or directory"* ]]
		cp "$T/kept" "$file"
	done
	for ((pair = 0; pair < ${#forbidden[@]}; pair += 2)); do
		echo "#include \"${forbidden[pair + 1]}\"" >>"${forbidden[pair]}"
	done
	echo '#include "../store/index.h"' >>server/agreement/acceptor.c
	echo '#include "acceptor_internal.h"' >>server/service/dispatch.c
	echo '#include <gdbm.h>' >>server/store/frame.c
	lint_fails
	for ((pair = 0; pair < ${#forbidden[@]}; pair += 2)); do
		said "${forbidden[pair]} includes ${forbidden[pair + 1]}"
	done
	said '#include "../store/index.h"'
	said '#include "acceptor_internal.h"'
	said '#include <gdbm.h>'
}

@test "a call to a wing above is found by its symbols" {
	built=$(dirname "$DFS_TOOLS")
	(cd "$built" && find rpc server client -name '*.o') | while read -r object; do
		mkdir -p "build/walls/$(dirname "$object")"
		ln -s "$built/$object" "build/walls/$object"
	done
	tests/stairs build/walls >"$T/before" || true
	rm build/walls/server/store/frame.o
	cat >>server/store/frame.c <<-'CODE'
		struct acceptor;
		dfs_seen acceptor_seen(struct acceptor *);
		uint64_t frame_upwards(struct acceptor *);
		uint64_t frame_upwards(struct acceptor *acceptor)
		{
			return acceptor_seen(acceptor).counter;
		}
	CODE
	compile server/store/frame.c
	run -1 tests/stairs build/walls
	echo "$output" >"$T/after"
	said 'server/store/frame.c uses acceptor_seen of server/agreement/acceptor.c'
}

@test "a document and a tree that do not agree are found" {
	# In two pieces, so that this file does not say it itself.
	echo "/* As ""doc/DESIGN.md 99 has it; see also ""doc/NOTHING.md and ""server/store/wall.c. */" >>rpc/text.c
	printf '/*\n * As it is in ''doc/AGREEMENT.md\n * 3.99, and done by ''wall_of.h.\n */\n' >>rpc/bytes.c
	echo 'More is in `server/store/''wall.c`.' >>CONTRIBUTING.md
	touch server/agreement/README.md
	echo '/* Nobody names it. */' >server/agreement/wall.c
	printf '@test "%s a promise that no list has" {\n}\n' 99.9 >tests/scenarios/unlisted.bats
	sed -i 's/`readme.bats`/`bytes.bats`/' tests/README.md
	sed -i -e '/^## What is promised$/a\\n- The moon stays where it is.' -e 's/`stored.bats 8.12`/`stored.bats 99.9`/' \
		-e 's/`sharing.bats after unshare`/`sharing.bats never`/' -e 's/`test_ticket`/`test_wall`/' doc/SECURITY.md
	lint_fails
	said "cites doc/DESIGN.md"" 99, which is not there"
	said "cites doc/NOTHING"".md, which is not there"
	said "names server/store/""wall.c, which is not there"
	said "cites doc/AGREEMENT.md"" 3.99, which is not there"
	said "names wall_of"".h, which is nowhere"
	grep 'CONTRIBUTING.md:.* names' "$T/after"
	said 'server/agreement/README.md does not name wall.c'
	said 'doc/SECURITY.md promises without a test: '"['The moon stays where it is.']"
	said 'names stored.bats 99.9, which is no test'
	said 'names sharing.bats never, which is no test'
	said 'names test_wall, which is no test'
	said 'tests/README.md: 99.9 does not name unlisted.bats'
	said 'tests/README.md: 1.1 does not name readme.bats'
	said 'tests/README.md: 1.1 names bytes.bats, which has it not'
}

@test "what is written in another hand is found" {
	printf '#ifndef WALL_H\n#define WALL_H\n#endif\n' >rpc/wall.h
	cat >rpc/wall.c <<-'CODE'
		#include <stdio.h>
		int wall_one(const char *text, char *to)
		{
			snprintf(to, 4, "%s", text);
			if (text == NULL) snprintf(to, 4, "nothing"); /* == NULL is only said here */
			return snprintf(to, 4, "%s", text) + (int)snprintf(to, 4, "== NULL");
		}
		/* 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234 */
			/* 012345678901234567890123456789012345678901234567890123456789012345678 */
		#ifdef TEST
		#endif
	CODE
	lint_fails
	said 'rpc/wall.h is not guarded by DFS_WALL_H'
	said 'rpc/wall.c:4 calls snprintf without (void)'
	said 'rpc/wall.c:5 calls snprintf without (void)'
	said 'rpc/wall.c:5 compares with NULL'
	! grep 'rpc/wall.c:6' "$T/after"
	said 'rpc/wall.c:8 has 91 columns'
	! grep 'rpc/wall.c:9' "$T/after"
	said 'the product knows nothing of its tests'
}
