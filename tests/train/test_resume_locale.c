/* SPDX-License-Identifier: MIT
 *
 * A host program whose locale has a decimal comma leaves the same files as any other, byte by byte,
 * and each can go on with what the other left. A program of its own: this is about the host, which
 * must have localedef, while test_resume.c is taken to machines that have nothing but a device.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/host_locale.h"
#include "common/test_folder.h"
#include "train/run.h"

static const struct run_place within = {4, 2};

/* Trains from nothing, or on, to the place or to the end; with `comma` in the other locale. */
static void train(const char *folder, const char *optimiser, bool resume, struct run_place stop,
                  bool comma)
{
    struct run run = {.ctx = test_target.ctx,
                      .folder = folder,
                      .optimiser = optimiser,
                      .stop = stop,
                      .resume = resume};
    if (comma)
        test_locale_set("de_DE", "UTF-8");
    assert_int_equal(run_train(&run), stop.epoch ? VCL_E_INTERRUPTED : VCL_OK);
    test_locale_unset();
}

static void assert_same_file(const char *a, const char *b, const char *name)
{
    size_t na, nb;
    unsigned char *one = test_file_read(a, name, &na), *other = test_file_read(b, name, &nb);
    assert_int_equal(na, nb);
    assert_memory_equal(one, other, na);
    free(one);
    free(other);
}

/* Every line is JSON; but for what the clock says they hold the same. */
static void assert_same_metrics(const char *a, const char *b)
{
    static const char *const keys[] = {"epoch", "steps", "train_loss", "valid_loss"};
    size_t size, lines = 0;
    char *one = (char *)test_file_read(a, "metrics.jsonl", &size), *at = one;
    char *other = (char *)test_file_read(b, "metrics.jsonl", &size), *also = other;
    for (; *at && *also; at = strchr(at, '\n') + 1, also = strchr(also, '\n') + 1, lines++) {
        json_t *x = json_loadb(at, strcspn(at, "\n"), 0, NULL);
        json_t *y = json_loadb(also, strcspn(also, "\n"), 0, NULL);
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            assert_true(json_is_number(json_object_get(x, keys[i])));
            assert_true(json_equal(json_object_get(x, keys[i]), json_object_get(y, keys[i])));
        }
        json_decref(x);
        json_decref(y);
    }
    assert_int_equal(lines, RUN_EPOCHS);
    assert_true(!*at && !*also);
    free(one);
    free(other);
}

static void test_another_locale(void **state)
{
    char *plain = test_folder_create(), *comma = test_folder_create();
    const char *optimiser = *state;
    train(plain, optimiser, false, within, false);
    train(comma, optimiser, false, within, true);
    assert_same_file(plain, comma, "checkpoint.safetensors");
    assert_same_file(plain, comma, "config.json");
    train(plain, optimiser, true, (struct run_place){0}, true);
    train(comma, optimiser, true, (struct run_place){0}, false);
    assert_same_file(plain, comma, "checkpoint.safetensors");
    assert_same_file(plain, comma, "model.safetensors");
    assert_same_metrics(plain, comma);
    test_folder_destroy(&plain);
    test_folder_destroy(&comma);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"another locale", test_another_locale, NULL, NULL, (void *)"adam"},
    };
    test_begin();
    return test_on_devices(tests, sizeof tests / sizeof *tests, true);
}
