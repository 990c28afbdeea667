/* SPDX-License-Identifier: MIT */
#include "tune/space.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int candidates_of(const struct vcl_gemm_param *param)
{
    int n = 0;
    while (param->values[n])
        n++;
    return n;
}

static enum vcl_status remember(struct vcl_space *space, const struct vcl_gemm_setting *setting,
                                struct vcl_error *err)
{
    enum vcl_status r =
        vcl_grow(&space->tried, &space->cap_tried, space->n_tried + 1, sizeof *space->tried, err);
    if (r == VCL_OK)
        space->tried[space->n_tried++] = *setting;
    return r;
}

enum vcl_status vcl_space_init(struct vcl_space *space, const struct vcl_ctx *ctx,
                               const struct vcl_gemm *gemm, const struct vcl_gemm_def *def,
                               const struct vcl_gemm_setting *base, struct vcl_error *err)
{
    *space = (struct vcl_space){.ctx = ctx, .gemm = gemm, .def = def, .base = *base};
    while (def->params && space->n_params < VCL_GEMM_PARAMS && def->params[space->n_params].name) {
        int n = candidates_of(&def->params[space->n_params++]);
        space->longest = n > space->longest ? n : space->longest;
    }
    return remember(space, base, err);
}

void vcl_space_finish(struct vcl_space *space)
{
    free(space->tried);
    *space = (struct vcl_space){0};
}

void vcl_space_move(struct vcl_space *space, const struct vcl_gemm_setting *setting)
{
    space->base = *setting;
    space->at = 0;
}

/* Moves a parameter by so many of its candidates. A value that is none of them counts as the
 * largest one below it. */
static bool step(const struct vcl_space *space, int param, int by, struct vcl_gemm_setting *setting)
{
    const int *values = space->def->params[param].values;
    int n = candidates_of(&space->def->params[param]), i = 0;
    while (i + 1 < n && values[i + 1] <= setting->values[param])
        i++;
    if (i + by < 0 || i + by >= n)
        return false;
    setting->values[param] = values[i + by];
    return true;
}

/* Number `at` of the order around the base; *ret_end if it is over. */
static bool neighbour(const struct vcl_space *space, unsigned at, struct vcl_gemm_setting *setting,
                      bool *ret_end)
{
    unsigned n = (unsigned)space->n_params;
    unsigned singles = n * 2 * (unsigned)space->longest, pairs = n * n;
    *setting = space->base;
    *ret_end = at >= singles + pairs;
    if (*ret_end)
        return false;
    if (at < singles) {
        int distance = 1 + (int)(at / (2 * n));
        return step(space, (int)(at / 2 % n), at % 2 ? -distance : distance, setting);
    }
    at -= singles;
    return at / n != at % n && step(space, (int)(at / n), 1, setting) &&
           step(space, (int)(at % n), -1, setting);
}

static bool was_tried(const struct vcl_space *space, const struct vcl_gemm_setting *setting)
{
    for (size_t i = 0; i < space->n_tried; i++) {
        if (memcmp(&space->tried[i], setting, sizeof *setting) == 0)
            return true;
    }
    return false;
}

enum vcl_status vcl_space_next(struct vcl_space *space, struct vcl_gemm_setting *ret_setting,
                               bool *ret_more, struct vcl_error *err)
{
    const struct vcl_gemm_def *def = space->def;
    struct vcl_gemm_setting setting;
    bool end = false;
    *ret_more = false;
    while (!end) {
        if (!neighbour(space, space->at++, &setting, &end) || was_tried(space, &setting) ||
            (def->valid && !def->valid(space->ctx, space->gemm, &setting)))
            continue;
        *ret_setting = setting;
        *ret_more = true;
        return remember(space, &setting, err);
    }
    return VCL_OK;
}
