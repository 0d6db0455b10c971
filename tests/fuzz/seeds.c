/*
 * seeds FOLDER: inputs that each target takes, in FOLDER/TARGET/NAME, made by the same
 * functions that make them in the product.
 *
 * When a format changes they are made again (tests/fuzz/README.md says how).
 */
#include "seeds_fixture.h"

#include "cipher.h"
#include "cluster.h"
#include "exchange.h"
#include "file_fixture.h"
#include "frame.h"
#include "placement.h"
#include "recovery_file.h"
#include "seal.h"
#include "session_file.h"
#include "status.h"
#include "store_fixture.h"
#include "value.h"
#include "value_fixture.h"

#include <unistd.h>

/* As in unit.c. */
const struct cipher_rules cipher_rules = {.encrypt = false, .compress = true};

void fuzz_took(void)
{
}

/* ---- what is stored -------------------------------------------------------------- */

static void make_values(void)
{
	for (size_t i = 0; i < SEEDS_VALUES; i++) {
		const char *path;
		dfs_value value = seeds_value(i, &path);
		struct pack_out out = {0};
		uint8_t packed[DFS_VALUE_MAX];
		size_t len = value_pack(&value, packed, sizeof packed);

		const char *wrong = value_check_at(path, strlen(path), &value);

		if (wrong)
			fprintf(stderr, "value %zu: %s\n", i, wrong);
		FUZZ_MUST(!wrong);
		pack_put_u8(&out, (uint8_t)strlen(path));
		pack_put(&out, path, strlen(path));
		pack_put(&out, packed, len);
		seeds_save("value", seeds_name("value", i), &out);
		value_free(&value);
	}
}

static void make_frame(const char *name, uint8_t which, enum frame_type type,
		       const struct frame_key *key, struct pack_out *data)
{
	size_t len = frame_size(key->len, data->len);
	uint8_t *frame = malloc(len);
	struct pack_out out = {0};

	FUZZ_MUST(frame && !data->failed);
	frame_pack(frame, type, key, data->bytes, data->len);
	pack_put_u8(&out, which);
	pack_put(&out, frame, len);
	seeds_save("frame", name, &out);
	free(frame);
	pack_free(data);
}

static void make_frames(void)
{
	static const dfs_id object = {"an object's id"};
	const dfs_ballot ballot = store_fixture_ballot(3);
	struct pack_out data = {0};
	struct frame_key key;
	const char *path;
	dfs_value value = seeds_value(0, &path);
	uint8_t packed[DFS_VALUE_MAX];

	pack_put_ballot(&data, &ballot);
	pack_put(&data, packed, value_pack(&value, packed, sizeof packed));
	frame_key_register(&key, path, strlen(path));
	make_frame("register", 0x81, FRAME_REGISTER, &key, &data);
	value_free(&value);
	data = (struct pack_out){0};
	pack_put(&data, "a unit", 6);
	frame_key_unit(&key, &object, 7);
	make_frame("unit", 2, FRAME_UNIT, &key, &data);
	data = (struct pack_out){0};
	frame_key_seal(&key);
	make_frame("seal", 0x80, FRAME_SEAL, &key, &data);
}

static void make_seal(const char *name, const struct seal_entry *entries, uint32_t count)
{
	const struct seal_head head = {.store = store_fixture_id(1),
				       .cluster = store_fixture_id(2),
				       .server = 2,
				       .begun = 1,
				       .votes = true};
	struct pack_out packed = {0}, out = {0};

	for (uint32_t i = 0; i < count; i++)
		seal_put_entry(&packed, &entries[i]);
	seal_put(&out, &head, count, &packed);
	pack_free(&packed);
	seeds_save("seal", name, &out);
}

static void make_seals(void)
{
	static const char path[] = "/ann/a", shared[] = "/shared/a",
			  user[] = "/@accounts/ann";
	static const dfs_key leaves[DFS_SERVERS];
	const struct seal_entry all[] = {
		{.type = SEAL_REGISTER,
		 .path = path,
		 .path_len = sizeof path - 1,
		 .kind = DFS_FILE,
		 .settled = true,
		 .object_count = 2,
		 .size = 1000},
		{.type = SEAL_REGISTER,
		 .path = shared,
		 .path_len = sizeof shared - 1,
		 .kind = DFS_FILE,
		 .owner = "ann",
		 .owner_len = 3,
		 .object_count = 1},
		{.type = SEAL_REGISTER,
		 .path = user,
		 .path_len = sizeof user - 1,
		 .kind = DFS_ACCOUNT},
		{.type = SEAL_BINDING,
		 .path = path,
		 .path_len = sizeof path - 1,
		 .owner = "bob",
		 .owner_len = 3},
		{.type = SEAL_CONTENT,
		 .object_count = 2,
		 .size = 1000,
		 .units = 4,
		 .chunks = 6,
		 .proved = true,
		 .tree = leaves,
		 .bytes = 4000},
		{.type = SEAL_DROP},
		{.type = SEAL_SETTLED, .path = path, .path_len = sizeof path - 1},
		{.type = SEAL_FORGET, .path = path, .path_len = sizeof path - 1},
		{.type = SEAL_TRIM, .chunks = 3},
	};
	enum { ALL = sizeof all / sizeof all[0] };

	make_seal("all", all, ALL);
	make_seal("none", all, 0);
	for (size_t i = 0; i < ALL; i++)
		make_seal(seeds_name("entry", i), &all[i], 1);
}

static void make_trees(void)
{
	static const struct {
		const char *name;
		uint8_t bytes[10];
		size_t len;
	} seeds[] = {{"small", {0, 2}, 2},
		     {"one-piece", {0, 80, 0, 0}, 4},
		     {"three-pieces", {8, 50, 0, 1}, 4},
		     {"a-leaf", {8, 50, 0, 2, 1, 0, 9, 1}, 8},
		     {"a-node", {8, 50, 0, 0, 2, 0, 9, 1}, 8},
		     {"a-length", {8, 50, 0, 0, 3, 0, 0, 1}, 8}};

	for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
		struct pack_out out = {0};

		pack_put(&out, seeds[i].bytes, seeds[i].len);
		seeds_save("tree", seeds[i].name, &out);
	}
}

static void make_unit(const char *name, bool alike)
{
	enum { SIZE = 1000, LEN = 250 };
	struct cipher *cipher = cipher_new();
	const dfs_content content = {.size = SIZE, .unit_size = LEN};
	uint8_t room[LEN + CIPHER_MORE], key[KEYS_LEN] = {0};
	struct cipher_object object;
	struct pack_out out = {0};

	FUZZ_MUST(cipher && cipher_object_init(&object, &content, key));
	for (size_t i = 0; i < LEN; i++)
		room[CIPHER_BEFORE + i] = (uint8_t)(alike ? i / 50 : i * i * 31 / 7);
	pack_put_u8(&out, 0);
	pack_put_u16(&out, SIZE);
	pack_put_u8(&out, 2);
	pack_put(&out, room, cipher_seal(cipher, &object, 2, room, LEN));
	seeds_save("unit", name, &out);
	cipher_free(cipher);
}

/* ---- files ----------------------------------------------------------------------- */

/* What was written into the folder of this process. */
static void take_file(const char *target, const char *name, const char *file)
{
	FILE *stream = fopen(file, "re");
	char bytes[4096];
	struct pack_out out = {0};

	FUZZ_MUST(stream);
	pack_put(&out, bytes, fread(bytes, 1, sizeof bytes, stream));
	(void)fclose(stream);
	(void)unlink(file);
	seeds_save(target, name, &out);
}

static void make_files(void)
{
	static const char session[] = "[session]\nuser = ann\n"
				      "id = 000102030405060708090a0b0c0d0e0f\nsecret = "
				      "000102030405060708090a0b0c0d0e0f"
				      "000102030405060708090a0b0c0d0e0f\n"
				      "ends = 1900000000000000000\n";
	struct cluster cluster = {.ca = "ca.pem", .id = store_fixture_id(7)};
	struct dfs_recovery recovery = {.user = "ann", .count = 2};
	struct pack_out out = {0};
	char file[64], why[512];

	(void)snprintf(file, sizeof file, "%s/other", file_fixture_folder());
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		(void)snprintf(cluster.servers[i].address,
			       sizeof cluster.servers[i].address, "127.0.0.1:%u",
			       10001 + i);
	FUZZ_MUST(cluster_write(file, &cluster, why, sizeof why));
	take_file("cluster", "written", file);
	pack_put(&out, seeds_cluster, strlen(seeds_cluster));
	seeds_save("cluster", "by hand", &out);
	FUZZ_MUST(recovery_file_write(file, &recovery).code == DFS_EXIT_DONE);
	take_file("recovery_file", "written", file);
	out = (struct pack_out){0};
	pack_put(&out, session, sizeof session - 1);
	seeds_save("session_file", "written", &out);
}

static void make_tickets(void)
{
	struct pack_out out = {0};

	pack_put(&out, "\3ann", 4);
	seeds_save("ticket", "good", &out);
	out = (struct pack_out){0};
	pack_put(&out, "\3ann\0\0\0\0\1", 9);
	seeds_save("ticket", "a bit", &out);
	out = (struct pack_out){0};
	pack_put(&out, "\0", 1);
	for (unsigned i = 0; i < 40; i++)
		pack_put_u8(&out, 0x11);
	seeds_save("ticket", "another", &out);
}

/* ---- records and messages ---------------------------------------------------------- */

static void make_records(void)
{
	/* Of 8 bytes; of two fragments; above what is free; above the largest. */
	static const struct {
		const char *name, *bytes;
		size_t len;
	} seeds[] = {
		{"one", "\3\14\200\0\0\10abcdefgh", 14},
		{"two", "\3\14\0\0\0\4abcd\200\0\0\4abcd", 18},
		{"small memory", "\0\4\200\1\22\0\377\377\377\377\377\377\377\377\377",
		 15},
		{"large", "\2\4\200\1\22\0\377\377\377\377\377\377\377\377\377", 15},
		{"too large", "\2\4\200\377\0\0\377\377", 8},
		{"empty", "\3\10\200\0\0\0\0\0\0\0", 10},
	};

	for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
		struct pack_out out = {0};

		pack_put(&out, seeds[i].bytes, seeds[i].len);
		seeds_save("record", seeds[i].name, &out);
	}
}

static void put_call(struct pack_out *out, uint32_t procedure, uint32_t flavor)
{
	const uint32_t words[] = {0x80000028,
				  9,
				  CALL,
				  RPC_MSG_VERSION,
				  DFS_PROGRAM + 1,
				  DFS_VERSION,
				  procedure,
				  flavor,
				  0,
				  AUTH_NONE,
				  0};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		pack_put_u32(out, words[i]);
}

static void make_messages(void)
{
	static const struct {
		const char *name;
		uint32_t procedure, flavor;
	} seeds[] = {{"null", 0, AUTH_NONE},
		     {"starttls", 0, EXCHANGE_AUTH_TLS},
		     {"hello", DFS_HELLO, AUTH_NONE},
		     {"another flavor", 0, 6}};
	struct pack_out all = {0};

	for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
		struct pack_out out = {0};

		put_call(&out, seeds[i].procedure, seeds[i].flavor);
		if (i != 1)
			put_call(&all, seeds[i].procedure, seeds[i].flavor);
		seeds_save("message", seeds[i].name, &out);
	}
	seeds_save("message", "several", &all);
}

static void make_directories(void)
{
	static const char *const addresses[] = {"127.0.0.1.39.17", "::1.39.17", "",
						"1.2"};

	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		struct pack_out out = {0}, padded = {0};
		uint32_t len = (uint32_t)strlen(addresses[i]);

		pack_put_u32(&padded, len);
		pack_put(&padded, addresses[i], len);
		pack_put(&padded, "\0\0\0", (4 - len % 4) % 4);
		seeds_reply(&out, 2, &padded);
		seeds_save("directory", seeds_name("address", i), &out);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: seeds FOLDER\n");
		return 2;
	}
	seeds_begin(argv[1]);
	make_values();
	make_frames();
	make_seals();
	make_unit("plain", false);
	make_unit("zstd", true);
	make_files();
	make_tickets();
	make_trees();
	make_records();
	make_messages();
	make_directories();
	seeds_make_calls();
	seeds_make_answers();
	return 0;
}
