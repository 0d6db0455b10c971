/*
 * Whatever is stated is signed, as by whoever knows all keys: in place of functions of
 * rpc/statement.c (see Makefile), so that an input gets behind them.
 */
#include "fuzz.h"

#include "statement.h"

bool __wrap_statement_is_signed(const dfs_key *statement, const dfs_signature *signature,
				const dfs_key *sign_key);
bool __wrap_statement_is_signed_seen(struct statement_seen *seen,
				     const dfs_key *statement,
				     const dfs_signature *signature,
				     const dfs_key *sign_key);

/* All that is given is read, as it would be otherwise. */
static void look_at(const void *bytes, size_t len)
{
	const volatile uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		(void)at[i];
}

/* One that keeps the rules of signatures is good. */
bool __wrap_statement_is_signed(const dfs_key *statement, const dfs_signature *signature,
				const dfs_key *sign_key)
{
	look_at(statement, sizeof *statement);
	look_at(sign_key, sizeof *sign_key);
	look_at(signature->path.path_val, signature->path.path_len * sizeof(dfs_key));
	return !statement_check_signature(signature);
}

bool __wrap_statement_is_signed_seen(struct statement_seen *seen,
				     const dfs_key *statement,
				     const dfs_signature *signature,
				     const dfs_key *sign_key)
{
	(void)seen;
	return __wrap_statement_is_signed(statement, signature, sign_key);
}
