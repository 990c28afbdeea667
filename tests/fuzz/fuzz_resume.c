/* SPDX-License-Identifier: MIT
 *
 * A finished run is gone on with after one of its files was changed: the input is that file. What
 * is refused leaves the folder as it was; what is accepted must mean the same as the file that the
 * training wrote.
 */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/test_folder.h"
#include "on_device.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct vcl_shape shape = {3, 3, 1};
enum { EXAMPLES = 4, VALUES = 9 * EXAMPLES };
#define EPOCHS     2
#define TEXT(x)    TEXT_OF(x)
#define TEXT_OF(x) #x

/* Of the run; the first three are changed. */
static const char *const names[] = {"config.json", "metrics.jsonl", "checkpoint.safetensors",
                                    "checkpoint.previous.safetensors", "model.safetensors"};
enum { CONFIG, METRICS, CHECKPOINT, CHANGED, FILES = 5 };

struct content {
    unsigned char *data;
    size_t size;
};

static char *run, *corpus;
static struct content whole[FILES];

static void die(const char *what)
{
    fprintf(stderr, "%s\n", what);
    abort();
}

static void write_file(const char *folder, const char *name, const void *data, size_t size)
{
    char *path = test_path_in(folder, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        die(path);
    free(path);
}

static enum vcl_status train(struct vcl_config *config, bool resume, struct vcl_error *err)
{
    unsigned char values[VALUES];
    struct vcl_dataset *set;
    for (int i = 0; i < VALUES; i++)
        values[i] = (unsigned char)(i * i * 7);
    if (vcl_dataset_wrap("values", EXAMPLES, shape, VCL_U8, values, NULL, &set, NULL) < 0)
        die("no data");
    const struct vcl_train_params params = {.train = set, .out = run, .resume = resume};
    enum vcl_status r = vcl_train(fuzz_context(), config, &params, NULL, NULL, err);
    vcl_dataset_destroy(&set);
    return r;
}

/* ---- the run ---- */

static void make_run(void)
{
    static const char *const settings[][2] = {{"encoder", "dense 2 relu"},
                                              {"latent", "1"},
                                              {"decoder", ""},
                                              {"batch", "2"},
                                              {"epochs", TEXT(EPOCHS)},
                                              {"optimiser", "sgd"},
                                              {"likelihood", "bernoulli"}};
    struct vcl_error err = {0};
    struct vcl_config *config;
    if (vcl_config_create(&config, NULL) < 0)
        die("no configuration");
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (vcl_config_set(config, settings[i][0], settings[i][1], &err) < 0)
            die(err.msg);
    }
    if (train(config, false, &err) < 0)
        die(err.msg);
    vcl_config_destroy(&config);
}

static void clean_up(void)
{
    for (int i = 0; i < FILES; i++)
        free(whole[i].data);
    test_folder_destroy(&run);
    test_folder_destroy(&corpus);
}

/* Trains, and makes a corpus of the files; its folder becomes the last argument. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static char *made[3];
    char *parent = test_folder_create();
    run = test_path_in(parent, "run");
    corpus = test_path_in(parent, "corpus");
    make_run();
    if (mkdir(corpus, 0700) != 0)
        die(corpus);
    for (int i = 0; i < FILES; i++) {
        whole[i].data = test_file_read(run, names[i], &whole[i].size);
        if (i < CHANGED)
            write_file(corpus, names[i], whole[i].data, whole[i].size);
    }
    made[0] = (*argv)[0];
    made[1] = corpus;
    *argc = 2;
    *argv = made;
    free(parent);
    atexit(clean_up);
    return 0;
}

/* ---- one input ---- */

/* The file that has most of its bytes. */
static int file_of(const uint8_t *data, size_t size)
{
    size_t most = 0;
    int found = CONFIG;
    for (int i = 0; i < CHANGED; i++) {
        size_t equal = 0;
        for (size_t k = 0; k < size && k < whole[i].size; k++)
            equal += data[k] == whole[i].data[k];
        if (equal > most) {
            most = equal;
            found = i;
        }
    }
    return found;
}

static void check_file(int file, const void *data, size_t size)
{
    size_t found_size;
    unsigned char *found = test_file_read(run, names[file], &found_size);
    if (found_size != size || memcmp(found, data, size) != 0)
        die(names[file]);
    free(found);
}

/* All files are as before, and there are no others. */
static void check_untouched(int file, const uint8_t *data, size_t size)
{
    int count = 0;
    DIR *folder = opendir(run);
    for (const struct dirent *entry; folder && (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    if (!folder || count != FILES)
        die("another number of files");
    closedir(folder);
    for (int i = 0; i < FILES; i++)
        check_file(i, i == file ? data : whole[i].data, i == file ? size : whole[i].size);
}

/* What does not hang on the clock, of a line of metrics. */
static json_t *losses(const char **text, const char *end)
{
    const char *line = *text, *stop = memchr(line, '\n', (size_t)(end - line));
    json_t *object = stop ? json_loadb(line, (size_t)(stop - line), 0, NULL) : NULL;
    json_object_del(object, "seconds");
    json_object_del(object, "images_per_second");
    *text = stop ? stop + 1 : end;
    return object;
}

static bool same_metrics(const struct content *found)
{
    const char *one = (const char *)whole[METRICS].data, *two = (const char *)found->data;
    bool same = true;
    for (int i = 0; i < EPOCHS; i++) {
        json_t *a = losses(&one, (const char *)whole[METRICS].data + whole[METRICS].size);
        json_t *b = losses(&two, (const char *)found->data + found->size);
        same = same && a && b && json_equal(a, b);
        json_decref(a);
        json_decref(b);
    }
    return same;
}

/* What was trained, and on what; not how long, or where the data lie. */
static bool same_config(const struct content *found)
{
    static const char *const data[] = {"count", "crc32", "split", "test"};
    json_t *one = json_loadb((const char *)whole[CONFIG].data, whole[CONFIG].size, 0, NULL);
    json_t *two = json_loadb((const char *)found->data, found->size, 0, NULL);
    json_t *a = json_object_get(one, "config"), *b = json_object_get(two, "config");
    json_object_del(a, "epochs");
    json_object_del(b, "epochs");
    bool same = a && b && json_equal(a, b);
    a = json_object_get(one, "data");
    b = json_object_get(two, "data");
    for (size_t i = 0; i < sizeof data / sizeof *data; i++) {
        const json_t *x = json_object_get(a, data[i]), *y = json_object_get(b, data[i]);
        x = json_is_null(x) ? NULL : x; /* not known, as what is not there */
        y = json_is_null(y) ? NULL : y;
        same = same && (x == y || json_equal(x, y));
    }
    json_decref(one);
    json_decref(two);
    return same;
}

static bool is_whole(int file, const struct content *found)
{
    return found->size == whole[file].size &&
           memcmp(found->data, whole[file].data, found->size) == 0;
}

static bool means_the_same(int file, const struct content *found)
{
    if (file == METRICS)
        return same_metrics(found);
    if (file == CONFIG)
        return same_config(found);
    return is_whole(file, found);
}

static enum vcl_status resume(struct vcl_error *err)
{
    struct vcl_config *config;
    struct vcl_run_data data;
    enum vcl_status r = vcl_run_config(run, &config, &data, err);
    if (r < 0)
        return r;
    if (vcl_config_set(config, "epochs", TEXT(EPOCHS), NULL) < 0) /* nothing is left to do */
        die("no epochs");
    r = train(config, true, err);
    vcl_config_destroy(&config);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct content input = {(unsigned char *)data, size};
    struct vcl_error err = {0};
    int file = file_of(data, size);
    write_file(run, names[file], data, size);
    enum vcl_status r = resume(&err);
    fuzz_check_status(r, &err);
    if (r < 0 && is_whole(file, &input))
        die(err.msg);
    if (r == VCL_OK && !means_the_same(file, &input)) {
        fwrite(data, 1, size, stderr);
        die("\naccepted, though it means something else");
    }
    check_untouched(file, data, size);
    write_file(run, names[file], whole[file].data, whole[file].size);
    return 0;
}
