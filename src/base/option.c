/* SPDX-License-Identifier: MIT */
#include "base/option.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/c_locale.h"

static void *field(const struct vcl_opt *row, void *config)
{
    return (char *)config + row->offset;
}

const struct vcl_opt *vcl_opt_find(const struct vcl_opt *table, const char *key, size_t len)
{
    for (; table->key; table++) {
        if (strlen(table->key) == len && memcmp(table->key, key, len) == 0)
            return table;
    }
    return NULL;
}

static enum vcl_status unknown_key(const struct vcl_opt *table, const char *prefix, const char *key,
                                   struct vcl_error *err)
{
    const char *names[128];
    size_t n = 0;
    for (; table->key && n < 127; table++)
        names[n++] = table->key;
    names[n] = NULL;
    enum vcl_status r = ERR(err, VCL_E_ARG, "unknown option '%s%s'", prefix, key);
    const char *near = vcl_nearest(key, names);
    return near ? vcl_error_hint(err, r, "did you mean '%s%s'?", prefix, near) : r;
}

static enum vcl_status bad_value(const struct vcl_opt *row, const char *prefix, const char *value,
                                 const char *wanted, struct vcl_error *err)
{
    return ERR(err, VCL_E_ARG, "%s%s: '%s' is not %s", prefix, row->key, value, wanted);
}

static enum vcl_status set_choice(const struct vcl_opt *row, const char **ret_choice,
                                  const char *prefix, const char *value, struct vcl_error *err)
{
    char list[256] = "";
    size_t used = 0;
    for (const char *const *choice = row->choices; *choice; choice++) {
        if (strcmp(*choice, value) == 0) {
            *ret_choice = *choice;
            return VCL_OK;
        }
        int added = snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", *choice);
        if (added > 0 && used + (size_t)added < sizeof list)
            used += (size_t)added;
    }
    enum vcl_status r = bad_value(row, prefix, value, "one of its values", err);
    const char *near = vcl_nearest(value, row->choices);
    return near ? vcl_error_hint(err, r, "did you mean '%s'? (%s)", near, list)
                : vcl_error_hint(err, r, "choose from %s", list);
}

static enum vcl_status check_range(const struct vcl_opt *row, double value, const char *prefix,
                                   const char *text, struct vcl_error *err)
{
    if ((row->min == 0 && row->max == 0) || (value >= row->min && value <= row->max))
        return VCL_OK;
    return ERR(err, VCL_E_ARG, "%s%s: %s is outside %.10g to %.10g", prefix, row->key, text,
               row->min, row->max);
}

static enum vcl_status set_flag(const struct vcl_opt *row, bool *ret_flag, const char *prefix,
                                const char *value, struct vcl_error *err)
{
    if (!value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
        *ret_flag = true;
    else if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
        *ret_flag = false;
    else
        return bad_value(row, prefix, value, "true or false", err);
    return VCL_OK;
}

static enum vcl_status set_string(const struct vcl_opt *row, void *target, const char *value,
                                  struct vcl_error *err)
{
    enum vcl_status r = row->check ? row->check(row, value, err) : VCL_OK;
    if (r == VCL_OK)
        memcpy(target, &value, sizeof value);
    return r;
}

static enum vcl_status set_number(const struct vcl_opt *row, void *target, const char *prefix,
                                  const char *value, struct vcl_error *err)
{
    double as_double = 0;
    if (row->kind == VCL_OPT_INT) {
        int64_t number;
        if (!vcl_parse_i64(value, &number))
            return bad_value(row, prefix, value, "a whole number", err);
        as_double = (double)number;
        if (check_range(row, as_double, prefix, value, err) == VCL_OK)
            memcpy(target, &number, sizeof number);
    } else if (row->kind == VCL_OPT_UINT) {
        uint64_t number;
        if (!vcl_parse_u64(value, &number))
            return bad_value(row, prefix, value, "a whole number of 0 or more", err);
        as_double = (double)number;
        if (check_range(row, as_double, prefix, value, err) == VCL_OK)
            memcpy(target, &number, sizeof number);
    } else {
        if (!vcl_parse_f64(value, &as_double))
            return bad_value(row, prefix, value, "a finite number", err);
        if (check_range(row, as_double, prefix, value, err) == VCL_OK)
            memcpy(target, &as_double, sizeof as_double);
    }
    return check_range(row, as_double, prefix, value, err);
}

static enum vcl_status set_pair(const struct vcl_opt *row, struct vcl_opt_pair *ret_pair,
                                const char *prefix, const char *value, struct vcl_error *err)
{
    struct vcl_opt_pair pair;
    char height[32] = "";
    const char *x = strchr(value, 'x'), *width = x ? x + 1 : value;
    size_t len = x ? (size_t)(x - value) : strlen(value);
    if (len < sizeof height)
        memcpy(height, value, len);
    if (!vcl_parse_i64(height, &pair.height) || !vcl_parse_i64(width, &pair.width))
        return bad_value(row, prefix, value, "a whole number, or two as in 3x5", err);
    enum vcl_status r = check_range(row, (double)pair.height, prefix, value, err);
    if (r == VCL_OK)
        r = check_range(row, (double)pair.width, prefix, value, err);
    if (r == VCL_OK)
        *ret_pair = pair;
    return r;
}

enum vcl_status vcl_opt_set(const struct vcl_opt *table, void *config, const char *prefix,
                            const char *key, const char *value, struct vcl_error *err)
{
    const struct vcl_opt *row = vcl_opt_find(table, key, strlen(key));
    if (!row)
        return unknown_key(table, prefix, key, err);
    void *target = field(row, config);
    if (row->kind == VCL_OPT_FLAG)
        return set_flag(row, target, prefix, value, err);
    if (!value)
        return ERR(err, VCL_E_ARG, "%s%s needs a value", prefix, key);
    switch (row->kind) {
    case VCL_OPT_STRING:
        return set_string(row, target, value, err);
    case VCL_OPT_CHOICE:
        return set_choice(row, target, prefix, value, err);
    case VCL_OPT_PAIR:
        return set_pair(row, target, prefix, value, err);
    case VCL_OPT_LIST: {
        struct vcl_opt_list *list = target;
        if (list->count == sizeof list->items / sizeof *list->items)
            return ERR(err, VCL_E_ARG, "%s%s is given too often", prefix, key);
        list->items[list->count++] = value;
        return VCL_OK;
    }
    default:
        return set_number(row, target, prefix, value, err);
    }
}

/* The row whose letter and a number the word is, or NULL. */
static const struct vcl_opt *by_letter(const struct vcl_opt *table, const char *word)
{
    for (; table->key; table++) {
        if (table->letter && table->letter == word[0] && (vcl_is_digit(word[1]) || word[1] == '-'))
            return table;
    }
    return NULL;
}

/* A word that is no key=value. *next is the first row that no word's place has set. */
static enum vcl_status set_by_place(const struct vcl_opt *table, void *config,
                                    const struct vcl_opt **next, const char *word,
                                    struct vcl_error *err)
{
    const struct vcl_opt *row = by_letter(table, word);
    if (row)
        return vcl_opt_set(table, config, "", row->key, word + 1, err);
    while ((*next)->letter)
        ++*next;
    if (!(*next)->key)
        return ERR(err, VCL_E_ARG, "'%s' is one word too many", word);
    row = (*next)++;
    return vcl_opt_set(table, config, "", row->key, word, err);
}

enum vcl_status vcl_opt_words(const struct vcl_opt *table, void *config, const char *what,
                              char *const *words, size_t count, struct vcl_error *err)
{
    const struct vcl_opt *next = table;
    for (size_t i = 0; i < count; i++) {
        enum vcl_status r;
        char *equals = strchr(words[i], '=');
        if (equals) {
            char key[64];
            snprintf(key, sizeof key, "%.*s", (int)(equals - words[i]), words[i]);
            r = vcl_opt_set(table, config, "", key, equals + 1, err);
        } else {
            r = set_by_place(table, config, &next, words[i], err);
        }
        if (r < 0)
            return vcl_error_wrap(err, r, "%s", what);
    }
    return VCL_OK;
}

void vcl_opt_show(const struct vcl_opt *row, const void *config, struct vcl_str *out)
{
    const void *source = (const char *)config + row->offset;
    switch (row->kind) {
    case VCL_OPT_FLAG:
        vcl_str_add(out, "%s", *(const bool *)source ? "true" : "false");
        break;
    case VCL_OPT_INT:
        vcl_str_add(out, "%" PRId64, *(const int64_t *)source);
        break;
    case VCL_OPT_UINT:
        vcl_str_add(out, "%" PRIu64, *(const uint64_t *)source);
        break;
    case VCL_OPT_FLOAT:
        vcl_str_add(out, "%g", *(const double *)source);
        break;
    case VCL_OPT_STRING:
    case VCL_OPT_CHOICE: {
        const char *text = *(const char *const *)source;
        vcl_str_add(out, "%s", text ? text : "");
        break;
    }
    case VCL_OPT_PAIR: {
        const struct vcl_opt_pair *pair = source;
        vcl_str_add(out, "%" PRId64, pair->height);
        if (pair->width != pair->height)
            vcl_str_add(out, "x%" PRId64, pair->width);
        break;
    }
    case VCL_OPT_LIST: {
        const struct vcl_opt_list *list = source;
        for (size_t i = 0; i < list->count; i++)
            vcl_str_add(out, "%s%s", i ? " " : "", list->items[i]);
        break;
    }
    }
}
