/* SPDX-License-Identifier: MIT
 *
 * What the calls of disk.c have in common: whose turn it is to fail, and the journal.
 *
 * A line of the journal is "KIND<tab>PATH<tab>PATH<tab>CONTENT", paths absolute, before the call
 * was made. CONTENT is there for what is synced or gets another name: a copy of the file as it was
 * then, by the name of that copy in the journal's folder, or "folder".
 */
#ifndef TEST_DISK_JOURNAL_H
#define TEST_DISK_JOURNAL_H

#include <stdbool.h>

enum { DISK_PATH = 4096 };

/* The absolute path of a name in a folder (or AT_FDCWD), or of an open file, in `path`; NULL where
 * there is none. */
const char *disk_path(int folder, const char *name, char path[DISK_PATH]);
const char *disk_path_of(int fd, char path[DISK_PATH]);

/* Counts a call, if a path lies below the root. True: it must fail, and errno says why. */
bool disk_due(const char *kind, const char *one, const char *two);
/* Waits, where a file below the root is synced. */
void disk_delay(const char *path);

#endif
