/* SPDX-License-Identifier: MIT
 *
 * The model file of a run is the same, byte for byte, whenever and wherever it is trained: by a
 * second run, with other GEMM implementations and tiles, with a test set to look at, and on other
 * runtimes and machines, for which its checksum is recorded here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "common/model_by_hand.h"
#include "common/random_set.h"
#include "common/test_folder.h"
#include "gemm/gemm.h"
#include "vae/safetensors.h"

/* A whole model.safetensors. */
struct file {
    unsigned char *bytes;
    size_t size;
};

static struct file train(struct vcl_ctx *ctx, const struct vcl_config *config,
                         const struct vcl_dataset *set, const struct vcl_dataset *test)
{
    char *folder = test_folder_create();
    const struct vcl_train_params params = {.train = set, .test = test, .out = folder};
    struct file file;
    OK(vcl_train(ctx, config, &params, NULL, NULL, &test_error));
    file.bytes = test_file_read(folder, "model.safetensors", &file.size);
    test_folder_destroy(&folder);
    return file;
}

static struct vcl_config *small_config(const char *seed)
{
    const char *words[] = {"encoder=dense 24 gelu",
                           "decoder=dense 24 relu",
                           "latent=6",
                           "binarize=dynamic",
                           "batch=40",
                           "epochs=2",
                           "clip=20",
                           seed,
                           NULL};
    return test_config(words);
}

/* What the tests share: a random set, and the file that each device made of it. */
static struct test_set set;
static struct vcl_config *config;
static struct file first;
static const struct vcl_ctx *first_by;

static void share(void)
{
    if (!set.set) {
        set = test_set_create(90, (struct vcl_shape){17, 16, 1}, VCL_U8);
        config = small_config("seed=5");
    }
    if (first_by != test_target.ctx) {
        free(first.bytes);
        first = train(test_target.ctx, config, set.set, NULL);
        first_by = test_target.ctx;
    }
}

static void assert_first(struct file file)
{
    assert_true(file.size == first.size && memcmp(file.bytes, first.bytes, file.size) == 0);
    free(file.bytes);
}

static void test_twice(void **state)
{
    (void)state;
    share();
    assert_first(train(test_target.ctx, config, set.set, NULL));
}

static void test_another_seed(void **state)
{
    (void)state;
    struct vcl_config *other = small_config("seed=6");
    share();
    struct file file = train(test_target.ctx, other, set.set, NULL);
    assert_true(file.size != first.size || memcmp(file.bytes, first.bytes, file.size) != 0);
    free(file.bytes);
    vcl_config_destroy(&other);
}

static void test_evaluation(void **state)
{
    (void)state;
    struct test_set test = test_set_create(50, (struct vcl_shape){17, 16, 1}, VCL_U8);
    share();
    assert_first(train(test_target.ctx, config, set.set, test.set));
    test_set_finish(&test);
}

static void train_with(const char *gemm)
{
    const char *before = test_target.gemm;
    test_target.gemm = gemm;
    struct vcl_ctx *ctx = test_ctx_create();
    test_target.gemm = before;
    print_message("GEMM %s\n", gemm);
    assert_first(train(ctx, config, set.set, NULL));
    vcl_ctx_destroy(&ctx);
}

static void test_implementations(void **state)
{
    (void)state;
    const char *chosen = vcl_gemm_chosen(test_target.ctx);
    share();
    for (const struct vcl_gemm_def *const *def = vcl_gemm_defs; *def; def++) {
        const struct vcl_gemm product = {.m = 64, .n = 64, .k = 64};
        if ((*def)->same_bits && (*def)->supports(test_target.ctx, &product) &&
            strcmp((*def)->name, chosen) != 0)
            train_with((*def)->name);
    }
}

/* In the form that GPUs get, with the products that they get. */
static void test_one_lane(void **state)
{
    (void)state;
    share();
    test_target.lanes = 1;
    train_with("tiled");
    test_target.lanes = 0;
}

/* Tiles are chosen by the vectors that the device prefers: say that it prefers others. */
static void test_tiles(void **state)
{
    (void)state;
    share();
    if (strcmp(vcl_gemm_chosen(test_target.ctx), "naive") == 0)
        return; /* it has none */
    for (uint32_t width = 4; width <= 16; width *= 2) {
        struct vcl_ctx *ctx = test_ctx_create();
        ((struct vcl_device_info *)vcl_ctx_device(ctx))->vector_width = width;
        assert_first(train(ctx, config, set.set, NULL));
        vcl_ctx_destroy(&ctx);
    }
}

/* ---- across machines ---- */

/* crc32 of all parameters' values in the file, and of the whole file: when only the second is not
 * as recorded, the file's description of the model has changed and the numbers have not. */
struct checksums {
    uint32_t values, file;
};

static struct checksums checksums_of(const struct file *file)
{
    struct vcl_st_file parsed;
    struct checksums sums = {0, (uint32_t)crc32(0, file->bytes, (uInt)file->size)};
    unsigned char *copy = malloc(file->size);
    assert_non_null(copy);
    memcpy(copy, file->bytes, file->size);
    OK(vcl_st_parse(copy, file->size, &parsed, &test_error));
    for (size_t i = 0; i < parsed.count; i++) {
        const struct vcl_st_tensor *t = &parsed.tensors[i];
        const unsigned char *values = (const void *)t->values;
        sums.values = (uint32_t)crc32(sums.values, values, (uInt)(t->count * sizeof(float)));
    }
    vcl_st_finish(&parsed);
    return sums;
}

static void compare_recorded(const struct file *file, struct checksums recorded)
{
    struct checksums got = checksums_of(file);
    print_message("values %08x (recorded %08x), file %08x (recorded %08x)\n", got.values,
                  recorded.values, got.file, recorded.file);
    assert_int_equal(got.values, recorded.values);
    assert_int_equal(got.file, recorded.file);
}

static void test_recorded(void **state)
{
    (void)state;
    share();
    compare_recorded(&first, (struct checksums){0xd509ca52, 0x35ecdc1a});
}

/* Also depends on how the built-in set is drawn. */
static void test_recorded_digits(void **state)
{
    (void)state;
    const char *words[] = {"encoder=dense 30 silu, dense 24 gelu",
                           "decoder=dense 30 relu",
                           "latent=8",
                           "batch=60",
                           "epochs=2",
                           "lr=0.003",
                           "seed=1",
                           NULL};
    const struct vcl_data_params params = {.source = "digits", .limit = 110};
    struct vcl_config *model = test_config(words);
    struct vcl_dataset *digits;
    OK(vcl_dataset_open(&params, &digits, &test_error));
    struct file file = train(test_target.ctx, model, digits, NULL);
    compare_recorded(&file, (struct checksums){0x2109ff8f, 0x185946b5});
    free(file.bytes);
    vcl_dataset_destroy(&digits);
    vcl_config_destroy(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded),   cmocka_unit_test(test_recorded_digits),
        cmocka_unit_test(test_twice),      cmocka_unit_test(test_another_seed),
        cmocka_unit_test(test_evaluation), cmocka_unit_test(test_implementations),
        cmocka_unit_test(test_tiles),      cmocka_unit_test(test_one_lane),
    };
    test_begin();
    int result = test_on_devices(tests, sizeof tests / sizeof *tests, true);
    free(first.bytes);
    vcl_config_destroy(&config);
    test_set_finish(&set);
    return result;
}
