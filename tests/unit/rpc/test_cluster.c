/* rpc/cluster: what cluster.conf may say, and where it is looked for. */
#include "cluster.h"

#include "ballot.h"
#include "text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEAD                                                                             \
	"[cluster]\nid = 00112233445566778899aabbccddeeff\nca = ca.pem\nadmin = " KEY "\n"
#define SIGN "sign = " KEY "\n"
#define REST                                                                             \
	SIGN "[dfs2]\naddress = 127.0.0.1:2\n" SIGN "[dfs3]\naddress = [::1]:3\n" SIGN   \
	     "[dfs4]\n" SIGN

static char folder[] = "/tmp/test_cluster.XXXXXX";
static char file[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(file, sizeof file, "%s/cluster.conf", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(file);
	return rmdir(folder);
}

static void write_text(const char *text)
{
	FILE *stream = fopen(file, "we");

	assert_non_null(stream);
	assert_true(fputs(text, stream) >= 0);
	assert_int_equal(fclose(stream), 0);
}

static void test_a_right_one(void **state)
{
	struct cluster cluster;
	char why[256] = "", id[ID_TEXT], ca[64], key[2 * DFS_KEY_LEN + 1];

	(void)state;
	write_text(
		"# of the four\n" HEAD
		"\n[dfs1]\n; here\naddress = localhost:10001 ; inline\nhost = one\n" REST
		"host = far.example\n");
	assert_true(cluster_read(file, &cluster, why, sizeof why));
	assert_string_equal(why, "");
	assert_string_equal(cluster.folder, folder);
	(void)snprintf(ca, sizeof ca, "%s/ca.pem", folder);
	assert_string_equal(cluster.ca, ca);
	assert_string_equal(id_text(&cluster.id, id), "00112233445566778899aabbccddeeff");
	assert_string_equal(text_hex(cluster.admin_key.bytes, DFS_KEY_LEN, key), KEY);
	assert_string_equal(cluster.servers[0].address, "localhost:10001");
	assert_string_equal(cluster.servers[0].host, "one");
	assert_string_equal(cluster.servers[1].address, "127.0.0.1:2");
	assert_string_equal(cluster.servers[1].host, "127.0.0.1");
	assert_string_equal(cluster.servers[2].address, "[::1]:3");
	assert_string_equal(cluster.servers[3].address, "");
	assert_string_equal(cluster.servers[3].host, "far.example");
}

/* A byte order mark, indented lines of all kinds, blanks behind, CR LF. */
static void test_9_10_as_editors_write_it(void **state)
{
	struct cluster cluster;
	char why[256] = "", id[ID_TEXT];

	(void)state;
	write_text("\xef\xbb\xbf[cluster]\r\n"
		   "  id = 00112233445566778899aabbccddeeff\r\n"
		   "\tca = ca.pem  \r\n    admin = " KEY "\r\n"
		   "  [dfs1]\r\n\t address = localhost:10001\r\n  host = one\r\n"
		   "  ; here\r\n" REST
		   "  [server]\n  scrub_share = 5\n  log_level = debug\n");
	if (!cluster_read(file, &cluster, why, sizeof why))
		fail_msg("%s", why);
	assert_string_equal(id_text(&cluster.id, id), "00112233445566778899aabbccddeeff");
	assert_string_equal(cluster.servers[0].address, "localhost:10001");
	assert_string_equal(cluster.servers[0].host, "one");
	assert_int_equal(cluster.tuning.scrub_share, 5);
	assert_int_equal(cluster.tuning.log_level, LOG_DEBUG);
	/* Also before blanks and a comment. */
	write_text("\xef\xbb\xbf  # of the four\n" HEAD "[dfs1]\n" REST);
	if (!cluster_read(file, &cluster, why, sizeof why))
		fail_msg("%s", why);
}

static void test_wrong_ones(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"", "[cluster]"},
		{HEAD "[dfs2]\n" SIGN "[dfs3]\n" SIGN "[dfs4]\n" SIGN, "[dfs1]"},
		{HEAD "[dfs1]\nsign = 0123\n" REST, "sign is not 64 hex"},
		{HEAD "[dfs1]\n[dfs2]\n[dfs3]\n", "[dfs4]"},
		{"[cluster]\nca = ca.pem\n[dfs1]\n" REST, "id"},
		{"[cluster]\nid = 00112233445566778899aabbccddeeff\n[dfs1]\n" REST, "ca"},
		{"[cluster]\nid = 00112233445566778899aabbccddeeff\nca = a\n"
		 "[dfs1]\n" REST,
		 "without admin in [cluster] (of before accounts: make a new cluster)"},
		{"[cluster]\nadmin = " KEY "0\n", "too long a value: admin"},
		{"[cluster]\nadmin = 0123\n", "64 hex"},
		{HEAD "admin = " KEY "\n[dfs1]\n" REST, "given twice: admin"},
		{"[cluster]\nid = 0011\nca = ca.pem\n[dfs1]\n" REST, "32 hex"},
		{"[cluster]\nid = 00000000000000000000000000000000\nca = "
		 "a\n[dfs1]\n" REST,
		 "32"},
		{HEAD "colour = red\n[dfs1]\n" REST, "unknown key colour"},
		{HEAD "[dfs1]\nadress = a:1\n" REST, "unknown key adress"},
		{HEAD "[dfs1]\naddress = a\n" REST, "HOST:PORT"},
		{HEAD "[dfs1]\naddress = a:0\n" REST, "HOST:PORT"},
		{HEAD "[dfs1]\naddress = a:65536\n" REST, "HOST:PORT"},
		{HEAD "[dfs1]\naddress =\n" REST, "without a value"},
		{HEAD "[dfs1]\naddress =;a:1\n" REST, "without a value"},
		{HEAD "[dfs1]\naddress = a:1\naddress = a:2\n" REST, "twice"},
		{HEAD "[dfs1]\nhost = a\nhost = b\n" REST, "twice"},
		{HEAD "[dfs1]\n[dfs1]\n" REST, "second section dfs1"},
		{HEAD "[dfs1]\n" REST "[dfs5]\n", "unknown section dfs5"},
		{HEAD "[dfs1]\n" REST "[dfs11]\n", "unknown section"},
		{HEAD "[dfs1]\n" REST "[dfs\n", "section"},
		{"id = 1\n" HEAD "[dfs1]\n" REST, "outside"},
		{HEAD "[dfs1]\nwhat\n" REST, "line"},
		{HEAD "[dfs1]\naddress = a:1\n  b:2\n" REST, "unknown key b"},
		{HEAD "[dfs1]\naddress = a:1\n  host = b\n\thost = c\n" REST,
		 "line 8: given twice: host"},
		{"\xff\xfe[\nc", "line 1: the file is in UTF-16; save it as UTF-8"},
		{"\xfe\xff", "line 1: the file is in UTF-16; save it as UTF-8"},
		{"[cluster]\rid = 00112233445566778899aabbccddeeff\r",
		 "line 1: a carriage return within the line"},
		{HEAD "\xef\xbb\xbf[dfs1]\n[dfs2]\n" SIGN "[dfs3]\n" SIGN "[dfs4]\n" SIGN,
		 "line 5"},
		{HEAD "[dfs1]\n" REST "[server]\ncolour = red\n", "unknown key colour"},
		{HEAD "[dfs1]\n" REST "[server]\nscrub_share = 0\n",
		 "scrub_share has to be a whole number from 1 to 100, not 0"},
		{HEAD "[dfs1]\n" REST "[server]\n[server]\n", "second section server"},
		{HEAD "[dfs1]\n" REST "[server]\nscrub_share = 5\nscrub_share = 5\n",
		 "given twice: scrub_share"},
		{HEAD "[dfs1]\n" REST "[server]\nlog_level = loud\n",
		 "log_level has to be error, warn, info or debug, not loud"},
	};
	struct cluster cluster;
	char why[256];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		write_text(cases[i].text);
		if (cluster_read(file, &cluster, why, sizeof why))
			fail_msg("taken: %s", cases[i].text);
		if (!strstr(why, cases[i].why) || !strstr(why, file))
			fail_msg("%s, of: %s", why, cases[i].text);
	}
}

static void test_what_is_said_of_servers(void **state)
{
	struct cluster cluster;
	char why[256] = "";

	(void)state;
	write_text(HEAD "[dfs1]\n" REST);
	assert_true(cluster_read(file, &cluster, why, sizeof why));
	assert_int_equal(cluster.tuning.scrub_share, 10);
	assert_int_equal(cluster.tuning.scrub_round_ms, 30 * INT64_C(86400000));
	assert_int_equal(cluster.tuning.abandoned_after_ms, 3600000);
	assert_int_equal(cluster.tuning.tombstones_after_ms, 60000);
	assert_int_equal(cluster.tuning.keep_readable_ms, 60000);
	assert_int_equal(cluster.tuning.third_donor_ms, 60000);
	assert_int_equal(cluster.tuning.log_level, LOG_INFO);
	write_text(HEAD "[dfs1]\n" REST "[server]\nscrub_share = 5\nscrub_round = 2d\n"
			"abandoned_after = 3h\ntombstones_after = 4m\n"
			"keep_readable = 6s\nthird_donor = 7s\nlog_level = debug\n");
	assert_true(cluster_read(file, &cluster, why, sizeof why));
	assert_int_equal(cluster.tuning.scrub_share, 5);
	assert_int_equal(cluster.tuning.scrub_round_ms, 2 * 86400000);
	assert_int_equal(cluster.tuning.abandoned_after_ms, 3 * 3600000);
	assert_int_equal(cluster.tuning.tombstones_after_ms, 4 * 60000);
	assert_int_equal(cluster.tuning.keep_readable_ms, 6000);
	assert_int_equal(cluster.tuning.third_donor_ms, 7000);
	assert_int_equal(cluster.tuning.log_level, LOG_DEBUG);
}

/* Each value at its bounds, and one past them. */
static void test_bounds_of_what_is_said(void **state)
{
	static const struct {
		const char *name, *least, *most, *less, *more;
	} cases[] = {
		{"scrub_share", "1", "100", "0", "101"},
		{"scrub_round", "1s", "365d", "0s", "366d"},
		{"abandoned_after", "1s", "365d", "0s", "31536001s"},
		{"tombstones_after", "1s", "8760h", "0d", "8761h"},
		{"keep_readable", "1s", "1h", "0m", "3601s"},
		{"third_donor", "1s", "1h", "0m", "3601s"},
	};
	static const char *const wrong[] = {"",
					    "s",
					    "1",
					    "1ms",
					    "-1s",
					    "1.5h",
					    "1 h",
					    "99999999999999999999d",
					    "0000000000000000000000000000001s"};
	struct tuning tuning;
	char why[TUNING_WHY];
	int64_t ms = 7;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		tuning_set_defaults(&tuning);
		assert_true(tuning_take(&tuning, cases[i].name, cases[i].least, why));
		assert_false(tuning_take(&tuning, cases[i].name, cases[i].least, why));
		tuning_set_defaults(&tuning);
		assert_true(tuning_take(&tuning, cases[i].name, cases[i].most, why));
		tuning_set_defaults(&tuning);
		assert_false(tuning_take(&tuning, cases[i].name, cases[i].less, why));
		assert_non_null(strstr(why, cases[i].less));
		tuning_set_defaults(&tuning);
		assert_false(tuning_take(&tuning, cases[i].name, cases[i].more, why));
		assert_non_null(strstr(why, cases[i].name));
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(tuning_span(wrong[i], 0, 100000, &ms));
	assert_int_equal(ms, 7);
}

static void test_long_lines(void **state)
{
	struct cluster cluster;
	char text[2000], why[256];

	(void)state;
	(void)snprintf(text, sizeof text, "%s[dfs1]\naddress = %0300d:1\n%s", HEAD, 7,
		       REST);
	write_text(text);
	assert_false(cluster_read(file, &cluster, why, sizeof why));
	assert_non_null(strstr(why, "too long"));
}

static void test_no_file(void **state)
{
	struct cluster cluster;
	char why[256];

	(void)state;
	(void)unlink(file);
	assert_false(cluster_read(file, &cluster, why, sizeof why));
	assert_non_null(strstr(why, "No such file"));
	assert_false(cluster_read(folder, &cluster, why, sizeof why));
}

static void test_write_and_read(void **state)
{
	struct cluster cluster, back;
	struct stat status;
	char why[256] = "";

	(void)state;
	(void)unlink(file);
	memset(&cluster, 0, sizeof cluster);
	strcpy(cluster.folder, folder);
	(void)snprintf(cluster.ca, sizeof cluster.ca, "%s/ca.pem", folder);
	assert_true(id_random(&cluster.id));
	memset(cluster.admin_key.bytes, 0x5a, DFS_KEY_LEN);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		(void)snprintf(cluster.servers[i].address,
			       sizeof cluster.servers[i].address, "127.0.0.1:%u",
			       10001 + i);
		strcpy(cluster.servers[i].host, "127.0.0.1");
		cluster.sign.count[i] = 1 + i;
		memset(cluster.sign.keys[i], 1 + (int)i, (1 + i) * sizeof(dfs_key));
	}
	cluster.servers[3].address[0] = '\0';
	assert_true(cluster_write(file, &cluster, why, sizeof why));
	assert_int_equal(stat(file, &status), 0);
	assert_int_equal(status.st_mode & 0777 & ~0644U, 0);
	assert_true(cluster_read(file, &back, why, sizeof why));
	assert_string_equal(back.ca, cluster.ca);
	assert_true(id_equal(&back.id, &cluster.id));
	assert_memory_equal(back.admin_key.bytes, cluster.admin_key.bytes, DFS_KEY_LEN);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		assert_string_equal(back.servers[i].address, cluster.servers[i].address);
		assert_string_equal(back.servers[i].host, cluster.servers[i].host);
	}
	assert_memory_equal(&back.sign, &cluster.sign, sizeof back.sign);
	assert_false(
		cluster_write(file, &cluster, why, sizeof why)); /* never over another */
	assert_non_null(strstr(why, "File exists"));
}

static void test_find(void **state)
{
	char found[256], below[128];

	(void)state;
	write_text("");
	assert_int_equal(unsetenv("DFS_CONFIG"), 0);
	assert_int_equal(setenv("XDG_CONFIG_HOME", folder, 1), 0);
	assert_true(cluster_find("given", found, sizeof found));
	assert_string_equal(found, "given");

	(void)snprintf(below, sizeof below, "%s/dfs", folder);
	assert_int_equal(mkdir(below, 0700), 0);
	(void)snprintf(below, sizeof below, "%s/dfs/cluster.conf", folder);
	assert_int_equal(rename(file, below), 0);
	assert_true(cluster_find(NULL, found, sizeof found));
	assert_string_equal(found, below);

	assert_int_equal(setenv("DFS_CONFIG", "/from/the/environment", 1), 0);
	assert_true(cluster_find(NULL, found, sizeof found));
	assert_string_equal(found, "/from/the/environment");
	assert_false(cluster_find(NULL, found, 5));
	assert_int_equal(unsetenv("DFS_CONFIG"), 0);

	assert_int_equal(unlink(below), 0);
	(void)snprintf(below, sizeof below, "%s/dfs", folder);
	assert_int_equal(rmdir(below), 0);
}

static void test_addresses(void **state)
{
	static const char *const wrong[] = {
		"",      "a",    ":1",     "a:",   "a:x",   "a:65536", "a:-1",  "::1:5",
		"[::1]", "[]:1", "[::1:5", "a]:1", "a b:1", "a/b:1",   "a:1:2", "[a:1"};
	char host[256];
	unsigned short port;

	(void)state;
	assert_true(cluster_split_address("127.0.0.1:10001", host, sizeof host, &port));
	assert_string_equal(host, "127.0.0.1");
	assert_int_equal(port, 10001);
	assert_true(
		cluster_split_address("[fe80::1%eth0]:65535", host, sizeof host, &port));
	assert_string_equal(host, "fe80::1%eth0");
	assert_int_equal(port, 65535);
	assert_true(cluster_split_address("h:0", host, sizeof host, &port));
	assert_int_equal(port, 0);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (cluster_split_address(wrong[i], host, sizeof host, &port))
			fail_msg("taken: %s", wrong[i]);
	assert_false(cluster_split_address("abcd:1", host, 4, &port));
	assert_true(cluster_split_address("abc:1", host, 4, &port));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_right_one),
		cmocka_unit_test(test_9_10_as_editors_write_it),
		cmocka_unit_test(test_wrong_ones),
		cmocka_unit_test(test_what_is_said_of_servers),
		cmocka_unit_test(test_bounds_of_what_is_said),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_write_and_read),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests_name("cluster", tests, make_folder, remove_folder);
}
