/* The scrub's position: eight numbers and the XXH3-64 of what stands before it. */
#include "scrubber_file.h"

#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { NUMBERS = 8, LINE = 512 };
static const char head[] = "dfs-scrub 1";

static void to_numbers(const struct scrubber_state *state, uint64_t ret[NUMBERS])
{
	const uint64_t numbers[NUMBERS] = {
		state->position.lo,     state->position.hi,    state->position.record,
		state->position.unit,   state->read,           state->found,
		(uint64_t)state->began, (uint64_t)state->ended};

	memcpy(ret, numbers, sizeof numbers);
}

static void of_numbers(const uint64_t numbers[NUMBERS], struct scrubber_state *ret)
{
	*ret = (struct scrubber_state){
		.position = {numbers[0], numbers[1], numbers[2], numbers[3]},
		.read = numbers[4],
		.found = numbers[5],
		.began = (int64_t)numbers[6],
		.ended = (int64_t)numbers[7]};
}

/* Without its checksum. */
static size_t write_line(const struct scrubber_state *state, char line[LINE])
{
	uint64_t numbers[NUMBERS];
	size_t len = (size_t)snprintf(line, LINE, "%s", head);

	to_numbers(state, numbers);
	for (int i = 0; i < NUMBERS; i++)
		len += (size_t)snprintf(line + len, LINE - len, " %" PRIu64, numbers[i]);
	return len;
}

static bool read_line(char *line, struct scrubber_state *ret)
{
	uint64_t numbers[NUMBERS], sum;
	char *rest = line + sizeof head - 1, *last = strrchr(line, ' '), *word;
	size_t len = strlen(line);

	if (len == 0 || line[len - 1] != '\n' ||
	    strncmp(line, head, sizeof head - 1) != 0 || !last || last < rest)
		return false;
	line[len - 1] = '\0';
	if (!text_number(last + 1, 0, UINT64_MAX, &sum) ||
	    sum != XXH3_64bits(line, (size_t)(last - line)))
		return false;
	*last = '\0';
	for (int i = 0; i < NUMBERS; i++) {
		word = strtok_r(i == 0 ? rest : NULL, " ", &rest);
		if (!word ||
		    !text_number(word, 0, i < 6 ? UINT64_MAX : INT64_MAX, &numbers[i]))
			return false;
	}
	of_numbers(numbers, ret);
	return true;
}

void scrubber_file_read(const char *file, struct scrubber_state *ret)
{
	char line[LINE];
	FILE *stream = fopen(file, "re");

	memset(ret, 0, sizeof *ret);
	if (!stream)
		return;
	if (!fgets(line, sizeof line, stream) || !read_line(line, ret))
		memset(ret, 0, sizeof *ret);
	(void)fclose(stream);
}

int scrubber_file_write(const char *file, const struct scrubber_state *state)
{
	char line[LINE], fresh[PATH_MAX];
	size_t len = write_line(state, line);
	int fd, rc = 0;

	len += (size_t)snprintf(line + len, LINE - len, " %" PRIu64 "\n",
				(uint64_t)XXH3_64bits(line, len));
	if ((size_t)snprintf(fresh, sizeof fresh, "%s.new", file) >= sizeof fresh)
		return ENAMETOOLONG;
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	errno = 0;
	if (write(fd, line, len) != (ssize_t)len)
		rc = errno ? errno : EIO;
	if (close(fd) != 0 && rc == 0)
		rc = errno;
	if (rc == 0 && rename(fresh, file) != 0)
		rc = errno;
	if (rc != 0)
		(void)unlink(fresh);
	return rc;
}
