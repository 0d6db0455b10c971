# What can be said of the Debian package without building it; "make test-package" does that.
load helper

teardown()
{
	cluster_end
}

@test "9.20 the package makes the user that its unit names, and needs no daemon" {
	cd "$SOURCE"
	user=$(sed -n 's/^User=//p' doc/dfs@.service)
	grep -q "getent passwd $user " debian/dfs.postinst
	grep -Eq "adduser .*--system" debian/dfs.postinst
	grep -q '^Suggests: rpcbind' debian/control
	! grep -E '^(Depends|Recommends):.*rpcbind' debian/control
	# It stops what the unit has started, and takes nothing away.
	grep -q "stop 'dfs@\*.service'" debian/dfs.prerm
	! grep -Ew 'rm|userdel|deluser' debian/dfs.p*
}

@test "9.20 what building the package leaves behind is ignored by git" {
	cp "$SOURCE/.gitignore" "$T"
	cd "$T"
	git init -q .
	for left in debian/files debian/dfs/usr/bin/dfs debian/.debhelper/x debian/dfs.substvars \
		debian/dfs.postinst.debhelper debian/debhelper-build-stamp; do
		mkdir -p "$(dirname "$left")"
		touch "$left"
	done
	git add -A
	[ "$(git ls-files)" = .gitignore ]
}

@test "9.20 make uninstall takes away what make install put there, and nothing that is stored" {
	cd "$SOURCE"
	# Not built anew: programs of any build will do.
	mkdir -p "$T/root/etc/dfs/dfs1/data/seg"
	touch "$T/root/etc/dfs/dfs1/data/seg/1.gdbm"
	for file in bin/dfs sbin/dfs1 share/man/man8/dfs4.8 share/doc/dfs/README.md lib/systemd/system/dfs@.service; do
		mkdir -p "$T/root/usr/$(dirname "$file")"
		touch "$T/root/usr/$file"
	done
	make uninstall DESTDIR="$T/root" PREFIX=/usr >/dev/null
	[ "$(cd "$T/root" && find . -type f)" = ./etc/dfs/dfs1/data/seg/1.gdbm ]
}
