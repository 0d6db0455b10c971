/*
 * Values of registers: the rules every one of them keeps, and their packed form.
 *
 * The rules are those that a server can check without knowing the register's history, so
 * that no client, however broken, can leave something behind that another could not read.
 */
#include "value.h"

#include "ballot.h"
#include "path.h"
#include "placement.h"
#include "statement.h"
#include "tree.h"
#include <limits.h>
#include <string.h>

/*
 * Every server has nothing, its own pair, or all four chunks; at least three have
 * something.
 */
static const char *check_holders(uint32_t holders, unsigned row)
{
	unsigned given = 0;

	if (holders >> 4 * DFS_SERVERS != 0)
		return "a holder that is none of the four servers";
	for (unsigned server = 1; server <= DFS_SERVERS; server++) {
		unsigned held = placement_held(holders, server);

		if (held == 0)
			continue;
		if (held != placement_pair(row, server) && held != CHUNKS_ALL)
			return "a holder with chunks that are not its own";
		given++;
	}
	return given < 3 ? "fewer than three holders" : NULL;
}

static bool is_user(const dfs_user *user)
{
	return !path_check_user(user->dfs_user_val, user->dfs_user_len);
}

static bool same_user(const dfs_user *a, const dfs_user *b)
{
	return a->dfs_user_len == b->dfs_user_len &&
	       memcmp(a->dfs_user_val, b->dfs_user_val, a->dfs_user_len) == 0;
}

static const char *check_content(const dfs_content *content)
{
	if (id_is_zero(&content->maker))
		return "a content without a maker";
	if (content->row >= 4)
		return "a row above 3";
	if (content->size > (uint64_t)DFS_FILE_UNITS_MAX * DFS_UNIT_SIZE)
		return "a file above the largest size";
	if (content->unit_size != placement_unit_size(content->size))
		return "a unit size that does not fit the size";
	if (!tree_fits(placement_units(content->size, content->unit_size),
		       content->tree.tree_len))
		return "a hash tree that does not fit the size";
	if (!is_user(&content->writer))
		return "a writer that is no user name";
	return check_holders(content->holders, content->row);
}

/* Readers: distinct, none of them the owner, and signed for. */
static const char *check_access(const dfs_access *access, const dfs_user *owner)
{
	const dfs_reader *readers = access->readers.readers_val;
	u_int count = access->readers.readers_len;

	for (u_int i = 0; i < count; i++) {
		if (!is_user(&readers[i].user))
			return "a reader that is no user name";
		if (same_user(&readers[i].user, owner))
			return "an owner who is a reader besides";
		for (u_int j = 0; j < i; j++)
			if (same_user(&readers[i].user, &readers[j].user))
				return "a reader who is there twice";
	}
	if ((count > 0) != (access->signature != NULL))
		return "readers without a signature, or a signature of nothing";
	return access->signature ? statement_check_signature(access->signature) : NULL;
}

static const char *check_attributes(const dfs_attributes *attributes)
{
	return attributes->mode & ~0100U ? "a mode that is none" : NULL;
}

static const char *check_earlier(const dfs_earlier *earlier, u_int count, uint64_t newer)
{
	const char *wrong = NULL;

	for (u_int i = 0; !wrong && i < count; i++) {
		if (earlier[i].content_version.number >= newer ||
		    id_is_zero(&earlier[i].content_version.operation))
			return "earlier versions that are not in order";
		newer = earlier[i].content_version.number;
		wrong = check_content(&earlier[i].content);
	}
	return wrong;
}

static const char *check_manifest(const dfs_value *value)
{
	const dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	const char *wrong;

	if (!is_user(&manifest->owner))
		return "an owner that is no user name";
	if (manifest->keys.keys_len != manifest->access.readers.readers_len + 1)
		return "more or fewer keys than the owner and the readers";
	wrong = check_access(&manifest->access, &manifest->owner);
	if (!wrong)
		wrong = check_attributes(&manifest->attributes);
	if (!wrong)
		wrong = check_content(&manifest->content);
	if (!wrong && manifest->continues &&
	    (manifest->continues->number >= value->content_version.number ||
	     id_is_zero(&manifest->continues->operation)))
		return "a version that continues itself or a later one";
	return wrong ? wrong
		     : check_earlier(manifest->earlier.earlier_val,
				     manifest->earlier.earlier_len,
				     value->content_version.number);
}

static const char *check_folder(const dfs_folder *folder)
{
	const char *wrong = check_access(&folder->access, &folder->owner);

	if (!is_user(&folder->owner))
		return "an owner that is no user name";
	return wrong ? wrong : check_attributes(&folder->attributes);
}

/*
 * Of what leaves nothing all is empty; but for the list that lets whoever deleted it do
 * so.
 */
static const char *check_tombstone(const dfs_value *value)
{
	const dfs_tombstone *tombstone = &value->body.dfs_body_u.tombstone;
	const char *wrong = check_access(&tombstone->access, &tombstone->owner);

	if (tombstone->earlier.earlier_len == 0 &&
	    tombstone->access.readers.readers_len == 0)
		return tombstone->owner.dfs_user_len > 0 ||
				       tombstone->access.generation > 0
			       ? "a tombstone that says whose nothing is"
			       : NULL;
	if (!is_user(&tombstone->owner))
		return "an owner that is no user name";
	return wrong ? wrong
		     : check_earlier(tombstone->earlier.earlier_val,
				     tombstone->earlier.earlier_len,
				     value->content_version.number + 1);
}

/* The operations remembered: distinct, none of them zero, the newest first. */
static const char *check_recent(const dfs_value *value)
{
	const dfs_id *recent = value->recent.recent_val;
	u_int count = value->recent.recent_len;

	if (count > value->number)
		return "more operations remembered than there were";
	for (u_int i = 0; i < count; i++) {
		if (id_is_zero(&recent[i]))
			return "an operation without an id";
		if (i > 0 && id_equal(&recent[i], &value->operation))
			return "the newest operation is not the first";
		for (u_int j = 0; j < i; j++)
			if (id_equal(&recent[i], &recent[j]))
				return "an operation remembered twice";
	}
	return NULL;
}

static const char *check_version(const dfs_value *value)
{
	const dfs_version *version = &value->content_version;

	if (version->number > value->number)
		return "a version above the number of operations";
	/* A path that never had content has no version: zero in both fields. */
	if ((version->number == 0) != id_is_zero(&version->operation))
		return "a version without its operation";
	if (value_has_content(value) && version->number == 0)
		return "a file without a version";
	return NULL;
}

static const char *check_lock(const dfs_lock *lock)
{
	if (path_check_user(lock->keeper.dfs_user_val, lock->keeper.dfs_user_len))
		return "a keeper that is no user name";
	if (id_is_zero(&lock->taking) || lock->lease_ms == 0)
		return "a lock without an id or a lease";
	return NULL;
}

static const char *check_note(const dfs_note *note)
{
	if (path_check(note->old_path.dfs_path_val, note->old_path.dfs_path_len))
		return "a note of a path that is none";
	if (id_is_zero(&note->operation))
		return "a note without an operation";
	if ((note->old_version.number == 0) != id_is_zero(&note->old_version.operation))
		return "a note with half a version";
	return NULL;
}

/*
 * What a user is recognised by may not be cheaper to guess than this; see
 * client/session/keys.h.
 */
static const char *check_scrypt(const dfs_scrypt *scrypt)
{
	if (scrypt->log2_n < 15 || scrypt->log2_n > 20 || scrypt->r < 8 ||
	    scrypt->r > 32 || scrypt->p < 1 || scrypt->p > 16)
		return "parameters of scrypt that are too weak or too dear";
	return NULL;
}

static const char *check_credentials(const dfs_credentials *credentials)
{
	const dfs_session *sessions = credentials->sessions.sessions_val;

	for (u_int i = 0; i < credentials->sessions.sessions_len; i++) {
		if (id_is_zero(&sessions[i].id))
			return "a session without an id";
		for (u_int j = 0; j < i; j++)
			if (id_equal(&sessions[i].id, &sessions[j].id))
				return "a session that is there twice";
	}
	return check_scrypt(&credentials->scrypt);
}

static const char *check_account(const dfs_account *account)
{
	uint32_t newer = account->key;

	if (account->number == 0 || account->key == 0)
		return "an account without a number";
	for (u_int i = 0; i < account->former.former_len; i++) {
		const dfs_former_key *former = &account->former.former_val[i];

		if (former->number >= newer || former->number == 0)
			return "former keys that are not in order";
		newer = former->number;
	}
	return statement_check_signature(&account->signature);
}

static const char *check_body(const dfs_value *value)
{
	const dfs_body *body = &value->body;

	switch (body->kind) {
	case DFS_FILE:
	case DFS_LINK:
		return check_manifest(value);
	case DFS_TOMBSTONE:
		return check_tombstone(value);
	case DFS_FOLDER:
		return check_folder(&body->dfs_body_u.folder);
	case DFS_ACCOUNT:
		return check_account(&body->dfs_body_u.account);
	case DFS_CREDENTIALS:
		return check_credentials(&body->dfs_body_u.credentials);
	default:
		return "a value of no known kind";
	}
}

const char *value_check(const dfs_value *value)
{
	const char *wrong;

	if (value_is_nothing(value))
		return NULL;
	if (id_is_zero(&value->operation))
		return "a value without an operation";
	if (value->origin.counter == 0 || id_is_zero(&value->origin.proposer))
		return "a value without an origin";
	wrong = check_recent(value);
	if (!wrong)
		wrong = check_version(value);
	if (!wrong && value->lock)
		wrong = check_lock(value->lock);
	if (!wrong && value->note)
		wrong = check_note(value->note);
	return wrong ? wrong : check_body(value);
}

bool value_has_content(const dfs_value *value)
{
	return value->body.kind == DFS_FILE || value->body.kind == DFS_LINK;
}

/* Whose what is at the path is said to be; NULL: nobody's. */
static const dfs_user *owner_of(const dfs_body *body)
{
	switch (body->kind) {
	case DFS_FILE:
	case DFS_LINK:
		return &body->dfs_body_u.manifest.owner;
	case DFS_FOLDER:
		return &body->dfs_body_u.folder.owner;
	case DFS_TOMBSTONE:
		return body->dfs_body_u.tombstone.owner.dfs_user_len > 0
			       ? &body->dfs_body_u.tombstone.owner
			       : NULL;
	default:
		return NULL;
	}
}

static u_int readers_of(const dfs_value *value)
{
	const dfs_access *access = value_access(value);

	return access ? access->readers.readers_len : 0;
}

static bool is_admin(const char *name, size_t len)
{
	return len == strlen("admin") && memcmp(name, "admin", len) == 0;
}

/* What a path of a file may have. */
static const char *check_at_file(const char *path, size_t len, const char *whose,
				 size_t whose_len, const dfs_value *value)
{
	const dfs_body *body = &value->body;
	const dfs_user *owner = owner_of(body);

	if (body->kind == DFS_ACCOUNT || body->kind == DFS_CREDENTIALS)
		return "a value of another kind than its path";
	if (path_is_shared(path, len))
		return readers_of(value) > 0 ? "readers of what belongs to everyone"
					     : NULL;
	if (owner && (owner->dfs_user_len != whose_len ||
		      memcmp(owner->dfs_user_val, whose, whose_len) != 0))
		return "an owner whose folder this is not";
	return NULL;
}

/* What the path of an account or of credentials may have. */
static const char *check_at_user(enum path_kind kind, const char *whose, size_t whose_len,
				 const dfs_value *value)
{
	const dfs_body *body = &value->body;
	const dfs_account *account = &body->dfs_body_u.account;

	if (value->lock || value->note)
		return "a user with a lock or a note";
	if (is_admin(whose, whose_len) &&
	    (body->kind == DFS_TOMBSTONE ||
	     (body->kind == DFS_ACCOUNT && (account->disabled || account->gone))))
		return "admin can be neither deleted nor disabled";
	if (body->kind == DFS_TOMBSTONE)
		return body->dfs_body_u.tombstone.owner.dfs_user_len > 0
			       ? "a user with earlier versions"
			       : NULL;
	return body->kind != (kind == PATH_OF_ACCOUNT ? DFS_ACCOUNT : DFS_CREDENTIALS)
		       ? "a value of another kind than its path"
		       : NULL;
}

const char *value_check_at(const char *path, size_t len, const dfs_value *value)
{
	enum path_kind kind = path_kind(path, len);
	const char *whose, *wrong = value_check(value);
	size_t whose_len;

	if (wrong)
		return wrong;
	if (kind == PATH_OF_NOTHING)
		return "a path that no register can have";
	whose = path_of_whom(path, len, &whose_len);
	return kind == PATH_OF_FILE ? check_at_file(path, len, whose, whose_len, value)
				    : check_at_user(kind, whose, whose_len, value);
}

/*
 * xdr_dfs_value takes what it encodes without const, as all of XDR does, but only reads
 * it.
 */
static dfs_value *unconst(const dfs_value *value)
{
	union {
		const dfs_value *borrow;
		dfs_value *plain;
	} pointer = {.borrow = value};

	return pointer.plain;
}

size_t value_pack(const dfs_value *value, uint8_t *buf, size_t size)
{
	XDR xdrs;
	size_t len = 0;

	if (size > UINT_MAX)
		size = UINT_MAX;
	memset(&xdrs, 0, sizeof xdrs);
	xdrmem_create(&xdrs, (char *)buf, (u_int)size, XDR_ENCODE);
	if (xdr_dfs_value(&xdrs, unconst(value)))
		len = xdr_getpos(&xdrs);
	xdr_destroy(&xdrs);
	return len;
}

bool value_unpack(const uint8_t *buf, size_t len, dfs_value *ret_value)
{
	union {
		const uint8_t *borrow;
		char *plain;
	} from = {.borrow = buf};
	XDR xdrs;
	bool whole;

	memset(ret_value, 0, sizeof *ret_value);
	if (len > DFS_VALUE_MAX)
		return false;
	memset(&xdrs, 0, sizeof xdrs);
	xdrmem_create(&xdrs, from.plain, (u_int)len, XDR_DECODE);
	whole = xdr_dfs_value(&xdrs, ret_value) && xdr_getpos(&xdrs) == len;
	xdr_destroy(&xdrs);
	if (!whole)
		value_free(ret_value);
	return whole;
}

bool value_copy(const dfs_value *value, dfs_value *ret_value)
{
	uint8_t packed[DFS_VALUE_MAX];
	size_t len = value_pack(value, packed, sizeof packed);

	return len > 0 && value_unpack(packed, len, ret_value);
}

void value_free(dfs_value *value)
{
	xdr_free((xdrproc_t)xdr_dfs_value, value);
	memset(value, 0, sizeof *value);
}

bool value_has_operation(const dfs_value *value, const dfs_id *operation)
{
	if (id_equal(&value->operation, operation))
		return true;
	for (u_int i = 0; i < value->recent.recent_len; i++)
		if (id_equal(&value->recent.recent_val[i], operation))
			return true;
	return false;
}
