/*
 * Making a new cluster.
 *
 * What is made is written down, so that after a failure it can be taken away again, the
 * newest first.  Folders that were there before stay.  The stores want a configuration to
 * be made by, so that is written under another name and gets its own at the very end: a
 * cluster.conf means a whole cluster.
 */
#include "cluster_create.h"

#include "ballot.h"
#include "certificates.h"
#include "cluster_admin.h"
#include "cluster_ports.h"
#include "result.h"
#include "secret.h"
#include "server_program.h"
#include "status.h"
#include "undo.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG "cluster.conf"
#define NEW_CONFIG "cluster.conf.new"
#define PASSWORD "admin.password"

struct creation {
	char folder[PATH_MAX];
	struct cluster *cluster;
	struct server_key *servers[DFS_SERVERS];
	struct cluster_admin admin;
	struct undo *made;
	char names[2][2 * PATH_MAX]; /* of below */
	unsigned turn;
	struct dfs_result result;
};

__attribute__((format(printf, 3, 4))) static bool fail(struct creation *creation,
						       int code, const char *format, ...)
{
	va_list arguments;

	creation->result.code = code;
	va_start(arguments, format);
	(void)vsnprintf(creation->result.why, sizeof creation->result.why, format,
			arguments);
	va_end(arguments);
	return false;
}

/* The path of a file in the cluster's folder; in one of two buffers, used in turn. */
__attribute__((format(printf, 2, 3))) static const char *below(struct creation *creation,
							       const char *format, ...)
{
	char *buf = creation->names[creation->turn++ % 2];
	char *end = stpcpy(buf, creation->folder);
	va_list arguments;

	*end++ = '/';
	va_start(arguments, format);
	(void)vsnprintf(end, PATH_MAX, format, arguments);
	va_end(arguments);
	return buf;
}

static bool note(struct creation *creation, const char *name)
{
	return undo_note(&creation->made, name) ||
	       fail(creation, DFS_EXIT_OTHER, "out of memory");
}

static bool demand_absent(struct creation *creation, const char *name, const char *hint)
{
	struct stat stat_buf;

	if (lstat(name, &stat_buf) == 0)
		return fail(creation, DFS_EXIT_CONFLICT, "%s exists already: %s", name,
			    hint);
	if (errno != ENOENT && errno != ENOTDIR)
		return fail(creation, DFS_EXIT_OTHER, "cannot look at %s: %s", name,
			    strerror(errno));
	return true;
}

static bool is_empty(struct creation *creation, const char *name)
{
	DIR *folder = opendir(name);
	const struct dirent *entry;
	bool empty = true;

	if (!folder)
		return fail(creation, DFS_EXIT_OTHER, "cannot look into %s: %s", name,
			    strerror(errno));
	while (empty && (entry = readdir(folder)))
		empty = strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0;
	(void)closedir(folder);
	if (!empty)
		return fail(creation, DFS_EXIT_CONFLICT,
			    "%s is not empty: it may be the store of another cluster",
			    name);
	return true;
}

static bool make_folder(struct creation *creation, const char *name, mode_t mode)
{
	struct stat stat_buf;

	if (mkdir(name, mode) == 0)
		return note(creation, name);
	if (errno == EEXIST && stat(name, &stat_buf) == 0 && S_ISDIR(stat_buf.st_mode))
		return true;
	return fail(creation, errno == EEXIST ? DFS_EXIT_CONFLICT : DFS_EXIT_OTHER,
		    "cannot make the folder %s: %s", name, strerror(errno));
}

static bool make_data_folder(struct creation *creation, const char *name)
{
	if (!make_folder(creation, name, 0700) || !is_empty(creation, name))
		return false;
	if (chmod(name, 0700) != 0)
		return fail(creation, DFS_EXIT_OTHER, "cannot protect %s: %s", name,
			    strerror(errno));
	return undo_note_content(&creation->made, name) ||
	       fail(creation, DFS_EXIT_OTHER, "out of memory");
}

static bool demand_new(struct creation *creation)
{
	static const char left[] =
		"left behind by an attempt that was cut off, or the key of "
		"another cluster; remove it or choose another folder";

	if (!demand_absent(creation, below(creation, CONFIG),
			   "this folder is a cluster; choose another") ||
	    !demand_absent(creation, below(creation, NEW_CONFIG), left) ||
	    !demand_absent(creation, below(creation, "ca.pem"), left) ||
	    !demand_absent(creation, below(creation, "ca.key"), left) ||
	    !demand_absent(creation, below(creation, PASSWORD), left))
		return false;
	for (unsigned i = 1; i <= DFS_SERVERS; i++)
		if (!demand_absent(creation, below(creation, "dfs%u/cert.pem", i),
				   left) ||
		    !demand_absent(creation, below(creation, "dfs%u/key.pem", i), left) ||
		    !demand_absent(creation, below(creation, "dfs%u/secret", i), left) ||
		    !demand_absent(creation, below(creation, "dfs%u/sign.key", i), left))
			return false;
	return true;
}

static bool make_folders(struct creation *creation)
{
	if (!make_folder(creation, creation->folder, 0755))
		return false;
	for (unsigned i = 1; i <= DFS_SERVERS; i++)
		if (!make_folder(creation, below(creation, "dfs%u", i), 0755) ||
		    !make_data_folder(creation, below(creation, "dfs%u/data", i)))
			return false;
	return true;
}

/* Certificates are written in pairs, and each removes its own half after a failure. */
static bool note_pair(struct creation *creation, bool written,
		      const struct certificate_pair *pair)
{
	if (!written)
		creation->result.code = DFS_EXIT_OTHER;
	return written && note(creation, pair->certificate) && note(creation, pair->key);
}

static bool make_certificates(struct creation *creation)
{
	char id[ID_TEXT], name[8];
	char *why = creation->result.why;
	struct certificates *authority =
		certificates_new(id_text(&creation->cluster->id, id), why, DFS_WHY);
	struct certificate_pair pair = {.certificate = below(creation, "ca.pem"),
					.key = below(creation, "ca.key")};
	bool made;

	if (!authority) {
		creation->result.code = DFS_EXIT_OTHER;
		return false;
	}
	made = note_pair(creation,
			 certificates_write_authority(authority, &pair, why, DFS_WHY),
			 &pair);
	for (unsigned s = 1; made && s <= DFS_SERVERS; s++) {
		(void)snprintf(name, sizeof name, "dfs%u", s);
		pair.certificate = below(creation, "%s/cert.pem", name);
		pair.key = below(creation, "%s/key.pem", name);
		made = note_pair(
			creation,
			certificates_write_server(authority, name, &pair, why, DFS_WHY),
			&pair);
	}
	certificates_free(authority);
	return made;
}

static bool make_secret_file(struct creation *creation, const char *name,
			     const char *line)
{
	if (secret_write(name, line, creation->result.why, DFS_WHY))
		return note(creation, name);
	creation->result.code = DFS_EXIT_OTHER;
	return false;
}

/* admin's password, for who makes the cluster; the servers never see it. */
static bool make_admin(struct creation *creation)
{
	const struct server_key *servers[DFS_SERVERS];

	for (unsigned i = 0; i < DFS_SERVERS; i++)
		servers[i] = creation->servers[i];
	if (!cluster_admin_make(servers, &creation->admin))
		return fail(creation, DFS_EXIT_OTHER,
			    "out of memory, or the system has no random numbers");
	creation->cluster->admin_key = creation->admin.sign_key;
	return make_secret_file(creation, below(creation, PASSWORD),
				creation->admin.password);
}

/* What the servers share with each other, and with nobody else. */
static bool make_secrets(struct creation *creation)
{
	uint8_t secret[SECRET_LEN];
	char text[SECRET_TEXT];
	bool made = true;

	if (!secret_make(secret))
		return fail(creation, DFS_EXIT_OTHER, "the system has no random numbers");
	secret_text(secret, text);
	for (unsigned i = 1; made && i <= DFS_SERVERS; i++)
		made = make_secret_file(creation, below(creation, "dfs%u/secret", i),
					text);
	OPENSSL_cleanse(secret, sizeof secret);
	OPENSSL_cleanse(text, sizeof text);
	return made;
}

/* What each of them signs with. */
static bool make_keys(struct creation *creation)
{
	uint8_t secret[SECRET_LEN];
	char text[SECRET_TEXT];
	bool made = true;

	for (unsigned s = 1; made && s <= DFS_SERVERS; s++) {
		struct server_keys *sign = &creation->cluster->sign;

		if (!secret_make(secret) ||
		    !(creation->servers[s - 1] = server_key_new(s, 1, secret)))
			return fail(creation, DFS_EXIT_OTHER,
				    "out of memory, or the system has no random numbers");
		server_key_public(creation->servers[s - 1], &sign->keys[s - 1][0]);
		sign->count[s - 1] = 1;
		secret_text(secret, text);
		made = make_secret_file(creation, below(creation, "dfs%u/sign.key", s),
					text);
	}
	OPENSSL_cleanse(secret, sizeof secret);
	OPENSSL_cleanse(text, sizeof text);
	return made;
}

/* program has PATH_MAX bytes. */
static bool find_program(struct creation *creation, unsigned server, char *program)
{
	if (server_program_find(server, program, PATH_MAX, creation->result.why, DFS_WHY))
		return true;
	creation->result.code = DFS_EXIT_OTHER;
	return false;
}

static bool make_stores(struct creation *creation)
{
	const struct server_program_store store = {.config = below(creation, NEW_CONFIG),
						   .registers = creation->admin.registers,
						   .len = creation->admin.registers_len};
	char program[PATH_MAX];

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		if (!find_program(creation, s, program))
			return false;
		if (!server_program_create_store(program, &store, creation->result.why,
						 DFS_WHY)) {
			creation->result.code = DFS_EXIT_OTHER;
			return false;
		}
	}
	return true;
}

static bool sync_folder(const char *name)
{
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool synced = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		(void)close(fd);
	return synced;
}

/* From here on it is a cluster. */
static bool publish(struct creation *creation)
{
	for (unsigned i = 1; i <= DFS_SERVERS; i++)
		if (!sync_folder(below(creation, "dfs%u", i)))
			return fail(creation, DFS_EXIT_OTHER, "cannot write %s: %s",
				    below(creation, "dfs%u", i), strerror(errno));
	if (renameat2(AT_FDCWD, below(creation, NEW_CONFIG), AT_FDCWD,
		      below(creation, CONFIG), RENAME_NOREPLACE) != 0 &&
	    (errno != EINVAL ||
	     rename(below(creation, NEW_CONFIG), below(creation, CONFIG)) != 0))
		return fail(
			creation, errno == EEXIST ? DFS_EXIT_CONFLICT : DFS_EXIT_OTHER,
			"cannot make %s: %s", below(creation, CONFIG), strerror(errno));
	if (!sync_folder(creation->folder)) {
		int error = errno;

		(void)unlink(below(creation, CONFIG));
		return fail(creation, DFS_EXIT_OTHER, "cannot write %s: %s",
			    creation->folder, strerror(error));
	}
	return true;
}

static bool make_all(struct creation *creation)
{
	if (!demand_new(creation) || !make_folders(creation) ||
	    !make_certificates(creation) || !make_secrets(creation) ||
	    !make_keys(creation) || !make_admin(creation))
		return false;
	if (!cluster_write(below(creation, NEW_CONFIG), creation->cluster,
			   creation->result.why, DFS_WHY)) {
		creation->result.code = DFS_EXIT_OTHER;
		return false;
	}
	return note(creation, below(creation, NEW_CONFIG)) && make_stores(creation) &&
	       publish(creation);
}

static bool check_programs(struct creation *creation)
{
	char program[PATH_MAX];

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (!find_program(creation, s, program))
			return false;
	return true;
}

static bool place(struct creation *creation, const char *folder)
{
	size_t len = strlen(folder);

	/* Names below it are longer by less than the margin. */
	if (len == 0 || len > PATH_MAX - 64)
		return fail(creation, DFS_EXIT_USAGE,
			    "\"%s\" cannot be the name of a folder", folder);
	strcpy(creation->folder, folder);
	while (len > 1 && creation->folder[len - 1] == '/')
		creation->folder[--len] = '\0';
	return true;
}

struct dfs_result cluster_create(const struct cluster_plan *plan, struct cluster *ret)
{
	struct creation creation = {.cluster = ret};
	struct cluster_ports ports;

	memset(ret, 0, sizeof *ret);
	if (!place(&creation, plan->folder))
		return creation.result;
	creation.result = cluster_ports_take(&ports, plan->base_port);
	if (creation.result.code != DFS_EXIT_DONE)
		return creation.result;
	creation.result = cluster_ports_apply(&ports, plan->hosts, plan->host_count, ret);
	if (creation.result.code == DFS_EXIT_DONE && !id_random(&ret->id))
		(void)fail(&creation, DFS_EXIT_OTHER, "the system has no random numbers");
	if (creation.result.code == DFS_EXIT_DONE && check_programs(&creation) &&
	    make_all(&creation))
		undo_forget(&creation.made);
	undo_all(&creation.made);
	cluster_admin_free(&creation.admin);
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		server_key_free(creation.servers[i]);
	cluster_ports_release(&ports);
	return creation.result;
}
