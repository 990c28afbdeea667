/* SPDX-License-Identifier: MIT
 *
 * src/vae/config and a run's config.json: every number comes back as it was, and nothing is read
 * that could be meant otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/writer.h"
#include "common/test_folder.h"
#include "vae/config.h"
#include "vaecl/train.h"

/* Of 1, 2, 16 and 17 digits, and of many zeros; none of them has a shorter text. */
static const double numbers[] = {0.3,
                                 1e-3,
                                 0.30000000000000004,
                                 1.0 / 3,
                                 2.0 / 3,
                                 5.0000000000000001e-300,
                                 123456789.12345679,
                                 0.99999899999999999,
                                 7};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static struct vcl_config *make_config(void)
{
    struct vcl_config *config;
    assert_int_equal(vcl_config_create(&config, NULL), VCL_OK);
    return config;
}

static struct vcl_config *config_from(const char *text)
{
    struct vcl_config *config = make_config();
    json_t *object = json_loads(text, 0, NULL);
    assert_non_null(object);
    assert_int_equal(vcl_config_apply_json(config, object, NULL, NULL), VCL_OK);
    json_decref(object);
    return config;
}

/* What is no value is refused when it is set, and leaves the one before. */
static void test_refused(void **state)
{
    static const struct {
        const char *key, *value, *message, *hint;
    } cases[] = {
        {"likelihood", "poisson", "no likelihood is called 'poisson'", "bernoulli"},
        {"objective", "elbow", "no objective is called 'elbow'", "'elbo'"},
        {"optimiser", "adm", "no optimiser is called 'adm'", "'adam'"},
        {"encoder", "dense 400 rleu", "encoder.0: dense: no activation is called 'rleu'", "'relu'"},
        {"encoder", "dense 400 relu, dnse 3", "encoder.1: no layer is called 'dnse'", "'dense'"},
        {"decoder", "residual [dense 4, conv x]", "decoder.0.1: conv", ""},
        {"decoder", "dense 4, residual", "residual needs layers in brackets", ""},
        {"decoder", "dense 4 [dense 3]", "dense takes no layers in brackets", ""},
        {"encoder", "dense 400,, dense 3", "encoder.1: an empty layer", ""},
        {"output", "deconv 3", "the number of outputs follows from the data", "deconv k4 s2"},
        {"output", "dropout", "'dropout' makes no number of outputs", "conv1d"},
        {"output", "dense rleu", "no activation is called 'rleu'", "'relu'"},
        {"condition", "onehot", "no condition is called 'onehot'", "'one-hot'"},
        {"condition", "embed many", "not a whole number", ""},
        {"condition", "one-hot 3", "one-hot", ""},
        {"classes", "-1", "classes: -1 is outside", ""},
        {"objective", "iwae k=0", "iwae: k: 0 is outside 1 to 1000", ""},
        {"objective", "iwae 5 6", "iwae: '6' is one word too many", ""},
        {"objective", "", "an empty objective", ""},
        {"objective", "ae a b c d e f g h i j k l m n o p", "of more than 16 words", ""},
        {"likelihood", "gaussian sigma=-1", "sigma: -1 is outside", ""},
        {"prior", "mgo 3", "no prior is called 'mgo'", "'mog'"},
        {"optimiser", "adam beta1=1", "adam: beta1: 1 is outside", ""},
        {"binarize", "sometimes", "binarize", "dynamic"},
        {"latent", "0", "latent: 0 is outside", ""},
    };
    struct vcl_config *config = make_config();
    char *before, *after;
    (void)state;
    assert_int_equal(vcl_config_json(config, &before, NULL), VCL_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vcl_error err = {0};
        assert_int_equal(vcl_config_set(config, cases[i].key, cases[i].value, &err), VCL_E_ARG);
        if (!strstr(err.msg, cases[i].message) || !strstr(err.hint, cases[i].hint))
            fail_msg("%s=%s: %s (%s)", cases[i].key, cases[i].value, err.msg, err.hint);
    }
    assert_int_equal(vcl_config_json(config, &after, NULL), VCL_OK);
    assert_string_equal(before, after);
    free(before);
    free(after);
    vcl_config_destroy(&config);
}

/* Written and read again, a number alone and beside one of few digits. */
static void test_numbers(void **state)
{
    (void)state;
    for (int i = 0; i < NUMBERS; i++) {
        struct vcl_config *config = make_config(), *again;
        char *text;
        config->warmup = numbers[i];
        config->beta = numbers[(i + 1) % NUMBERS];
        config->free_bits = 0.5;
        assert_int_equal(vcl_config_json(config, &text, NULL), VCL_OK);
        again = config_from(text);
        assert_true(again->warmup == config->warmup && again->beta == config->beta);
        assert_true(again->free_bits == 0.5 && again->beta2 == 0.999);
        free(text);
        vcl_config_destroy(&config);
        vcl_config_destroy(&again);
    }
}

/* JSON of someone else's, with all digits there are. */
static void test_digits_read(void **state)
{
    struct vcl_config *config = config_from("{\"beta\": 0.30000000000000004, \"sigma\": 1e-5, "
                                            "\"warmup\": 3, \"lr\": 0.12345678901234566}");
    (void)state;
    assert_true(config->beta == 0.30000000000000004 && config->sigma == 1e-5);
    assert_true(config->warmup == 3 && config->lr == 0.12345678901234566);
    vcl_config_destroy(&config);
}

/* No more digits than a reader needs. */
static void test_short(void **state)
{
    struct vcl_config *config = make_config();
    char *text;
    (void)state;
    assert_int_equal(vcl_config_json(config, &text, NULL), VCL_OK);
    assert_non_null(strstr(text, "\"momentum\": 0.9,"));
    assert_non_null(strstr(text, "\"beta2\": 0.999,"));
    free(text);
    vcl_config_destroy(&config);
}

/* Above 2^63 a seed is no JSON integer. */
static void test_seeds(void **state)
{
    static const uint64_t seeds[] = {0, 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct vcl_config *config = make_config(), *again;
        char *text;
        config->seed = seeds[i];
        assert_int_equal(vcl_config_json(config, &text, NULL), VCL_OK);
        again = config_from(text);
        assert_true(again->seed == seeds[i]);
        free(text);
        vcl_config_destroy(&config);
        vcl_config_destroy(&again);
    }
}

/* What makes a model, and nothing of how it was trained. */
static void test_model_only(void **state)
{
    static const char *const in[] = {"name",  "encoder",    "latent",    "decoder",   "output",
                                     "sigma", "likelihood", "objective", "beta",      "warmup",
                                     "seed",  "free-bits",  "binarize",  "condition", "classes",
                                     "prior", NULL};
    struct vcl_config *config = make_config();
    json_t *object;
    (void)state;
    assert_int_equal(vcl_config_to_json(config, true, &object, NULL), VCL_OK);
    for (const char *const *key = in; *key; key++)
        assert_non_null(json_object_get(object, *key));
    assert_int_equal(json_object_size(object), sizeof in / sizeof *in - 1);
    json_decref(object);
    vcl_config_destroy(&config);
}

/* A copy lives by itself. */
static void test_copy(void **state)
{
    struct vcl_config *config = make_config(), *copy;
    (void)state;
    assert_int_equal(vcl_config_set(config, "encoder", "dense 3 tanh", NULL), VCL_OK);
    assert_int_equal(vcl_config_set(config, "beta", "2.5", NULL), VCL_OK);
    assert_int_equal(vcl_config_copy(config, &copy, NULL), VCL_OK);
    assert_ptr_not_equal(copy->encoder, config->encoder);
    vcl_config_destroy(&config);
    assert_string_equal(copy->encoder, "dense 3 tanh");
    assert_string_equal(copy->binarize, "none");
    assert_true(copy->beta == 2.5);
    vcl_config_destroy(&copy);
}

/* ---- presets ---- */

static void test_presets(void **state)
{
    (void)state;
    for (const char *const *name = vcl_preset_names(); *name; name++) {
        struct vcl_config *config = make_config();
        assert_int_equal(vcl_config_load(config, *name, NULL), VCL_OK);
        assert_string_equal(config->name, *name);
        vcl_config_destroy(&config);
    }
}

static enum vcl_status load_text(struct vcl_config *config, const char *text, struct vcl_error *err)
{
    char *folder = test_folder_create(), *path = test_path_in(folder, "own.json");
    assert_int_equal(vcl_file_write(path, text, strlen(text), false, NULL), VCL_OK);
    enum vcl_status r = vcl_config_load(config, path, err);
    free(path);
    test_folder_destroy(&folder);
    return r;
}

/* One's own is called custom unless it says otherwise, and every key in it means something. */
static void test_own_preset(void **state)
{
    static const struct {
        const char *text, *part;
    } refused[] = {
        {"{\"latnet\": 3}", "latnet"},
        {"{\"latent\": 0}", "latent: 0 is outside 1 to"},
        {"{\"latent\": 3, \"latent\": 4}", "duplicate"},
        {"{\"latent\": {}}", "latent: neither text, number nor array"},
        {"[]", "must be a JSON object"},
    };
    struct vcl_config *config = make_config();
    (void)state;
    assert_int_equal(load_text(config, "{\"latent\": 3}", NULL), VCL_OK);
    assert_string_equal(config->name, "custom");
    assert_int_equal(
        load_text(config, "{\"name\": \"own\", \"encoder\": [\"dense 3\", \"dense 2\"]}", NULL),
        VCL_OK);
    assert_string_equal(config->name, "own");
    assert_string_equal(config->encoder, "dense 3, dense 2");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct vcl_error err;
        assert_true(load_text(config, refused[i].text, &err) < 0);
        if (!strstr(err.msg, refused[i].part))
            fail_msg("'%s' is not in '%s'", refused[i].part, err.msg);
    }
    vcl_config_destroy(&config);
}

/* ---- config.json ---- */

static enum vcl_status read_run(const char *text, struct vcl_config **ret_config,
                                struct vcl_run_data *ret_data, struct vcl_error *err)
{
    char *folder = test_folder_create(), *path = test_path_in(folder, "config.json");
    assert_int_equal(vcl_file_write(path, text, strlen(text), false, NULL), VCL_OK);
    enum vcl_status r = vcl_run_config(folder, ret_config, ret_data, err);
    free(path);
    test_folder_destroy(&folder);
    return r;
}

#define DATA                                                                                       \
    "\"data\": {\"source\": \"here\", \"split\": \"all\", \"test\": \"none\", \"count\": 12, "     \
    "\"crc32\": 7}"

/* {"config": {BEFORE all the options}, AFTER}; the caller frees it. */
static char *run_text(const char *before, const char *after)
{
    struct vcl_config *config = make_config();
    struct vcl_str text = {0};
    json_t *object;
    assert_int_equal(vcl_config_set(config, "latent", "3", NULL), VCL_OK);
    assert_int_equal(vcl_config_set(config, "beta", "0.30000000000000004", NULL), VCL_OK);
    assert_int_equal(vcl_config_to_json(config, false, &object, NULL), VCL_OK);
    char *options = vcl_json_dump(object, vcl_config_digits(config));
    vcl_str_add(&text, "{\"config\": {%s%s, %s}", before, options + 1, after);
    json_decref(object);
    free(options);
    vcl_config_destroy(&config);
    return text.text;
}

static void test_run(void **state)
{
    struct vcl_config *config;
    struct vcl_run_data data;
    char *text = run_text("", DATA);
    (void)state;
    assert_int_equal(read_run(text, &config, &data, NULL), VCL_OK);
    assert_int_equal(config->latent, 3);
    assert_true(config->beta == 0.30000000000000004);
    assert_string_equal(data.source, "here");
    assert_string_equal(data.split, "all");
    assert_string_equal(data.test_split, "none");
    assert_int_equal(data.count, 12);
    assert_int_equal(data.crc32, 7);
    vcl_config_destroy(&config);
    free(text);
}

/* {"config": {all the options but `key`}, AFTER}; the caller frees it. */
static char *run_text_without(const char *key, const char *after)
{
    struct vcl_config *config = make_config();
    struct vcl_str text = {0};
    json_t *object;
    assert_int_equal(vcl_config_to_json(config, false, &object, NULL), VCL_OK);
    assert_int_equal(json_object_del(object, key), 0);
    char *options = vcl_json_dump(object, vcl_config_digits(config));
    vcl_str_add(&text, "{\"config\": %s, %s}", options, after);
    json_decref(object);
    free(options);
    vcl_config_destroy(&config);
    return text.text;
}

/* Version 0.1.0 knew neither conditions nor classes; all else it wrote. */
static void test_run_of_old(void **state)
{
    static const char *const keys[] = {"condition", "classes", "latent"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct vcl_config *config = NULL;
        struct vcl_run_data data;
        struct vcl_error err;
        char *text = run_text_without(keys[i], DATA);
        assert_int_equal(read_run(text, &config, &data, &err), i < 2 ? VCL_OK : VCL_E_FORMAT);
        if (config)
            assert_string_equal(config->condition, "none");
        vcl_config_destroy(&config);
        free(text);
    }
}

/* Of two values for one key nobody knows which the run was of; and none is made up. */
static void test_run_refused(void **state)
{
    static const struct {
        const char *before, *after, *what;
    } cases[] = {
        {"\"latent\": 4, ", DATA, "duplicate"},
        {"", DATA ", \"config\": {}", "duplicate"},
        {"", DATA ", " DATA, "duplicate"},
        {"", "\"data\": {\"source\": \"here\", \"count\": 12}", "'crc32'"},
        {"", "\"data\": {\"count\": 12, \"crc32\": 7}", "'source'"},
        {"", "\"date\": {}", "does not say what data"},
        {"\"latant\": 4, ", DATA, "latant"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vcl_config *config;
        struct vcl_run_data data;
        struct vcl_error err;
        char *text = run_text(cases[i].before, cases[i].after);
        assert_int_not_equal(read_run(text, &config, &data, &err), VCL_OK);
        if (!strstr(err.msg, cases[i].what))
            fail_msg("'%s' does not say '%s'", err.msg, cases[i].what);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),     cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_digits_read), cmocka_unit_test(test_short),
        cmocka_unit_test(test_seeds),       cmocka_unit_test(test_copy),
        cmocka_unit_test(test_model_only),  cmocka_unit_test(test_run),
        cmocka_unit_test(test_run_refused), cmocka_unit_test(test_presets),
        cmocka_unit_test(test_own_preset),  cmocka_unit_test(test_run_of_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
