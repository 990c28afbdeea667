/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "common/host_locale.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/test_folder.h"

static char *folder; /* LOCPATH: all that this program has made */

static void remove_all(void)
{
    test_folder_destroy(&folder);
}

static void die(const char *what)
{
    fprintf(stderr, "no locale to test in: %s (Debian's package: locales)\n", what);
    exit(1);
}

static void make_folder(void)
{
    folder = test_folder_create();
    if (atexit(remove_all) != 0 || setenv("LOCPATH", folder, 1) != 0)
        die(folder);
}

void test_locale_set(const char *name, const char *charset)
{
    char command[512], full[64];
    if (!folder)
        make_folder();
    snprintf(full, sizeof full, "%s.%s", name, charset);
    char *path = test_path_in(folder, full);
    /* Its exit status tells of warnings, too: setlocale is the judge. */
    snprintf(command, sizeof command, "localedef -c -i %s -f %s '%s' >/dev/null 2>&1", name,
             charset, path);
    if (access(path, F_OK) != 0 && system(command) == -1)
        die(command);
    if (!setlocale(LC_ALL, full)) /* once it has failed it always will: not before it is made */
        die(command);
    free(path);
}

void test_locale_unset(void)
{
    setlocale(LC_ALL, "C");
}
