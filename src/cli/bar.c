/* SPDX-License-Identifier: MIT
 *
 * Progress as one line that is drawn over and over. It must never be as long as the terminal is
 * wide: what wraps cannot be drawn over, and each update would leave a line.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cli.h"

enum { LINE = 256, WIDEST = 24, NARROWEST = 8 };

/* Asked at each update: it may have been resized. */
static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

/* "label [===>    ] 43 %  text"; with less than NARROWEST for the bar, none. */
static size_t compose(char line[LINE], const char *label, double done, size_t width,
                      const char *text)
{
    char bar[WIDEST + 4] = "";
    if (width >= NARROWEST) {
        size_t filled = (size_t)(done * (double)width);
        memset(bar, ' ', width + 3);
        memset(bar + 1, '=', filled);
        if (filled < width)
            bar[1 + filled] = '>';
        bar[0] = '[';
        bar[width + 1] = ']';
        bar[width + 3] = '\0';
    }
    int length = snprintf(line, LINE, "%s %s%3.0f %%  %s", label, bar, done * 100, text);
    return length < 0 ? 0 : (size_t)length < LINE ? (size_t)length : LINE - 1;
}

/* Without its last parts, or cut off where even the first is too long. */
static void shorten(char line[LINE], size_t room)
{
    char *at = strstr(line, "  "), *cut = NULL;
    for (; at && (size_t)(at - line) <= room; at = strstr(at + 2, "  "))
        cut = at;
    if (strlen(line) > room)
        *(cut ? cut : line + room) = '\0';
}

bool bars_wanted(const struct cli *cli)
{
    return !cli->common.quiet && isatty(STDERR_FILENO);
}

void draw_bar(const struct cli *cli, const char *label, double done, const char *text)
{
    char line[LINE];
    if (!bars_wanted(cli))
        return;
    done = done < 0 ? 0 : done > 1 ? 1 : done;
    size_t room = terminal_width() - 1;
    size_t without = compose(line, label, done, 0, text), bar = room - without - 3;
    if (without + 3 + NARROWEST <= room)
        compose(line, label, done, bar < WIDEST ? bar : WIDEST, text);
    shorten(line, room);
    fprintf(stderr, "\r\033[K%s", line);
    fflush(stderr);
}

void clear_bar(const struct cli *cli)
{
    if (bars_wanted(cli))
        fprintf(stderr, "\r\033[K");
}
