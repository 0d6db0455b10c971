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
#include "revocation.h"
#include "secret.h"
#include "server_sign.h"
#include "sets.h"
#include "status.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct renewal {
	struct cluster cluster;
	struct certificates *authority;
	uint8_t secret[SECRET_LEN];
	bool usable[DFS_SERVERS]; /* the secret in the server's folder */
	unsigned donor;           /* the first such server; 0: none */
	bool new_secret;
	struct dfs_result result;
};

typedef char name_buf[PATH_MAX + 32];

/* The name of a file of a server; of its folder when file is "". */
static const char *name_of(const struct renewal *renewal, unsigned server,
			   const char *file, name_buf buf)
{
	(void)snprintf(buf, sizeof(name_buf), "%s/dfs%u%s%s", renewal->cluster.folder,
		       server, *file != '\0' ? "/" : "", file);
	return buf;
}

static bool fail(struct renewal *renewal, const char *what, const char *name)
{
	renewal->result = result_of(DFS_EXIT_OTHER, "cannot %s %s: %s", what, name,
				    strerror(errno));
	return false;
}

/* Which secrets there are: all that are of use must be the same. */
static bool find_secret(struct renewal *renewal, server_set servers)
{
	char why[DFS_WHY];
	unsigned first = 0;
	name_buf name, other;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		uint8_t secret[SECRET_LEN];

		renewal->usable[s - 1] =
			secret_read(name_of(renewal, s, "secret", name),
				    renewal->cluster.folder, secret, why, sizeof why);
		if (!renewal->usable[s - 1])
			continue;
		if (first == 0) {
			first = s;
			memcpy(renewal->secret, secret, SECRET_LEN);
		} else if (CRYPTO_memcmp(renewal->secret, secret, SECRET_LEN) != 0) {
			OPENSSL_cleanse(secret, sizeof secret);
			renewal->result = result_of(
				DFS_EXIT_CONFLICT,
				"%s and %s differ: remove the one that the other servers "
				"do not have, and do this again",
				name_of(renewal, first, "secret", other), name);
			return false;
		}
		OPENSSL_cleanse(secret, sizeof secret);
	}
	renewal->donor = first;
	if (first != 0)
		return true;
	if (servers != SERVERS_ALL) {
		renewal->result = result_of(
			DFS_EXIT_OTHER,
			"no server's folder here has a secret that can be used: copy the "
			"file \"secret\" from the folder of a running server, or renew "
			"all four");
		return false;
	}
	renewal->new_secret = secret_make(renewal->secret);
	return renewal->new_secret || fail(renewal, "make", "random numbers");
}

static bool move(struct renewal *renewal, unsigned server, const char *from,
		 const char *to)
{
	name_buf old_name, new_name;

	if (rename(name_of(renewal, server, from, old_name),
		   name_of(renewal, server, to, new_name)) == 0)
		return true;
	return fail(renewal, "make", new_name);
}

/* What an earlier run left behind when it was cut off. */
static bool remove_left(struct renewal *renewal, unsigned server, const char *file)
{
	name_buf name;

	if (unlink(name_of(renewal, server, file, name)) == 0 || errno == ENOENT)
		return true;
	return fail(renewal, "remove", name);
}

static bool sync_folder(struct renewal *renewal, unsigned server)
{
	name_buf name;
	int fd = open(name_of(renewal, server, "", name),
		      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool synced = fd >= 0 && fsync(fd) == 0;

	if (!synced)
		(void)fail(renewal, "write", name);
	if (fd >= 0)
		(void)close(fd);
	return synced;
}

/* While the secret changes, a server has the former one too: as its donor's folder. */
static bool give_former(struct renewal *renewal, unsigned server)
{
	char text[SECRET_FORMER_TEXT], *why = renewal->result.why;
	uint8_t former[SECRET_LEN];
	int64_t until_ns = 0;
	name_buf name;
	bool given;

	if (renewal->donor != 0 &&
	    !secret_read_former(name_of(renewal, renewal->donor, "secret.old", name),
				former, &until_ns, why, DFS_WHY))
		return false;
	if (until_ns == 0)
		return remove_left(renewal, server, "secret.old");
	secret_former_text(former, until_ns, text);
	given = secret_replace(name_of(renewal, server, "secret.old", name), text, why,
			       DFS_WHY);
	OPENSSL_cleanse(former, sizeof former);
	OPENSSL_cleanse(text, sizeof text);
	return given;
}

static bool give_secret(struct renewal *renewal, unsigned server)
{
	char text[SECRET_TEXT];
	name_buf name;
	bool given;

	renewal->result.code = DFS_EXIT_OTHER;
	secret_text(renewal->secret, text);
	given = give_former(renewal, server) &&
		secret_replace(name_of(renewal, server, "secret", name), text,
			       renewal->result.why, DFS_WHY);
	OPENSSL_cleanse(text, sizeof text);
	return given;
}

static bool give_certificate(struct renewal *renewal, unsigned server)
{
	name_buf certificate, key, former, replaced;
	const struct revocation_files files = {
		.certificate = name_of(renewal, server, "cert.pem", former),
		.replaced = name_of(renewal, server, REVOCATION_REPLACED, replaced)};
	const struct certificate_pair pair = {
		.certificate = name_of(renewal, server, "cert.new.pem", certificate),
		.key = name_of(renewal, server, "key.new.pem", key)};
	char name[8];

	(void)snprintf(name, sizeof name, "dfs%u", server);
	if (!remove_left(renewal, server, "cert.new.pem") ||
	    !remove_left(renewal, server, "key.new.pem"))
		return false;
	if (!certificates_write_server(renewal->authority, name, &pair,
				       renewal->result.why, DFS_WHY)) {
		renewal->result.code = DFS_EXIT_OTHER;
		return false;
	}
	/* Whatever this server may still show can be revoked later. */
	if (!revocation_keep(&files, renewal->result.why, DFS_WHY)) {
		renewal->result.code = DFS_EXIT_OTHER;
		return false;
	}
	/* Both are on the disk before the first counts. */
	return sync_folder(renewal, server) &&
	       move(renewal, server, "cert.new.pem", "cert.pem") &&
	       move(renewal, server, "key.new.pem", "key.pem") &&
	       sync_folder(renewal, server);
}

static bool renew_server(struct renewal *renewal, unsigned server,
			 struct cluster_renewed *ret)
{
	name_buf folder;

	if (mkdir(name_of(renewal, server, "", folder), 0755) != 0 && errno != EEXIST)
		return fail(renewal, "make the folder", folder);
	if (!renewal->usable[server - 1]) {
		if (!give_secret(renewal, server))
			return false;
		ret->secret = true;
		ret->new_secret = renewal->new_secret;
	}
	if (!server_sign_is_there(&renewal->cluster, server)) {
		if (!server_sign_renew(&renewal->cluster, server, renewal->result.why)) {
			renewal->result.code = DFS_EXIT_OTHER;
			return false;
		}
		ret->sign_key = true;
	}
	ret->certificate = give_certificate(renewal, server);
	return ret->certificate;
}

/* The authority, and the secret that all are to have. */
static bool prepare(struct renewal *renewal, const char *folder, server_set servers)
{
	char *why = renewal->result.why;
	name_buf config, key;

	(void)snprintf(config, sizeof config, "%s/cluster.conf", folder);
	renewal->result.code = DFS_EXIT_USAGE;
	if (!cluster_read(config, &renewal->cluster, why, DFS_WHY))
		return false;
	renewal->result.code = DFS_EXIT_OTHER;
	(void)snprintf(key, sizeof key, "%s/ca.key", renewal->cluster.folder);
	renewal->authority = certificates_read(
		&(struct certificate_pair){renewal->cluster.ca, key}, why, DFS_WHY);
	return renewal->authority && find_secret(renewal, servers);
}

struct dfs_result cluster_renew(const char *folder, server_set servers,
				struct cluster_renewed ret[DFS_SERVERS],
				bool *ret_authority)
{
	struct renewal renewal = {.new_secret = false};
	bool done;

	memset(ret, 0, DFS_SERVERS * sizeof ret[0]);
	*ret_authority = false;
	done = prepare(&renewal, folder, servers);
	if (done &&
	    !revocation_renew_authority(renewal.authority, renewal.cluster.ca,
					ret_authority, renewal.result.why, DFS_WHY)) {
		renewal.result.code = DFS_EXIT_OTHER;
		done = false;
	}
	for (unsigned s = 1; done && s <= DFS_SERVERS; s++)
		if (set_has(servers, s))
			done = renew_server(&renewal, s, &ret[s - 1]);
	if (done)
		renewal.result = (struct dfs_result){.code = DFS_EXIT_DONE};
	certificates_free(renewal.authority);
	OPENSSL_cleanse(renewal.secret, sizeof renewal.secret);
	return renewal.result;
}
