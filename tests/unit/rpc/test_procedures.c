/* rpc/procedures: every procedure that dfs.x names has its row, with its own types. */
#include "procedures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The tests run in the source tree. */
#define DFS_X "rpc/dfs.x"

/* The types, once more and by hand: what dfs.x says in its last lines. */
static const struct {
	uint32_t number;
	const char *name;
	size_t args_size, result_size;
} declared[] = {
	{DFS_HELLO, "DFS_HELLO", sizeof(dfs_hello_args), sizeof(dfs_hello_res)},
	{DFS_LOGIN, "DFS_LOGIN", sizeof(dfs_login_args), sizeof(dfs_login_res)},
	{DFS_PUT, "DFS_PUT", sizeof(dfs_put_args), sizeof(dfs_put_res)},
	{DFS_BIND, "DFS_BIND", sizeof(dfs_bind_args), sizeof(dfs_bind_res)},
	{DFS_GET, "DFS_GET", sizeof(dfs_get_args), sizeof(dfs_get_res)},
	{DFS_LOOKUP, "DFS_LOOKUP", sizeof(dfs_paths), sizeof(dfs_lookup_res)},
	{DFS_PREPARE, "DFS_PREPARE", sizeof(dfs_prepare_args), sizeof(dfs_prepare_res)},
	{DFS_CONFIRM, "DFS_CONFIRM", sizeof(dfs_confirm_args), sizeof(dfs_confirm_res)},
	{DFS_ACCEPT, "DFS_ACCEPT", sizeof(dfs_accept_args), sizeof(dfs_accept_res)},
	{DFS_DELETE, "DFS_DELETE", sizeof(dfs_accept_args), sizeof(dfs_accept_res)},
	{DFS_FINISH, "DFS_FINISH", sizeof(dfs_paths), sizeof(dfs_finish_res)},
	{DFS_SETTLED, "DFS_SETTLED", sizeof(dfs_settled_args), sizeof(dfs_settled_res)},
	{DFS_LIST, "DFS_LIST", sizeof(dfs_list_args), sizeof(dfs_list_res)},
	{DFS_STATUS, "DFS_STATUS", 0, sizeof(dfs_status_res)},
	{DFS_HEAL, "DFS_HEAL", 0, sizeof(dfs_heal_res)},
	{DFS_LEARN, "DFS_LEARN", sizeof(dfs_learn_args), sizeof(dfs_learn_res)},
	{DFS_FORGET, "DFS_FORGET", sizeof(dfs_forget_args), sizeof(dfs_settled_res)},
	{DFS_FENCE, "DFS_FENCE", sizeof(dfs_fence_args), sizeof(dfs_fence_res)},
	{DFS_DIGEST, "DFS_DIGEST", sizeof(dfs_digest_args), sizeof(dfs_digest_res)},
	{DFS_RECALL, "DFS_RECALL", sizeof(dfs_recall_args), sizeof(dfs_recall_res)},
	{DFS_PIECE, "DFS_PIECE", sizeof(dfs_piece_args), sizeof(dfs_piece_res)},
};

enum { DECLARED = sizeof declared / sizeof declared[0] };

/* The numbers that have a row are those above, and no others. */
static void test_every_procedure_has_its_row(void **state)
{
	size_t rows = 0;

	(void)state;
	for (size_t i = 0; i < DECLARED; i++) {
		const struct procedure *row = procedures_find(declared[i].number);

		if (!row)
			fail_msg("%s has no row", declared[i].name);
		assert_int_equal(row->number, declared[i].number);
		assert_int_equal(row->args_size, declared[i].args_size);
		assert_int_equal(row->result_size, declared[i].result_size);
	}
	for (uint32_t number = 0; number < 1000; number++)
		rows += procedures_find(number) != NULL;
	assert_int_equal(rows, DECLARED);
}

/* dfs.x declares so many: a line "TYPE DFS_NAME(ARGS) = NUMBER;" each. */
static void test_every_procedure_of_dfs_x_is_here(void **state)
{
	FILE *file = fopen(DFS_X, "re");
	char line[256], name[64];
	unsigned number;
	size_t found = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof line, file)) {
		if (sscanf(line, " %*s %63[A-Z_](%*[a-z_]) = %u;", name, &number) != 2)
			continue;
		found++;
		for (size_t i = 0; i < DECLARED; i++)
			if (strcmp(declared[i].name, name) == 0)
				assert_int_equal(declared[i].number, number);
		assert_non_null(procedures_find(number));
	}
	(void)fclose(file);
	assert_int_equal(found, DECLARED);
}

/* A result of any kind can be taken from no bytes at all, or refused: never beyond it. */
static void test_sizes_hold_what_is_decoded(void **state)
{
	static char bytes[1024];

	(void)state;
	for (size_t i = 0; i < DECLARED; i++) {
		const struct procedure *row = procedures_find(declared[i].number);
		char *result = calloc(1, row->result_size);
		XDR xdr;

		assert_non_null(result);
		xdrmem_create(&xdr, bytes, sizeof bytes, XDR_DECODE);
		(void)row->result(&xdr, result);
		xdr_free(row->result, result);
		free(result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_procedure_has_its_row),
		cmocka_unit_test(test_every_procedure_of_dfs_x_is_here),
		cmocka_unit_test(test_sizes_hold_what_is_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
