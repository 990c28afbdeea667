/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>

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
