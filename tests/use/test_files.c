/* SPDX-License-Identifier: MIT
 *
 * Models from files: a saved one answers as before, one that was changed is refused with a message
 * that says where; and what a model is not made for.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/model_by_hand.h"
#include "common/test_folder.h"
#include "use/known.h"
#include "use/test_use.h"
#include "vae/model_file.h"

enum { COUNT = 5, DATA = 15, MOST_TENSORS = 16 };
static const struct vcl_shape shape = {3, 5, 1};

static struct known make_known(const char *more)
{
    const char *words[] = {"encoder=dense 5 tanh", "decoder=dense 6 tanh", "latent=3", more, NULL};
    return known_create(words, shape, COUNT);
}

/* A saved model, with what may be changed of it. */
struct saved {
    char *folder, *path;
    struct vcl_st_file file;
    struct vcl_st_tensor tensors[MOST_TENSORS];
    size_t count;
    json_t *metadata;
};

static struct saved save(struct vcl_model *model)
{
    struct saved saved = {.folder = test_folder_create()};
    saved.path = test_path_in(saved.folder, "model.safetensors");
    OK(vcl_model_save(model, saved.path, false, &test_error));
    OK(vcl_st_read(saved.path, &saved.file, &test_error));
    saved.count = saved.file.count;
    assert_true(saved.count <= MOST_TENSORS);
    memcpy(saved.tensors, saved.file.tensors, saved.count * sizeof *saved.tensors);
    saved.metadata = json_deep_copy(saved.file.metadata);
    return saved;
}

static void saved_finish(struct saved *saved)
{
    json_decref(saved->metadata);
    vcl_st_finish(&saved->file);
    free(saved->path);
    test_folder_destroy(&saved->folder);
}

/* The file with its changes is refused with a message that has `part`. */
static void refuse(const struct saved *saved, const char *part)
{
    struct vcl_model *model = NULL;
    struct vcl_writer writer;
    OK(vcl_writer_init(&writer, saved->path, true, &test_error));
    OK(vcl_st_write(&writer, saved->tensors, saved->count, saved->metadata, &test_error));
    OK(vcl_writer_commit(&writer, &test_error));
    assert_int_equal(vcl_model_load(test_target.ctx, saved->path, 0, &model, &test_error),
                     VCL_E_FORMAT);
    assert_null(model);
    if (!strstr(test_error.msg, part))
        fail_msg("'%s' is not in '%s'", part, test_error.msg);
}

/* From the file or the folder that it lies in, with any batch. */
static void test_saved(void **state)
{
    struct known known = make_known("seed=12345678901234567890");
    struct vcl_model *model = known_model(&known, 4), *loaded;
    struct saved saved = save(model);
    const struct vcl_eval_params params = {.nll_samples = 3, .seed = 2};
    struct vcl_eval before, after;
    struct vcl_model_info info;
    (void)state;
    OK(vcl_evaluate(model, known.set, &params, &before, &test_error));
    for (int folder = 0; folder < 2; folder++) {
        OK(vcl_model_load(test_target.ctx, folder ? saved.folder : saved.path, 0, &loaded,
                          &test_error));
        OK(vcl_evaluate(loaded, known.set, &params, &after, &test_error));
        assert_true(after.nll == before.nll && after.losses.loss == before.losses.loss);
        vcl_model_describe(loaded, &info);
        assert_true(info.seed == 12345678901234567890u && info.latent == 3);
        vcl_model_destroy(&loaded);
    }
    saved_finish(&saved);
    vcl_model_destroy(&model);
    known_finish(&known);
}

static void test_changed_tensors(void **state)
{
    struct known known = make_known("seed=1");
    struct vcl_model *model = known_model(&known, 4);
    struct saved saved = save(model);
    const struct vcl_st_tensor first = saved.tensors[0];
    float values[DATA * 5];
    (void)state;
    assert_string_equal(first.name, "encoder.0.weight");
    memcpy(values, first.values, sizeof values);
    saved.tensors[0].values = values;
    values[7] = NAN;
    refuse(&saved, "tensor 'encoder.0.weight' holds a value that is not finite at 7");
    values[7] = -INFINITY;
    refuse(&saved, "not finite at 7");
    values[7] = 0;
    saved.tensors[0].shape[0] = 5; /* transposed: as many values, each another's */
    saved.tensors[0].shape[1] = DATA;
    refuse(&saved, "the model needs 15 x 5");
    saved.tensors[0] = first;
    saved.tensors[0].dims = 1;
    saved.tensors[0].shape[0] = DATA * 5;
    refuse(&saved, "75 values in 1 dimensions, the model needs 15 x 5");
    saved.tensors[0] = first;
    saved.tensors[0].name = "encoder.0.wieght";
    refuse(&saved, "tensor 'encoder.0.weight' is missing");
    saved_finish(&saved);
    vcl_model_destroy(&model);
    known_finish(&known);
}

static void test_changed_metadata(void **state)
{
    static const struct {
        const char *key, *value, *part;
    } cases[] = {
        {"format", "other", "not a model of vae-cl"},
        {"version", "2", "format version is 2, this program reads 1"},
        {"steps", "-1", "number of steps"},
        {"spec", "{", "not JSON"},
        {"spec", "{\"latent\": 3, \"latent\": 3, \"shape\": [3, 5, 1]}", "duplicate"},
        {"spec", "{\"latent\": 3}", "no shape"},
        {"spec", "{\"latent\": 3, \"shape\": [3, 5, 0]}", "shape is out of range"},
        {"spec", "{\"latnet\": 3, \"shape\": [3, 5, 1]}", "latnet"},
        {"spec", "{\"latent\": 0, \"shape\": [3, 5, 1]}", "latent"},
    };
    struct known known = make_known("seed=1");
    struct vcl_model *model = known_model(&known, 4);
    struct saved saved = save(model);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *kept = json_incref(json_object_get(saved.metadata, cases[i].key));
        json_object_set_new(saved.metadata, cases[i].key, json_string(cases[i].value));
        refuse(&saved, cases[i].part);
        json_object_set_new(saved.metadata, cases[i].key, kept);
    }
    saved_finish(&saved);
    vcl_model_destroy(&model);
    known_finish(&known);
}

/* ---- what it is not made for ---- */

static void refuse_set(struct vcl_model *model, struct vcl_shape of, float value, const char *part,
                       enum vcl_status status)
{
    float values[64] = {0};
    struct vcl_dataset *set;
    struct vcl_eval eval;
    values[vcl_shape_size(of) - 1] = value;
    OK(vcl_dataset_wrap("it", 1, of, VCL_F32, values, NULL, &set, &test_error));
    assert_int_equal(vcl_evaluate(model, set, NULL, &eval, &test_error), status);
    if (!strstr(test_error.msg, part))
        fail_msg("'%s' is not in '%s'", part, test_error.msg);
    vcl_dataset_destroy(&set);
}

static void test_unsuitable(void **state)
{
    struct known known = make_known("likelihood=bernoulli");
    struct vcl_model *model = known_model(&known, 4);
    (void)state;
    refuse_set(model, (struct vcl_shape){3, 5, 3}, 0, "are 3 x 5 x 3, the model", VCL_E_SHAPE);
    refuse_set(model, (struct vcl_shape){5, 3, 1}, 0, "are 5 x 3 x 1, the model", VCL_E_SHAPE);
    refuse_set(model, (struct vcl_shape){1, 15, 1}, 0, "are 1 x 15 x 1, the model", VCL_E_SHAPE);
    refuse_set(model, shape, -0.01f, "values lie in -0.01 to 0", VCL_E_RANGE);
    refuse_set(model, shape, 1.01f, "values lie in 0 to 1.01", VCL_E_RANGE);
    vcl_model_destroy(&model);
    known_finish(&known);
}

/* A likelihood of logits would see them through an activation of the output layer's twice. */
static void test_output_activation(void **state)
{
    static const char *const activations[] = {"sigmoid", "relu", "tanh"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        char output[64];
        const char *words[] = {"encoder=", "decoder=", "latent=2", output, NULL};
        struct vcl_model *model = NULL;
        snprintf(output, sizeof output, "output=dense %s", activations[i]);
        struct vcl_config *config = test_config(words);
        assert_int_equal(
            vcl_model_create(test_target.ctx, config, shape, 2, false, &model, &test_error),
            VCL_E_ARG);
        assert_non_null(strstr(test_error.msg, "has its own activation, 'sigmoid'"));
        OK(vcl_config_set(config, "likelihood", "gaussian", &test_error));
        OK(vcl_model_create(test_target.ctx, config, shape, 2, false, &model, &test_error));
        vcl_model_destroy(&model);
        vcl_config_destroy(&config);
    }
}

int test_use_files(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_saved),
        cmocka_unit_test(test_changed_tensors),
        cmocka_unit_test(test_changed_metadata),
        cmocka_unit_test(test_unsuitable),
        cmocka_unit_test(test_output_activation),
    };
    return test_on_devices(tests, sizeof tests / sizeof *tests, false);
}
