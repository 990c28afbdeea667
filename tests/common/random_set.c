/* SPDX-License-Identifier: MIT */
#include "common/random_set.h"

#include <stdlib.h>

#include "base/philox.h"
#include "common/devices.h"

struct test_set test_set_create(uint32_t count, struct vcl_shape shape, enum vcl_dtype dtype)
{
    const struct vcl_philox rng = {.seed = 3, .stream = 2000};
    size_t n = count * vcl_shape_size(shape);
    struct test_set made = {.values = malloc(n * sizeof(float)),
                            .labels = malloc(count * sizeof *made.labels)};
    assert_non_null(made.values);
    assert_non_null(made.labels);
    for (uint32_t i = 0; i < count; i++)
        made.labels[i] = (int32_t)(4 * vcl_philox_uniform(&rng, 1, i));
    for (size_t i = 0; i < n; i++) {
        float u = vcl_philox_uniform(&rng, 0, (uint32_t)i);
        u = u < 0.5f ? 0 : 2 * u - 1;
        if (dtype == VCL_U8)
            ((unsigned char *)made.values)[i] = (unsigned char)(255 * u);
        else
            ((float *)made.values)[i] = u;
    }
    OK(vcl_dataset_wrap("random", count, shape, dtype, made.values, made.labels, &made.set,
                        &test_error));
    return made;
}

void test_set_finish(struct test_set *set)
{
    vcl_dataset_destroy(&set->set);
    free(set->values);
    free(set->labels);
    *set = (struct test_set){0};
}
