/*
 * The end of a server whose folder was stolen.
 *
 * The list comes first: it is what counts, and the server gets another key to sign with.
 * Then each folder gets the former secret
 * before the new one.  Whoever is cut off in between does it again within the hour, while
 * all four still use the former one; later the secrets differ, which is said.
 */
#include "cluster_revoke.h"

#include "certificates.h"
#include "clock.h"
#include "cluster.h"
#include "dfs.h"
#include "result.h"
#include "revocation.h"
#include "secret.h"
#include "server_sign.h"
#include "status.h"
#include "tls.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

typedef char name_buf[PATH_MAX + 32];

static const char *name_of(const struct cluster *cluster, unsigned server,
			   const char *file, name_buf buf)
{
	(void)snprintf(buf, sizeof(name_buf), "%s/dfs%u/%s", cluster->folder, server,
		       file);
	return buf;
}

/*
 * What the servers use now: while a change is under way, still what that replaces.  All
 * four are to have the same.
 */
static bool read_used(const struct cluster *cluster, uint8_t ret[SECRET_LEN], char *why)
{
	uint8_t secret[SECRET_LEN], former[SECRET_LEN];
	bool good = true;

	for (unsigned s = 1; good && s <= DFS_SERVERS; s++) {
		name_buf name;
		int64_t until = 0;

		good = secret_read(name_of(cluster, s, "secret", name), cluster->folder,
				   secret, why, DFS_WHY) &&
		       secret_read_former(name_of(cluster, s, "secret.old", name), former,
					  &until, why, DFS_WHY);
		if (!good)
			break;
		if (until > clock_wall_ns())
			memcpy(secret, former, SECRET_LEN);
		good = s == 1 || memcmp(ret, secret, SECRET_LEN) == 0;
		memcpy(ret, secret, SECRET_LEN);
		if (!good)
			(void)snprintf(
				why, DFS_WHY,
				"%.800s and that of another server's folder differ: "
				"copy here what the servers that run have",
				name_of(cluster, s, "secret", name));
	}
	secret_wipe(secret, sizeof secret);
	secret_wipe(former, sizeof former);
	return good;
}

/* A new secret for all four, beside the one that they use. */
static bool change_secret(const struct cluster *cluster, const uint8_t used[SECRET_LEN],
			  char *why)
{
	const int64_t until =
		clock_wall_ns() + CLUSTER_REVOKE_SECONDS * INT64_C(1000000000);
	char former_line[SECRET_FORMER_TEXT], line[SECRET_TEXT];
	uint8_t fresh[SECRET_LEN];
	bool done = secret_make(fresh);

	if (!done)
		(void)snprintf(why, DFS_WHY, "cannot make random numbers");
	secret_former_text(used, until, former_line);
	secret_text(fresh, line);
	for (unsigned s = 1; done && s <= DFS_SERVERS; s++) {
		name_buf former, secret;

		done = secret_replace(name_of(cluster, s, "secret.old", former),
				      former_line, why, DFS_WHY) &&
		       secret_replace(name_of(cluster, s, "secret", secret), line, why,
				      DFS_WHY);
	}
	secret_wipe(fresh, sizeof fresh);
	secret_wipe(line, sizeof line);
	secret_wipe(former_line, sizeof former_line);
	return done;
}

struct dfs_result cluster_revoke(const char *folder, unsigned server)
{
	struct dfs_result result = {.code = DFS_EXIT_USAGE};
	struct certificates *authority = NULL;
	uint8_t used[SECRET_LEN];
	name_buf config, key, certificate, replaced;
	char list[PATH_MAX + sizeof TLS_LIST];
	struct cluster cluster;

	(void)snprintf(config, sizeof config, "%s/cluster.conf", folder);
	if (!cluster_read(config, &cluster, result.why, DFS_WHY))
		return result;
	result.code = DFS_EXIT_OTHER;
	(void)snprintf(key, sizeof key, "%s/ca.key", cluster.folder);
	tls_list_name(cluster.ca, list, sizeof list);
	authority = certificates_read(&(struct certificate_pair){cluster.ca, key},
				      result.why, DFS_WHY);
	const struct revocation_files files = {
		.certificate = name_of(&cluster, server, "cert.pem", certificate),
		.replaced = name_of(&cluster, server, REVOCATION_REPLACED, replaced),
		.list = list};
	if (authority && read_used(&cluster, used, result.why) &&
	    revocation_add(authority, &files, result.why, DFS_WHY) &&
	    server_sign_renew(&cluster, server, result.why) &&
	    change_secret(&cluster, used, result.why))
		result = (struct dfs_result){.code = DFS_EXIT_DONE};
	certificates_free(authority);
	secret_wipe(used, sizeof used);
	return result;
}
