/* client/certificates and client/cluster_ports: what a new cluster is made of. */
#include "certificates.h"

#include "cluster_ports.h"
#include "status.h"
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[256];
static char file[2][300];

static int make_folder(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	(void)snprintf(folder, sizeof folder, "%s/certificates-XXXXXX",
		       tmp != NULL ? tmp : "/tmp");
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(file[0], sizeof file[0], "%s/cert.pem", folder);
	(void)snprintf(file[1], sizeof file[1], "%s/key.pem", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(file[0]);
	(void)unlink(file[1]);
	return rmdir(folder);
}

static X509 *read_certificate(void)
{
	FILE *stream = fopen(file[0], "re");
	X509 *certificate;

	assert_non_null(stream);
	certificate = PEM_read_X509(stream, NULL, NULL, NULL);
	assert_int_equal(fclose(stream), 0);
	assert_non_null(certificate);
	return certificate;
}

static EVP_PKEY *read_key(void)
{
	FILE *stream = fopen(file[1], "re");
	EVP_PKEY *key;

	assert_non_null(stream);
	key = PEM_read_PrivateKey(stream, NULL, NULL, NULL);
	assert_int_equal(fclose(stream), 0);
	assert_non_null(key);
	return key;
}

static mode_t mode_of(const char *name)
{
	struct stat stat_buf;

	assert_int_equal(stat(name, &stat_buf), 0);
	return stat_buf.st_mode & 07777;
}

static void remove_files(void)
{
	assert_int_equal(unlink(file[0]), 0);
	assert_int_equal(unlink(file[1]), 0);
}

/* Does a peer that trusts this authority take the certificate for this purpose? */
static bool verifies(X509 *certificate, X509 *authority, int purpose)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	bool good;

	assert_non_null(store);
	assert_non_null(context);
	assert_int_equal(X509_STORE_add_cert(store, authority), 1);
	assert_int_equal(X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT), 1);
	assert_int_equal(X509_STORE_CTX_init(context, store, certificate, NULL), 1);
	assert_int_equal(X509_STORE_CTX_set_purpose(context, purpose), 1);
	good = X509_verify_cert(context) == 1;
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	return good;
}

static bool has_purpose(X509 *certificate, const char *number)
{
	EXTENDED_KEY_USAGE *usage =
		X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
	bool found = false;

	assert_non_null(usage);
	for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
		char text[64];

		OBJ_obj2txt(text, sizeof text, sk_ASN1_OBJECT_value(usage, i), 1);
		found = found || strcmp(text, number) == 0;
	}
	EXTENDED_KEY_USAGE_free(usage);
	return found;
}

static void test_server_certificate(void **state)
{
	char why[256] = "", name[128];
	struct certificates *authority = certificates_new("0123abcd", why, sizeof why);
	time_t in_nine_years = time(NULL) + 9 * 365 * 86400L;
	X509 *root, *server;
	EVP_PKEY *key;

	(void)state;
	assert_non_null(authority);
	assert_true(certificates_write_authority(
		authority, &(struct certificate_pair){file[0], file[1]}, why,
		sizeof why));
	assert_int_equal(mode_of(file[0]), 0644);
	assert_int_equal(mode_of(file[1]), 0600);
	root = read_certificate();
	key = read_key();
	assert_int_equal(X509_check_private_key(root, key), 1);
	EVP_PKEY_free(key);
	(void)X509_NAME_get_text_by_NID(X509_get_subject_name(root), NID_commonName, name,
					sizeof name);
	assert_non_null(strstr(name, "0123abcd"));
	assert_int_equal(X509_check_ca(root), 1);
	remove_files();

	assert_true(certificates_write_server(
		authority, "dfs3", &(struct certificate_pair){file[0], file[1]}, why,
		sizeof why));
	assert_int_equal(mode_of(file[1]), 0600);
	server = read_certificate();
	key = read_key();
	assert_int_equal(X509_check_private_key(server, key), 1);
	EVP_PKEY_free(key);
	assert_int_equal(X509_check_ca(server), 0);
	assert_int_equal(X509_check_host(server, "dfs3", 0,
					 X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL),
			 1);
	assert_int_equal(X509_check_host(server, "dfs1", 0, 0, NULL), 0);
	assert_true(verifies(server, root, X509_PURPOSE_SSL_SERVER));
	assert_true(verifies(server, root, X509_PURPOSE_SSL_CLIENT));
	assert_true(has_purpose(server, "1.3.6.1.5.5.7.3.33"));
	assert_true(has_purpose(server, "1.3.6.1.5.5.7.3.34"));
	assert_true(X509_cmp_current_time(X509_get0_notBefore(server)) < 0);
	assert_true(X509_cmp_time(X509_get0_notAfter(server), &in_nine_years) > 0);
	X509_free(server);
	X509_free(root);
	certificates_free(authority);
}

/* Another authority does not vouch for it, though it has the same name. */
static void test_other_authority(void **state)
{
	char why[256];
	struct certificates *ours = certificates_new("same", why, sizeof why);
	struct certificates *other = certificates_new("same", why, sizeof why);
	X509 *root, *server;

	(void)state;
	assert_true(certificates_write_authority(
		other, &(struct certificate_pair){file[0], file[1]}, why, sizeof why));
	root = read_certificate();
	remove_files();
	assert_true(certificates_write_server(
		ours, "dfs1", &(struct certificate_pair){file[0], file[1]}, why,
		sizeof why));
	server = read_certificate();
	assert_false(verifies(server, root, X509_PURPOSE_SSL_SERVER));
	X509_free(server);
	X509_free(root);
	certificates_free(other);
	certificates_free(ours);
}

/* Nothing that exists is overwritten, and half a pair does not stay. */
static void test_existing_files(void **state)
{
	char why[256] = "";
	struct certificates *authority = certificates_new("id", why, sizeof why);
	FILE *stream = fopen(file[0], "we");

	(void)state;
	assert_non_null(stream);
	assert_int_equal(fclose(stream), 0);
	assert_false(certificates_write_server(
		authority, "dfs1", &(struct certificate_pair){file[0], file[1]}, why,
		sizeof why));
	assert_non_null(strstr(why, file[0]));
	assert_int_equal(access(file[1], F_OK), -1);
	certificates_free(authority);
}

/* What was written can be read and used again, but not with another's key. */
static void test_2_6_an_authority_is_read_again(void **state)
{
	char why[512] = "", certificate[300], key[300], kept[300];
	struct certificates *ours = certificates_new("same", why, sizeof why);
	struct certificates *other = certificates_new("same", why, sizeof why);
	struct certificates *again;
	X509 *root, *server;

	(void)state;
	(void)snprintf(certificate, sizeof certificate, "%s/other.pem", folder);
	(void)snprintf(key, sizeof key, "%s/other.key", folder);
	(void)snprintf(kept, sizeof kept, "%s/ca.key", folder);
	assert_true(certificates_write_authority(
		ours, &(struct certificate_pair){file[0], file[1]}, why, sizeof why));
	assert_true(certificates_write_authority(
		other, &(struct certificate_pair){certificate, key}, why, sizeof why));
	assert_null(certificates_read(&(struct certificate_pair){file[0], key}, why,
				      sizeof why));
	assert_non_null(strstr(why, "does not belong to"));
	assert_null(certificates_read(&(struct certificate_pair){file[0], certificate},
				      why, sizeof why));
	assert_non_null(strstr(why, "chmod 600"));
	assert_null(certificates_read(&(struct certificate_pair){kept, file[1]}, why,
				      sizeof why));
	assert_non_null(strstr(why, "No such file"));
	assert_null(certificates_read(&(struct certificate_pair){file[0], kept}, why,
				      sizeof why));
	assert_non_null(strstr(why, "is not here"));
	for (mode_t mode = 040; mode > 0; mode >>= 1) {
		assert_int_equal(chmod(file[1], 0600 | mode), 0);
		assert_null(certificates_read(
			&(struct certificate_pair){file[0], file[1]}, why, sizeof why));
		assert_non_null(strstr(why, "chmod 600"));
	}
	assert_int_equal(chmod(file[1], 0600), 0);

	again = certificates_read(&(struct certificate_pair){file[0], file[1]}, why,
				  sizeof why);
	assert_non_null(again);
	root = read_certificate();
	remove_files();
	assert_true(certificates_write_server(
		again, "dfs1", &(struct certificate_pair){file[0], file[1]}, why,
		sizeof why));
	server = read_certificate();
	assert_true(verifies(server, root, X509_PURPOSE_SSL_SERVER));
	X509_free(server);
	X509_free(root);
	certificates_free(again);
	certificates_free(other);
	certificates_free(ours);
	assert_int_equal(unlink(certificate), 0);
	assert_int_equal(unlink(key), 0);
}

/* The addresses that come of a base port and hosts, or the code of the refusal. */
static int addresses(struct cluster *cluster, const char *base, const char *const *hosts,
		     size_t count)
{
	struct cluster_ports ports;
	struct dfs_result result = cluster_ports_take(&ports, base);

	memset(cluster, 0, sizeof *cluster);
	if (result.code == DFS_EXIT_DONE) {
		result = cluster_ports_apply(&ports, hosts, count, cluster);
		cluster_ports_release(&ports);
	}
	if (result.code != DFS_EXIT_DONE)
		assert_true(result.why[0] != '\0');
	return result.code;
}

static void test_addresses(void **state)
{
	static const char *const hosts[] = {"2=beta", "3=::1", "4=[::2]:77"};
	static const char *const port[] = {"1=10.0.0.1:700"};
	struct cluster cluster;

	(void)state;
	assert_int_equal(addresses(&cluster, NULL, NULL, 0), DFS_EXIT_DONE);
	assert_string_equal(cluster.servers[0].address, "127.0.0.1:10001");
	assert_string_equal(cluster.servers[3].address, "127.0.0.1:10004");
	assert_int_equal(addresses(&cluster, "65531", port, 1), DFS_EXIT_DONE);
	assert_string_equal(cluster.servers[0].address, "10.0.0.1:700");
	assert_string_equal(cluster.servers[0].host, "10.0.0.1");
	assert_string_equal(cluster.servers[3].address, "127.0.0.1:65535");
	assert_int_equal(addresses(&cluster, "20000", hosts, 3), DFS_EXIT_DONE);
	assert_string_equal(cluster.servers[1].address, "beta:20002");
	assert_string_equal(cluster.servers[1].host, "beta");
	assert_string_equal(cluster.servers[2].address, "[::1]:20003");
	assert_string_equal(cluster.servers[2].host, "::1");
	assert_string_equal(cluster.servers[3].address, "[::2]:77");
}

static void test_wrong_addresses(void **state)
{
	static const char *const wrong[] = {
		"",      "beta",   "0=a",       "5=a", "1=",   "1=a:0", "1=a:x",
		"1=a b", "1=[::1", "1=a:70000", "1a",  "1=[]", "1=a/b"};
	static const char *const twice[] = {"1=a", "1=b"};
	static const char *const same[] = {"1=127.0.0.1:10002"};
	struct cluster cluster;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(addresses(&cluster, NULL, &wrong[i], 1), DFS_EXIT_USAGE);
	assert_int_equal(addresses(&cluster, NULL, twice, 2), DFS_EXIT_USAGE);
	assert_int_equal(addresses(&cluster, NULL, same, 1), DFS_EXIT_USAGE);
	assert_int_equal(addresses(&cluster, "65532", NULL, 0), DFS_EXIT_USAGE);
	assert_int_equal(addresses(&cluster, "-1", NULL, 0), DFS_EXIT_USAGE);
	assert_int_equal(addresses(&cluster, "", NULL, 0), DFS_EXIT_USAGE);
}

static void test_free_ports(void **state)
{
	struct cluster_ports first, second;

	(void)state;
	assert_int_equal(cluster_ports_take(&first, "auto").code, DFS_EXIT_DONE);
	assert_int_equal(cluster_ports_take(&second, "auto").code, DFS_EXIT_DONE);
	/* While they are held nobody else gets them. */
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		for (unsigned k = 0; k < DFS_SERVERS; k++) {
			assert_int_not_equal(first.ports[i], second.ports[k]);
			if (i != k)
				assert_int_not_equal(first.ports[i], first.ports[k]);
		}
	cluster_ports_release(&first);
	cluster_ports_release(&first);
	cluster_ports_release(&second);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_server_certificate),
		IN_FOLDER(test_other_authority),
		IN_FOLDER(test_existing_files),
		IN_FOLDER(test_2_6_an_authority_is_read_again),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_wrong_addresses),
		cmocka_unit_test(test_free_ports),
	};

	return cmocka_run_group_tests_name("certificates", tests, NULL, NULL);
}
