/* What stat and list say of a file. */
#include "format_file.h"

#include "format.h"
#include "sets.h"
#include <stdio.h>
#include <string.h>

enum { SERVERS = 4, CHUNKS = 4, FULL_COPIES = 2 };

/* The chunk with which the run in the ring begins; 1 when there is no such thing. */
static unsigned first_chunk(chunk_set chunks)
{
	if (chunks == CHUNKS_ALL)
		return 1;
	for (unsigned c = 1; c <= CHUNKS; c++) {
		unsigned before = c == 1 ? CHUNKS : c - 1;

		if (set_has(chunks, c) && !set_has(chunks, before))
			return c;
	}
	return 1;
}

const char *format_chunks(chunk_set chunks, char text[FORMAT_CHUNKS])
{
	unsigned chunk = first_chunk(chunks & CHUNKS_ALL);
	char *to = text;

	for (unsigned i = 0; i < CHUNKS; i++, chunk = chunk % CHUNKS + 1) {
		if (!set_has(chunks, chunk))
			continue;
		if (to != text)
			*to++ = ',';
		*to++ = (char)('0' + chunk);
	}
	*to = '\0';
	if (to == text)
		strcpy(text, "-");
	return text;
}

const char *format_protection(const struct dfs_file *file, char text[FORMAT_PROTECTION])
{
	unsigned copies = file->copies < FULL_COPIES ? file->copies : FULL_COPIES;

	(void)snprintf(text, FORMAT_PROTECTION, "%u/%d", copies, (int)FULL_COPIES);
	return text;
}

const char *format_mark(const struct dfs_file *file)
{
	if (file->copies == 0)
		return "incomplete";
	return file->copies < FULL_COPIES ? "degraded" : "";
}

static json_t *chunk_numbers(chunk_set chunks)
{
	json_t *numbers = json_array();
	unsigned chunk = first_chunk(chunks & CHUNKS_ALL);

	for (unsigned i = 0; i < CHUNKS; i++, chunk = chunk % CHUNKS + 1)
		if (set_has(chunks, chunk))
			(void)json_array_append_new(numbers, json_integer(chunk));
	return numbers;
}

json_t *format_servers(const struct dfs_file *file)
{
	json_t *servers = json_object();

	for (unsigned i = 1; i <= SERVERS; i++) {
		char name[8];

		(void)snprintf(name, sizeof name, "dfs%u", i);
		(void)json_object_set_new(servers, name,
					  json_pack("{s:o,s:b}", "chunks",
						    chunk_numbers(file->chunks[i - 1]),
						    "within_reach",
						    set_has(file->live, i)));
	}
	return servers;
}

json_t *format_entry(const struct dfs_entry *entry)
{
	const struct dfs_file *file = &entry->file;
	char text[FORMAT_TIME], protection[FORMAT_PROTECTION];
	json_t *fields = json_pack("{s:s}", "type",
				   entry->folder ? "folder"
				   : entry->link ? "link"
						 : "file");

	if (!entry->folder) {
		(void)json_object_set_new(
			fields, "protection",
			json_string(format_protection(file, protection)));
		(void)json_object_set_new(fields, "mark", json_string(format_mark(file)));
	}
	if (entry->has_file)
		(void)json_object_set_new(
			fields, "modified",
			json_string(format_time_utc(file->modified_ns, text)));
	if (!entry->folder && entry->has_file) {
		(void)json_object_set_new(fields, "size",
					  json_integer((json_int_t)file->size));
		(void)json_object_set_new(fields, "executable",
					  json_boolean(file->executable));
		(void)json_object_set_new(fields, "file_version",
					  json_string(file->version));
		(void)json_object_set_new(fields, "owner", json_string(file->owner));
	}
	return fields;
}
