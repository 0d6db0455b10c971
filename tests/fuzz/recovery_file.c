/* The recovery file of "key export": what is read can be written, and is read alike. */
#include "fuzz.h"

#include "file_fixture.h"
#include "path.h"
#include "recovery_file.h"
#include "status.h"

#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *file = file_fixture_write(bytes, len);
	struct dfs_recovery recovery, again;
	struct dfs_result result = recovery_file_read(file, &recovery);
	char other[64];

	if (result.code != DFS_EXIT_DONE) {
		FUZZ_MUST(result.code == DFS_EXIT_USAGE && result.why[0] != '\0');
		return 0;
	}
	fuzz_took();
	FUZZ_MUST(recovery.count >= 1 && recovery.count <= DFS_SECRETS_MAX);
	FUZZ_MUST(!path_check_user(recovery.user, strlen(recovery.user)));
	(void)snprintf(other, sizeof other, "%s.again", file);
	FUZZ_MUST(recovery_file_write(other, &recovery).code == DFS_EXIT_DONE);
	FUZZ_MUST(recovery_file_read(other, &again).code == DFS_EXIT_DONE);
	(void)unlink(other);
	FUZZ_MUST(again.count == recovery.count &&
		  strcmp(again.user, recovery.user) == 0);
	FUZZ_MUST(memcmp(again.secrets, recovery.secrets, sizeof again.secrets) == 0);
	FUZZ_MUST(memcmp(again.cluster, recovery.cluster, sizeof again.cluster) == 0);
	FUZZ_MUST(memcmp(again.pass.secret, recovery.pass.secret,
			 sizeof again.pass.secret) == 0);
	return 0;
}
