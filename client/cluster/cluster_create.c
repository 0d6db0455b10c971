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

struct making {
	char folder[PATH_MAX];
	struct cluster *cluster;
	struct cluster_admin admin;
	struct undo *made;
	char names[2][2 * PATH_MAX]; /* of below */
	unsigned turn;
	struct dfs_result result;
};

__attribute__((format(printf, 3, 4))) static bool fail(struct making *making, int code,
						       const char *format, ...)
{
	va_list arguments;

	making->result.code = code;
	va_start(arguments, format);
	(void)vsnprintf(making->result.why, sizeof making->result.why, format, arguments);
	va_end(arguments);
	return false;
}

/* The path of a file in the cluster's folder; in one of two buffers, used in turn. */
__attribute__((format(printf, 2, 3))) static const char *below(struct making *making,
							       const char *format, ...)
{
	char *buf = making->names[making->turn++ % 2];
	char *end = stpcpy(buf, making->folder);
	va_list arguments;

	*end++ = '/';
	va_start(arguments, format);
	(void)vsnprintf(end, PATH_MAX, format, arguments);
	va_end(arguments);
	return buf;
}

static bool note(struct making *making, const char *name)
{
	return undo_note(&making->made, name) ||
	       fail(making, DFS_EXIT_OTHER, "out of memory");
}

static bool demand_absent(struct making *making, const char *name, const char *hint)
{
	struct stat stat_buf;

	if (lstat(name, &stat_buf) == 0)
		return fail(making, DFS_EXIT_CONFLICT, "%s exists already: %s", name,
			    hint);
	if (errno != ENOENT && errno != ENOTDIR)
		return fail(making, DFS_EXIT_OTHER, "cannot look at %s: %s", name,
			    strerror(errno));
	return true;
}

static bool is_empty(struct making *making, const char *name)
{
	DIR *folder = opendir(name);
	const struct dirent *entry;
	bool empty = true;

	if (!folder)
		return fail(making, DFS_EXIT_OTHER, "cannot look into %s: %s", name,
			    strerror(errno));
	while (empty && (entry = readdir(folder)))
		empty = strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0;
	(void)closedir(folder);
	if (!empty)
		return fail(making, DFS_EXIT_CONFLICT,
			    "%s is not empty: it may be the store of another cluster",
			    name);
	return true;
}

static bool make_folder(struct making *making, const char *name, mode_t mode)
{
	struct stat stat_buf;

	if (mkdir(name, mode) == 0)
		return note(making, name);
	if (errno == EEXIST && stat(name, &stat_buf) == 0 && S_ISDIR(stat_buf.st_mode))
		return true;
	return fail(making, errno == EEXIST ? DFS_EXIT_CONFLICT : DFS_EXIT_OTHER,
		    "cannot make the folder %s: %s", name, strerror(errno));
}

static bool make_data_folder(struct making *making, const char *name)
{
	if (!make_folder(making, name, 0700) || !is_empty(making, name))
		return false;
	if (chmod(name, 0700) != 0)
		return fail(making, DFS_EXIT_OTHER, "cannot protect %s: %s", name,
			    strerror(errno));
	return undo_note_content(&making->made, name) ||
	       fail(making, DFS_EXIT_OTHER, "out of memory");
}

static bool demand_new(struct making *making)
{
	static const char left[] =
		"left behind by an attempt that was cut off, or the key of "
		"another cluster; remove it or choose another folder";

	if (!demand_absent(making, below(making, CONFIG),
			   "this folder is a cluster; choose another") ||
	    !demand_absent(making, below(making, NEW_CONFIG), left) ||
	    !demand_absent(making, below(making, "ca.pem"), left) ||
	    !demand_absent(making, below(making, "ca.key"), left) ||
	    !demand_absent(making, below(making, PASSWORD), left))
		return false;
	for (unsigned i = 1; i <= DFS_SERVERS; i++)
		if (!demand_absent(making, below(making, "dfs%u/cert.pem", i), left) ||
		    !demand_absent(making, below(making, "dfs%u/key.pem", i), left) ||
		    !demand_absent(making, below(making, "dfs%u/secret", i), left))
			return false;
	return true;
}

static bool make_folders(struct making *making)
{
	if (!make_folder(making, making->folder, 0755))
		return false;
	for (unsigned i = 1; i <= DFS_SERVERS; i++)
		if (!make_folder(making, below(making, "dfs%u", i), 0755) ||
		    !make_data_folder(making, below(making, "dfs%u/data", i)))
			return false;
	return true;
}

/* Certificates are written in pairs, and each removes its own half after a failure. */
static bool note_pair(struct making *making, bool written, const char *certificate,
		      const char *key)
{
	if (!written)
		making->result.code = DFS_EXIT_OTHER;
	return written && note(making, certificate) && note(making, key);
}

static bool make_certificates(struct making *making)
{
	char id[ID_TEXT], name[8];
	char *why = making->result.why;
	struct certificates *authority =
		certificates_new(id_text(&making->cluster->id, id), why, DFS_WHY);
	const char *certificate = below(making, "ca.pem"), *key = below(making, "ca.key");
	bool made = false;

	if (!authority) {
		making->result.code = DFS_EXIT_OTHER;
		return false;
	}
	if (!note_pair(making,
		       certificates_write_authority(authority, certificate, key, why,
						    DFS_WHY),
		       certificate, key))
		goto free_authority;
	for (unsigned i = 1; i <= DFS_SERVERS; i++) {
		(void)snprintf(name, sizeof name, "dfs%u", i);
		certificate = below(making, "%s/cert.pem", name);
		key = below(making, "%s/key.pem", name);
		if (!note_pair(making,
			       certificates_write_server(authority, name, certificate,
							 key, why, DFS_WHY),
			       certificate, key))
			goto free_authority;
	}
	made = true;
free_authority:
	certificates_free(authority);
	return made;
}

static bool make_secret_file(struct making *making, const char *name, const char *line)
{
	if (secret_write(name, line, making->result.why, DFS_WHY))
		return note(making, name);
	making->result.code = DFS_EXIT_OTHER;
	return false;
}

/* admin's password, for who makes the cluster; the servers never see it. */
static bool make_admin(struct making *making)
{
	if (!cluster_admin_make(&making->admin))
		return fail(making, DFS_EXIT_OTHER,
			    "out of memory, or the system has no random numbers");
	making->cluster->admin_key = making->admin.sign_key;
	return make_secret_file(making, below(making, PASSWORD), making->admin.password);
}

/* What the servers share with each other, and with nobody else. */
static bool make_secrets(struct making *making)
{
	uint8_t secret[SECRET_LEN];
	char text[SECRET_TEXT];
	bool made = true;

	if (!secret_make(secret))
		return fail(making, DFS_EXIT_OTHER, "the system has no random numbers");
	secret_text(secret, text);
	for (unsigned i = 1; made && i <= DFS_SERVERS; i++)
		made = make_secret_file(making, below(making, "dfs%u/secret", i), text);
	OPENSSL_cleanse(secret, sizeof secret);
	OPENSSL_cleanse(text, sizeof text);
	return made;
}

static bool make_stores(struct making *making)
{
	char program[PATH_MAX];

	for (unsigned i = 1; i <= DFS_SERVERS; i++) {
		if (!server_program_find(i, program, sizeof program, making->result.why,
					 DFS_WHY) ||
		    !server_program_create_store(
			    program, below(making, NEW_CONFIG), making->admin.registers,
			    making->admin.registers_len, making->result.why, DFS_WHY)) {
			making->result.code = DFS_EXIT_OTHER;
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
static bool publish(struct making *making)
{
	for (unsigned i = 1; i <= DFS_SERVERS; i++)
		if (!sync_folder(below(making, "dfs%u", i)))
			return fail(making, DFS_EXIT_OTHER, "cannot write %s: %s",
				    below(making, "dfs%u", i), strerror(errno));
	if (renameat2(AT_FDCWD, below(making, NEW_CONFIG), AT_FDCWD,
		      below(making, CONFIG), RENAME_NOREPLACE) != 0 &&
	    (errno != EINVAL ||
	     rename(below(making, NEW_CONFIG), below(making, CONFIG)) != 0))
		return fail(making, errno == EEXIST ? DFS_EXIT_CONFLICT : DFS_EXIT_OTHER,
			    "cannot make %s: %s", below(making, CONFIG), strerror(errno));
	if (!sync_folder(making->folder)) {
		int error = errno;

		(void)unlink(below(making, CONFIG));
		return fail(making, DFS_EXIT_OTHER, "cannot write %s: %s", making->folder,
			    strerror(error));
	}
	return true;
}

static bool make_all(struct making *making)
{
	if (!demand_new(making) || !make_folders(making) || !make_certificates(making) ||
	    !make_secrets(making) || !make_admin(making))
		return false;
	if (!cluster_write(below(making, NEW_CONFIG), making->cluster, making->result.why,
			   DFS_WHY)) {
		making->result.code = DFS_EXIT_OTHER;
		return false;
	}
	return note(making, below(making, NEW_CONFIG)) && make_stores(making) &&
	       publish(making);
}

static bool check_programs(struct making *making)
{
	char program[PATH_MAX];

	for (unsigned i = 1; i <= DFS_SERVERS; i++)
		if (!server_program_find(i, program, sizeof program, making->result.why,
					 DFS_WHY)) {
			making->result.code = DFS_EXIT_OTHER;
			return false;
		}
	return true;
}

static bool place(struct making *making, const char *folder)
{
	size_t len = strlen(folder);

	/* Names below it are longer by less than the margin. */
	if (len == 0 || len > PATH_MAX - 64)
		return fail(making, DFS_EXIT_USAGE,
			    "\"%s\" cannot be the name of a folder", folder);
	strcpy(making->folder, folder);
	while (len > 1 && making->folder[len - 1] == '/')
		making->folder[--len] = '\0';
	return true;
}

struct dfs_result cluster_create(const struct cluster_plan *plan, struct cluster *ret)
{
	struct making making = {.cluster = ret};
	struct cluster_ports ports;

	memset(ret, 0, sizeof *ret);
	if (!place(&making, plan->folder))
		return making.result;
	making.result = cluster_ports_take(&ports, plan->base_port);
	if (making.result.code != DFS_EXIT_DONE)
		return making.result;
	making.result = cluster_ports_apply(&ports, plan->hosts, plan->host_count, ret);
	if (making.result.code == DFS_EXIT_DONE && !id_random(&ret->id))
		(void)fail(&making, DFS_EXIT_OTHER, "the system has no random numbers");
	if (making.result.code == DFS_EXIT_DONE && check_programs(&making) &&
	    make_all(&making))
		undo_forget(&making.made);
	undo_all(&making.made);
	cluster_admin_free(&making.admin);
	cluster_ports_release(&ports);
	return making.result;
}
