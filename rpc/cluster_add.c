/* One more key of a server in cluster.conf, and nothing else changed. */
#include "cluster.h"

#include "text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The number of the last line of the server's that says "sign"; 0: none. */
static unsigned last_key_line(FILE *from, unsigned server)
{
	char line[1024], head[16];
	unsigned number = 0, last = 0;
	bool inside = false;

	(void)snprintf(head, sizeof head, "[dfs%u]", server);
	while (fgets(line, sizeof line, from)) {
		const char *text = line + strspn(line, " \t");

		number++;
		if (*text == '[')
			inside = strncmp(text, head, strlen(head)) == 0;
		else if (inside && strncmp(text, "sign", 4) == 0)
			last = number;
	}
	rewind(from);
	return last;
}

/* Every line of the one, and behind line number `after` another. */
static bool copy_with(FILE *from, FILE *to, unsigned after, const char *added)
{
	char line[1024];
	unsigned number = 0;
	bool good = true;

	while (good && fgets(line, sizeof line, from)) {
		good = fputs(line, to) >= 0;
		if (++number == after)
			good = good && fprintf(to, "sign = %s\n", added) > 0;
	}
	return good && !ferror(from) && fflush(to) == 0 && fsync(fileno(to)) == 0;
}

bool cluster_add_key(const char *file, unsigned server, const dfs_key *key, char *why,
		     size_t why_size)
{
	char fresh[PATH_MAX + 8], text[2 * DFS_KEY_LEN + 1];
	FILE *from = fopen(file, "re"), *to;
	unsigned after = from ? last_key_line(from, server) : 0;
	bool written = after > 0;

	(void)snprintf(fresh, sizeof fresh, "%s.new", file);
	(void)text_hex(key->bytes, DFS_KEY_LEN, text);
	to = written ? fopen(fresh, "we") : NULL;
	written = to && copy_with(from, to, after, text) && fchmod(fileno(to), 0644) == 0;
	if (to && fclose(to) != 0)
		written = false;
	if (from)
		(void)fclose(from);
	if (written && rename(fresh, file) == 0)
		return true;
	(void)snprintf(why, why_size, "cannot add a key of dfs%u to %s: %s", server, file,
		       after == 0 && from ? "it has none" : strerror(errno));
	if (to)
		(void)unlink(fresh);
	return false;
}
