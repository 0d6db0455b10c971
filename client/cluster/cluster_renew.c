/*
 * New certificates for the servers of a cluster.
 *
 * Everything is written under other names first, and then renamed: the certificate, then
 * its key.  Whoever is cut off in between leaves the new key where the server looks for
 * it.
 */
#include "cluster_renew.h"

#include "certificates.h"
#include "cluster.h"
#include "result.h"
#include "secret.h"
#include "status.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ALL = (1U << DFS_SERVERS) - 1 };

struct renewing {
	struct cluster cluster;
	struct certificates *authority;
	uint8_t secret[SECRET_LEN];
	bool usable[DFS_SERVERS]; /* the secret in the server's folder */
	bool new_secret;
	struct dfs_result result;
};

typedef char name_buf[PATH_MAX + 32];

/* The name of a file of a server; of its folder when file is "". */
static const char *name_of(const struct renewing *renewing, unsigned server,
			   const char *file, name_buf buf)
{
	(void)snprintf(buf, sizeof(name_buf), "%s/dfs%u%s%s", renewing->cluster.folder,
		       server, *file != '\0' ? "/" : "", file);
	return buf;
}

static bool fail(struct renewing *renewing, const char *what, const char *name)
{
	renewing->result = result_of(DFS_EXIT_OTHER, "cannot %s %s: %s", what, name,
				     strerror(errno));
	return false;
}

/* Which secrets there are: all that are of use must be the same. */
static bool find_secret(struct renewing *renewing, unsigned servers)
{
	char why[DFS_WHY];
	unsigned first = 0;
	name_buf name, other;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		uint8_t secret[SECRET_LEN];

		renewing->usable[s - 1] =
			secret_read(name_of(renewing, s, "secret", name),
				    renewing->cluster.folder, secret, why, sizeof why);
		if (!renewing->usable[s - 1])
			continue;
		if (first == 0) {
			first = s;
			memcpy(renewing->secret, secret, SECRET_LEN);
		} else if (CRYPTO_memcmp(renewing->secret, secret, SECRET_LEN) != 0) {
			renewing->result = result_of(
				DFS_EXIT_CONFLICT,
				"%s and %s differ: remove the one that the other servers "
				"do not have, and do this again",
				name_of(renewing, first, "secret", other), name);
			return false;
		}
		OPENSSL_cleanse(secret, sizeof secret);
	}
	if (first != 0)
		return true;
	if (servers != ALL) {
		renewing->result = result_of(
			DFS_EXIT_OTHER,
			"no server's folder here has a secret that can be used: copy the file "
			"\"secret\" from the folder of a running server, or renew all four");
		return false;
	}
	renewing->new_secret = secret_make(renewing->secret);
	return renewing->new_secret || fail(renewing, "make", "random numbers");
}

static bool move(struct renewing *renewing, unsigned server, const char *from,
		 const char *to)
{
	name_buf old_name, new_name;

	if (rename(name_of(renewing, server, from, old_name),
		   name_of(renewing, server, to, new_name)) == 0)
		return true;
	return fail(renewing, "make", new_name);
}

/* What an earlier run left behind when it was cut off. */
static bool remove_left(struct renewing *renewing, unsigned server, const char *file)
{
	name_buf name;

	if (unlink(name_of(renewing, server, file, name)) == 0 || errno == ENOENT)
		return true;
	return fail(renewing, "remove", name);
}

static bool sync_folder(struct renewing *renewing, unsigned server)
{
	name_buf name;
	int fd = open(name_of(renewing, server, "", name),
		      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool synced = fd >= 0 && fsync(fd) == 0;

	if (!synced)
		(void)fail(renewing, "write", name);
	if (fd >= 0)
		(void)close(fd);
	return synced;
}

static bool give_secret(struct renewing *renewing, unsigned server)
{
	char text[SECRET_TEXT];
	name_buf name;
	bool written;

	if (!remove_left(renewing, server, "secret.new"))
		return false;
	secret_text(renewing->secret, text);
	written = secret_write(name_of(renewing, server, "secret.new", name), text,
			       renewing->result.why, DFS_WHY);
	OPENSSL_cleanse(text, sizeof text);
	if (!written) {
		renewing->result.code = DFS_EXIT_OTHER;
		return false;
	}
	return move(renewing, server, "secret.new", "secret");
}

static bool give_certificate(struct renewing *renewing, unsigned server)
{
	name_buf certificate, key;
	char name[8];

	(void)snprintf(name, sizeof name, "dfs%u", server);
	if (!remove_left(renewing, server, "cert.new.pem") ||
	    !remove_left(renewing, server, "key.new.pem"))
		return false;
	if (!certificates_write_server(
		    renewing->authority, name,
		    name_of(renewing, server, "cert.new.pem", certificate),
		    name_of(renewing, server, "key.new.pem", key), renewing->result.why,
		    DFS_WHY)) {
		renewing->result.code = DFS_EXIT_OTHER;
		return false;
	}
	/* Both are on the disk before the first counts. */
	return sync_folder(renewing, server) &&
	       move(renewing, server, "cert.new.pem", "cert.pem") &&
	       move(renewing, server, "key.new.pem", "key.pem") &&
	       sync_folder(renewing, server);
}

static bool renew_server(struct renewing *renewing, unsigned server,
			 struct cluster_renewed *ret)
{
	name_buf folder;

	if (mkdir(name_of(renewing, server, "", folder), 0755) != 0 && errno != EEXIST)
		return fail(renewing, "make the folder", folder);
	if (!renewing->usable[server - 1]) {
		if (!give_secret(renewing, server))
			return false;
		ret->secret = true;
		ret->new_secret = renewing->new_secret;
	}
	ret->certificate = give_certificate(renewing, server);
	return ret->certificate;
}

/* The authority, and the secret that all are to have. */
static bool prepare(struct renewing *renewing, const char *folder, unsigned servers)
{
	char *why = renewing->result.why;
	name_buf config, key;

	(void)snprintf(config, sizeof config, "%s/cluster.conf", folder);
	renewing->result.code = DFS_EXIT_USAGE;
	if (!cluster_read(config, &renewing->cluster, why, DFS_WHY))
		return false;
	renewing->result.code = DFS_EXIT_OTHER;
	(void)snprintf(key, sizeof key, "%s/ca.key", renewing->cluster.folder);
	renewing->authority = certificates_read(renewing->cluster.ca, key, why, DFS_WHY);
	return renewing->authority && find_secret(renewing, servers);
}

struct dfs_result cluster_renew(const char *folder, unsigned servers,
				struct cluster_renewed ret[DFS_SERVERS])
{
	struct renewing renewing = {.new_secret = false};
	bool done;

	memset(ret, 0, DFS_SERVERS * sizeof ret[0]);
	done = prepare(&renewing, folder, servers);
	for (unsigned s = 1; done && s <= DFS_SERVERS; s++)
		if (servers & 1U << (s - 1))
			done = renew_server(&renewing, s, &ret[s - 1]);
	if (done)
		renewing.result = (struct dfs_result){.code = DFS_EXIT_DONE};
	certificates_free(renewing.authority);
	OPENSSL_cleanse(renewing.secret, sizeof renewing.secret);
	return renewing.result;
}
