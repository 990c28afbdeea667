/* SPDX-License-Identifier: MIT
 *
 * metrics.jsonl of a run folder: a line an epoch.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "cl/context.h"
#include "train/trainer.h"

#define SECONDS "seconds"
#define RATE    "images_per_second"

/* Not a finite number: null. */
static int add_number(json_t *line, const char *key, double value)
{
    return json_object_set_new(line, key, isfinite(value) ? json_real(value) : json_null());
}

static int add_losses(json_t *line, const char *split, const struct vcl_losses *losses)
{
    char key[64];
    snprintf(key, sizeof key, "%s_loss", split);
    int bad = add_number(line, key, losses->loss);
    for (uint32_t i = 0; i < losses->count; i++) {
        snprintf(key, sizeof key, "%s_%s", split, losses->terms[i].name);
        bad |= add_number(line, key, losses->terms[i].value);
    }
    return bad;
}

static json_t *losses_json(const struct vcl_epoch *epoch)
{
    json_t *line = json_pack("{s:I, s:I}", "epoch", (json_int_t)epoch->epoch, "steps",
                             (json_int_t)epoch->steps);
    int bad = add_losses(line, "train", &epoch->train);
    if (epoch->has_valid)
        bad |= add_losses(line, "valid", &epoch->valid);
    if (epoch->has_test)
        bad |= add_losses(line, "test", &epoch->test);
    if (!bad)
        return line;
    json_decref(line);
    return NULL;
}

/* What the clock measured; NaN: not known. */
static int add_times(json_t *line, double seconds, double images_per_second)
{
    return add_number(line, SECONDS, seconds) | add_number(line, RATE, images_per_second);
}

static char *line_text(const json_t *line)
{
    return vcl_json_dump(line, JSON_COMPACT | JSON_REAL_PRECISION(9));
}

static enum vcl_status add_line(struct vcl_str *out, const json_t *line, struct vcl_error *err)
{
    char *text = line ? line_text(line) : NULL;
    if (!text)
        return ERR(err, VCL_E_NOMEM, "cannot write metrics.jsonl");
    vcl_str_add(out, "%s\n", text);
    free(text);
    return vcl_str_check(out, err);
}

enum vcl_status vcl_run_add_metrics(struct vcl_trainer *trainer, const struct vcl_epoch *epoch,
                                    struct vcl_error *err)
{
    json_t *line = losses_json(epoch);
    enum vcl_status r;
    TRY(add_line(&trainer->losses, line, err));
    if (add_times(line, epoch->seconds, epoch->images_per_second) != 0)
        FAIL(err, VCL_E_NOMEM, "cannot write metrics.jsonl");
    TRY(add_line(&trainer->metrics, line, err));
out:
    json_decref(line);
    return r;
}

enum vcl_status vcl_run_prepare_metrics(struct vcl_trainer *trainer, struct vcl_writer *writer,
                                        struct vcl_error *err)
{
    enum vcl_status r;
    TRY(vcl_run_writer_init(trainer, "metrics.jsonl", writer, err));
    TRY(vcl_writer_add(writer, trainer->metrics.text, trainer->metrics.len, err));
    TRY(vcl_writer_sync(writer, err));
out:
    return r;
}

/* ---- reading ---- */

/* *ret_text is NULL where there is no such file. */
static enum vcl_status read_file(const struct vcl_trainer *trainer, char **ret_path,
                                 unsigned char **ret_text, size_t *ret_size, struct vcl_error *err)
{
    enum vcl_status r = vcl_path_join(trainer->params->out, "metrics.jsonl", ret_path, err);
    *ret_text = NULL;
    *ret_size = 0;
    if (r < 0 || !vcl_file_exists(*ret_path))
        return r;
    return vcl_file_read(*ret_path, ret_text, ret_size, err);
}

enum vcl_status vcl_run_count_metrics(const struct vcl_trainer *trainer, uint64_t *ret_lines,
                                      struct vcl_error *err)
{
    char *path = NULL;
    unsigned char *text = NULL;
    size_t size;
    enum vcl_status r;
    TRY(read_file(trainer, &path, &text, &size, err));
    *ret_lines = 0;
    for (size_t i = 0; i < size; i++)
        *ret_lines += text[i] == '\n';
out:
    free(path);
    free(text);
    return r;
}

static bool is_time(const json_t *value)
{
    return json_is_null(value) || (json_is_real(value) && json_real_value(value) >= 0);
}

/* Does the line hold these losses (NULL: not known) of this epoch, and is it as we write it? Times
 * can't be checked: they are other ones each time. */
static bool line_is_whole(const char *text, size_t len, uint64_t epoch, const char *losses,
                          size_t losses_len)
{
    json_t *line = vcl_json_load(text, len, NULL);
    char *whole = line ? line_text(line) : NULL, *rest = NULL;
    bool good = whole && strlen(whole) == len && memcmp(whole, text, len) == 0 &&
                json_integer_value(json_object_get(line, "epoch")) == (json_int_t)epoch &&
                is_time(json_object_get(line, SECONDS)) && is_time(json_object_get(line, RATE));
    if (good && losses) {
        json_object_del(line, SECONDS);
        json_object_del(line, RATE);
        rest = line_text(line);
        good = rest && strlen(rest) == losses_len && memcmp(rest, losses, losses_len) == 0;
    }
    free(whole);
    free(rest);
    json_decref(line);
    return good;
}

/* A text's lines, one after the other. */
struct lines {
    const char *text;
    size_t size, used;
};

static const char *next_line(struct lines *lines, size_t *ret_len)
{
    const char *line = lines->text ? lines->text + lines->used : NULL;
    const char *end = line ? memchr(line, '\n', lines->size - lines->used) : NULL;
    if (!end)
        return NULL;
    *ret_len = (size_t)(end - line);
    lines->used += *ret_len + 1;
    return line;
}

/* A run killed before its checkpoint was replaced has one line more than the checkpoint. */
static enum vcl_status take_lines(struct vcl_trainer *trainer, const char *path, const char *text,
                                  size_t size, struct vcl_error *err)
{
    struct lines file = {text, size, 0}, known = {trainer->losses.text, trainer->losses.len, 0};
    size_t len, known_len = 0;
    for (uint64_t epoch = 1; epoch <= trainer->at.epoch; epoch++) {
        const char *losses = next_line(&known, &known_len), *line = next_line(&file, &len);
        if (known.text && !losses)
            return ERR(err, VCL_E_FORMAT, "the checkpoint has fewer metrics than epochs");
        if (!line || !line_is_whole(line, len, epoch, losses, known_len)) {
            enum vcl_status r =
                ERR(err, VCL_E_FORMAT, "'%s' is damaged: line %llu is not what epoch %llu wrote",
                    path, (unsigned long long)epoch, (unsigned long long)epoch);
            return losses ? vcl_error_hint(err, r,
                                           "delete it: it is made again from the "
                                           "checkpoint, without the times")
                          : r;
        }
    }
    vcl_str_add_bytes(&trainer->metrics, text, file.used);
    return vcl_str_check(&trainer->metrics, err);
}

/* After a checkpoint of 0.1.0, which does not hold the losses: they are those of the file. */
static enum vcl_status take_losses(struct vcl_trainer *trainer, struct vcl_error *err)
{
    struct lines file = {trainer->metrics.text, trainer->metrics.len, 0};
    const char *text;
    size_t len;
    enum vcl_status r = VCL_OK;
    while (r == VCL_OK && (text = next_line(&file, &len))) {
        json_t *line = vcl_json_load(text, len, NULL);
        json_object_del(line, SECONDS);
        json_object_del(line, RATE);
        r = add_line(&trainer->losses, line, err);
        json_decref(line);
    }
    return r;
}

static enum vcl_status make_again(struct vcl_trainer *trainer, const char *path,
                                  struct vcl_error *err)
{
    struct lines known = {trainer->losses.text, trainer->losses.len, 0};
    struct vcl_writer writer = {0};
    json_t *line = NULL;
    const char *text;
    size_t len;
    enum vcl_status r;
    while ((text = next_line(&known, &len))) {
        json_decref(line);
        line = vcl_json_load(text, len, NULL);
        if (!line || add_times(line, NAN, NAN) != 0)
            FAIL(err, VCL_E_FORMAT, "the checkpoint's metrics are damaged");
        TRY(add_line(&trainer->metrics, line, err));
    }
    vcl_log(trainer->ctx, VCL_LOG_WARNING, "'%s' is made again from the checkpoint", path);
    TRY(vcl_run_prepare_metrics(trainer, &writer, err));
    TRY(vcl_writer_commit(&writer, err));
out:
    json_decref(line);
    vcl_writer_finish(&writer);
    return r;
}

enum vcl_status vcl_run_check_metrics(struct vcl_trainer *trainer, struct vcl_error *err)
{
    char *path = NULL;
    unsigned char *text = NULL;
    size_t size;
    enum vcl_status r;
    TRY(read_file(trainer, &path, &text, &size, err));
    if (!text && trainer->losses.len)
        TRY(make_again(trainer, path, err));
    else
        TRY(take_lines(trainer, path, (const char *)text, size, err));
    if (!trainer->losses.len)
        TRY(take_losses(trainer, err));
out:
    free(path);
    free(text);
    return r;
}
