/* SPDX-License-Identifier: MIT
 *
 * A data set of random values in memory: in [0, 1], about half of them zero, as pictures are.
 */
#ifndef TEST_RANDOM_SET_H
#define TEST_RANDOM_SET_H

#include "vaecl/data.h"

struct test_set {
    struct vcl_dataset *set;
    void *values;
    int32_t *labels; /* of four classes */
};

struct test_set test_set_create(uint32_t count, struct vcl_shape shape, enum vcl_dtype dtype);
void test_set_finish(struct test_set *set);

#endif
