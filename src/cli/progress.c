/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include <signal.h>

#include "cli/cli.h"

static volatile sig_atomic_t stop; /* the signal's number */

/* The first signal asks for an orderly stop, the second one ends the program at once. */
static void on_signal(int number)
{
    stop = number;
}

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGXCPU};
enum { SIGNALS = sizeof numbers / sizeof *numbers };
static bool ignored[SIGNALS];

void note_ignored_signals(void)
{
    for (size_t i = 0; i < SIGNALS; i++) {
        struct sigaction now;
        ignored[i] = sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler == SIG_IGN;
    }
}

/* What was ignored from the start stays so: nohup ignores SIGHUP. A reader of the log that goes
 * away ends nothing. */
void watch_interrupts(void)
{
    const struct sigaction action = {.sa_handler = on_signal,
                                     .sa_flags = SA_RESTART | SA_RESETHAND};
    for (size_t i = 0; i < SIGNALS; i++) {
        if (ignored[i])
            signal(numbers[i], SIG_IGN);
        else
            sigaction(numbers[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
}

bool interrupted(void)
{
    return stop != 0;
}

int interrupted_status(void)
{
    return 128 + (stop ? stop : SIGINT);
}
