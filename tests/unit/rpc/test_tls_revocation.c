/* Lists of revoked certificates: what counts, and what is refused. */
#include "tls.h"

#include "certificates.h"
#include "revocation.h"
#include "wire_fixture.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TEXT_MAX = 16384 };

static struct wire_fixture fixture;
static char list[WIRE_FIXTURE_FILE];

static int make_folder(void **state)
{
	(void)state;
	wire_fixture_start(&fixture);
	(void)wire_fixture_file(&fixture, TLS_LIST, list);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	wire_fixture_end(&fixture);
	return 0;
}

/* ---- files --------------------------------------------------------------------- */

static size_t read_text(const char *name, char text[TEXT_MAX])
{
	char file[WIRE_FIXTURE_FILE];
	FILE *stream = fopen(wire_fixture_file(&fixture, name, file), "re");
	size_t len;

	assert_non_null(stream);
	len = fread(text, 1, TEXT_MAX - 1, stream);
	assert_int_equal(fclose(stream), 0);
	text[len] = '\0';
	return len;
}

static void write_list(const char *text, size_t len)
{
	FILE *stream = fopen(list, "we");

	assert_non_null(stream);
	assert_int_equal(fwrite(text, 1, len, stream), len);
	assert_int_equal(fclose(stream), 0);
}

/* ca ("ca" or "other") revokes NAME.pem, on the list that is there. */
static void put_on_list(const char *ca, const char *name)
{
	char certificate[WIRE_FIXTURE_FILE], key[WIRE_FIXTURE_FILE];
	char server[WIRE_FIXTURE_FILE], none[WIRE_FIXTURE_FILE], why[WIRE_FIXTURE_WHY];
	char file[64];
	struct certificates *authority;

	(void)snprintf(file, sizeof file, "%s.pem", ca);
	(void)wire_fixture_file(&fixture, file, certificate);
	(void)snprintf(file, sizeof file, "%s.key", ca);
	(void)wire_fixture_file(&fixture, file, key);
	(void)snprintf(file, sizeof file, "%s.pem", name);
	const struct revocation_files files = {
		wire_fixture_file(&fixture, file, server),
		wire_fixture_file(&fixture, "none.pem", none), list};
	authority = certificates_read(&(struct certificate_pair){certificate, key}, why,
				      sizeof why);
	assert_non_null(authority);
	assert_true(revocation_add(authority, &files, why, sizeof why));
	certificates_free(authority);
}

/* The list again, with other times (in days from now) or without its number. */
static void sign_again(long from_days, long until_days, bool numbered)
{
	char file[WIRE_FIXTURE_FILE];
	FILE *stream = fopen(list, "re"),
	     *key_stream = fopen(wire_fixture_file(&fixture, "ca.key", file), "re");
	X509_CRL *made;
	EVP_PKEY *key;
	ASN1_TIME *time;

	assert_true(stream && key_stream);
	made = PEM_read_X509_CRL(stream, NULL, NULL, NULL);
	key = PEM_read_PrivateKey(key_stream, NULL, NULL, NULL);
	assert_true(made && key);
	(void)fclose(stream);
	(void)fclose(key_stream);
	time = X509_gmtime_adj(NULL, from_days * 86400);
	assert_int_equal(X509_CRL_set1_lastUpdate(made, time), 1);
	ASN1_TIME_free(time);
	time = X509_gmtime_adj(NULL, until_days * 86400);
	assert_int_equal(X509_CRL_set1_nextUpdate(made, time), 1);
	ASN1_TIME_free(time);
	if (!numbered)
		X509_EXTENSION_free(X509_CRL_delete_ext(
			made, X509_CRL_get_ext_by_NID(made, NID_crl_number, -1)));
	assert_true(X509_CRL_sign(made, key, EVP_sha256()) > 0);
	stream = fopen(list, "we");
	assert_non_null(stream);
	assert_int_equal(PEM_write_X509_CRL(stream, made), 1);
	assert_int_equal(fclose(stream), 0);
	X509_CRL_free(made);
	EVP_PKEY_free(key);
}

/* ---- who is believed ------------------------------------------------------------ */

/* By the list, and in a handshake: both say the same. */
static bool is_revoked(const char *name)
{
	char why[WIRE_FIXTURE_WHY] = "", held[WIRE_FIXTURE_FILE];
	SSL_CTX *client = wire_fixture_client(&fixture, "ca.pem"), *server;
	bool revoked, agreed;

	/* It would not start with a list that has it. */
	(void)wire_fixture_file(&fixture, "held", held);
	assert_true(rename(list, held) == 0 || access(list, F_OK) != 0);
	server = wire_fixture_server(&fixture, name);
	assert_true(rename(held, list) == 0 || access(held, F_OK) != 0);
	revoked = tls_is_revoked(client, SSL_CTX_get0_certificate(server));
	agreed = tls_agree(server, client, why, sizeof why);
	assert_int_equal(agreed, !revoked);
	SSL_CTX_free(server);
	SSL_CTX_free(client);
	return revoked;
}

static SSL_CTX *try_client(char why[WIRE_FIXTURE_WHY])
{
	char ca[WIRE_FIXTURE_FILE];

	return tls_for_client(wire_fixture_file(&fixture, "ca.pem", ca), why,
			      WIRE_FIXTURE_WHY);
}

static void refused(const char *because)
{
	char why[WIRE_FIXTURE_WHY] = "";

	assert_null(try_client(why));
	if (!strstr(why, because) || !strstr(why, list) ||
	    !strstr(why, "copy " TLS_LIST " from where"))
		fail_msg("\"%s\" does not say \"%s\"", why, because);
}

static void test_12_8_who_is_on_the_list_is_not_believed(void **state)
{
	(void)state;
	(void)unlink(list);
	assert_false(is_revoked("dfs1"));
	assert_false(is_revoked("dfs2"));
	put_on_list("ca", "dfs2");
	assert_false(is_revoked("dfs1"));
	assert_true(is_revoked("dfs2"));
	put_on_list("ca", "dfs1");
	assert_true(is_revoked("dfs1"));
	assert_true(is_revoked("dfs2"));
}

/* One that nobody has renewed in time, and one that a clock thinks is not yet good. */
static void test_12_8_what_a_list_says_has_no_end(void **state)
{
	(void)state;
	(void)unlink(list);
	put_on_list("ca", "dfs2");
	sign_again(-4000, -1, true);
	assert_true(is_revoked("dfs2"));
	assert_false(is_revoked("dfs1"));
	sign_again(2, 4000, true);
	assert_true(is_revoked("dfs2"));
	assert_false(is_revoked("dfs1"));
}

/* A file may hold several lists of the CA, in any order: they add up. */
static void test_12_8_of_several_lists_all_count(void **state)
{
	char first[TEXT_MAX], second[TEXT_MAX], both[2 * TEXT_MAX];

	(void)state;
	(void)unlink(list);
	put_on_list("ca", "dfs1");
	(void)read_text(TLS_LIST, first);
	(void)unlink(list);
	put_on_list("ca", "dfs2");
	(void)read_text(TLS_LIST, second);
	for (int turn = 0; turn < 2; turn++) {
		int len =
			snprintf(both, sizeof both, "a word\n%s\n%s",
				 turn == 0 ? first : second, turn == 0 ? second : first);

		write_list(both, (size_t)len);
		assert_true(is_revoked("dfs1"));
		assert_true(is_revoked("dfs2"));
		assert_false(is_revoked("both"));
		/* Nor does the one that takes their place forget any. */
		put_on_list("ca", "both");
		assert_true(is_revoked("dfs1"));
		assert_true(is_revoked("dfs2"));
		assert_true(is_revoked("both"));
	}
}

static void test_12_8_what_is_no_list_of_this_ca_is_refused(void **state)
{
	char good[TEXT_MAX], text[2 * TEXT_MAX];
	size_t len;

	(void)state;
	(void)unlink(list);
	put_on_list("ca", "dfs2");
	len = read_text(TLS_LIST, good);
	write_list("", 0);
	refused("not a list in PEM form");
	write_list("no list", 7);
	refused("not a list in PEM form");
	(void)read_text("dfs1.pem", text);
	write_list(text, strlen(text));
	refused("of no use");
	/* Half of one, alone and behind a good one. */
	write_list(good, len / 2);
	refused("of no use");
	int both = snprintf(text, sizeof text, "%s%.*s", good, (int)len / 2, good);
	write_list(text, (size_t)both);
	refused("it is damaged");
	/* Every letter of it counts: here one of the serial number or its neighbours. */
	for (size_t at = 60; at < len - 60; at += 40) {
		memcpy(text, good, len);
		text[at] = text[at] == 'A' ? 'B' : 'A';
		if (good[at] == '\n')
			continue;
		write_list(text, len);
		refused("of no use");
	}
	(void)unlink(list);
	put_on_list("other", "stranger");
	refused("another CA than this cluster's");
	write_list(good, len);
	assert_true(is_revoked("dfs2"));
}

/* May who has read the one go over to the other? */
static bool as_new(const char *fresh, const char *before)
{
	char why[WIRE_FIXTURE_WHY];
	SSL_CTX *contexts[2];
	const char *texts[2] = {fresh, before};
	bool result;

	for (unsigned i = 0; i < 2; i++) {
		(void)unlink(list);
		if (texts[i])
			write_list(texts[i], strlen(texts[i]));
		contexts[i] = try_client(why);
		assert_non_null(contexts[i]);
	}
	result = tls_list_is_as_new(contexts[0], contexts[1]);
	SSL_CTX_free(contexts[0]);
	SSL_CTX_free(contexts[1]);
	return result;
}

static void test_12_8_no_older_list_takes_the_place_of_a_newer(void **state)
{
	char first[TEXT_MAX], second[TEXT_MAX], late[TEXT_MAX], early[TEXT_MAX];

	(void)state;
	(void)unlink(list);
	put_on_list("ca", "dfs2");
	(void)read_text(TLS_LIST, first);
	put_on_list("ca", "dfs1");
	/* Numbers count, whatever the clock was. */
	sign_again(-100, 4000, true);
	(void)read_text(TLS_LIST, second);
	assert_true(as_new(second, first));
	assert_false(as_new(first, second));
	assert_true(as_new(first, first));
	assert_true(as_new(first, NULL));
	assert_true(as_new(NULL, NULL));
	assert_false(as_new(NULL, first));
	/* Without numbers, times do. */
	sign_again(-10, 4000, false);
	(void)read_text(TLS_LIST, late);
	sign_again(-20, 4000, false);
	(void)read_text(TLS_LIST, early);
	assert_true(as_new(late, early));
	assert_false(as_new(early, late));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_12_8_who_is_on_the_list_is_not_believed),
		cmocka_unit_test(test_12_8_what_a_list_says_has_no_end),
		cmocka_unit_test(test_12_8_of_several_lists_all_count),
		cmocka_unit_test(test_12_8_what_is_no_list_of_this_ca_is_refused),
		cmocka_unit_test(test_12_8_no_older_list_takes_the_place_of_a_newer),
	};

	return cmocka_run_group_tests_name("tls_revocation", tests, make_folder,
					   remove_folder);
}
