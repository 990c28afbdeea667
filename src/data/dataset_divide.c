/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/mem.h"
#include "base/philox.h"
#include "data/examples.h"

/* Draws which examples are for validation, as a mask. */
static enum vcl_status draw_mask(size_t count, size_t n_valid, uint64_t seed, unsigned char *mask,
                                 struct vcl_error *err)
{
    const struct vcl_philox rng = {.seed = seed, .stream = VCL_STREAM_SPLIT};
    uint32_t *order = NULL;
    enum vcl_status r = vcl_alloc(count, sizeof *order, &order, err);
    if (r < 0)
        return r;
    vcl_philox_shuffle(&rng, order, count);
    for (size_t i = 0; i < n_valid; i++)
        mask[order[i]] = 1;
    free(order);
    return VCL_OK;
}

static void list_indices(const unsigned char *mask, size_t count, uint32_t *train, uint32_t *valid)
{
    for (size_t i = 0; i < count; i++) {
        if (mask[i])
            *valid++ = (uint32_t)i;
        else
            *train++ = (uint32_t)i;
    }
}

static enum vcl_status check(const struct vcl_dataset *set, double fraction, struct vcl_error *err)
{
    if (!(fraction >= 0 && fraction < 1))
        return ERR(err, VCL_E_RANGE, "validation fraction %g is outside 0 to 1", fraction);
    if (set->count > UINT32_MAX)
        return ERR(err, VCL_E_RANGE, "'%s': %zu examples are too many to divide", set->name,
                   set->count);
    return VCL_OK;
}

enum vcl_status vcl_dataset_divide(const struct vcl_dataset *set, double fraction, uint64_t seed,
                                   uint32_t **ret_train, size_t *ret_n_train, uint32_t **ret_valid,
                                   size_t *ret_n_valid, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    uint32_t *train = NULL, *valid = NULL;
    unsigned char *mask = NULL;
    TRY(check(set, fraction, err));
    size_t n_valid = (size_t)(fraction * (double)set->count + 0.5);
    if (n_valid == set->count)
        FAIL(err, VCL_E_RANGE, "'%s': a validation fraction of %g leaves none of %zu for training",
             set->name, fraction, set->count);
    TRY(vcl_alloc(set->count - n_valid, sizeof *train, &train, err));
    TRY(vcl_alloc(n_valid, sizeof *valid, &valid, err));
    TRY(vcl_alloc(set->count, 1, &mask, err));
    TRY(draw_mask(set->count, n_valid, seed, mask, err));
    list_indices(mask, set->count, train, valid);
    *ret_train = train;
    *ret_n_train = set->count - n_valid;
    *ret_valid = valid;
    *ret_n_valid = n_valid;
    train = valid = NULL;
out:
    free(mask);
    free(train);
    free(valid);
    return r;
}
