/* SPDX-License-Identifier: MIT
 *
 * The data of a run: noted in config.json, found again, and compared with what was noted.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32.h"
#include "base/file.h"
#include "base/json.h"
#include "train/trainer.h"
#include "vae/config.h"

/* Tells one data set from another. */
static uint32_t fingerprint(const struct vcl_dataset *set)
{
    size_t size = set->count * vcl_shape_size(set->shape) * (set->dtype == VCL_U8 ? 1 : 4);
    return vcl_crc32(0, set->values, size);
}

/* ---- into config.json ---- */

/* Symbolic links stay as they are: what lies beside a file under its name belongs to it. */
static enum vcl_status absolute(const char *path, char **ret_path, struct vcl_error *err)
{
    size_t size = 256;
    char *folder = NULL;
    enum vcl_status r;
    if (path[0] == '/')
        return vcl_path_join("/", path + 1, ret_path, err);
    TRY(vcl_alloc(size, 1, &folder, err));
    while (!getcwd(folder, size)) {
        if (errno != ERANGE)
            FAIL(err, VCL_E_IO, "cannot tell which folder '%s' is in: %s", path, strerror(errno));
        TRY(vcl_grow(&folder, &size, 2 * size, 1, err));
    }
    TRY(vcl_path_join(folder, path, ret_path, err));
out:
    free(folder);
    return r;
}

/* Where the set was read from; null for what no path leads to: a built-in set, the caller's memory,
 * and names that JSON cannot hold. */
static enum vcl_status place_json(const struct vcl_dataset *set, json_t **ret_place,
                                  struct vcl_error *err)
{
    char *path = NULL;
    enum vcl_status r = VCL_OK;
    if (strcmp(set->format, "memory") != 0 && !vcl_dataset_is_builtin(set->name))
        TRY(absolute(set->name, &path, err));
    *ret_place = path && vcl_is_utf8(path) ? json_string(path) : json_null();
out:
    free(path);
    return r;
}

enum vcl_status vcl_run_data_to_json(const struct vcl_train_params *params, json_t **ret_object,
                                     struct vcl_error *err)
{
    const struct vcl_dataset *train = params->train, *test = params->test;
    json_t *place;
    enum vcl_status r = place_json(train, &place, err);
    if (r < 0)
        return r;
    *ret_object =
        json_pack("{s:o, s:o, s:s?, s:s?, s:I, s:I, s:o, s:o}", "source",
                  vcl_json_text(params->data ? params->data : train->name), "path", place, "split",
                  params->split, "test", params->test_split, "count", (json_int_t)train->count,
                  "crc32", (json_int_t)fingerprint(train), "test_count",
                  test ? json_integer((json_int_t)test->count) : json_null(), "test_crc32",
                  test ? json_integer((json_int_t)fingerprint(test)) : json_null());
    return *ret_object ? VCL_OK : ERR(err, VCL_E_NOMEM, "cannot note the data of the run");
}

/* ---- out of config.json ---- */

static enum vcl_status read_text(const json_t *object, const char *key, struct vcl_config *config,
                                 const char **ret_text, struct vcl_error *err)
{
    const json_t *value = json_object_get(object, key);
    *ret_text = NULL;
    if (json_is_string(value))
        return vcl_config_keep(config, json_string_value(value), ret_text, err);
    return !value || json_is_null(value) ? VCL_OK
                                         : ERR(err, VCL_E_FORMAT, "data: '%s' is not text", key);
}

static enum vcl_status read_number(const json_t *object, const char *key, json_int_t least,
                                   json_int_t most, json_int_t *ret_number, struct vcl_error *err)
{
    const json_t *value = json_object_get(object, key);
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < least || number > most)
        return ERR(err, VCL_E_FORMAT, "data: '%s' is not a whole number in range", key);
    *ret_number = number;
    return VCL_OK;
}

static enum vcl_status read_part(const json_t *object, const char *count_key, const char *crc_key,
                                 size_t *ret_count, uint32_t *ret_crc, struct vcl_error *err)
{
    json_int_t count = 0, crc = 0;
    enum vcl_status r;
    TRY(read_number(object, count_key, 1, INT64_MAX, &count, err));
    TRY(read_number(object, crc_key, 0, UINT32_MAX, &crc, err));
    *ret_count = (size_t)count;
    *ret_crc = (uint32_t)crc;
out:
    return r;
}

enum vcl_status vcl_run_data_parse(const json_t *object, struct vcl_config *config,
                                   struct vcl_run_data *ret_data, struct vcl_error *err)
{
    struct vcl_run_data data = {0};
    const json_t *tested = json_object_get(object, "test_count");
    enum vcl_status r;
    if (!json_is_object(object))
        return ERR(err, VCL_E_FORMAT, "it does not say what data the run was started on");
    TRY(read_text(object, "source", config, &data.source, err));
    TRY(read_text(object, "path", config, &data.path, err));
    TRY(read_text(object, "split", config, &data.split, err));
    TRY(read_text(object, "test", config, &data.test_split, err));
    if (!data.source)
        FAIL(err, VCL_E_FORMAT, "data: 'source' is missing");
    TRY(read_part(object, "count", "crc32", &data.count, &data.crc32, err));
    if (tested && !json_is_null(tested))
        TRY(read_part(object, "test_count", "test_crc32", &data.test_count, &data.test_crc32, err));
    *ret_data = data;
out:
    return r;
}

/* ---- found again ---- */

/* What was noted of a part of the data. */
struct noted {
    size_t count;
    uint32_t crc32;
};

static bool same_split(const char *a, const char *b)
{
    return strcmp(a ? a : "train", b ? b : "train") == 0;
}

/* False if nothing was. */
static bool find_noted(const struct vcl_run_data *data, const char *split, struct noted *noted)
{
    bool train = same_split(split, data->split);
    if (train)
        *noted = (struct noted){data->count, data->crc32};
    else if (data->test_count && data->test_split && same_split(split, data->test_split))
        *noted = (struct noted){data->test_count, data->test_crc32};
    else
        return false;
    return true;
}

static enum vcl_status compare(const struct vcl_dataset *set, const struct noted *noted,
                               const struct vcl_run_data *data, const char *folder,
                               struct vcl_error *err)
{
    uint32_t crc = fingerprint(set);
    if (set->count == noted->count && crc == noted->crc32)
        return VCL_OK;
    enum vcl_status r = ERR(err, VCL_E_ARG,
                            "'%s' is not the data that '%s' was trained on: %zu examples with "
                            "CRC-32 %08" PRIx32 ", its config.json says %zu with %08" PRIx32,
                            set->name, folder, set->count, crc, noted->count, noted->crc32);
    return vcl_error_hint(err, r,
                          "it was trained on '%s'; --data takes the place of what config.json says",
                          data->path ? data->path : data->source);
}

/* The absolute path; if nothing is there any more, what was typed, seen from here. Whatever is
 * opened is compared with what was noted. */
static enum vcl_status find_source(const struct vcl_run_data *data, const char *folder,
                                   const char **ret_source, struct vcl_error *err)
{
    bool typed = vcl_dataset_is_builtin(data->source) || vcl_file_exists(data->source);
    *ret_source = data->path && (vcl_file_exists(data->path) || !typed) ? data->path : data->source;
    if (vcl_dataset_is_builtin(*ret_source) || vcl_file_exists(*ret_source))
        return VCL_OK;
    enum vcl_status r =
        ERR(err, VCL_E_IO, "the data of '%s' are not where its config.json says: '%s'%s", folder,
            *ret_source, data->path ? "" : ", seen from where it was trained");
    return vcl_error_hint(err, r, "say where they are now with --data");
}

/* A part of which nothing was noted is taken if the one that was trained on is as it was. */
static enum vcl_status vouch(const struct vcl_run_data *data, const char *folder,
                             const char *source, struct vcl_error *err)
{
    const struct noted noted = {data->count, data->crc32};
    struct vcl_dataset *set = NULL;
    enum vcl_status r;
    TRY(vcl_dataset_open(
        &(struct vcl_data_params){.source = source, .split = data->split, .limit = data->count},
        &set, err));
    TRY(compare(set, &noted, data, folder, err));
out:
    vcl_dataset_destroy(&set);
    return r;
}

/* The first `limit` of a set that nobody has seen yet. */
static void keep_first(struct vcl_dataset *set, size_t limit)
{
    if (limit && limit < set->count)
        set->count = limit;
}

static enum vcl_status open_noted(const struct vcl_run_data *data, const char *folder,
                                  const struct vcl_data_params *wanted, const char *second,
                                  struct vcl_dataset **ret_set, struct vcl_dataset **ret_second,
                                  struct vcl_error *err)
{
    struct vcl_data_params params = {.split = wanted->split};
    struct vcl_dataset *set = NULL, *other = NULL;
    struct noted one, two;
    bool known = find_noted(data, wanted->split, &one);
    enum vcl_status r;
    TRY(find_source(data, folder, &params.source, err));
    if (!known)
        TRY(vouch(data, folder, params.source, err));
    if (same_split(wanted->split, data->split))
        params.limit = data->count;
    TRY(vcl_dataset_open_two(&params, second, &set, &other, err));
    if (known)
        TRY(compare(set, &one, data, folder, err));
    if (second && find_noted(data, second, &two))
        TRY(compare(other, &two, data, folder, err));
    keep_first(set, wanted->limit);
    *ret_set = set;
    set = NULL;
    if (second)
        *ret_second = other;
    other = NULL;
out:
    vcl_dataset_destroy(&set);
    vcl_dataset_destroy(&other);
    return r;
}

enum vcl_status vcl_run_open_data(const char *folder, const struct vcl_data_params *wanted,
                                  const char *second, struct vcl_dataset **ret_set,
                                  struct vcl_dataset **ret_second, struct vcl_error *err)
{
    struct vcl_config *config = NULL;
    struct vcl_run_data data;
    enum vcl_status r = vcl_run_config(folder, &config, &data, err);
    if (r < 0)
        return vcl_error_hint(err, r,
                              "--data takes the place of what config.json says of the data");
    r = open_noted(&data, folder, wanted, second, ret_set, ret_second, err);
    vcl_config_destroy(&config);
    return r;
}

enum vcl_status vcl_run_same_data(const struct vcl_trainer *trainer, struct vcl_error *err)
{
    const struct vcl_train_params *params = trainer->params;
    struct vcl_config *config = NULL;
    struct vcl_run_data data;
    enum vcl_status r;
    TRY(vcl_run_config(params->out, &config, &data, err));
    TRY(compare(params->train, &(struct noted){data.count, data.crc32}, &data, params->out, err));
    const struct noted tested = {data.test_count, data.test_crc32};
    if (params->test && data.test_count)
        TRY(compare(params->test, &tested, &data, params->out, err));
out:
    vcl_config_destroy(&config);
    return r;
}
