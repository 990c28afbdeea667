/* SPDX-License-Identifier: MIT
 *
 * What surrounds the program, and drivers trip over without saying so. pocl shows no device where
 * it cannot write its cache, and ends the whole program where that is full: it is given a private,
 * temporary one. A driver that cannot open files is not seen at all.
 */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "cli/cli.h"

/* ---- limits ---- */

/* A driver, its compiler and the linker that it calls open some 16 at once. */
static void check_files(struct cli *cli)
{
    enum { ENOUGH = 24, PLENTY = 256 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= PLENTY)
        return;
    limit.rlim_cur = limit.rlim_max < PLENTY ? limit.rlim_max : PLENTY;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < ENOUGH)
        snprintf(cli->around.trouble, sizeof cli->around.trouble,
                 "only %d files may be open at once, which drivers and their compilers fail over: "
                 "raise the limit (ulimit -n)",
                 (int)limit.rlim_cur);
}

/* A driver that cannot be mapped is not seen either. */
static void check_memory(struct cli *cli)
{
    enum { ENOUGH_MIB = 384 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        limit.rlim_cur >> 20 < ENOUGH_MIB)
        snprintf(cli->around.trouble, sizeof cli->around.trouble,
                 "only %d MiB of address space may be used, in which drivers and their compilers "
                 "have no room: raise the limit (ulimit -v)",
                 (int)(limit.rlim_cur >> 20));
}

/* ---- pocl's cache ---- */

/* Where pocl keeps it, as pocl finds it; NULL where it would take a public folder in /tmp, from
 * which anyone could make us load code, or end the program. Freed by the caller. */
static char *usual_cache(void)
{
    const char *own = getenv("POCL_CACHE_DIR"), *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME"), *base = NULL, *below = "";
    char *path = NULL;
    if (own)
        base = own;
    else if (xdg && *xdg)
        base = xdg, below = "pocl/kcache";
    else if (home)
        base = home, below = ".cache/pocl/kcache";
    if (!base || !*base || vcl_path_join(base, below, &path, NULL) < 0)
        return NULL;
    size_t len = strlen(path);
    if (len > 1 && path[len - 1] == '/')
        path[len - 1] = '\0';
    return path;
}

/* Cuts the path down to what is there of it. */
static void deepest_existing(char *path)
{
    while (*path && !vcl_file_exists(path)) {
        char *slash = strrchr(path, '/');
        if (slash == path)
            slash++;
        if (!slash)
            slash = path; /* relative: what is there is the current folder */
        *slash = '\0';
    }
}

/* Writes a file without a name, as large as those that compilers write. 0, or errno. */
static int try_writing(int file)
{
    enum { BLOCK = 4096, BLOCKS = 256 };
    char block[BLOCK];
    memset(block, 1, sizeof block);
    for (int i = 0; i < BLOCKS; i++) {
        ssize_t written = write(file, block, sizeof block);
        if (written < 0)
            return errno;
        if (written < (ssize_t)sizeof block)
            return ENOSPC;
    }
    return 0;
}

/* Can a folder of this path be made, and files in it? 0, or errno. */
static int probe(const char *path)
{
    char *at = NULL, *name = NULL;
    int problem = ENOMEM;
    if (vcl_path_join(path, "", &at, NULL) < 0)
        return problem;
    deepest_existing(at);
    if (vcl_path_join(at, ".vae-cl-XXXXXX", &name, NULL) == VCL_OK) {
        int file = mkstemp(name);
        problem = file < 0 ? errno : 0;
        if (file >= 0) {
            unlink(name);
            problem = try_writing(file);
            close(file);
        }
    }
    free(at);
    free(name);
    return problem;
}

/* A folder that only this user can enter, in *ret_path. */
static bool make_temporary(char **ret_path)
{
    const char *folders[] = {getenv("TMPDIR"), "/tmp", "/var/tmp", "/dev/shm"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char *path = NULL;
        if (!folders[i] || folders[i][0] != '/' || probe(folders[i]) != 0 ||
            vcl_path_join(folders[i], "vae-cl-pocl-XXXXXX", &path, NULL) < 0)
            continue;
        if (mkdtemp(path)) {
            *ret_path = path;
            return true;
        }
        free(path);
    }
    return false;
}

enum { TEXT = sizeof((struct surroundings *)0)->trouble };

/* What is wrong with the usual cache; path NULL: there is none. */
static void describe_cache(char text[TEXT], const char *path, int problem, const char *remedy)
{
    char why[128];
    snprintf(why, sizeof why, "cannot be written: %.100s", strerror(problem));
    snprintf(text, TEXT, "pocl's cache %.200s %s: %s", path ? path : "",
             path ? why : "has no place: no POCL_CACHE_DIR, no HOME", remedy);
}

static void check_cache(struct cli *cli)
{
    struct surroundings *around = &cli->around;
    char *path = usual_cache();
    int problem = path ? probe(path) : ENOENT;
    if (problem && make_temporary(&around->cache) &&
        setenv("POCL_CACHE_DIR", around->cache, 1) == 0)
        describe_cache(around->note, path, problem,
                       "kernels are compiled anew each time, until POCL_CACHE_DIR names a folder");
    else if (problem)
        describe_cache(around->trouble, path, problem, "name a folder for it in POCL_CACHE_DIR");
    free(path);
}

/* ---- for commands ---- */

void surroundings_prepare(struct cli *cli)
{
    check_cache(cli);
    check_memory(cli);
    check_files(cli);
}

void surroundings_report(const struct cli *cli)
{
    if (!vcl_contains(vcl_ctx_device(cli->ctx)->platform, "Portable Computing Language"))
        return;
    if (cli->around.note[0])
        say(cli, "%s", cli->around.note);
    if (cli->around.trouble[0])
        say(cli, "%s", cli->around.trouble);
}

void surroundings_explain(struct cli *cli, enum vcl_status r)
{
    bool by_driver = r == VCL_E_NODEVICE || r == VCL_E_CL || r == VCL_E_BUILD;
    bool pocl = !cli->ctx ||
                vcl_contains(vcl_ctx_device(cli->ctx)->platform, "Portable Computing Language");
    if (!by_driver || !pocl)
        return;
    if (!cli->around.trouble[0]) { /* a disk may have become full since */
        char *path = usual_cache();
        int problem = path ? probe(path) : 0;
        if (problem)
            describe_cache(cli->around.trouble, path, problem,
                           "name another folder in POCL_CACHE_DIR");
        free(path);
    }
    if (cli->around.trouble[0])
        r = vcl_error_hint(&cli->err, r, "%s", cli->around.trouble);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

void surroundings_finish(struct cli *cli)
{
    if (cli->around.cache)
        nftw(cli->around.cache, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(cli->around.cache);
    cli->around.cache = NULL;
}
