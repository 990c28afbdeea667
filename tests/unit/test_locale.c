/* SPDX-License-Identifier: MIT
 *
 * The host program's locale does not enter the library, in reading or in writing. Decimal commas
 * (German), a decimal point of two bytes (Pashto), letters that change case otherwise (Turkish).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/json.h"
#include "base/option.h"
#include "common/host_locale.h"
#include "common/test_folder.h"
#include "gemm/tuning.h"
#include "vaecl/vaecl.h"

static struct vcl_error err;

/* The test would prove nothing in a locale that writes as C's does. */
static int comma(void **state)
{
    char text[16];
    (void)state;
    test_locale_set("de_DE", "UTF-8");
    snprintf(text, sizeof text, "%.1f", 0.5);
    return strcmp(text, "0,5") == 0 ? 0 : -1;
}

static int wide_point(void **state)
{
    char text[16];
    (void)state;
    test_locale_set("ps_AF", "UTF-8");
    snprintf(text, sizeof text, "%.1f", 0.5);
    return strcmp(text, "0\xd9\xab"
                        "5") == 0
               ? 0
               : -1;
}

static int dotless(void **state)
{
    (void)state;
    test_locale_set("tr_TR", "ISO-8859-9");
    return tolower('I') != 'i' && isalpha(0xfd) ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    test_locale_unset();
    return 0;
}

static void test_text(void **state)
{
    struct vcl_str str = {0};
    char text[64];
    (void)state;
    assert_int_equal(vcl_format(text, sizeof text, "%.2f %g %a", 0.25, 1e-9, 1.5), 19);
    assert_string_equal(text, "0.25 1e-09 0x1.8p+0");
    vcl_str_add(&str, "%.9g", 0.1);
    assert_string_equal(str.text, "0.1");
    vcl_str_finish(&str);
    assert_int_equal(ERR(&err, VCL_E_RANGE, "%.1f of %g", 2.5, 0.5), VCL_E_RANGE);
    assert_string_equal(err.msg, "2.5 of 0.5");
    vcl_error_hint(&err, VCL_E_RANGE, "--lr %g", 0.001);
    assert_string_equal(err.hint, "--lr 0.001");
    vcl_error_wrap(&err, VCL_E_RANGE, "at %.1f", 0.5);
    assert_string_equal(err.msg, "at 0.5: 2.5 of 0.5");
    snprintf(text, sizeof text, "%.1f", 0.5);
    assert_string_not_equal(text, "0.5"); /* the host program keeps its own */
}

static void test_numbers(void **state)
{
    double value;
    (void)state;
    assert_true(vcl_parse_f64("0.0005", &value) && value == 0.0005);
    assert_true(vcl_parse_f64("0x1.8p+1", &value) && value == 3);
    assert_true(vcl_parse_f64("-.5e1", &value) && value == -5);
    assert_false(vcl_parse_f64("0,5", &value));
    assert_false(vcl_parse_f64("1.000,5", &value));
}

static void test_json(void **state)
{
    const char text[] = "{\"a\":0.125,\"b\":[1e-300,-2.5]}";
    json_error_t problem;
    (void)state;
    json_t *value = vcl_json_load(text, strlen(text), &problem);
    assert_non_null(value);
    assert_true(json_real_value(json_object_get(value, "a")) == 0.125);
    char *again = vcl_json_dump(value, JSON_COMPACT | JSON_REAL_PRECISION(9));
    assert_string_equal(again, text);
    free(again);
    json_decref(value);
}

static void test_configuration(void **state)
{
    struct vcl_config *config = NULL;
    char *text = NULL;
    (void)state;
    assert_int_equal(vcl_config_create(&config, &err), VCL_OK);
    assert_int_equal(vcl_config_set(config, "lr", "0.0005", &err), VCL_OK);
    assert_int_equal(vcl_config_set(config, "encoder", "dense 8 relu, dropout 0.25", &err), VCL_OK);
    assert_int_equal(vcl_config_set(config, "beta", "0,5", &err), VCL_E_ARG);
    assert_int_equal(vcl_config_load(config, "gaussian-table", &err), VCL_OK);
    assert_int_equal(vcl_config_set(config, "lr", "0.0005", &err), VCL_OK);
    assert_int_equal(vcl_config_json(config, &text, &err), VCL_OK);
    assert_non_null(strstr(text, "\"lr\": 0.0005"));
    assert_non_null(strstr(text, "\"beta2\": 0.999"));
    free(text);
    vcl_config_destroy(&config);
}

static void test_csv(void **state)
{
    const float values[] = {0.5f, -1.25f, 3e-20f, 7.0f};
    const struct vcl_array array = {.count = 2, .shape = {1, 2, 1}, .values = values};
    char *folder = test_folder_create(), *path = test_path_in(folder, "a.csv");
    size_t size;
    (void)state;
    assert_int_equal(vcl_array_write(path, &array, 0, false, &err), VCL_OK);
    char *text = (char *)test_file_read(folder, "a.csv", &size);
    assert_string_equal(text, "x0,x1\n0.5,-1.25\n2.9999999e-20,7\n");
    free(text);
    free(path);
    test_folder_destroy(&folder);
}

static enum vcl_status on_row(void *user, const struct vcl_tuned_row *row, struct vcl_error *e)
{
    (void)e;
    *(struct vcl_tuned_row *)user = *row;
    return VCL_OK;
}

/* Speeds in a file of tuned settings: written and read again. */
static void test_tuning_file(void **state)
{
    const struct vcl_tuning_head head = {"a device", "a platform", "1", 2, 3};
    const struct vcl_tuned_row row = {
        .shape = {VCL_KIND_NN, 8, 8, 8}, .gflops = 123.5, .own = true};
    struct vcl_tuned_row back = {0};
    const struct vcl_tuning_reader reader = {.head = &head, .row = on_row, .user = &back};
    struct vcl_str text = {0};
    (void)state;
    vcl_tuning_write(&head, &row, &text);
    assert_non_null(strstr(text.text, "# 123.5 GFLOP/s"));
    assert_int_equal(vcl_tuning_read(text.text, &reader, &err), VCL_OK);
    assert_true(back.gflops == 123.5);
    vcl_str_finish(&text);
}

/* In Turkish the small letter of I is another than i, and 0xfd is a letter. */
static void test_letters(void **state)
{
    (void)state;
    assert_true(vcl_ends_with("A.TIF", ".tif"));
    assert_true(vcl_contains("NVIDIA CUDA", "nvidia"));
    assert_true(vcl_same_word("INTEL", "intel"));
    assert_false(vcl_same_word("INTEL", "inte"));
    assert_int_equal(vcl_to_lower('I'), 'i');
    assert_false(vcl_is_letter_or_digit((char)0xfd));
    assert_false(vcl_is_space((char)0xa0));
    assert_true(vcl_is_control('\x1b') && !vcl_is_control((char)0x9b));
}

int main(void)
{
#define IN_LOCALE(test, locale) cmocka_unit_test_setup_teardown(test, locale, leave)
    const struct CMUnitTest tests[] = {
        IN_LOCALE(test_text, comma),
        IN_LOCALE(test_text, wide_point),
        IN_LOCALE(test_numbers, comma),
        IN_LOCALE(test_numbers, wide_point),
        IN_LOCALE(test_json, comma),
        IN_LOCALE(test_json, wide_point),
        IN_LOCALE(test_configuration, comma),
        IN_LOCALE(test_configuration, wide_point),
        IN_LOCALE(test_csv, comma),
        IN_LOCALE(test_tuning_file, comma),
        IN_LOCALE(test_tuning_file, wide_point),
        IN_LOCALE(test_letters, dotless),
    };
    return cmocka_run_group_tests_name("locale", tests, NULL, NULL);
}
