/* The secret that the four servers share. */
#include "secrets.h"

#include <string.h>

/* As long as it was used for after the new one was made: see rpc/secret.h. */
#define TAKEN_NS (INT64_C(3600) * 1000000000)

bool secrets_read(struct secrets *secrets, const struct secrets_files *files, char *why,
		  size_t why_size)
{
	uint8_t newest[SECRET_LEN], former[SECRET_LEN] = {0};
	int64_t until_ns = 0;
	bool read = secret_read(files->newest, files->folder, newest, why, why_size) &&
		    secret_read_former(files->former, former, &until_ns, why, why_size);

	if (read) {
		pthread_mutex_lock(&secrets->lock);
		memcpy(secrets->newest, newest, SECRET_LEN);
		memcpy(secrets->former, former, SECRET_LEN);
		secrets->until_ns = until_ns;
		pthread_mutex_unlock(&secrets->lock);
	}
	secret_wipe(newest, sizeof newest);
	secret_wipe(former, sizeof former);
	return read;
}

unsigned secrets_get(struct secrets *secrets, int64_t now_ns,
		     uint8_t ret[SECRETS_MAX][SECRET_LEN])
{
	pthread_mutex_lock(&secrets->lock);
	bool uses_former = now_ns < secrets->until_ns;
	bool takes_both = secrets->until_ns != 0 && now_ns < secrets->until_ns + TAKEN_NS;

	memcpy(ret[uses_former ? 1 : 0], secrets->newest, SECRET_LEN);
	if (takes_both)
		memcpy(ret[uses_former ? 0 : 1], secrets->former, SECRET_LEN);
	pthread_mutex_unlock(&secrets->lock);
	return takes_both ? 2 : 1;
}
