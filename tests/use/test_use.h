/* SPDX-License-Identifier: MIT
 *
 * The groups of tests of src/use, each a file; test_use.c runs them all in one program, so that
 * kernels are compiled once.
 */
#ifndef TEST_USE_TEST_USE_H
#define TEST_USE_TEST_USE_H

/* Each runs its tests on every device and returns how many failed. */
int test_use_evaluate(void);
int test_use_linear(void);
int test_use_encode(void);
int test_use_condition(void);
int test_use_generate(void);
int test_use_files(void);

#endif
