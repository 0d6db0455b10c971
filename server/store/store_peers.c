/* What is remembered of peers. */
#include "store_peers.h"

#include "ballot.h"
#include "store_internal.h"
#include "watermark.h"

void store_remember(struct store *store, unsigned server, const dfs_watermark *told)
{
	bool news;

	pthread_rwlock_wrlock(&store->lock);
	news = watermark_take(&store->heard[server - 1], told);
	pthread_rwlock_unlock(&store->lock);
	if (news)
		group_remember(store);
}

bool store_watermark(struct store *store, unsigned server, dfs_watermark *ret)
{
	pthread_rwlock_rdlock(&store->lock);
	*ret = store->heard[server - 1];
	pthread_rwlock_unlock(&store->lock);
	return !id_is_zero(&ret->store);
}
