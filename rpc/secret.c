/* Files that only their owner may read, and the secret of the servers. */
#include "secret.h"

#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_LEN = SECRET_TEXT }; /* with the newline, but without a NUL */

const char *secret_renew(const char *folder, char buf[SECRET_REMEDY])
{
	char key[PATH_MAX + 8];

	(void)snprintf(key, sizeof key, "%s/ca.key", folder);
	if (access(key, F_OK) == 0)
		(void)snprintf(buf, SECRET_REMEDY,
			       "mend it with: client cluster renew '%s'", folder);
	else
		(void)snprintf(
			buf, SECRET_REMEDY,
			"make it again where the cluster's ca.key is (client cluster "
			"renew), and copy the server's folder from there");
	return buf;
}

const char *secret_chown(const char *file, char buf[SECRET_REMEDY])
{
	const struct passwd *user = getpwuid(geteuid());

	if (user)
		(void)snprintf(buf, SECRET_REMEDY,
			       "this program runs as %s; mend it with: chown %s '%s'",
			       user->pw_name, user->pw_name, file);
	else
		(void)snprintf(buf, SECRET_REMEDY, "mend it with: chown %lu '%s'",
			       (unsigned long)geteuid(), file);
	return buf;
}

FILE *secret_open(const char *file, const char *what, const char *folder, char *why,
		  size_t why_size)
{
	FILE *stream = fopen(file, "re");
	char remedy[SECRET_REMEDY];
	struct stat status;

	if (!stream || fstat(fileno(stream), &status) < 0) {
		int error = errno;

		(void)snprintf(why, why_size, "%s: %s cannot be read (%s); %s", file,
			       what, strerrordesc_np(error),
			       error == EACCES || error == EPERM
				       ? secret_chown(file, remedy)
				       : secret_renew(folder, remedy));
	} else if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		(void)snprintf(why, why_size,
			       "%s: others than its owner may read %s; mend it with: "
			       "chmod 600 '%s'",
			       file, what, file);
	} else {
		return stream;
	}
	if (stream)
		(void)fclose(stream);
	return NULL;
}

/* A file that is read, and what it is called. */
struct secret_file {
	const char *name, *what, *folder;
};

static bool read_line(const struct secret_file *file, uint8_t ret[SECRET_LEN], char *why,
		      size_t why_size)
{
	FILE *stream = secret_open(file->name, file->what, file->folder, why, why_size);
	char text[TEXT_LEN + 2], remedy[SECRET_REMEDY];
	size_t len;
	bool good;

	if (!stream)
		return false;
	setvbuf(stream, NULL, _IONBF, 0); /* nothing of it stays in a buffer */
	len = fread(text, 1, sizeof text - 1, stream);
	(void)fclose(stream);
	good = len == TEXT_LEN && text[TEXT_LEN - 1] == '\n';
	text[good ? TEXT_LEN - 1 : 0] = '\0';
	good = good && text_unhex(text, ret, SECRET_LEN);
	OPENSSL_cleanse(text, sizeof text);
	if (!good)
		(void)snprintf(why, why_size,
			       "%s: not a secret, which is 64 hex digits; %s", file->name,
			       secret_renew(file->folder, remedy));
	return good;
}

bool secret_read(const char *file, const char *folder, uint8_t ret[SECRET_LEN], char *why,
		 size_t why_size)
{
	return read_line(&(struct secret_file){file, "the secret of the servers", folder},
			 ret, why, why_size);
}

bool secret_read_key(const char *file, const char *folder, uint8_t ret[SECRET_LEN],
		     char *why, size_t why_size)
{
	return read_line(
		&(struct secret_file){file, "the key that it signs with", folder}, ret,
		why, why_size);
}

bool secret_read_former(const char *file, uint8_t ret[SECRET_LEN], int64_t *ret_until_ns,
			char *why, size_t why_size)
{
	char text[SECRET_FORMER_TEXT + 1] = "";
	struct stat status;
	uint64_t until = 0;
	FILE *stream;
	bool good;

	*ret_until_ns = 0;
	/* Not access(2), which asks for who started the program, without what he may. */
	if (lstat(file, &status) != 0 && errno == ENOENT)
		return true;
	stream = secret_open(file, "the former secret of the servers", "", why, why_size);
	if (!stream)
		return false;
	setvbuf(stream, NULL, _IONBF, 0);
	size_t len = fread(text, 1, sizeof text - 1, stream);
	(void)fclose(stream);
	good = len > SECRET_TEXT && text[len - 1] == '\n' && text[SECRET_TEXT - 1] == ' ';
	if (good) {
		text[len - 1] = text[SECRET_TEXT - 1] = '\0';
		good = text_unhex(text, ret, SECRET_LEN) &&
		       text_number(text + SECRET_TEXT, 1, INT64_MAX / 1000000000 / 2,
				   &until);
	}
	OPENSSL_cleanse(text, sizeof text);
	*ret_until_ns = good ? (int64_t)until * 1000000000 : 0;
	if (!good)
		(void)snprintf(why, why_size,
			       "%s: not a former secret; mend it with: rm '%s'", file,
			       file);
	return good;
}

void secret_former_text(const uint8_t secret[SECRET_LEN], int64_t until_ns,
			char text[SECRET_FORMER_TEXT])
{
	(void)text_hex(secret, SECRET_LEN, text);
	(void)snprintf(text + SECRET_TEXT - 1, SECRET_FORMER_TEXT - SECRET_TEXT + 1,
		       " %lld", (long long)(until_ns / 1000000000));
}

bool secret_write(const char *file, const char *line, char *why, size_t why_size)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	ssize_t len = (ssize_t)strlen(line);
	bool written;

	if (fd < 0) {
		(void)snprintf(why, why_size, "cannot create %s: %s", file,
			       strerrordesc_np(errno));
		return false;
	}
	errno = ENOSPC; /* of a write that stops half way */
	written = fchmod(fd, 0600) == 0 && write(fd, line, (size_t)len) == len &&
		  write(fd, "\n", 1) == 1 && fsync(fd) == 0;
	if (!written)
		(void)snprintf(why, why_size, "cannot write %s: %s", file,
			       strerrordesc_np(errno));
	(void)close(fd);
	if (!written)
		(void)unlink(file);
	return written;
}

bool secret_replace(const char *file, const char *line, char *why, size_t why_size)
{
	char fresh[PATH_MAX + 40];

	(void)snprintf(fresh, sizeof fresh, "%s.new", file);
	if (unlink(fresh) != 0 && errno != ENOENT) {
		(void)snprintf(why, why_size, "cannot remove %s: %s", fresh,
			       strerrordesc_np(errno));
		return false;
	}
	if (!secret_write(fresh, line, why, why_size))
		return false;
	if (rename(fresh, file) == 0)
		return true;
	(void)snprintf(why, why_size, "cannot make %s: %s", file, strerrordesc_np(errno));
	return false;
}

void secret_text(const uint8_t secret[SECRET_LEN], char text[SECRET_TEXT])
{
	(void)text_hex(secret, SECRET_LEN, text);
}

bool secret_make(uint8_t ret[SECRET_LEN])
{
	return RAND_priv_bytes(ret, SECRET_LEN) == 1;
}

void secret_wipe(void *secret, size_t len)
{
	OPENSSL_cleanse(secret, len);
}
