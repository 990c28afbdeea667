/* SPDX-License-Identifier: MIT
 *
 * The text of tuning files (docs/files.md). Reading forgives: what it does not understand it leaves
 * out and tells, as a file may be older or newer than the library, or damaged.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/c_locale.h"
#include "gemm/tuning.h"

#define FIRST_LINE "vae-cl tuning 1"
#define BY_DEFAULT "default" /* in place of an implementation */
enum { LINE = 512, WORDS = 24, MOST_ROWS = 4096 };

struct reading {
    const struct vcl_tuning_reader *reader;
    unsigned line, rows;
    unsigned head_lines; /* of the head, found as they must be */
};

static void left_out(const struct reading *reading, const char *why)
{
    if (reading->reader->left_out)
        reading->reader->left_out(reading->reader->user, reading->line, why);
}

/* Splits in place at blanks, up to a comment. */
static size_t split(char *line, char *words[WORDS])
{
    size_t n = 0;
    while (*line && n < WORDS) {
        while (vcl_is_space(*line))
            *line++ = '\0';
        if (!*line || *line == '#')
            break;
        words[n++] = line;
        while (*line && !vcl_is_space(*line))
            line++;
    }
    *line = '\0';
    return n;
}

/* ---- rows ---- */

static bool is_candidate(const struct vcl_gemm_param *param, uint64_t value)
{
    for (const int *candidate = param->values; *candidate; candidate++) {
        if ((uint64_t)*candidate == value)
            return true;
    }
    return false;
}

/* "MR=8": a parameter of the implementation, at one of its candidates. */
static bool parse_value(char *word, const struct vcl_gemm_def *def,
                        struct vcl_gemm_setting *setting)
{
    char *equals = strchr(word, '=');
    uint64_t value;
    if (!equals || !vcl_parse_u64(equals + 1, &value))
        return false;
    *equals = '\0';
    for (int i = 0; def && def->params && def->params[i].name; i++) {
        if (strcmp(def->params[i].name, word) == 0 && is_candidate(&def->params[i], value)) {
            setting->values[i] = (int)value;
            return true;
        }
    }
    return false;
}

/* Words of "[guess] CLASS = IMPLEMENTATION PARAMETER=VALUE ..."; returns what is wrong, or NULL. */
static const char *parse_row(char **words, size_t count, struct vcl_tuned_row *row)
{
    size_t at = 0, equals;
    *row = (struct vcl_tuned_row){.guess = strcmp(words[0], "guess") == 0};
    at += row->guess;
    for (equals = at; equals < count && strcmp(words[equals], "=") != 0;)
        equals++;
    if (equals + 1 >= count)
        return "neither a row nor a line of the head";
    if (!vcl_gemm_class_parse(words + at, equals - at, &row->shape))
        return "not a class of products";
    bool by_default = strcmp(words[equals + 1], BY_DEFAULT) == 0;
    row->def = by_default ? NULL : vcl_row_named(vcl_gemm_defs, words[equals + 1]);
    if (!row->def && !by_default)
        return "no implementation of that name";
    for (size_t i = equals + 2; i < count; i++) {
        if (!parse_value(words[i], row->def, &row->setting))
            return "not a setting of the implementation";
    }
    return NULL;
}

/* A row ends in "# 123.4 GFLOP/s" where that was measured. */
static double gflops_of(const char *line)
{
    const char *comment = strchr(line, '#');
    char number[32];
    double gflops;
    if (!comment || sscanf(comment, "# %31s GFLOP/s", number) != 1 ||
        !vcl_parse_f64(number, &gflops) || !(gflops > 0 && gflops < 1e9))
        return 0;
    return gflops;
}

/* ---- the head ---- */

enum { HEAD_LINES = 5 };
static const char *const head_keys[HEAD_LINES] = {"device", "platform", "driver", "compute-units",
                                                  "kernels"};

static void head_value(const struct vcl_tuning_head *head, int key, char value[LINE])
{
    switch (key) {
    case 0:
        snprintf(value, LINE, "%s", head->device);
        break;
    case 1:
        snprintf(value, LINE, "%s", head->platform);
        break;
    case 2:
        snprintf(value, LINE, "%s", head->driver);
        break;
    case 3:
        snprintf(value, LINE, "%" PRIu32, head->compute_units);
        break;
    default:
        snprintf(value, LINE, "%016" PRIx64, head->kernels);
        break;
    }
}

/* Is it a line of the head? Then it is checked, if that is wanted. */
static bool read_head_line(struct reading *reading, const char *line)
{
    size_t len = strcspn(line, " ");
    char value[LINE];
    for (int key = 0; key < HEAD_LINES; key++) {
        if (strlen(head_keys[key]) != len || strncmp(line, head_keys[key], len) != 0)
            continue;
        if (reading->reader->head) {
            head_value(reading->reader->head, key, value);
            line += len + strspn(line + len, " ");
            if (strcmp(line, value) == 0)
                reading->head_lines |= 1u << key;
        }
        return true;
    }
    return false;
}

static bool head_is_right(const struct reading *reading)
{
    return !reading->reader->head || reading->head_lines == (1u << HEAD_LINES) - 1;
}

/* ---- all of it ---- */

static enum vcl_status read_line(struct reading *reading, char *line, bool *ret_stop,
                                 struct vcl_error *err)
{
    char *words[WORDS];
    struct vcl_tuned_row row;
    double gflops = gflops_of(line);
    if (read_head_line(reading, line))
        return VCL_OK;
    size_t count = split(line, words);
    if (count == 0)
        return VCL_OK;
    *ret_stop = !head_is_right(reading) || reading->rows == MOST_ROWS;
    if (*ret_stop) {
        left_out(reading, reading->rows
                              ? "too many rows"
                              : "measured on another device, driver or with other kernels");
        return VCL_OK;
    }
    const char *why = count == WORDS ? "too many words" : parse_row(words, count, &row);
    if (why) {
        left_out(reading, why);
        return VCL_OK;
    }
    row.gflops = gflops;
    reading->rows++;
    return reading->reader->row(reading->reader->user, &row, err);
}

enum vcl_status vcl_tuning_read(const char *text, const struct vcl_tuning_reader *reader,
                                struct vcl_error *err)
{
    struct reading reading = {.reader = reader};
    enum vcl_status r = VCL_OK;
    bool stop = false;
    while (*text && r == VCL_OK && !stop) {
        char line[LINE];
        size_t len = strcspn(text, "\n"), kept = len;
        reading.line++;
        while (kept && vcl_is_space(text[kept - 1]))
            kept--;
        snprintf(line, sizeof line, "%.*s", (int)(kept < LINE ? kept : 0), text);
        text += len + (text[len] == '\n');
        if (reading.line == 1) {
            stop = strcmp(line, FIRST_LINE) != 0;
            if (stop)
                left_out(&reading, "no file of this version");
        } else if (kept >= LINE) {
            left_out(&reading, "too long a line");
        } else {
            r = read_line(&reading, line, &stop, err);
        }
    }
    return r;
}

void vcl_gemm_setting_text(const struct vcl_gemm_def *def, const struct vcl_gemm_setting *setting,
                           char text[VCL_SETTING_TEXT])
{
    size_t len = 0;
    text[0] = '\0';
    for (int i = 0; def && def->params && def->params[i].name && len < VCL_SETTING_TEXT; i++) {
        if (setting->values[i])
            len += (size_t)snprintf(text + len, VCL_SETTING_TEXT - len, "%s%s=%d", len ? " " : "",
                                    def->params[i].name, setting->values[i]);
    }
}

static void write_row(const struct vcl_tuned_row *row, struct vcl_str *out)
{
    char shape[VCL_CLASS_TEXT], setting[VCL_SETTING_TEXT];
    vcl_gemm_class_text(&row->shape, shape);
    vcl_gemm_setting_text(row->def, &row->setting, setting);
    vcl_str_add(out, "%s%s = %s%s%s", row->guess ? "guess " : "", shape,
                row->def ? row->def->name : BY_DEFAULT, setting[0] ? " " : "", setting);
    if (row->gflops > 0)
        vcl_str_add(out, "  # %.1f GFLOP/s", row->gflops);
    vcl_str_add(out, "\n");
}

void vcl_tuning_write(const struct vcl_tuning_head *head, const struct vcl_tuned_row *rows,
                      struct vcl_str *out)
{
    vcl_str_add(out, FIRST_LINE "\n");
    for (int key = 0; key < HEAD_LINES; key++) {
        char value[LINE];
        head_value(head, key, value);
        vcl_str_add(out, "%s %s\n", head_keys[key], value);
    }
    vcl_str_add(out, "\n");
    for (; rows; rows = rows->next) {
        if (rows->own)
            write_row(rows, out);
    }
}
