/* SPDX-License-Identifier: MIT
 *
 * src/base: option rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/option.h"

struct config {
    bool fast;
    int64_t shift;
    uint64_t epochs;
    double beta;
    const char *name, *activation;
    struct vcl_opt_list sets;
    struct vcl_opt_pair kernel;
    int64_t pad;
};

#define AT(member) offsetof(struct config, member)

static const char *const activations[] = {"relu", "tanh", NULL};
static const struct vcl_opt table[] = {
    {.key = "epochs", .kind = VCL_OPT_UINT, .offset = AT(epochs), .min = 1, .max = 1000},
    {.key = "kernel",
     .kind = VCL_OPT_PAIR,
     .offset = AT(kernel),
     .min = 1,
     .max = 99,
     .letter = 'k'},
    {.key = "activation", .kind = VCL_OPT_CHOICE, .offset = AT(activation), .choices = activations},
    {.key = "beta", .kind = VCL_OPT_FLOAT, .offset = AT(beta)},
    {.key = "shift", .kind = VCL_OPT_INT, .offset = AT(shift)},
    {.key = "fast", .kind = VCL_OPT_FLAG, .offset = AT(fast)},
    {.key = "name", .kind = VCL_OPT_STRING, .offset = AT(name)},
    {.key = "set", .kind = VCL_OPT_LIST, .offset = AT(sets)},
    {.key = "pad", .kind = VCL_OPT_INT, .offset = AT(pad), .letter = 'p'},
    {.key = NULL},
};

static void test_opt_set(void **state)
{
    struct config c = {0};
    (void)state;
    assert_int_equal(vcl_opt_set(table, &c, "--", "epochs", "12", NULL), VCL_OK);
    assert_int_equal(vcl_opt_set(table, &c, "--", "activation", "tanh", NULL), VCL_OK);
    assert_int_equal(vcl_opt_set(table, &c, "--", "beta", "0.5", NULL), VCL_OK);
    assert_int_equal(vcl_opt_set(table, &c, "--", "shift", "-3", NULL), VCL_OK);
    assert_int_equal(vcl_opt_set(table, &c, "--", "fast", NULL, NULL), VCL_OK);
    assert_int_equal(vcl_opt_set(table, &c, "--", "name", "x", NULL), VCL_OK);
    assert_int_equal(vcl_opt_set(table, &c, "--", "set", "a=1", NULL), VCL_OK);
    assert_int_equal(vcl_opt_set(table, &c, "--", "set", "b=2", NULL), VCL_OK);
    assert_int_equal(c.epochs, 12);
    assert_ptr_equal(c.activation, activations[1]);
    assert_true(c.beta == 0.5 && c.shift == -3 && c.fast);
    assert_string_equal(c.name, "x");
    assert_int_equal(c.sets.count, 2);
    assert_int_equal(vcl_opt_set(table, &c, "--", "fast", "false", NULL), VCL_OK);
    assert_false(c.fast);
}

static void test_opt_refused(void **state)
{
    static const struct {
        const char *key, *value, *msg, *hint;
    } cases[] = {
        {"epoch", "1", "unknown option '--epoch'", "did you mean '--epochs'?"},
        {"zzzzzzzzzz", "1", "unknown option '--zzzzzzzzzz'", ""},
        {"epochs", NULL, "--epochs needs a value", ""},
        {"epochs", "0", "--epochs: 0 is outside 1 to 1000", ""},
        {"epochs", "1001", "--epochs: 1001 is outside 1 to 1000", ""},
        {"epochs", "-1", "--epochs: '-1' is not a whole number of 0 or more", ""},
        {"shift", "1.5", "--shift: '1.5' is not a whole number", ""},
        {"beta", "much", "--beta: 'much' is not a finite number", ""},
        {"fast", "maybe", "--fast: 'maybe' is not true or false", ""},
        {"activation", "rulu", "--activation: 'rulu' is not one of its values",
         "did you mean 'relu'? (relu, tanh)"},
        {"kernel", "", "--kernel: '' is not a whole number, or two as in 3x5", ""},
        {"kernel", "x", "--kernel: 'x' is not a whole number, or two as in 3x5", ""},
        {"kernel", "3x", "--kernel: '3x' is not a whole number, or two as in 3x5", ""},
        {"kernel", "x5", "--kernel: 'x5' is not a whole number, or two as in 3x5", ""},
        {"kernel", "3x5x7", "--kernel: '3x5x7' is not a whole number, or two as in 3x5", ""},
        {"kernel", "3x0", "--kernel: 3x0 is outside 1 to 99", ""},
        {"kernel", "0x3", "--kernel: 0x3 is outside 1 to 99", ""},
        {"kernel", "3x100", "--kernel: 3x100 is outside 1 to 99", ""},
        {"kernel", "100", "--kernel: 100 is outside 1 to 99", ""},
        {"kernel", "12345678901234567890123456789012345x1",
         "--kernel: '12345678901234567890123456789012345x1' is not a whole number, or two as in "
         "3x5",
         ""},
        {"activation", "softmax", "--activation: 'softmax' is not one of its values",
         "choose from relu, tanh"},
    };
    struct config c = {.epochs = 7};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vcl_error err;
        assert_int_equal(vcl_opt_set(table, &c, "--", cases[i].key, cases[i].value, &err),
                         VCL_E_ARG);
        assert_string_equal(err.msg, cases[i].msg);
        assert_string_equal(err.hint, cases[i].hint);
    }
    assert_int_equal(c.epochs, 7);
    for (int i = 0; i < 32; i++)
        assert_int_equal(vcl_opt_set(table, &c, "", "set", "x", NULL), VCL_OK);
    assert_int_equal(vcl_opt_set(table, &c, "", "set", "x", NULL), VCL_E_ARG);
}

/* The ends of a range are within it. */
static void test_opt_ends(void **state)
{
    struct config c = {0};
    (void)state;
    assert_int_equal(vcl_opt_set(table, &c, "--", "epochs", "1", NULL), VCL_OK);
    assert_int_equal(c.epochs, 1);
    assert_int_equal(vcl_opt_set(table, &c, "--", "epochs", "1000", NULL), VCL_OK);
    assert_int_equal(c.epochs, 1000);
    assert_int_equal(vcl_opt_set(table, &c, "--", "kernel", "1x99", NULL), VCL_OK);
    assert_int_equal(c.kernel.height, 1);
    assert_int_equal(c.kernel.width, 99);
}

static void test_opt_words(void **state)
{
    char w[3][32] = {"400", "relu", "beta=2"};
    char *words[] = {w[0], w[1], w[2]};
    char many[8][8] = {"1", "relu", "1", "1", "1", "x", "y", "z"};
    char *too_many[] = {many[0], many[1], many[2], many[3], many[4], many[5], many[6], many[7]};
    struct config c = {0};
    struct vcl_error err;
    (void)state;
    assert_int_equal(vcl_opt_words(table, &c, "dense", words, 3, &err), VCL_OK);
    assert_int_equal(c.epochs, 400);
    assert_ptr_equal(c.activation, activations[0]);
    assert_true(c.beta == 2);
    assert_int_equal(vcl_opt_words(table, &c, "dense", too_many, 8, &err), VCL_E_ARG);
    assert_string_equal(err.msg, "dense: 'z' is one word too many");
    assert_int_equal(vcl_opt_words(table, &c, "dense", words + 1, 1, &err), VCL_E_ARG);
    assert_string_equal(err.msg, "dense: epochs: 'relu' is not a whole number of 0 or more");
}

/* Words with a letter stand anywhere; those that only begin with one do not count. */
static void test_opt_letters(void **state)
{
    char w[6][16] = {"k3x5", "8", "tanh", "p-2", "0.5", "kernel=7"};
    char *words[] = {w[0], w[1], w[2], w[3], w[4], w[5]};
    char wrong[2][16] = {"kernel", "k3y"};
    char *bad[] = {wrong[0], wrong[1]};
    struct config c = {0};
    struct vcl_error err;
    (void)state;
    assert_int_equal(vcl_opt_words(table, &c, "conv", words, 5, &err), VCL_OK);
    assert_int_equal(c.kernel.height, 3);
    assert_int_equal(c.kernel.width, 5);
    assert_int_equal(c.epochs, 8);
    assert_ptr_equal(c.activation, activations[1]);
    assert_int_equal(c.pad, -2);
    assert_true(c.beta == 0.5);
    assert_int_equal(vcl_opt_words(table, &c, "conv", words + 5, 1, &err), VCL_OK);
    assert_int_equal(c.kernel.height, 7);
    assert_int_equal(c.kernel.width, 7);
    assert_int_equal(vcl_opt_words(table, &c, "conv", bad, 1, &err), VCL_E_ARG);
    assert_string_equal(err.msg, "conv: epochs: 'kernel' is not a whole number of 0 or more");
    assert_int_equal(vcl_opt_words(table, &c, "conv", bad + 1, 1, &err), VCL_E_ARG);
    assert_string_equal(err.msg, "conv: kernel: '3y' is not a whole number, or two as in 3x5");
}

static void test_opt_show(void **state)
{
    struct config c = {true, -1, 2, 0.25, NULL, "relu", {{"a=1", "b=2"}, 2}, {3, 5}, 1};
    struct vcl_str out = {0};
    (void)state;
    for (const struct vcl_opt *row = table; row->key; row++) {
        vcl_str_add(&out, "%s=", row->key);
        vcl_opt_show(row, &c, &out);
        vcl_str_add(&out, ";");
    }
    assert_string_equal(out.text,
                        "epochs=2;kernel=3x5;activation=relu;beta=0.25;shift=-1;fast=true;name=;"
                        "set=a=1 b=2;pad=1;");
    vcl_str_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opt_set),   cmocka_unit_test(test_opt_refused),
        cmocka_unit_test(test_opt_words), cmocka_unit_test(test_opt_letters),
        cmocka_unit_test(test_opt_show),  cmocka_unit_test(test_opt_ends),
    };
    return cmocka_run_group_tests_name("base: option", tests, NULL, NULL);
}
