// SPDX-License-Identifier: GPL-2.0-only
/*
 * Run batches of operations, and measure how long they take.
 *
 * Instructions (the clock counts them, see "tools/vm/run -i"): batches have a fixed
 * number of operations, in one thread.  Time: batches have a fixed duration, in threads
 * that have their own CPU and start together.
 */
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "hist.h"

/* Number of warm-up batches, which do not count */
#define WARMUP		3
/* Operations between two readings of the clock, in batches of a fixed duration */
#define UNWATCHED	16

/**
 * struct batch - a part of the work, the same for all workers
 * @operations: number of operations, if @ns is 0
 * @ns: duration
 * @single: read the clock for each operation, to measure their distribution
 */
struct batch {
	int		operations;
	uint64_t	ns;
	bool		single;
};

/**
 * struct worker - a thread with its flows
 * @job: the measurement
 * @team: shared with the other workers
 * @flows: the first of its flows
 * @n: number of its flows
 * @next: index of the next flow, round robin
 * @hist: distribution of single operations
 * @done: number of operations in the last batch
 * @ns: duration of the last batch
 * @total: number of operations in all batches
 */
struct worker {
	const struct job	*job;
	struct team		*team;
	struct flow		*flows;
	int			n;
	int			next;
	struct hist		*hist;
	uint64_t		done;
	uint64_t		ns;
	uint64_t		total;
};

/**
 * struct team - the workers; the first one is the main thread
 * @worker: all workers
 * @n: number of workers
 * @batch: the next batch of all workers
 * @barrier: all workers wait for it before and after a batch
 */
struct team {
	struct worker		*worker;
	int			n;
	struct batch		batch;
	pthread_barrier_t	barrier;
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

/* Return the cost of reading the clock: the minimum of many tries. */
static uint64_t clock_cost(void)
{
	uint64_t least = UINT64_MAX, start, end;
	int i;

	for (i = 0; i < 1000; i++) {
		start = now();
		end = now();
		if (end - start < least)
			least = end - start;
	}
	return least;
}

/* A random pause for profilers, with xorshift.  It is a function of its own, so that a
 * profile can leave it out.
 */
static __attribute__((noinline)) void dither(void)
{
	static uint32_t state = 1;
	uint32_t i;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	/* Keep the compiler from removing the loop */
	for (i = state % 1024; i; i--)
		__asm__ volatile("");
}

static void do_one(struct worker *worker)
{
	if (worker->job->dither)
		dither();
	operate(worker->job->workload, &worker->flows[worker->next], worker->job->size);
	if (++worker->next == worker->n)
		worker->next = 0;
}

static void do_single(struct worker *worker, const struct batch *batch)
{
	uint64_t start = now(), before = start, end = start;

	for (worker->done = 0; batch->ns ? end - start < batch->ns :
	     worker->done < (uint64_t)batch->operations; worker->done++) {
		before = now();
		do_one(worker);
		end = now();
		hist_add(worker->hist, end - before);
	}
	worker->ns = end - start;
}

static void do_batch(struct worker *worker, const struct batch *batch)
{
	uint64_t start = now();
	int i;

	if (batch->single) {
		do_single(worker, batch);
	} else if (batch->ns) {
		worker->done = 0;
		do {
			for (i = 0; i < UNWATCHED; i++)
				do_one(worker);
			worker->done += UNWATCHED;
			worker->ns = now() - start;
		} while (worker->ns < batch->ns);
	} else {
		for (i = 0; i < batch->operations; i++)
			do_one(worker);
		worker->ns = now() - start;
		worker->done = batch->operations;
	}
	worker->total += worker->done;
}

static void *work(void *data)
{
	struct worker *worker = data;

	for (;;) {
		pthread_barrier_wait(&worker->team->barrier);
		do_batch(worker, &worker->team->batch);
		pthread_barrier_wait(&worker->team->barrier);
	}
	return NULL;
}

/* Run a batch.  Return nanoseconds per operation, of all workers together. */
static double run_batch(struct team *team)
{
	double per_ns = 0;
	int i;

	if (team->n > 1)
		pthread_barrier_wait(&team->barrier);
	do_batch(&team->worker[0], &team->batch);
	if (team->n > 1)
		pthread_barrier_wait(&team->barrier);
	for (i = 0; i < team->n; i++)
		per_ns += (double)team->worker[i].done / team->worker[i].ns;
	return 1 / per_ns;
}

/* Return the @i-th CPU on which the process may run. */
static int allowed_cpu(const cpu_set_t *allowed, int i)
{
	int cpu;

	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, allowed) && !i--)
			return cpu;
	return -1;
}

static void pin(pthread_t thread, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (pthread_setaffinity_np(thread, sizeof(set), &set))
		errx(1, "cannot bind a thread to CPU %d", cpu);
}

/* Distribute the flows among the workers, and start the threads. */
static void gather(struct team *team, const struct job *job, struct flow *flows)
{
	pthread_t thread;
	cpu_set_t allowed;
	int i, first;

	sched_getaffinity(0, sizeof(allowed), &allowed);
	team->n = job->cpus;
	team->worker = calloc(team->n, sizeof(*team->worker));
	if (!team->worker)
		err(1, "workers");
	pthread_barrier_init(&team->barrier, NULL, team->n);
	for (i = 0; i < team->n; i++) {
		struct worker *worker = &team->worker[i];

		first = job->flows * i / team->n;
		worker->job = job;
		worker->team = team;
		worker->flows = flows + first;
		worker->n = job->flows * (i + 1) / team->n - first;
		worker->hist = hist_new();
		thread = pthread_self();
		if (i && pthread_create(&thread, NULL, work, worker))
			errx(1, "cannot start a thread");
		if (!job->instructions)
			pin(thread, allowed_cpu(&allowed, i));
	}
}

/**
 * measure - run the measurement
 * @job: the job
 * @flows: its flows
 * @result: filled
 */
void measure(const struct job *job, struct flow *flows, struct result *result)
{
	struct team team = { };
	double values[job->batches];
	uint64_t overhead = clock_cost();
	struct hist *all;
	int i;

	gather(&team, job, flows);
	if (job->instructions)
		team.batch.operations = (batch_of(job->workload, job->size) +
					 job->divide - 1) / job->divide;
	else
		team.batch.ns = job->seconds * 1e9 / job->batches;
	for (i = 0; i < WARMUP; i++)
		run_batch(&team);
	for (i = 0; i < job->batches; i++)
		values[i] = run_batch(&team);
	team.batch.single = true;
	run_batch(&team);

	all = hist_new();
	memset(result, 0, sizeof(*result));
	for (i = 0; i < team.n; i++) {
		hist_merge(all, team.worker[i].hist);
		result->operations += team.worker[i].total;
	}
	result->spread = spread(values, job->batches);
	result->value = median(values, job->batches);
	result->p50 = hist_percentile(all, 50) - overhead;
	result->p99 = hist_percentile(all, 99) - overhead;
	result->p999 = hist_percentile(all, 99.9) - overhead;
}
