/*
 * The witness of the lines: reads each level from the chip's sysfs attribute a thousand times a second and writes down
 * every change, on CLOCK_MONOTONIC. It knows nothing of flameout, runs before all else and outlives a shutdown.
 *
 *     witness OUTPUT... -- NAME VALUE-FILE [NAME VALUE-FILE]...
 *
 * A line "level NANOSECONDS NAME 0|1" at the start and at each change; every second "awake NANOSECONDS LONGEST-GAP".
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MOST 16
#define SECOND 1000000000LL
#define EVERY 1000000LL

static int outputs[MOST], output_count;

static long long now(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * SECOND + at.tv_nsec;
}

static void tell(const char *text)
{
	for (int n = 0; n < output_count; n++)
		if (write(outputs[n], text, strlen(text)) < 0)
			_exit(3);
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

int main(int count, char **words)
{
	char *names[MOST], text[160], level[4];
	int files[MOST], levels[MOST], lines = 0, at = 1;
	struct sched_param priority = { .sched_priority = 60 };

	for (; at < count && strcmp(words[at], "--"); at++)
		if ((outputs[output_count++] = open(words[at], O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, 0644)) < 0)
			fail(words[at]);
	for (at++; at + 1 < count && lines < MOST; at += 2, lines++) {
		names[lines] = words[at];
		levels[lines] = -1;
		if ((files[lines] = open(words[at + 1], O_RDONLY)) < 0)
			fail(words[at + 1]);
	}
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (mlockall(MCL_CURRENT | MCL_FUTURE) || sched_setscheduler(0, SCHED_FIFO, &priority))
		fail("real time");

	long long before = now(), told = before, gap = 0;
	struct timespec wake;
	for (long long due = before;; due += EVERY) {
		long long moment = now();
		if (due < moment - SECOND) /* held up for long: do not catch up with a thousand samples */
			due = moment;
		if (moment - before > gap)
			gap = moment - before;
		before = moment;
		for (int n = 0; n < lines; n++) {
			if (pread(files[n], level, sizeof level, 0) < 1)
				fail("pread");
			if (level[0] - '0' == levels[n])
				continue;
			levels[n] = level[0] - '0';
			snprintf(text, sizeof text, "level %lld %s %d\n", now(), names[n], levels[n]);
			tell(text);
		}
		if (moment - told >= SECOND) {
			snprintf(text, sizeof text, "awake %lld %lld\n", moment, gap);
			tell(text);
			told = moment;
			gap = 0;
		}
		wake.tv_sec = (due + EVERY) / SECOND;
		wake.tv_nsec = (due + EVERY) % SECOND;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL);
	}
}
