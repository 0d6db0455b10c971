/* Caps on connections and on the memory that they hold. */
#include "admission_internal.h"

#include "clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

const struct admission_limits admission_limits_default = {
	/* Tens of clients with a handful of connections each, and three other servers. */
	.connections = 512,
	.per_address = 192,
	.strangers = 256,
	.strangers_of = {[ORIGIN_ADDRESS] = 96, [ORIGIN_NETWORK] = 192},
	/* What these really take of a processor is a tenth of it. */
	.cost_ms = {[ADMISSION_CALL] = 2, [ADMISSION_HANDSHAKE] = 20},
	/* Clients behind one address that begin at once are forgiven when they log in. */
	.free_ms_of = {[ORIGIN_ADDRESS] = 200, [ORIGIN_NETWORK] = 400},
	.free_ms = 10000,
	/* The wish for TLS, HELLO, LOGIN twice, and as many again. */
	.calls = 8,
	/*
	 * A record is at most 2.5 MiB.  One address gets less than one user does: what
	 * stalls on one of his machines leaves something to the others.
	 */
	.bytes = {50 << 20, 100 << 20},
	.bytes_per_address = {20 << 20, 40 << 20},
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
	admission_groups_clear(admission);
	pthread_cond_destroy(&admission->changed);
	pthread_mutex_destroy(&admission->lock);
	free(admission);
}

static void count_stranger(struct admission_seat *seat, bool is_one)
{
	unsigned before = seat->stranger, now = is_one;

	for (unsigned width = 0; width < ORIGIN_WIDTHS; width++)
		seat->groups[width]->strangers += now - before;
	seat->admission->strangers += now - before;
	seat->stranger = is_one;
}

/* Cuts off a stranger: of the group, if one is given, else of all. */
static void cut_off_stranger(struct admission *admission, const struct group *group)
{
	const int64_t now = clock_now_ms();
	struct admission_seat *seat, *found = NULL;

	DL_FOREACH (admission->seats, seat) {
		/* cppcheck-suppress uninitvar ; seats are made by calloc */
		if (!seat->stranger || (group && seat->groups[ORIGIN_ADDRESS] != group &&
					seat->groups[ORIGIN_NETWORK] != group))
			continue;
		if (!found || admission_groups_compare(seat, found, now) > 0)
			found = seat;
	}
	if (!found)
		return;
	found->cut_off = true;
	admission->leaving++;
	(void)shutdown(found->fd, SHUT_RDWR);
	(void)pthread_cond_signal(&found->turn);
	pthread_cond_broadcast(&admission->changed);
	count_stranger(found, false);
}

/* The new one counts already: is there one too many of it, its network, or in all? */
static void make_room(struct admission *admission, const struct admission_seat *fresh)
{
	const struct admission_limits *limits = &admission->limits;

	for (unsigned width = 0; width < ORIGIN_WIDTHS; width++)
		if (fresh->groups[width]->strangers > limits->strangers_of[width])
			cut_off_stranger(admission, fresh->groups[width]);
	if (admission->strangers > limits->strangers)
		cut_off_stranger(admission, NULL);
}

/* So long newcomers wait for those who have to leave; longer than it takes them. */
enum { LEAVING_MS = 1000 };

static bool take_seat(struct admission *admission)
{
	const int64_t until = clock_now_ms() + LEAVING_MS;
	bool in_time = true, taken = false;

	while (!admission->ended && in_time && !taken) {
		taken = portions_take(&admission->portions, PORTIONS_NOBODY, 1);
		in_time = !taken && admission->leaving > 0 &&
			  clock_wait(&admission->changed, &admission->lock, until);
	}
	return taken;
}

/* Who it is counted with; false when there is no memory, or no seat for his address. */
static bool join_groups(struct admission_seat *seat, const struct sockaddr *address)
{
	struct admission *admission = seat->admission;

	for (unsigned width = 0; width < ORIGIN_WIDTHS; width++) {
		const struct origin origin = origin_of(address, (enum origin_width)width);

		seat->groups[width] = admission_groups_find(
			admission, (enum origin_width)width, &origin);
		if (!seat->groups[width])
			return false;
	}
	return seat->groups[ORIGIN_ADDRESS]->seats < admission->limits.per_address;
}

struct admission_seat *admission_enter(struct admission *admission,
				       const struct sockaddr *address, int fd)
{
	const struct admission_limits *limits = &admission->limits;
	struct admission_seat *seat = calloc(1, sizeof *seat);

	if (!seat)
		return NULL;
	clock_condition_init(&seat->turn);
	seat->admission = admission;
	seat->fd = fd;
	pthread_mutex_lock(&admission->lock);
	/* First: that may wait, and groups without seats may go meanwhile. */
	bool taken = take_seat(admission);
	if (!taken || !join_groups(seat, address))
		goto fail;
	for (unsigned width = 0; width < ORIGIN_WIDTHS; width++)
		seat->groups[width]->seats++;
	count_stranger(seat, true);
	admission_groups_charge(seat, limits->cost_ms[ADMISSION_CALL], false);
	/* Before it is in the list: nobody makes room for himself. */
	make_room(admission, seat);
	DL_APPEND(admission->seats, seat);
	pthread_mutex_unlock(&admission->lock);
	return seat;
fail:
	if (taken)
		portions_give(&admission->portions, PORTIONS_NOBODY, 1);
	for (unsigned width = 0; width < ORIGIN_WIDTHS; width++)
		admission_groups_drop_if_empty(admission, (enum origin_width)width,
					       seat->groups[width]);
	pthread_mutex_unlock(&admission->lock);
	pthread_cond_destroy(&seat->turn);
	free(seat);
	return NULL;
}

struct origin admission_origin(const struct admission_seat *seat)
{
	return seat->groups[ORIGIN_ADDRESS]->origin;
}

bool admission_promote(struct admission_seat *seat, const char *user)
{
	struct admission *admission = seat->admission;

	pthread_mutex_lock(&admission->lock);
	bool moved = portions_move(&admission->portions, seat->user, user, 1);
	if (moved) {
		(void)snprintf(seat->user, sizeof seat->user, "%s", user);
		count_stranger(seat, false);
		admission_groups_forgive(seat);
		admission_line_go_on(admission);
	}
	pthread_mutex_unlock(&admission->lock);
	return moved;
}

void admission_leave(struct admission_seat *take_seat)
{
	struct admission *admission = take_seat->admission;

	pthread_mutex_lock(&admission->lock);
	admission->leaving -= take_seat->cut_off;
	count_stranger(take_seat, false);
	for (unsigned width = 0; width < ORIGIN_WIDTHS; width++) {
		take_seat->groups[width]->seats--;
		admission_groups_drop_if_empty(admission, (enum origin_width)width,
					       take_seat->groups[width]);
	}
	DL_DELETE(admission->seats, take_seat);
	portions_give(&admission->portions, take_seat->user, 1);
	pthread_cond_broadcast(&admission->changed);
	/* One stranger less may have changed who is next. */
	admission_line_go_on(admission);
	pthread_mutex_unlock(&admission->lock);
	pthread_cond_destroy(&take_seat->turn);
	free(take_seat);
}

bool admission_reserve(struct admission_seat *seat, enum admission_memory which,
		       size_t bytes, int64_t deadline_ms)
{
	struct admission *admission = seat->admission;
	struct group *address = seat->groups[ORIGIN_ADDRESS];
	const struct admission_limits *limits = &admission->limits;
	bool granted = false, in_time = true;

	pthread_mutex_lock(&admission->lock);
	while (!granted && in_time && !seat->cut_off) {
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
	seat->groups[ORIGIN_ADDRESS]->bytes[which] -= bytes;
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
	pthread_cond_broadcast(&admission->changed);
	DL_FOREACH (admission->seats, seat) {
		(void)shutdown(seat->fd, how);
		(void)pthread_cond_signal(&seat->turn);
	}
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
