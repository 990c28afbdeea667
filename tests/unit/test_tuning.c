/* SPDX-License-Identifier: MIT
 *
 * src/gemm: classes of products and the text of tuning files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/embed.h"
#include "gemm/tuning.h"

/* ---- classes ---- */

static void check_class(struct vcl_gemm gemm, const char *wanted)
{
    const struct vcl_gemm_class shape = vcl_gemm_class_of(&gemm);
    char text[VCL_CLASS_TEXT];
    vcl_gemm_class_text(&shape, text);
    assert_string_equal(text, wanted);
}

static void test_classes(void **state)
{
    const struct vcl_conv map = {.pass = VCL_CONV_TO_MAP}, image = {.pass = VCL_CONV_TO_IMAGE},
                          weights = {.pass = VCL_CONV_WEIGHTS};
    (void)state;
    check_class((struct vcl_gemm){.m = 128, .n = 400, .k = 784}, "nn m128 n384 k768");
    check_class((struct vcl_gemm){.m = 1, .n = 2, .k = 3}, "nn m1 n2 k3");
    check_class((struct vcl_gemm){.m = 5, .n = 7, .k = 9, .trans_a = true}, "tn m6 n8 k8");
    check_class((struct vcl_gemm){.m = 10, .n = 11, .k = 14, .trans_b = true}, "nt m12 n12 k16");
    check_class((struct vcl_gemm){.m = 14000, .n = 15000, .k = UINT32_MAX, true, true},
                "tt m12288 n16384 k16384");
    check_class((struct vcl_gemm){.m = 100352, .n = 64, .k = 288, .conv = &map},
                "map m16384 n64 k256");
    check_class((struct vcl_gemm){.m = 100, .n = 64, .k = 288, .conv = &image},
                "image m96 n64 k256");
    check_class((struct vcl_gemm){.m = 288, .n = 64, .k = 100, .conv = &weights},
                "weights m256 n64 k96");
}

/* The products that the passes of a convolution are, none of whose numbers are alike. */
static void test_conv_sizes(void **state)
{
    struct vcl_conv conv = {.batch = 2,
                            .height = 11,
                            .width = 13,
                            .channels = 3,
                            .map_height = 5,
                            .map_width = 7,
                            .features = 17,
                            .kernel_height = 4,
                            .kernel_width = 6};
    static const struct {
        enum vcl_conv_pass pass;
        uint32_t m, n, k;
    } cases[] = {{VCL_CONV_TO_MAP, 2 * 5 * 7, 17, 4 * 6 * 3},
                 {VCL_CONV_TO_IMAGE, 2 * 11 * 13, 3, 4 * 6 * 17},
                 {VCL_CONV_WEIGHTS, 4 * 6 * 3, 17, 2 * 5 * 7}};
    (void)state;
    for (int i = 0; i < 3; i++) {
        double floats[3];
        conv.pass = cases[i].pass;
        const struct vcl_gemm gemm = vcl_conv_gemm(&conv, NULL, NULL, NULL);
        assert_true(gemm.m == cases[i].m && gemm.n == cases[i].n && gemm.k == cases[i].k);
        vcl_gemm_sizes(&gemm, floats);
        const double image = 2 * 11 * 13 * 3, map = 2 * 5 * 7 * 17, weights = 4 * 6 * 3 * 17;
        assert_true(floats[0] == (i == 1 ? map : image));
        assert_true(floats[1] == (i == 2 ? map : weights));
        assert_true(floats[2] == (i == 0 ? map : i == 1 ? image : weights));
        assert_true(vcl_gemm_multiplies(&gemm) == 2.0 * 5 * 7 * 17 * 4 * 6 * 3);
    }
}

/* Rounding again changes nothing, and sizes are never rounded by more than a fifth. */
static void test_rounding(void **state)
{
    unsigned classes = 0;
    uint32_t last = 0;
    (void)state;
    for (uint32_t size = 1; size <= 20000; size++) {
        const struct vcl_gemm gemm = {.m = size, .n = 1, .k = 1};
        uint32_t m = vcl_gemm_class_of(&gemm).m;
        const struct vcl_gemm again = {.m = m, .n = 1, .k = 1};
        assert_int_equal(vcl_gemm_class_of(&again).m, m);
        assert_true(m >= last);
        assert_true(size > 16384 || (double)m / size < 1.25);
        assert_true(size > 16384 || (double)size / m < 1.25);
        classes += m != last;
        last = m;
    }
    assert_int_equal(classes, 28);
}

static bool parses(const char *text, struct vcl_gemm_class *shape)
{
    char copy[128], *words[16];
    size_t n = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        words[n++] = word;
    return vcl_gemm_class_parse(words, n, shape);
}

static void test_class_text(void **state)
{
    static const char *const good[] = {
        "nn m128 n384 k768", "tt m1 n1 k1", "map m* n64 k*", "*", "weights", "* m* n1 k*", NULL};
    static const char *const bad[] = {"nn m128 n384",
                                      "nn n1 m1 k1",
                                      "nnn m1 n1 k1",
                                      "nn m0 n1 k1",
                                      "nn m-1 n1 k1",
                                      "nn m1x n1 k1",
                                      "nn m1 n1 k1 k1",
                                      "nn m n k",
                                      "m1 n1 k1",
                                      "nn m99999999999 n1 k1",
                                      NULL};
    struct vcl_gemm_class shape;
    char text[VCL_CLASS_TEXT];
    (void)state;
    for (const char *const *t = good; *t; t++) {
        assert_true(parses(*t, &shape));
        vcl_gemm_class_text(&shape, text);
        assert_string_equal(text, *t);
    }
    for (const char *const *t = bad; *t; t++)
        assert_false(parses(*t, &shape));
    assert_true(parses("nn m400 n784 k20", &shape)); /* written by hand */
    vcl_gemm_class_text(&shape, text);
    assert_string_equal(text, "nn m384 n768 k24");
}

static void test_matches(void **state)
{
    const struct vcl_gemm_class shape = {VCL_KIND_NN, 128, 384, 768};
    struct vcl_gemm_class pattern;
    (void)state;
    assert_true(parses("*", &pattern) && vcl_gemm_class_matches(&pattern, &shape));
    assert_true(parses("nn", &pattern) && vcl_gemm_class_matches(&pattern, &shape));
    assert_true(parses("nn m* n384 k*", &pattern) && vcl_gemm_class_matches(&pattern, &shape));
    assert_true(parses("tn m* n384 k*", &pattern) && !vcl_gemm_class_matches(&pattern, &shape));
    assert_true(parses("nn m* n256 k*", &pattern) && !vcl_gemm_class_matches(&pattern, &shape));
}

/* ---- files ---- */

static const struct vcl_tuning_head head = {"some device 9000", "a platform", "1.2 beta", 4, 0xabc};
#define HEAD                                                                                       \
    "vae-cl tuning 1\ndevice some device 9000\nplatform a platform\ndriver 1.2 beta\n"             \
    "compute-units 4\nkernels 0000000000000abc\n"

struct seen {
    struct vcl_tuned_row rows[16];
    unsigned n, left_out;
    char why[128]; /* the last */
};

static enum vcl_status on_row(void *user, const struct vcl_tuned_row *row, struct vcl_error *err)
{
    struct seen *seen = user;
    (void)err;
    assert_true(seen->n < 16);
    seen->rows[seen->n] = *row;
    seen->rows[seen->n++].own = true;
    return VCL_OK;
}

static void on_left_out(void *user, unsigned line, const char *why)
{
    struct seen *seen = user;
    (void)line;
    seen->left_out++;
    snprintf(seen->why, sizeof seen->why, "%s", why);
}

static struct seen read_text(const char *text, bool checked)
{
    struct seen seen = {0};
    const struct vcl_tuning_reader reader = {checked ? &head : NULL, on_row, on_left_out, &seen};
    assert_int_equal(vcl_tuning_read(text, &reader, NULL), VCL_OK);
    return seen;
}

/* An implementation with parameters, whichever this build has. */
static const struct vcl_gemm_def *tunable(void)
{
    for (const struct vcl_gemm_def *const *def = vcl_gemm_defs; *def; def++) {
        if ((*def)->params)
            return *def;
    }
    fail_msg("no implementation has parameters");
    return NULL;
}

static void test_rows(void **state)
{
    const struct vcl_gemm_def *def = tunable();
    const struct vcl_gemm_param *param = &def->params[0];
    char text[1024];
    (void)state;
    snprintf(text, sizeof text,
             HEAD "\n# a comment\nnn m128 n384 k768 = %s %s=%d  # 12.5 GFLOP/s\r\n"
                  "guess * = naive\n* = default",
             def->name, param->name, param->values[0]);
    struct seen seen = read_text(text, true);
    assert_int_equal(seen.n, 3);
    assert_int_equal(seen.left_out, 0);
    assert_ptr_equal(seen.rows[0].def, def);
    assert_int_equal(seen.rows[0].setting.values[0], param->values[0]);
    assert_int_equal(seen.rows[0].setting.values[1], 0);
    assert_true(seen.rows[0].gflops == 12.5 && !seen.rows[0].guess);
    assert_string_equal(seen.rows[1].def->name, "naive");
    assert_true(seen.rows[1].guess && seen.rows[1].gflops == 0);
    assert_null(seen.rows[2].def);
}

/* What is written is read again. */
static void test_round_trip(void **state)
{
    const struct vcl_gemm_def *def = tunable();
    struct vcl_tuned_row rows[3] = {
        {.next = &rows[1], .shape = {VCL_KIND_NT, 1, 2, 3}, .def = def, .gflops = 0.5, .own = true},
        {.next = &rows[2], .shape = {VCL_KIND_TT, 4, 6, 8}, .def = def},
        {.shape = {VCL_KIND_MAP, 0, 64, 0}, .guess = true, .own = true},
    };
    struct vcl_str text = {0};
    (void)state;
    for (int i = 0; i < VCL_GEMM_PARAMS && def->params[i].name; i++)
        rows[0].setting.values[i] = def->params[i].values[1];
    vcl_tuning_write(&head, rows, &text);
    struct seen seen = read_text(text.text, true);
    assert_int_equal(seen.n, 2); /* those of the library are not the user's */
    assert_int_equal(seen.left_out, 0);
    assert_memory_equal(&seen.rows[0].setting, &rows[0].setting, sizeof rows[0].setting);
    assert_true(vcl_gemm_class_equal(&seen.rows[0].shape, &rows[0].shape));
    assert_true(seen.rows[0].gflops == 0.5);
    assert_true(vcl_gemm_class_equal(&seen.rows[1].shape, &rows[2].shape));
    assert_true(seen.rows[1].guess && !seen.rows[1].def);
    vcl_str_finish(&text);
}

static void test_bad_rows(void **state)
{
    static const char *const bad[] = {
        "nn m1 n1 k1",
        "nn m1 n1 k1 =",
        "= naive",
        "guess",
        "guess = naive",
        "nn m1 n1 = naive",
        "nn m1 n1 k1 = no-such",
        "nn m1 n1 k1 = naive MR=8",
        "nn m1 n1 k1 = naive naive",
        "nn m1 n1 k1 == naive",
        "nn m1 n1 k1 = default MR=8",
        "\x01\x02\xff",
        "a b c d e f g h i j k l m n o p q r s t u v w x y z",
        NULL,
    };
    char text[1024];
    (void)state;
    for (const char *const *line = bad; *line; line++) {
        snprintf(text, sizeof text, HEAD "%s\n* = naive\n", *line);
        struct seen seen = read_text(text, true);
        assert_int_equal(seen.n, 1); /* the line after it is there */
        assert_int_equal(seen.left_out, 1);
    }
}

/* Neither a value that nobody would try, nor a name of another version. */
static void test_bad_values(void **state)
{
    const struct vcl_gemm_def *def = tunable();
    static const char *const values[] = {
        "=7777", "=-1", "=", "", "=1e1", "x=1", "=18446744073709551617"};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[256];
        snprintf(text, sizeof text, "vae-cl tuning 1\n* = %s %s%s\n", def->name,
                 def->params[0].name, values[i]);
        struct seen seen = read_text(text, false);
        assert_int_equal(seen.n, 0);
        assert_int_equal(seen.left_out, 1);
    }
}

static void test_long_line(void **state)
{
    char text[2048] = "vae-cl tuning 1\n* = naive";
    size_t len = strlen(text);
    (void)state;
    memset(text + len, 'x', 1000);
    strcpy(text + len + 1000, "\n* = default\n");
    struct seen seen = read_text(text, false);
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.why, "too long a line");
}

/* Each line of the head must be there and right; nothing is taken from a file that is not. */
static void test_wrong_heads(void **state)
{
    static const char *const lines[] = {"device some device 9000", "platform a platform",
                                        "driver 1.2 beta", "compute-units 4",
                                        "kernels 0000000000000abc"};
    (void)state;
    for (size_t without = 0; without < 5; without++) {
        for (int wrong = 0; wrong < 2; wrong++) {
            struct vcl_str text = {0};
            vcl_str_add(&text, "vae-cl tuning 1\n");
            for (size_t i = 0; i < 5; i++) {
                if (i != without || wrong)
                    vcl_str_add(&text, "%s%s\n", lines[i], i == without ? "5" : "");
            }
            vcl_str_add(&text, "* = naive\n* = default\n");
            struct seen seen = read_text(text.text, true);
            assert_int_equal(seen.n, 0);
            assert_int_equal(seen.left_out, 1);
            assert_int_equal(read_text(text.text, false).n, 2); /* not asked for */
            vcl_str_finish(&text);
        }
    }
    assert_int_equal(read_text("vae-cl tuning 2\n* = naive\n", false).n, 0);
    assert_int_equal(read_text("", true).n, 0);
    assert_int_equal(read_text("* = naive\n", false).n, 0);
}

static void test_truncated(void **state)
{
    static const char whole[] = HEAD "nn m1 n1 k1 = naive\ntn m1 n1 k1 = naive\n";
    char text[sizeof whole];
    (void)state;
    for (size_t len = 0; len < sizeof whole; len++) {
        memcpy(text, whole, len);
        text[len] = '\0';
        assert_true(read_text(text, true).n <= 2);
    }
    assert_int_equal(read_text(whole, true).n, 2);
}

static enum vcl_status ignore_row(void *user, const struct vcl_tuned_row *row,
                                  struct vcl_error *err)
{
    (void)user;
    (void)row;
    (void)err;
    return VCL_OK;
}

/* Every line of ours means something to us. */
static void test_shipped(void **state)
{
    (void)state;
    for (const struct vcl_embedded *file = vcl_embedded_tunings; file->name; file++) {
        struct vcl_str text = {0};
        for (size_t i = 0; i < file->count; i++)
            vcl_str_add(&text, "%s", file->lines[i]);
        struct seen seen = {0};
        const struct vcl_tuning_reader reader = {NULL, ignore_row, on_left_out, &seen};
        assert_int_equal(vcl_tuning_read(text.text, &reader, NULL), VCL_OK);
        assert_int_equal(seen.left_out, 0);
        vcl_str_finish(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),    cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_class_text), cmocka_unit_test(test_matches),
        cmocka_unit_test(test_rows),       cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_bad_rows),   cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_long_line),  cmocka_unit_test(test_wrong_heads),
        cmocka_unit_test(test_truncated),  cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_conv_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
