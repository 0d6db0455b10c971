/* A new key for a server to sign with. */
#include "server_sign.h"

#include "secret.h"
#include "server_keys.h"

#include <limits.h>
#include <stdio.h>

typedef char name_buf[PATH_MAX + 32];

static const char *name_of(const struct cluster *cluster, unsigned server, name_buf buf)
{
	(void)snprintf(buf, sizeof(name_buf), "%s/dfs%u/sign.key", cluster->folder,
		       server);
	return buf;
}

bool server_sign_is_there(const struct cluster *cluster, unsigned server)
{
	name_buf name;
	char why[DFS_WHY];
	struct server_key *key =
		server_key_read(name_of(cluster, server, name), cluster->folder, server,
				&cluster->sign, why, sizeof why);
	bool is_there = key;

	server_key_free(key);
	return is_there;
}

bool server_sign_renew(const struct cluster *cluster, unsigned server, char *why)
{
	char text[SECRET_TEXT];
	uint8_t secret[SECRET_LEN];
	name_buf name, config;
	struct server_key *key = NULL;
	dfs_key public;
	bool done = secret_make(secret) && (key = server_key_new(server, 1, secret));

	if (!done)
		(void)snprintf(why, DFS_WHY,
			       "out of memory, or the system has no random numbers");
	if (done) {
		(void)snprintf(config, sizeof config, "%s/cluster.conf", cluster->folder);
		server_key_public(key, &public);
		secret_text(secret, text);
		/* Who is cut off in between does it again. */
		done = cluster_add_key(config, server, &public, why, DFS_WHY) &&
		       secret_replace(name_of(cluster, server, name), text, why, DFS_WHY);
	}
	server_key_free(key);
	secret_wipe(secret, sizeof secret);
	secret_wipe(text, sizeof text);
	return done;
}
