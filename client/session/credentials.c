/* Making and editing credentials. */
#include "credentials.h"

#include <string.h>

/* The record points into the struct: it is not to be copied. */
bool credentials_make(struct credentials *ret, const char *password, size_t len,
		      const struct keys_ring *ring)
{
	uint8_t master[KEYS_MASTER];
	size_t keyring_len = 0;
	bool made;

	memset(ret, 0, sizeof *ret);
	made = keys_new_scrypt(&ret->record.scrypt) &&
	       keys_master_of_password(password, len, &ret->record.scrypt, master) &&
	       keys_verifiers(master, &ret->record.verifiers) &&
	       keys_lock_ring(ring, master, ret->keyring, &keyring_len);
	secret_wipe(master, sizeof master);
	ret->record.keyring.keyring_val = (char *)ret->keyring;
	ret->record.keyring.keyring_len = (u_int)keyring_len;
	ret->record.sessions.sessions_val = ret->sessions;
	return made;
}

bool credentials_make_session(const struct dfs_pass *pass, const struct keys_ring *ring,
			      uint8_t *keyring, dfs_session *ret)
{
	uint8_t master[KEYS_MASTER];
	size_t len = 0;
	bool made;

	memset(ret, 0, sizeof *ret);
	memcpy(ret->id.bytes, pass->id, sizeof pass->id);
	ret->ends = pass->ends_ns;
	made = keys_master_of_secret(pass->secret, master) &&
	       keys_verifiers(master, &ret->verifiers) &&
	       keys_lock_ring(ring, master, keyring, &len);
	secret_wipe(master, sizeof master);
	ret->keyring.keyring_val = (char *)keyring;
	ret->keyring.keyring_len = (u_int)len;
	return made;
}

static bool is_recovery(const dfs_session *session)
{
	return session->ends == 0;
}

/* Which of a full list has to go: the first to end, recovery files after all others. */
static u_int least_wanted(const dfs_session *sessions, u_int count)
{
	u_int least = 0;

	for (u_int i = 1; i < count; i++)
		if (!is_recovery(&sessions[i]) &&
		    (is_recovery(&sessions[least]) ||
		     sessions[i].ends < sessions[least].ends))
			least = i;
	return least;
}

u_int credentials_add_session(const dfs_credentials *record, const dfs_session *added,
			      const uint8_t *replaced, int64_t now_ns, dfs_session *ret)
{
	u_int count = 0;

	for (u_int i = 0; i < record->sessions.sessions_len; i++) {
		const dfs_session *session = &record->sessions.sessions_val[i];
		bool same = memcmp(&session->id, &added->id, sizeof session->id) == 0;

		if (is_recovery(session) ? is_recovery(added) : session->ends <= now_ns)
			continue;
		if (same ||
		    (replaced && memcmp(&session->id, replaced, sizeof session->id) == 0))
			continue;
		ret[count++] = *session;
	}
	if (count == DFS_SESSIONS_MAX) {
		count--;
		ret[least_wanted(ret, DFS_SESSIONS_MAX)] = ret[count];
	}
	ret[count++] = *added;
	return count;
}

u_int credentials_drop_session(const dfs_credentials *record, const uint8_t *id,
			       dfs_session *ret)
{
	u_int count = 0;

	for (u_int i = 0; i < record->sessions.sessions_len; i++)
		if (memcmp(&record->sessions.sessions_val[i].id, id, DFS_ID_LEN) != 0)
			ret[count++] = record->sessions.sessions_val[i];
	return count;
}

u_int credentials_keep_recovery(const dfs_credentials *record, dfs_session *ret)
{
	u_int count = 0;

	for (u_int i = 0; i < record->sessions.sessions_len; i++)
		if (is_recovery(&record->sessions.sessions_val[i]))
			ret[count++] = record->sessions.sessions_val[i];
	return count;
}
