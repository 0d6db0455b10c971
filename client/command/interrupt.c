/* Ctrl-C in a shell. */
#include "interrupt.h"

#include "clock.h"
#include "libdfs.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

/*
 * used is what the lock guards.  The handler may do no more than note and wake: who
 * cancels takes locks.
 */
static struct {
	atomic_bool came;
	bool watched;
	sem_t wake;
	pthread_mutex_t lock;
	struct dfs *used;
} interrupt = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void note(int number)
{
	int error = errno;

	(void)number;
	atomic_store(&interrupt.came, true);
	(void)sem_post(&interrupt.wake);
	errno = error;
}

static void *cancel(void *argument)
{
	for (;;) {
		if (sem_wait(&interrupt.wake) != 0)
			continue;
		pthread_mutex_lock(&interrupt.lock);
		if (interrupt_came() && interrupt.used)
			dfs_cancel(interrupt.used);
		pthread_mutex_unlock(&interrupt.lock);
	}
	return argument;
}

bool interrupt_watch(void)
{
	/* Without SA_RESTART: who waits for a key or a pipe is to look up. */
	struct sigaction catch = {.sa_handler = note};
	sigset_t all, before;
	pthread_t thread;
	bool started;

	if (sem_init(&interrupt.wake, 0, 0) != 0)
		return false;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&thread, NULL, cancel, NULL) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!started)
		return false;
	(void)pthread_detach(thread);
	(void)sigemptyset(&catch.sa_mask);
	interrupt.watched = sigaction(SIGINT, &catch, NULL) == 0;
	return interrupt.watched;
}

void interrupt_use(struct dfs *dfs)
{
	pthread_mutex_lock(&interrupt.lock);
	interrupt.used = dfs;
	if (dfs && interrupt_came())
		dfs_cancel(dfs);
	pthread_mutex_unlock(&interrupt.lock);
}

bool interrupt_came(void)
{
	return atomic_load(&interrupt.came);
}

void interrupt_clear(void)
{
	pthread_mutex_lock(&interrupt.lock);
	atomic_store(&interrupt.came, false);
	pthread_mutex_unlock(&interrupt.lock);
}

/*
 * Until there is something to read, if there is input, or until_ms, or it comes: in
 * ppoll, and never between the look and the waiting.
 */
static void wait_for(struct pollfd *input, int64_t until_ms)
{
	sigset_t held, before;
	int ready = 0;

	(void)sigemptyset(&held);
	(void)sigaddset(&held, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &held, &before);
	while (!interrupt_came() && ready == 0) {
		int64_t left = until_ms - clock_now_ms();
		const struct timespec patience = clock_timespec(left);

		if (left <= 0)
			break;
		ready = ppoll(input, input ? 1 : 0, &patience, &before);
		if (ready < 0 && errno == EINTR)
			ready = 0;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void interrupt_pause(int64_t ms)
{
	if (interrupt.watched)
		wait_for(NULL, clock_now_ms() + ms);
	else
		clock_pause(ms);
}

ssize_t interrupt_read(int fd, void *buf, size_t size)
{
	struct pollfd input = {.fd = fd, .events = POLLIN};

	if (interrupt.watched)
		wait_for(&input, INT64_MAX);
	if (interrupt_came()) {
		errno = EINTR;
		return -1;
	}
	return read(fd, buf, size);
}
