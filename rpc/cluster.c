/*
 * cluster.conf, by inih.
 *
 * inih lets section heads without keys, doubled sections and over-long lines pass, and
 * takes an indented line for more of the value above it.  The reader that it gets its
 * lines from is ours, looks at each line first, and hands it over without what editors
 * put before it.
 */
#include "cluster.h"

#include "ballot.h"
#include "text.h"
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SECTION_CLUSTER = 0,
	SECTIONS_NEEDED = 1 + DFS_SERVERS,
	SECTION_SERVER = SECTIONS_NEEDED,
	SECTIONS,
	HOST_MAX = 255
};

struct cluster_reading {
	FILE *stream;
	struct cluster *cluster;
	unsigned line;
	bool seen[SECTIONS]; /* whose head was read */
	bool has_id, has_ca, has_admin;
	bool has_address[DFS_SERVERS], has_host[DFS_SERVERS], has_listen[DFS_SERVERS];
	char wrong[256]; /* the first thing that is; empty so far */
};

static void blame(struct cluster_reading *reading, const char *what, const char *name)
{
	/* An empty file has no line to blame. */
	if (reading->wrong[0] == '\0')
		(void)snprintf(reading->wrong, sizeof reading->wrong,
			       "line %u: %s%s%.60s",
			       reading->line > 0 ? reading->line : 1, what,
			       *name != '\0' ? " " : "", name);
}

/* The index of a section in "seen", or -1. */
static int section_index(const char *name)
{
	if (strcmp(name, "cluster") == 0)
		return SECTION_CLUSTER;
	if (strncmp(name, "dfs", 3) == 0 && name[3] >= '1' &&
	    name[3] <= '0' + DFS_SERVERS && name[4] == '\0')
		return name[3] - '0';
	if (strcmp(name, "server") == 0)
		return SECTION_SERVER;
	return -1;
}

static void note_section(struct cluster_reading *reading, const char *head)
{
	char name[64];
	size_t len = strcspn(head, "]\n");
	int section;

	if (head[len] != ']' || len >= sizeof name) {
		blame(reading, "a section head that does not end in ]", "");
		return;
	}
	memcpy(name, head, len);
	name[len] = '\0';
	section = section_index(name);
	if (section < 0)
		blame(reading, "unknown section", name);
	else if (reading->seen[section])
		blame(reading, "a second section", name);
	else
		reading->seen[section] = true;
}

/* How many bytes of a line's beginning mean nothing: a byte order mark, and blanks. */
static size_t skipped(struct cluster_reading *reading, const char *line)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t len = 0;

	if (reading->line == 1 && strncmp(line, mark, strlen(mark)) == 0)
		len = strlen(mark);
	else if (reading->line == 1 &&
		 (strncmp(line, "\xff\xfe", 2) == 0 || strncmp(line, "\xfe\xff", 2) == 0))
		blame(reading, "the file is in UTF-16; save it as UTF-8", "");
	return len + strspn(line + len, " \t");
}

static char *next_line(char *line, int size, void *context)
{
	struct cluster_reading *reading = context;
	size_t skip, end;

	if (!fgets(line, size, reading->stream))
		return NULL;
	reading->line++;
	skip = skipped(reading, line);
	if (!strchr(line, '\n') && !feof(reading->stream))
		blame(reading, "the line is too long, or has a NUL byte", "");
	end = strcspn(line, "\r");
	if (line[end] == '\r' && line[end + 1] != '\n' && line[end + 1] != '\0')
		blame(reading, "a carriage return within the line; end lines with LF",
		      "");
	/* inih looks at what lies in line, and not at what is returned. */
	memmove(line, line + skip, strlen(line + skip) + 1);
	if (*line == '[')
		note_section(reading, line + 1);
	return line;
}

/* What a line of it says. */
struct pair {
	const char *name, *value;
};

/*
 * Copies a value that may be given once.  "=;" is not taken for what it is to inih, a
 * value: after a blank it would be a comment.
 */
static void take(struct cluster_reading *reading, bool *has, char *to, size_t size,
		 const struct pair *pair)
{
	if (*has)
		blame(reading, "given twice:", pair->name);
	else if (*pair->value == '\0' || *pair->value == ';')
		blame(reading, "without a value:", pair->name);
	else if (strlen(pair->value) >= size)
		blame(reading, "too long a value:", pair->name);
	else
		strcpy(to, pair->value);
	*has = true;
}

/* One more key of the server's: the newest is the last. */
static void take_sign(struct cluster_reading *reading, unsigned server, const char *text)
{
	struct server_keys *keys = &reading->cluster->sign;
	uint32_t count = keys->count[server - 1];

	if (count == DFS_SERVER_KEYS_MAX)
		blame(reading, "more keys than a server can have had", "");
	else if (!text_unhex(text, keys->keys[server - 1][count].bytes, DFS_KEY_LEN))
		blame(reading, "sign is not 64 hex digits", "");
	else
		keys->count[server - 1]++;
}

static void take_server(struct cluster_reading *reading, unsigned server,
			const struct pair *pair)
{
	struct cluster_server *to = &reading->cluster->servers[server - 1];
	char host[sizeof to->host];
	unsigned short port;

	if (strcmp(pair->name, "host") == 0) {
		take(reading, &reading->has_host[server - 1], to->host, sizeof to->host,
		     pair);
	} else if (strcmp(pair->name, "address") == 0) {
		take(reading, &reading->has_address[server - 1], to->address,
		     sizeof to->address, pair);
		if (!cluster_split_address(pair->value, host, sizeof host, &port) ||
		    port == 0)
			blame(reading, "not HOST:PORT or [V6]:PORT:", pair->value);
	} else if (strcmp(pair->name, "listen") == 0) {
		take(reading, &reading->has_listen[server - 1], to->listen,
		     sizeof to->listen, pair);
		if (!cluster_split_address(pair->value, host, sizeof host, &port))
			blame(reading, "not HOST:PORT or [V6]:PORT:", pair->value);
	} else if (strcmp(pair->name, "sign") == 0) {
		take_sign(reading, server, pair->value);
	} else {
		blame(reading, "unknown key", pair->name);
	}
}

static void take_tuning(struct cluster_reading *reading, const char *name,
			const char *value)
{
	char why[TUNING_WHY];

	if (!tuning_take(&reading->cluster->tuning, name, value, why))
		blame(reading, why, "");
}

static int take_pair(void *context, const char *section, const char *name,
		     const char *value)
{
	struct cluster_reading *reading = context;
	const struct pair pair = {name, value};
	int index = section_index(section);
	char id[ID_TEXT], key[2 * DFS_KEY_LEN + 1];

	if (index < 0) {
		blame(reading, "a key outside of any known section:", name);
	} else if (index == SECTION_SERVER) {
		take_tuning(reading, name, value);
	} else if (index != SECTION_CLUSTER) {
		take_server(reading, (unsigned)index, &pair);
	} else if (strcmp(name, "id") == 0) {
		id[0] = '\0';
		take(reading, &reading->has_id, id, sizeof id, &pair);
		if (!id_parse(id, &reading->cluster->id) ||
		    id_is_zero(&reading->cluster->id))
			blame(reading, "id is not 32 hex digits", "");
	} else if (strcmp(name, "admin") == 0) {
		key[0] = '\0';
		take(reading, &reading->has_admin, key, sizeof key, &pair);
		if (!text_unhex(key, reading->cluster->admin_key.bytes, DFS_KEY_LEN))
			blame(reading, "admin is not 64 hex digits", "");
	} else if (strcmp(name, "ca") == 0) {
		take(reading, &reading->has_ca, reading->cluster->ca,
		     sizeof reading->cluster->ca, &pair);
	} else {
		blame(reading, "unknown key", name);
	}
	return 1;
}

static void demand_all(struct cluster_reading *reading)
{
	static const char *const names[SECTIONS_NEEDED] = {"[cluster]", "[dfs1]",
							   "[dfs2]", "[dfs3]", "[dfs4]"};

	for (int i = 0; i < SECTIONS_NEEDED; i++)
		if (!reading->seen[i])
			blame(reading, "the file ends without a section", names[i]);
	if (!reading->has_id)
		blame(reading, "the file ends without", "id in [cluster]");
	if (!reading->has_ca)
		blame(reading, "the file ends without", "ca in [cluster]");
	if (!reading->has_admin)
		blame(reading, "the file ends without",
		      "admin in [cluster] (of before accounts: make a new cluster)");
}

/* The folder of file, and ca relative to it. */
static bool place(const char *file, struct cluster *cluster)
{
	char real[PATH_MAX], ca[PATH_MAX];

	if (!realpath(file, real))
		return false;
	strcpy(cluster->folder, dirname(real));
	if (cluster->ca[0] == '/')
		return true;
	strcpy(ca, cluster->ca);
	int len = snprintf(cluster->ca, sizeof cluster->ca, "%s/%s", cluster->folder, ca);
	if (len < 0 || (size_t)len >= sizeof cluster->ca) {
		errno = ENAMETOOLONG;
		return false;
	}
	return true;
}

bool cluster_read(const char *file, struct cluster *ret, char *why, size_t why_size)
{
	struct cluster_reading reading = {.cluster = ret};
	bool read = false;

	memset(ret, 0, sizeof *ret);
	tuning_set_defaults(&ret->tuning);
	reading.stream = fopen(file, "re");
	if (!reading.stream) {
		(void)snprintf(why, why_size, "cannot open %s: %s", file,
			       strerror(errno));
		return false;
	}
	int line = ini_parse_stream(next_line, &reading, take_pair, &reading);
	if (ferror(reading.stream)) {
		(void)snprintf(why, why_size, "cannot read %s", file);
		goto close;
	}
	if (line < 0)
		blame(&reading, "out of memory", "");
	if (line > 0) {
		reading.line = (unsigned)line;
		blame(&reading, "neither [section] nor key = value", "");
	}
	demand_all(&reading);
	if (reading.wrong[0] != '\0') {
		(void)snprintf(why, why_size, "%s, %s", file, reading.wrong);
		goto close;
	}
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (!reading.has_host[i])
			strcpy(ret->servers[i].host, "127.0.0.1");
	if (!place(file, ret)) {
		(void)snprintf(why, why_size, "cannot find the folder of %s: %s", file,
			       strerror(errno));
		goto close;
	}
	read = true;
close:
	(void)fclose(reading.stream);
	return read;
}

/*
 * The name of the CA as the file should say it: relative where it lies in the same
 * folder.
 */
static const char *relative_ca(const struct cluster *cluster)
{
	size_t len = strlen(cluster->folder);

	if (len > 0 && strncmp(cluster->ca, cluster->folder, len) == 0 &&
	    cluster->ca[len] == '/')
		return cluster->ca + len + 1;
	return cluster->ca[0] != '\0' ? cluster->ca : "ca.pem";
}

static bool print(FILE *stream, const struct cluster *cluster)
{
	char id[ID_TEXT], key[2 * DFS_KEY_LEN + 1];

	if (fprintf(stream,
		    "# Where the four servers are, for clients and servers alike.  File "
		    "names\n"
		    "# are relative to the folder of this file.\n"
		    "[cluster]\nid = %s\nca = %s\nadmin = %s\n",
		    id_text(&cluster->id, id), relative_ca(cluster),
		    text_hex(cluster->admin_key.bytes, DFS_KEY_LEN, key)) < 0)
		return false;
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		const struct cluster_server *server = &cluster->servers[i];

		if (fprintf(stream, "\n[dfs%u]\n", i + 1) < 0)
			return false;
		if (server->address[0] != '\0' &&
		    fprintf(stream, "address = %s\n", server->address) < 0)
			return false;
		if (server->host[0] != '\0' &&
		    fprintf(stream, "host = %s\n", server->host) < 0)
			return false;
		if (server->listen[0] != '\0' &&
		    fprintf(stream, "listen = %s\n", server->listen) < 0)
			return false;
		for (uint32_t k = 0; k < cluster->sign.count[i]; k++)
			if (fprintf(stream, "sign = %s\n",
				    text_hex(cluster->sign.keys[i][k].bytes, DFS_KEY_LEN,
					     key)) < 0)
				return false;
	}
	return fflush(stream) == 0 && fsync(fileno(stream)) == 0;
}

bool cluster_write(const char *file, const struct cluster *cluster, char *why,
		   size_t why_size)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "w");
	bool written;

	if (!stream) {
		(void)snprintf(why, why_size, "cannot create %s: %s", file,
			       strerror(errno));
		if (fd >= 0) {
			(void)close(fd);
			(void)unlink(file);
		}
		return false;
	}
	/* For everybody who is to use the cluster, whatever the umask. */
	written = print(stream, cluster) && fchmod(fd, 0644) == 0;
	if (fclose(stream) != 0)
		written = false;
	if (!written) {
		(void)snprintf(why, why_size, "cannot write %s: %s", file,
			       strerror(errno));
		(void)unlink(file);
	}
	return written;
}

/*
 * A folder that "su" and "sudo -E" leave in the environment is somebody else's: so is the
 * cluster that he names there, whose servers would be shown proofs of the password.
 */
static bool try_file(const char *folder, const char *below, char *ret_file, size_t size)
{
	int len = snprintf(ret_file, size, "%s%s", folder, below);
	struct stat found;

	return len > 0 && (size_t)len < size && stat(ret_file, &found) == 0 &&
	       (found.st_uid == geteuid() || found.st_uid == 0);
}

bool cluster_find(const char *given, char *ret_file, size_t size)
{
	const char *set = given ? given : getenv("DFS_CONFIG");
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (set && *set != '\0') {
		int len = snprintf(ret_file, size, "%s", set);

		return len > 0 && (size_t)len < size;
	}
	/*
	 * A relative XDG_CONFIG_HOME is to be ignored (XDG base directory specification).
	 */
	if (config && config[0] == '/') {
		if (try_file(config, "/dfs/cluster.conf", ret_file, size))
			return true;
	} else if (home && home[0] == '/') {
		if (try_file(home, "/.config/dfs/cluster.conf", ret_file, size))
			return true;
	}
	return try_file("/etc", "/dfs/cluster.conf", ret_file, size);
}

bool cluster_split_address(const char *address, char *ret_host, size_t size,
			   unsigned short *ret_port)
{
	const char *host = address, *end, *colon = strrchr(address, ':');
	uint64_t port;

	if (!colon || !text_number(colon + 1, 0, 65535, &port))
		return false;
	end = colon;
	if (*host == '[') {
		host++;
		if (end == host || *--end != ']')
			return false;
	} else if (memchr(host, ':', (size_t)(end - host))) {
		return false; /* without its brackets nobody knows where a v6 address ends
			       */
	}
	if (end <= host || end - host > HOST_MAX || (size_t)(end - host) >= size ||
	    strcspn(host, "[]/ \t") < (size_t)(end - host))
		return false;
	memcpy(ret_host, host, (size_t)(end - host));
	ret_host[end - host] = '\0';
	*ret_port = (unsigned short)port;
	return true;
}

/* Of the address, or of rpcbind where there is none. */
static const char *host_of(const struct cluster *cluster, unsigned server, char host[256])
{
	const struct cluster_server *of = &cluster->servers[server - 1];
	unsigned short port;

	if (of->address[0] == '\0' ||
	    !cluster_split_address(of->address, host, 256, &port))
		(void)snprintf(host, 256, "%s", of->host);
	return host;
}

static bool is_of_one_machine(const char *host)
{
	return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
	       strcmp(host, "::1") == 0;
}

bool cluster_is_spread(const struct cluster *cluster, unsigned server)
{
	char own[256], other[256];

	(void)host_of(cluster, server, own);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (s != server && strcmp(host_of(cluster, s, other), own) != 0 &&
		    !is_of_one_machine(other))
			return true;
	return false;
}
