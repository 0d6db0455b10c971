/* Caps on connections and on the memory that they hold. */
#include "admission.h"

#include "clock.h"
#include "dfs.h"
#include "portions.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

const struct admission_limits admission_limits_default = {
	/* Tens of clients with a handful of connections each, and three other servers. */
	.connections = 512,
	.per_address = 192,
	.strangers_per_address = 96,
	/*
	 * A record is at most 2.5 MiB.  One address gets less than one user does: what
	 * stalls on one of his machines leaves something to the others.
	 */
	.bytes = {50 << 20, 100 << 20},
	.bytes_per_address = {20 << 20, 40 << 20},
};

enum { KEY_LEN = 16 };

/* An address with seats; gone with the last of them. */
struct address {
	uint8_t key[KEY_LEN];
	unsigned seats, strangers;
	size_t bytes[2];
	UT_hash_handle hh;
};

struct admission_seat {
	struct admission *admission;
	struct address *address;
	int fd;
	bool stranger; /* counted as one */
	/* Whose it is, and whose the memory is that it holds; nobody's: "". */
	char user[DFS_USER_MAX + 1], holder[2][DFS_USER_MAX + 1];
	struct admission_seat *prev, *next;
};

/*
 * lock guards all of it, and the fields of the seats and addresses.
 *
 * seats is in the order of arrival.  A stranger that was cut off is no longer counted as
 * one but keeps its seat until its thread leaves, so that seats is what is really open.
 */
struct admission {
	struct admission_limits limits;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct admission_seat *seats;
	struct portions portions; /* of seats: how many are open is what is taken */
	struct address *addresses;
	struct portions bytes[2];
	bool ended;
};

struct admission *admission_new(const struct admission_limits *limits)
{
	struct admission *admission = calloc(1, sizeof *admission);

	if (!admission)
		return NULL;
	admission->limits = *limits;
	portions_init(&admission->portions, limits->connections);
	for (unsigned which = 0; which < 2; which++)
		portions_init(&admission->bytes[which], limits->bytes[which]);
	pthread_mutex_init(&admission->lock, NULL);
	clock_condition_init(&admission->changed);
	return admission;
}

void admission_free(struct admission *admission)
{
	if (!admission)
		return;
	portions_clear(&admission->portions);
	for (unsigned which = 0; which < 2; which++)
		portions_clear(&admission->bytes[which]);
	pthread_cond_destroy(&admission->changed);
	pthread_mutex_destroy(&admission->lock);
	free(admission);
}

/* Of IPv4, mapped or not, the address; of IPv6 the 64 bits that one host may fill. */
static void key_of(const struct sockaddr *address, uint8_t key[KEY_LEN])
{
	memset(key, 0, KEY_LEN);
	if (address->sa_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, address, sizeof v4);
		key[10] = key[11] = 0xff;
		memcpy(key + 12, &v4.sin_addr, 4);
	} else if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, address, sizeof v6);
		memcpy(key, &v6.sin6_addr, IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) ? 16 : 8);
	}
}

/* The entry of the address, made if need be; NULL when out of memory. */
static struct address *address_of(struct admission *admission,
				  const struct sockaddr *from)
{
	uint8_t key[KEY_LEN];
	struct address *address;

	key_of(from, key);
	HASH_FIND(hh, admission->addresses, key, KEY_LEN, address);
	if (address)
		return address;
	address = calloc(1, sizeof *address);
	if (!address)
		return NULL;
	memcpy(address->key, key, KEY_LEN);
	HASH_ADD(hh, admission->addresses, key, KEY_LEN, address);
	return address;
}

static void drop_if_empty(struct admission *admission, struct address *address)
{
	if (address->seats > 0)
		return;
	HASH_DEL(admission->addresses, address);
	free(address);
}

/* Cuts off the stranger of this address who has been one for longest. */
static bool cut_off_stranger(struct admission *admission, struct address *address)
{
	struct admission_seat *seat;

	DL_FOREACH (admission->seats, seat) {
		/* cppcheck-suppress uninitvar ; seats are made by calloc */
		if (seat->address != address || !seat->stranger)
			continue;
		(void)shutdown(seat->fd, SHUT_RDWR);
		seat->stranger = false;
		address->strangers--;
		return true;
	}
	return false;
}

struct admission_seat *admission_enter(struct admission *admission,
				       const struct sockaddr *address, int fd)
{
	const struct admission_limits *limits = &admission->limits;
	struct admission_seat *seat = calloc(1, sizeof *seat);
	struct address *entry = NULL;

	if (!seat)
		return NULL;
	pthread_mutex_lock(&admission->lock);
	if (admission->ended)
		goto fail;
	entry = address_of(admission, address);
	if (!entry || entry->seats >= limits->per_address)
		goto fail;
	if (entry->strangers >= limits->strangers_per_address &&
	    !cut_off_stranger(admission, entry))
		goto fail;
	if (!portions_take(&admission->portions, PORTIONS_NOBODY, 1))
		goto fail;
	seat->admission = admission;
	seat->address = entry;
	seat->fd = fd;
	seat->stranger = true;
	entry->seats++;
	entry->strangers++;
	DL_APPEND(admission->seats, seat);
	pthread_mutex_unlock(&admission->lock);
	return seat;
fail:
	if (entry)
		drop_if_empty(admission, entry);
	pthread_mutex_unlock(&admission->lock);
	free(seat);
	return NULL;
}

/* With the lock. */
static void count_out_stranger(struct admission_seat *seat)
{
	if (seat->stranger)
		seat->address->strangers--;
	seat->stranger = false;
}

bool admission_promote(struct admission_seat *seat, const char *user)
{
	struct admission *admission = seat->admission;

	pthread_mutex_lock(&admission->lock);
	bool moved = portions_move(&admission->portions, seat->user, user, 1);
	if (moved) {
		(void)snprintf(seat->user, sizeof seat->user, "%s", user);
		count_out_stranger(seat);
	}
	pthread_mutex_unlock(&admission->lock);
	return moved;
}

void admission_leave(struct admission_seat *take_seat)
{
	struct admission *admission = take_seat->admission;

	pthread_mutex_lock(&admission->lock);
	count_out_stranger(take_seat);
	take_seat->address->seats--;
	drop_if_empty(admission, take_seat->address);
	DL_DELETE(admission->seats, take_seat);
	portions_give(&admission->portions, take_seat->user, 1);
	pthread_cond_broadcast(&admission->changed);
	pthread_mutex_unlock(&admission->lock);
	free(take_seat);
}

bool admission_reserve(struct admission_seat *seat, enum admission_memory which,
		       size_t bytes, int64_t deadline_ms)
{
	struct admission *admission = seat->admission;
	struct address *address = seat->address;
	const struct admission_limits *limits = &admission->limits;
	bool granted = false, in_time = true;

	pthread_mutex_lock(&admission->lock);
	while (!granted && in_time) {
		granted = address->bytes[which] + bytes <=
				  limits->bytes_per_address[which] &&
			  portions_take(&admission->bytes[which], seat->user, bytes);
		if (!granted)
			in_time = clock_wait(&admission->changed, &admission->lock,
					     deadline_ms);
	}
	if (granted) {
		memcpy(seat->holder[which], seat->user, sizeof seat->user);
		address->bytes[which] += bytes;
	}
	pthread_mutex_unlock(&admission->lock);
	return granted;
}

void admission_release(struct admission_seat *seat, enum admission_memory which,
		       size_t bytes)
{
	struct admission *admission = seat->admission;

	pthread_mutex_lock(&admission->lock);
	portions_give(&admission->bytes[which], seat->holder[which], bytes);
	seat->address->bytes[which] -= bytes;
	pthread_cond_broadcast(&admission->changed);
	pthread_mutex_unlock(&admission->lock);
}

unsigned admission_count(struct admission *admission)
{
	pthread_mutex_lock(&admission->lock);
	unsigned count = (unsigned)admission->portions.taken;
	pthread_mutex_unlock(&admission->lock);
	return count;
}

static void shut_all(struct admission *admission, int how)
{
	struct admission_seat *seat;

	pthread_mutex_lock(&admission->lock);
	admission->ended = true;
	DL_FOREACH (admission->seats, seat)
		(void)shutdown(seat->fd, how);
	pthread_mutex_unlock(&admission->lock);
}

void admission_end_input(struct admission *admission)
{
	shut_all(admission, SHUT_RD);
}

void admission_cut_off(struct admission *admission)
{
	shut_all(admission, SHUT_RDWR);
}

bool admission_wait_empty(struct admission *admission, int64_t deadline_ms)
{
	bool in_time = true;

	pthread_mutex_lock(&admission->lock);
	while (admission->portions.taken > 0 && in_time)
		in_time = clock_wait(&admission->changed, &admission->lock, deadline_ms);
	bool empty = admission->portions.taken == 0;
	pthread_mutex_unlock(&admission->lock);
	return empty;
}
