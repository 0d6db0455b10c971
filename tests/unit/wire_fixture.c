/* Certificates made for the test, and the two ends of a connection. */
#include "wire_fixture.h"

#include "certificates.h"
#include "tls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/pem.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "wire fixture: %s: %s\n", what, strerror(errno));
	abort();
}

const char *wire_fixture_file(const struct wire_fixture *fixture, const char *name,
			      char *buf)
{
	(void)snprintf(buf, WIRE_FIXTURE_FILE, "%s/%s", fixture->folder, name);
	return buf;
}

/* NAME.pem and NAME.key for the DNS name. */
static void issue(const struct wire_fixture *fixture,
		  const struct certificates *authority, const char *name,
		  const char *dns_name)
{
	char certificate[WIRE_FIXTURE_FILE], key[WIRE_FIXTURE_FILE];
	char why[WIRE_FIXTURE_WHY] = "";

	(void)snprintf(certificate, sizeof certificate, "%s/%s.pem", fixture->folder,
		       name);
	(void)snprintf(key, sizeof key, "%s/%s.key", fixture->folder, name);
	must(certificates_write_server(authority, dns_name,
				       &(struct certificate_pair){certificate, key}, why,
				       sizeof why),
	     why);
}

static struct certificates *found(const struct wire_fixture *fixture, const char *name)
{
	char certificate[WIRE_FIXTURE_FILE], key[WIRE_FIXTURE_FILE];
	char why[WIRE_FIXTURE_WHY] = "";
	struct certificates *authority = certificates_new("test", why, sizeof why);

	must(authority != NULL, why);
	(void)snprintf(certificate, sizeof certificate, "%s/%s.pem", fixture->folder,
		       name);
	(void)snprintf(key, sizeof key, "%s/%s.key", fixture->folder, name);
	must(certificates_write_authority(authority,
					  &(struct certificate_pair){certificate, key},
					  why, sizeof why),
	     why);
	return authority;
}

/* Signs the certificate again, as one that has expired yesterday. */
static void make_old(const struct wire_fixture *fixture, const char *name)
{
	char file[WIRE_FIXTURE_FILE], key_file[WIRE_FIXTURE_FILE];
	FILE *stream = fopen(wire_fixture_file(fixture, name, file), "r");
	FILE *key_stream = fopen(wire_fixture_file(fixture, "ca.key", key_file), "r");

	must(stream != NULL && key_stream != NULL, file);
	X509 *certificate = PEM_read_X509(stream, NULL, NULL, NULL);
	EVP_PKEY *key = PEM_read_PrivateKey(key_stream, NULL, NULL, NULL);
	fclose(stream);
	fclose(key_stream);
	stream = fopen(file, "w");
	must(certificate != NULL && key != NULL && stream != NULL &&
		     X509_gmtime_adj(X509_getm_notBefore(certificate), -3 * 86400L) !=
			     NULL &&
		     X509_gmtime_adj(X509_getm_notAfter(certificate), -86400L) != NULL &&
		     X509_sign(certificate, key, EVP_sha256()) != 0 &&
		     PEM_write_X509(stream, certificate) == 1,
	     "an expired certificate");
	fclose(stream);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

void wire_fixture_start(struct wire_fixture *fixture)
{
	const char *base = getenv("TMPDIR");
	struct certificates *ours, *other;

	(void)signal(SIGPIPE, SIG_IGN); /* as both programs do */
	(void)snprintf(fixture->folder, sizeof fixture->folder, "%s/dfs-wire-XXXXXX",
		       base != NULL ? base : "/tmp");
	must(mkdtemp(fixture->folder) != NULL, "mkdtemp");
	ours = found(fixture, "ca");
	issue(fixture, ours, "dfs1", "dfs1");
	issue(fixture, ours, "dfs2", "dfs2");
	issue(fixture, ours, "wild", "*.dfs");
	issue(fixture, ours, "both", "dfs3,DNS:dfs4");
	issue(fixture, ours, "nobody", "dfs5");
	issue(fixture, ours, "old", "dfs1");
	make_old(fixture, "old.pem");
	certificates_free(ours);
	other = found(fixture, "other");
	issue(fixture, other, "stranger", "dfs1");
	certificates_free(other);
}

void wire_fixture_end(struct wire_fixture *fixture)
{
	DIR *folder = opendir(fixture->folder);
	struct dirent *entry;

	must(folder != NULL, "opendir");
	while ((entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
	rmdir(fixture->folder);
}

SSL_CTX *wire_fixture_server(const struct wire_fixture *fixture, const char *name)
{
	char certificate[WIRE_FIXTURE_FILE], key[WIRE_FIXTURE_FILE],
		ca[WIRE_FIXTURE_FILE];
	char why[WIRE_FIXTURE_WHY] = "";

	(void)snprintf(certificate, sizeof certificate, "%s/%s.pem", fixture->folder,
		       name);
	(void)snprintf(key, sizeof key, "%s/%s.key", fixture->folder, name);
	wire_fixture_file(fixture, strcmp(name, "stranger") == 0 ? "other.pem" : "ca.pem",
			  ca);
	const struct tls_own own = {
		.cert = certificate, .key = key, .ca = ca, .folder = fixture->folder};
	SSL_CTX *context = tls_for_server(&own, why, sizeof why);
	must(context != NULL, why);
	return context;
}

SSL_CTX *wire_fixture_client(const struct wire_fixture *fixture, const char *ca)
{
	char file[WIRE_FIXTURE_FILE], why[WIRE_FIXTURE_WHY] = "";
	SSL_CTX *context =
		tls_for_client(wire_fixture_file(fixture, ca, file), why, sizeof why);

	must(context != NULL, why);
	return context;
}

void wire_fixture_pair(int ret_ends[2])
{
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
			ret_ends) == 0,
	     "socketpair");
}

void wire_fixture_write(int fd, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;

	while (len > 0) {
		ssize_t put = send(fd, from, len, MSG_NOSIGNAL);
		struct pollfd item = {.fd = fd, .events = POLLOUT};

		if (put > 0) {
			from += put;
			len -= (size_t)put;
		} else if (errno != EAGAIN || poll(&item, 1, 10000) != 1) {
			return; /* the other side is gone, which is its test's affair */
		}
	}
}
