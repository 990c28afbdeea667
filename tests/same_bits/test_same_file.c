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

#include "common/folder.h"
#include "common/model.h"
#include "common/random_set.h"
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

static bool same(const struct file *a, const struct file *b)
{
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

static struct vcl_config *small_config(const char *seed)
{
    const char *words[] = {"encoder=dense 40 gelu",
                           "decoder=dense 40 relu",
                           "latent=6",
                           "binarize=dynamic",
                           "batch=64",
                           "epochs=2",
                           "clip=20",
                           seed,
                           NULL};
    return test_config(words);
}

/* What the tests below share: a random set, and the file that the running device makes of it. */
struct fixture {
    struct test_set set;
    struct vcl_config *config;
    struct file file;
};

static struct fixture fixture_create(void)
{
    struct fixture f = {.set = test_set_create(150, (struct vcl_shape){17, 16, 1}, VCL_U8),
                        .config = small_config("seed=5")};
    f.file = train(test_target.ctx, f.config, f.set.set, NULL);
    return f;
}

static void fixture_finish(struct fixture *f)
{
    free(f->file.bytes);
    vcl_config_destroy(&f->config);
    test_set_finish(&f->set);
}

static void test_twice(void **state)
{
    (void)state;
    struct fixture f = fixture_create();
    struct vcl_config *other = small_config("seed=6");
    struct file again = train(test_target.ctx, f.config, f.set.set, NULL);
    struct file another = train(test_target.ctx, other, f.set.set, NULL);
    assert_true(same(&f.file, &again));
    assert_false(same(&f.file, &another));
    free(again.bytes);
    free(another.bytes);
    vcl_config_destroy(&other);
    fixture_finish(&f);
}

static void test_evaluation(void **state)
{
    (void)state;
    struct fixture f = fixture_create();
    struct test_set test = test_set_create(70, (struct vcl_shape){17, 16, 1}, VCL_U8);
    struct file with_test = train(test_target.ctx, f.config, f.set.set, test.set);
    assert_true(same(&f.file, &with_test));
    free(with_test.bytes);
    test_set_finish(&test);
    fixture_finish(&f);
}

static void test_implementations(void **state)
{
    (void)state;
    struct fixture f = fixture_create();
    const char *chosen = test_target.gemm;
    for (const struct vcl_gemm_def *const *def = vcl_gemm_defs; *def; def++) {
        const struct vcl_gemm product = {.m = 64, .n = 64, .k = 64};
        if (!(*def)->same_bits || !(*def)->supports(test_target.ctx, &product))
            continue;
        test_target.gemm = (*def)->name;
        struct vcl_ctx *ctx = test_ctx_create();
        struct file file = train(ctx, f.config, f.set.set, NULL);
        print_message("GEMM %s: %s\n", test_target.gemm, same(&f.file, &file) ? "same" : "differs");
        assert_true(same(&f.file, &file));
        free(file.bytes);
        vcl_ctx_destroy(&ctx);
    }
    test_target.gemm = chosen;
    fixture_finish(&f);
}

/* Tiles are chosen by the vectors that the device prefers: say that it prefers others. */
static void test_tiles(void **state)
{
    (void)state;
    struct fixture f = fixture_create();
    for (uint32_t width = 4; width <= 16; width *= 2) {
        struct vcl_ctx *ctx = test_ctx_create();
        ((struct vcl_device_info *)vcl_ctx_device(ctx))->vector_width = width;
        struct file file = train(ctx, f.config, f.set.set, NULL);
        assert_true(same(&f.file, &file));
        free(file.bytes);
        vcl_ctx_destroy(&ctx);
    }
    fixture_finish(&f);
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
    struct fixture f = fixture_create();
    compare_recorded(&f.file, (struct checksums){0x6975c0ca, 0xe8c3ba43});
    fixture_finish(&f);
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
    const struct vcl_data_params params = {.source = "digits", .limit = 200};
    struct vcl_config *config = test_config(words);
    struct vcl_dataset *set;
    OK(vcl_dataset_open(&params, &set, &test_error));
    struct file file = train(test_target.ctx, config, set, NULL);
    compare_recorded(&file, (struct checksums){0x5a700e1e, 0x9cd379b4});
    free(file.bytes);
    vcl_dataset_destroy(&set);
    vcl_config_destroy(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twice),           cmocka_unit_test(test_evaluation),
        cmocka_unit_test(test_implementations), cmocka_unit_test(test_tiles),
        cmocka_unit_test(test_recorded),        cmocka_unit_test(test_recorded_digits),
    };
    test_begin();
    return test_on_devices(tests, sizeof tests / sizeof *tests, true);
}
