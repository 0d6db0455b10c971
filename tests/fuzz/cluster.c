/* cluster.conf: what is read can be written, and is read alike. */
#include "fuzz.h"

#include "cluster.h"
#include "file_fixture.h"

#include <unistd.h>

static bool same(const struct cluster *a, const struct cluster *b)
{
	bool alike = strcmp(a->ca, b->ca) == 0 &&
		     memcmp(&a->id, &b->id, sizeof a->id) == 0 &&
		     memcmp(&a->admin_key, &b->admin_key, sizeof a->admin_key) == 0;

	for (unsigned i = 0; alike && i < DFS_SERVERS; i++)
		alike = strcmp(a->servers[i].address, b->servers[i].address) == 0 &&
			strcmp(a->servers[i].host, b->servers[i].host) == 0;
	return alike;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct cluster cluster, again;
	char why[512], other[64];
	const char *file = file_fixture_write(bytes, len);

	why[0] = '\0';
	if (!cluster_read(file, &cluster, why, sizeof why)) {
		FUZZ_MUST(why[0] != '\0');
		return 0;
	}
	fuzz_took();
	for (unsigned server = 1; server <= DFS_SERVERS; server++) {
		const char *address = cluster.servers[server - 1].address;
		char host[256];
		unsigned short port;

		(void)cluster_is_spread(&cluster, server);
		FUZZ_MUST(address[0] == '\0' ||
			  cluster_split_address(address, host, sizeof host, &port));
	}
	(void)snprintf(other, sizeof other, "%s.again", file);
	if (cluster_write(other, &cluster, why, sizeof why)) {
		FUZZ_MUST(cluster_read(other, &again, why, sizeof why));
		FUZZ_MUST(same(&cluster, &again));
	}
	(void)unlink(other);
	return 0;
}
