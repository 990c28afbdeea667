/* SPDX-License-Identifier: MIT
 *
 * One process at a time: a lock file, which holds the process' number while it is locked. The
 * system gives the lock back when the process ends, however it ends; the file may stay behind, and
 * says nothing then.
 */
#ifndef VCL_BASE_LOCK_H
#define VCL_BASE_LOCK_H

#include <stdbool.h>

#include "base/error.h"

struct vcl_lock {
    char *path; /* NULL: not held */
    int fd;
    bool works; /* false on a file system without locks: nobody is kept out */
};

/* VCL_E_BUSY if another one has it, naming its process: "'WHAT' is in use by process 123". */
enum vcl_status vcl_lock_take(struct vcl_lock *lock, const char *path, const char *what,
                              struct vcl_error *err) VCL_MUST_CHECK;
/* VCL_E_BUSY if it can't be had now. Takes and makes nothing. */
enum vcl_status vcl_lock_look(const char *path, const char *what,
                              struct vcl_error *err) VCL_MUST_CHECK;
/* Removes the file, too. Safe on one that is not held. */
void vcl_lock_release(struct vcl_lock *lock);

#endif
