/* SPDX-License-Identifier: MIT
 *
 * Known answers for all of src/use: every number that a trained model is asked for, against plain
 * double precision or a closed form.
 */
#include "use/test_use.h"

#include "common/devices.h"

int main(void)
{
    int failed = 0;
    test_begin();
    failed += test_use_evaluate();
    failed += test_use_linear();
    failed += test_use_encode();
    failed += test_use_condition();
    failed += test_use_generate();
    failed += test_use_files();
    return failed != 0;
}
