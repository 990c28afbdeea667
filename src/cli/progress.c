/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static volatile sig_atomic_t stop;

/* The first signal asks for an orderly stop, the second one ends the program at once. */
static void on_signal(int number)
{
    stop = 1;
    signal(number, SIG_DFL);
}

void watch_interrupts(void)
{
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
}

bool interrupted(void)
{
    return stop != 0;
}

bool bars_wanted(const struct cli *cli)
{
    return !cli->common.quiet && isatty(STDERR_FILENO);
}

void draw_bar(const struct cli *cli, const char *label, double done, const char *text)
{
    enum { WIDTH = 24 };
    char bar[WIDTH + 1];
    if (!bars_wanted(cli))
        return;
    done = done < 0 ? 0 : done > 1 ? 1 : done;
    int filled = (int)(done * WIDTH);
    memset(bar, ' ', WIDTH);
    memset(bar, '=', (size_t)filled);
    if (filled < WIDTH)
        bar[filled] = '>';
    bar[WIDTH] = '\0';
    fprintf(stderr, "\r\033[K%s [%s] %3.0f %%  %s", label, bar, done * 100, text);
    fflush(stderr);
}

void clear_bar(const struct cli *cli)
{
    if (bars_wanted(cli))
        fprintf(stderr, "\r\033[K");
}
