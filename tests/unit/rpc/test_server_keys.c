/* rpc/server_keys: which keys servers sign with, from files and cluster.conf. */
#include "cluster.h"
#include "secret.h"
#include "server_keys.h"
#include "statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/test_server_keys.XXXXXX";
static char key_file[64], config[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(key_file, sizeof key_file, "%s/sign.key", folder);
	(void)snprintf(config, sizeof config, "%s/cluster.conf", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(key_file);
	(void)unlink(config);
	return rmdir(folder);
}

static const uint8_t secret[SECRET_LEN] = {7, 1, 2};

static struct server_keys keys_of(const struct server_key *key, unsigned server)
{
	struct server_keys keys = {.count = {1, 1, 1, 1}};

	server_key_public(key, &keys.keys[server - 1][0]);
	return keys;
}

static void test_12_2_a_key_is_found_by_server_and_number(void **state)
{
	struct server_keys keys = {.count = {1, 2, 0, DFS_SERVER_KEYS_MAX}};

	(void)state;
	assert_ptr_equal(server_keys_find(&keys, 1, 1), &keys.keys[0][0]);
	assert_ptr_equal(server_keys_find(&keys, 2, 2), &keys.keys[1][1]);
	assert_ptr_equal(server_keys_find(&keys, 4, DFS_SERVER_KEYS_MAX),
			 &keys.keys[3][DFS_SERVER_KEYS_MAX - 1]);
	assert_null(server_keys_find(&keys, 1, 0));
	assert_null(server_keys_find(&keys, 1, 2));
	assert_null(server_keys_find(&keys, 3, 1));
	assert_null(server_keys_find(&keys, 0, 1));
	assert_null(server_keys_find(&keys, 5, 1));
	assert_null(server_keys_find(&keys, UINT32_MAX, UINT32_MAX));
	assert_int_equal(server_keys_present(&keys, 2), 2);
	assert_int_equal(server_keys_present(&keys, 0), 0);
	assert_int_equal(server_keys_present(&keys, 5), 0);
}

static void test_12_2_keys_only_grow(void **state)
{
	struct server_keys keys = {.count = {1, 1, 1, 1}}, newer = keys;

	(void)state;
	keys.keys[1][0].bytes[0] = newer.keys[1][0].bytes[0] = 1;
	newer.count[1] = 2;
	newer.keys[1][1].bytes[0] = 2;
	/* Not where one is another, or is gone. */
	newer.keys[0][0].bytes[0] = 9;
	assert_false(server_keys_follow(&keys, &newer));
	assert_int_equal(keys.count[1], 1);
	newer.keys[0][0].bytes[0] = 0;
	newer.count[3] = 0;
	assert_false(server_keys_follow(&keys, &newer));
	newer.count[3] = 1;
	assert_true(server_keys_follow(&keys, &newer));
	assert_int_equal(server_keys_present(&keys, 2), 2);
	assert_int_equal(server_keys_find(&keys, 2, 2)->bytes[0], 2);
	assert_int_equal(server_keys_find(&keys, 2, 1)->bytes[0], 1);
}

static void test_12_2_what_it_signs_its_key_proves(void **state)
{
	struct server_key *key = server_key_new(3, 2, secret);
	dfs_key statements[3] = {{{1}}, {{2}}, {{3}}}, public;
	dfs_signature signatures[3],
		*each[3] = {&signatures[0], &signatures[1], &signatures[2]};
	uint8_t message[STATEMENT_MESSAGE], signature[DFS_SIGNATURE_LEN];

	(void)state;
	assert_non_null(key);
	assert_int_equal(server_key_server(key), 3);
	assert_int_equal(server_key_number(key), 2);
	server_key_public(key, &public);
	assert_true(server_key_sign(key, statements, 3, signature));
	assert_true(statement_batch(statements, 3, each, message));
	for (unsigned i = 0; i < 3; i++) {
		memcpy(signatures[i].signature, signature, sizeof signature);
		assert_true(statement_is_signed(&statements[i], &signatures[i], &public));
		assert_false(statement_is_signed(&statements[(i + 1) % 3], &signatures[i],
						 &public));
		xdr_free((xdrproc_t)xdr_dfs_signature, (char *)&signatures[i]);
	}
	assert_false(server_key_sign(key, statements, 0, signature));
	server_key_free(key);
	server_key_free(NULL);
}

static void test_12_2_only_the_last_key_of_the_configuration_is_read(void **state)
{
	struct server_key *key = server_key_new(2, 1, secret), *read;
	struct server_keys keys = keys_of(key, 2);
	char text[SECRET_TEXT], why[1024] = "";

	(void)state;
	secret_text(secret, text);
	assert_true(secret_write(key_file, text, why, sizeof why));
	read = server_key_read(key_file, folder, 2, &keys, why, sizeof why);
	assert_non_null(read);
	assert_int_equal(server_key_number(read), 1);
	server_key_free(read);
	/* Another's; one that has a successor. */
	assert_null(server_key_read(key_file, folder, 3, &keys, why, sizeof why));
	assert_non_null(strstr(why, "[dfs3]"));
	keys.count[1] = 2;
	assert_null(server_key_read(key_file, folder, 2, &keys, why, sizeof why));
	keys.keys[1][1] = keys.keys[1][0];
	read = server_key_read(key_file, folder, 2, &keys, why, sizeof why);
	assert_non_null(read);
	assert_int_equal(server_key_number(read), 2);
	server_key_free(read);
	/* Nor what others may read. */
	assert_int_equal(chmod(key_file, 0644), 0);
	assert_null(server_key_read(key_file, folder, 2, &keys, why, sizeof why));
	assert_non_null(strstr(why, "chmod 600"));
	assert_non_null(strstr(why, "the key that it signs with"));
	server_key_free(key);
}

/* Comments, settings and other servers stay as they are. */
static void test_12_2_a_key_is_added_to_the_configuration(void **state)
{
	static const char hex[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct cluster cluster;
	char why[512] = "", text[4096];
	dfs_key key = {.bytes = {5}};
	FILE *stream = fopen(config, "we");

	(void)state;
	assert_non_null(stream);
	(void)fprintf(
		stream,
		"[cluster]\nid = 00112233445566778899aabbccddeeff\nca = ca.pem\n"
		"admin = %s\n# the first\n[dfs1]\nsign = %s\n  [dfs2]\n\tsign = %s\n"
		"host = two ; after it\n[dfs3]\nsign = %s\n[dfs4]\nsign = %s\n"
		"[server]\nlog_level = warn\n",
		hex, hex, hex, hex, hex);
	assert_int_equal(fclose(stream), 0);
	assert_true(cluster_add_key(config, 2, &key, why, sizeof why));
	assert_true(cluster_read(config, &cluster, why, sizeof why));
	assert_int_equal(cluster.sign.count[0], 1);
	assert_int_equal(cluster.sign.count[1], 2);
	assert_int_equal(cluster.sign.count[2], 1);
	assert_memory_equal(&cluster.sign.keys[1][1], &key, sizeof key);
	assert_string_equal(cluster.servers[1].host, "two");
	stream = fopen(config, "re");
	text[fread(text, 1, sizeof text - 1, stream)] = '\0';
	(void)fclose(stream);
	assert_non_null(strstr(text, "# the first\n[dfs1]"));
	assert_non_null(strstr(text, "[server]\nlog_level = warn\n"));
	/* Without such a line there is no place for it. */
	stream = fopen(config, "we");
	(void)fprintf(stream, "[dfs1]\nsign = %s\n[dfs2]\n", hex);
	assert_int_equal(fclose(stream), 0);
	assert_false(cluster_add_key(config, 2, &key, why, sizeof why));
	assert_non_null(strstr(why, "it has none"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_12_2_a_key_is_found_by_server_and_number),
		cmocka_unit_test(test_12_2_keys_only_grow),
		cmocka_unit_test(test_12_2_what_it_signs_its_key_proves),
		cmocka_unit_test(
			test_12_2_only_the_last_key_of_the_configuration_is_read),
		cmocka_unit_test(test_12_2_a_key_is_added_to_the_configuration),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
