// SPDX-License-Identifier: GPL-2.0-only
/* lbx top: live rates of all devices, by ncurses(3) */
#include <curses.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "out.h"
#include "sample.h"

/* Number of lines above the devices */
#define HEAD	4

enum {
	COLOR_HEAD = 1,
	COLOR_DROPS,
};

/**
 * struct view - settings of the view
 * @cpu: show each CPU
 * @first: index of the first visible row
 */
struct view {
	bool	cpu;
	size_t	first;
};

static int compare_rates(const void *a, const void *b)
{
	double x = row_column(*(const struct row *const *)a, COLUMN_PACKETS);
	double y = row_column(*(const struct row *const *)b, COLUMN_PACKETS);

	return x < y ? 1 : x > y ? -1 : 0;
}

/* Sort the devices by packets, largest first, each followed by its CPUs if @cpu.
 * Return an array of @n rows.
 */
static const struct row **sort_rows(const struct sample *rates, bool cpu, size_t *n)
{
	const struct row **devs = xcalloc(rates->n + 1, sizeof(*devs));
	const struct row **all = xcalloc(rates->n + 1, sizeof(*all));
	const struct row *row, *end = rates->item + rates->n;
	size_t i, n_devs = 0;

	for (row = rates->item; row < end; row++)
		if (row->cpu == ALL_CPUS)
			devs[n_devs++] = row;
	if (n_devs)
		qsort(devs, n_devs, sizeof(*devs), compare_rates);
	*n = 0;
	for (i = 0; i < n_devs; i++) {
		all[(*n)++] = devs[i];
		for (row = devs[i] + 1; cpu && row < end && row->cpu != ALL_CPUS; row++)
			all[(*n)++] = row;
	}
	free(devs);
	return all;
}

static void draw_row(int y, const struct row *row)
{
	char buf[16], name[IFNAMSIZ];
	size_t i;

	if (row->cpu == ALL_CPUS)
		strcpy(name, row->dev);
	else
		snprintf(name, sizeof(name), "  cpu%d", row->cpu);
	mvprintw(y, 0, "%-15s", name);
	for (i = 0; i < N_COLUMNS; i++) {
		double value = row_column(row, i);
		int attr = i == COLUMN_DROPS && value ?
			   A_BOLD | COLOR_PAIR(COLOR_DROPS) : A_NORMAL;

		attron(attr);
		printw(" %7s", human(value, buf));
		attroff(attr);
	}
}

static void draw_drops(int y, const struct sample *totals)
{
	struct row total;
	char buf[16];
	size_t i;

	sample_total(totals, &total);
	mvaddstr(y, 0, "dropped in all:");
	for (i = 0; i < N_COUNTERS; i++)
		if (!strncmp(counter_names[i], "drop_", 5))
			printw(" %s %s", counter_names[i] + 5, human(total.value[i], buf));
}

static void draw(struct view *view, const struct sample *rates,
		 const struct sample *totals, double interval)
{
	int lines = LINES;
	size_t i, n, n_devs = 0, room = lines > HEAD + 1 ? lines - HEAD - 1 : 0;
	const struct row **rows = sort_rows(rates, view->cpu, &n);
	struct row total;

	if (view->first + room > n)
		view->first = n > room ? n - room : 0;
	for (i = 0; i < rates->n; i++)
		n_devs += rates->item[i].cpu == ALL_CPUS;

	erase();
	mvprintw(0, 0, "lbx top - %zu device%s, per second, every %g s", n_devs,
		 n_devs == 1 ? "" : "s", interval);
	draw_drops(1, totals);
	attron(A_REVERSE | COLOR_PAIR(COLOR_HEAD));
	mvprintw(2, 0, "%-15s", "DEVICE");
	for (i = 0; i < N_COLUMNS; i++)
		printw(" %7s", column_names[i]);
	attroff(A_REVERSE | COLOR_PAIR(COLOR_HEAD));
	sample_total(rates, &total);
	draw_row(3, &total);
	for (i = 0; i < room && view->first + i < n; i++)
		draw_row(HEAD + i, rows[view->first + i]);
	mvaddstr(lines - 1, 0, "q quit  c CPUs  up/down scroll");
	refresh();
	free(rows);
}

/* Return false to quit. */
static bool handle_key(int key, struct view *view)
{
	switch (key) {
	case 'q':
	case 'Q':
		return false;
	case 'c':
		view->cpu = !view->cpu;
		break;
	case KEY_UP:
		view->first -= view->first > 0;
		break;
	case KEY_DOWN:
		view->first++;
		break;
	}
	return true;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Read the counters.  Set @rates to the rates since @before, and @before to the new
 * reading.
 */
static int read_next(struct sample *before, struct sample *rates,
		     struct nl_error *error)
{
	struct sample now;

	if (sample_get(&now, NULL, true, error))
		return -1;
	list_free(rates);
	sample_rates(before, &now, rates);
	list_free(before);
	*before = now;
	return 0;
}

/* Handle readings and keys until the user quits.  A key takes effect at once, and does
 * not shorten the time between two readings.
 */
static int loop(struct view *view, double interval, struct nl_error *error)
{
	struct sample last, rates = { };
	bool go_on = true;
	double next;
	int err, key;

	err = sample_get(&last, NULL, true, error);
	/* There are no rates yet, but the devices are known */
	if (!err)
		sample_rates(&last, &last, &rates);
	next = seconds_now() + interval;
	while (go_on && !err) {
		double left = next - seconds_now();

		draw(view, &rates, &last, interval);
		timeout(left > 0 ? left * 1000 : 0);
		key = getch();
		go_on = handle_key(key, view);
		if (seconds_now() < next)
			continue;
		next = seconds_now() + interval;
		err = read_next(&last, &rates, error);
	}
	list_free(&rates);
	list_free(&last);
	return err;
}

int do_top(struct args *args)
{
	struct view view = { .cpu = args->cpu };
	struct nl_error error;
	SCREEN *screen;
	int err;

	if (options.json || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)) {
		say("top needs a terminal");
		try_this("lbx%s stats watch", options.json ? " -j" : "");
		return EXIT_REFUSED;
	}
	setlocale(LC_ALL, "");
	screen = newterm(NULL, stdout, stdin);
	if (!screen) {
		say("unknown terminal \"%s\"", getenv("TERM") ?: "");
		try_this("lbx stats watch");
		return EXIT_REFUSED;
	}
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	if (has_colors()) {
		start_color();
		use_default_colors();
		init_pair(COLOR_HEAD, COLOR_CYAN, -1);
		init_pair(COLOR_DROPS, COLOR_RED, -1);
	}
	err = loop(&view, args->interval ?: 1, &error);
	endwin();
	delscreen(screen);
	return err ? refused("top", &error) : EXIT_DONE;
}
