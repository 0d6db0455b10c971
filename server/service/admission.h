/*
 * Who may connect, and how much memory connections may hold: caps in all and per address,
 * and portions for users (portions.h), so that one peer, broken or hostile, leaves room
 * for the others.
 *
 * Each connection has a seat.  All functions may be called from any thread; a seat is
 * used by the thread of its connection, and the socket stays open until admission_leave.
 */
#ifndef DFS_ADMISSION_H
#define DFS_ADMISSION_H

#include "origin.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct admission;
struct admission_seat;

/* What strangers ask for and wait in line for. */
enum admission_work { ADMISSION_CALL, ADMISSION_HANDSHAKE, ADMISSION_WORKS };

/* What tests replace; the product uses admission_limits_default. */
struct admission_limits {
	unsigned connections; /* in all */
	unsigned per_address;
	/*
	 * Of those that are neither logged in nor a server: in all, and by enum
	 * origin_width.
	 */
	unsigned strangers, strangers_of[ORIGIN_WIDTHS];
	/*
	 * What work of strangers counts, by enum admission_work; how much of it an
	 * address and a network may owe, and all together may have had without a turn,
	 * before they wait for their turns: after a piece of work that counts so many
	 * milliseconds the next begins so much later.
	 */
	int64_t cost_ms[ADMISSION_WORKS], free_ms_of[ORIGIN_WIDTHS], free_ms;
	unsigned calls; /* the first ones of each connection, which cost nothing */
	/* Both by enum admission_memory. */
	size_t bytes[2]; /* in all */
	size_t bytes_per_address[2];
};
extern const struct admission_limits admission_limits_default;

/*
 * Memory for calls that come in, and for their answers.  Who holds the second never waits
 * for the first, so two connections cannot wait for one another.
 */
enum admission_memory { ADMISSION_CALLS, ADMISSION_ANSWERS };

/* NULL when out of memory. */
struct admission *admission_new(const struct admission_limits *limits);
/* No seat may be taken. */
void admission_free(struct admission *admission);

/*
 * A seat for the socket, or NULL when a cap is reached.  Where only too many strangers
 * are there (of this address, of its network, in all), one of them is cut off in favour
 * of the new one: of the greediest network the greediest address, and there who has been
 * one for longest.  Greedy is who has many of them here, or had, that proved nothing.
 * Where all seats are taken, waits for those of them that are on their way out.
 */
struct admission_seat *admission_enter(struct admission *admission,
				       const struct sockaddr *address, int fd);
/*
 * The connection is a server's (PORTIONS_NOBODY), or its user has logged in: the seat,
 * and memory from now on, are his.  false, and it stays as it was, when he has his
 * portion of the seats.
 */
bool admission_promote(struct admission_seat *seat, const char *user);
/*
 * Before work that a stranger asks for, which is charged to his address and network until
 * he has proved something: waits until it is his turn.  Nobody else waits, nor do those
 * whose address and network owe little; then the least greedy are next.  false when he
 * was cut off, or it is not his turn by deadline_ms.
 */
bool admission_turn(struct admission_seat *seat, enum admission_work work,
		    int64_t deadline_ms);
/* The address that the seat counts for. */
struct origin admission_origin(const struct admission_seat *seat);
/* Before the socket is closed.  All memory was given back. */
void admission_leave(struct admission_seat *take_seat);

/*
 * Waits until so many bytes are to be had; false when they are not by deadline_ms, or he
 * was cut off.  A seat has one piece of each memory at a time.
 */
bool admission_reserve(struct admission_seat *seat, enum admission_memory which,
		       size_t bytes, int64_t deadline_ms);
void admission_release(struct admission_seat *seat, enum admission_memory which,
		       size_t bytes);

/* Connections that are open. */
unsigned admission_count(struct admission *admission);

/*
 * Refuses newcomers and ends the input of all connections: those that idle end at once,
 * those that are being answered afterwards.
 */
void admission_end_input(struct admission *admission);
/* Cuts all connections off. */
void admission_cut_off(struct admission *admission);
/* Waits until all have left; false when some have not by deadline_ms. */
bool admission_wait_empty(struct admission *admission, int64_t deadline_ms);

#endif
