/*
 * The addresses of a new cluster's servers.
 *
 * "auto" looks below the range from which the kernel gives ports to outgoing connections:
 * a port of that range may be gone whenever a server is started again.
 */
#include "cluster_ports.h"

#include "result.h"
#include "status.h"
#include "text.h"
#include <errno.h>
#include <netinet/in.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LOWEST_AUTO = 10240,
	RANGE_DEFAULT = 32768, /* where Linux begins with outgoing ports */
	TRIES = 1000,
	LAST_PORT = 65535
};

/* A socket bound to this port of 127.0.0.1 (0: any), or -1. */
static int hold(unsigned short port, unsigned short *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
		(void)close(fd);
		return -1;
	}
	*ret_port = ntohs(address.sin_port);
	return fd;
}

/* The lowest port that the kernel gives to an outgoing connection. */
static unsigned outgoing_from(void)
{
	FILE *stream = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	char line[64] = "";
	uint64_t from;

	if (stream) {
		if (!fgets(line, sizeof line, stream))
			line[0] = '\0';
		(void)fclose(stream);
	}
	line[strspn(line, "0123456789")] = '\0';
	return text_number(line, 1, LAST_PORT, &from) ? (unsigned)from : RANGE_DEFAULT;
}

static int hold_free(unsigned short *ret_port)
{
	unsigned end = outgoing_from();

	for (int i = 0; i < TRIES && end > LOWEST_AUTO; i++) {
		uint16_t random;
		int fd;

		if (RAND_bytes((unsigned char *)&random, sizeof random) != 1)
			break;
		fd = hold((unsigned short)(LOWEST_AUTO + random % (end - LOWEST_AUTO)),
			  ret_port);
		if (fd >= 0)
			return fd;
	}
	return hold(0, ret_port);
}

struct dfs_result cluster_ports_take(struct cluster_ports *ports, const char *text)
{
	uint64_t base = CLUSTER_PORTS_BASE;

	for (unsigned i = 0; i < DFS_SERVERS; i++)
		ports->fds[i] = -1;
	if (text && strcmp(text, "auto") == 0) {
		for (unsigned i = 0; i < DFS_SERVERS; i++) {
			ports->fds[i] = hold_free(&ports->ports[i]);
			if (ports->fds[i] < 0) {
				cluster_ports_release(ports);
				return result_of(DFS_EXIT_OTHER,
						 "no free port on 127.0.0.1: %s",
						 strerror(errno));
			}
		}
		return (struct dfs_result){0};
	}
	if (text && !text_number(text, 0, LAST_PORT - DFS_SERVERS, &base))
		return result_of(DFS_EXIT_USAGE,
				 "--base-port is \"auto\" or a number up to %d, not "
				 "\"%s\"",
				 LAST_PORT - DFS_SERVERS, text);
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		ports->ports[i] = (unsigned short)(base + i + 1);
	return (struct dfs_result){0};
}

void cluster_ports_release(struct cluster_ports *ports)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		if (ports->fds[i] >= 0)
			(void)close(ports->fds[i]);
		ports->fds[i] = -1;
	}
}

static void set_address(struct cluster_server *server, const char *host,
			unsigned short port)
{
	bool v6 = strchr(host, ':');

	(void)snprintf(server->host, sizeof server->host, "%s", host);
	(void)snprintf(server->address, sizeof server->address, "%s%s%s:%u",
		       v6 ? "[" : "", host, v6 ? "]" : "", (unsigned)port);
}

/* HOST, HOST:PORT, V6, [V6] or [V6]:PORT; *port stays where none is given. */
static bool split(const char *text, char host[256], unsigned short *port)
{
	size_t len = strlen(text);
	const char *colon = strchr(text, ':');

	if (len == 0 || len > 255 || strpbrk(text, " \t/;#="))
		return false;
	if (text[0] == '[' && text[len - 1] == ']') {
		memcpy(host, text + 1, len - 2);
		host[len - 2] = '\0';
		return len > 2 && !strpbrk(host, "[]");
	}
	if (!colon || (text[0] != '[' && strchr(colon + 1, ':'))) {
		strcpy(host, text);
		return !strpbrk(host, "[]");
	}
	return cluster_split_address(text, host, 256, port) && *port != 0;
}

struct dfs_result cluster_ports_apply(const struct cluster_ports *ports,
				      const char *const *hosts, size_t count,
				      struct cluster *cluster)
{
	bool given[DFS_SERVERS] = {false};

	for (unsigned i = 0; i < DFS_SERVERS; i++)
		set_address(&cluster->servers[i], "127.0.0.1", ports->ports[i]);
	for (size_t i = 0; i < count; i++) {
		unsigned server = (unsigned)(hosts[i][0] - '1');
		unsigned short port;
		char host[256];

		if (hosts[i][0] < '1' || server >= DFS_SERVERS || hosts[i][1] != '=' ||
		    (port = ports->ports[server], !split(hosts[i] + 2, host, &port)))
			return result_of(DFS_EXIT_USAGE,
					 "--host is N=HOST or N=HOST:PORT with N from 1 "
					 "to 4, not \"%s\"",
					 hosts[i]);
		if (given[server])
			return result_of(DFS_EXIT_USAGE,
					 "--host is given twice for server %u",
					 server + 1);
		given[server] = true;
		set_address(&cluster->servers[server], host, port);
	}
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		for (unsigned k = 0; k < i; k++)
			if (strcmp(cluster->servers[i].address,
				   cluster->servers[k].address) == 0)
				return result_of(DFS_EXIT_USAGE,
						 "dfs%u and dfs%u would have the same "
						 "address, %s",
						 k + 1, i + 1,
						 cluster->servers[i].address);
	return (struct dfs_result){0};
}
