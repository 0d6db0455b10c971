/*
 * replay FILE|FOLDER...: a target without an engine: feeds it each file, and with it some
 * that are cut off.
 *
 * The exit code is 1 when there was nothing to feed, or nothing that the target took.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

enum { INPUT_MAX = 1 << 20 };

static size_t fed, took;

void fuzz_took(void)
{
	took++;
}

/* An input lies at the end of its memory, so that sanitizers see who reads behind it. */
static void feed(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	FUZZ_MUST(copy);
	if (len > 0)
		memcpy(copy, bytes, len);
	(void)LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static bool feed_file(const char *name)
{
	FILE *stream = fopen(name, "re");
	uint8_t *bytes = malloc(INPUT_MAX);
	size_t len = stream && bytes ? fread(bytes, 1, INPUT_MAX, stream) : 0;
	bool read = stream && bytes && !ferror(stream);

	if (stream)
		(void)fclose(stream);
	if (read) {
		fed++;
		feed(bytes, len);
		feed(bytes, len / 2);
		feed(bytes, len > 0 ? len - 1 : 0);
	} else {
		fprintf(stderr, "replay: %s: %s\n", name, strerror(errno));
	}
	free(bytes);
	return read;
}

static bool feed_folder(const char *name)
{
	DIR *dir = opendir(name);
	const struct dirent *entry;
	bool good = dir;

	while (dir && good && (entry = readdir(dir))) {
		char file[PATH_MAX];

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(file, sizeof file, "%s/%s", name, entry->d_name);
		good = feed_file(file);
	}
	if (dir)
		(void)closedir(dir);
	return good;
}

int main(int argc, char **argv)
{
	bool good = true;

	for (int i = 1; i < argc && good; i++) {
		struct stat stat_buf;

		good = stat(argv[i], &stat_buf) == 0 && S_ISDIR(stat_buf.st_mode)
			       ? feed_folder(argv[i])
			       : feed_file(argv[i]);
	}
	printf("%zu files, %zu inputs taken\n", fed, took);
	return good && fed > 0 && took > 0 ? 0 : 1;
}
