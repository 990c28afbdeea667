/* SPDX-License-Identifier: MIT */
#include "base/definition.h"

#include <string.h>

#include "base/c_locale.h"

enum { MAX_WORDS = 16 };

/* Splits `text` in place at blanks; the number of words may be more than there is room for. */
static size_t split_words(char *text, char *words[MAX_WORDS])
{
    size_t n = 0;
    for (;;) {
        while (vcl_is_space(*text))
            *text++ = '\0';
        if (!*text)
            return n;
        if (n < MAX_WORDS)
            words[n] = text;
        n++;
        while (*text && !vcl_is_space(*text))
            text++;
    }
}

/* From a field to one of the same kind, or to one that takes texts. */
static enum vcl_status take_short_form(const struct vcl_opt *row, void *config,
                                       const struct vcl_opt *from, const void *source,
                                       struct vcl_arena *arena, struct vcl_error *err)
{
    char number[48], *copy;
    const void *value = (const char *)source + from->offset;
    enum vcl_status r = VCL_OK;
    if (row->kind != VCL_OPT_STRING) {
        memcpy((char *)config + row->offset, value, sizeof(double));
        return VCL_OK;
    }
    vcl_format(number, sizeof number, "%.17g", *(const double *)value);
    TRY(vcl_arena_strdup(arena, number, &copy, err));
    memcpy((char *)config + row->offset, &copy, sizeof copy);
out:
    return r;
}

static enum vcl_status take_short_forms(const struct vcl_opt *opts, void *config,
                                        const struct vcl_short_forms *forms,
                                        struct vcl_arena *arena, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (const struct vcl_opt *row = opts; row && row->key; row++) {
        const struct vcl_opt *from = vcl_opt_find(forms->opts, row->key, strlen(row->key));
        if (from)
            TRY(take_short_form(row, config, from, forms->config, arena, err));
    }
out:
    return r;
}

enum vcl_status vcl_definition_read(const char *what, const void *table,
                                    const struct vcl_short_forms *short_forms, const char *text,
                                    struct vcl_arena *arena, const void **ret_row,
                                    void **ret_config, struct vcl_error *err)
{
    static const struct vcl_opt none = {0};
    const struct vcl_definition *def;
    char *copy, *words[MAX_WORDS];
    void *config;
    enum vcl_status r;
    TRY(vcl_arena_strdup(arena, text, &copy, err));
    size_t n = split_words(copy, words);
    if (n == 0)
        FAIL(err, VCL_E_ARG, "an empty %s", what);
    if (n > MAX_WORDS)
        FAIL(err, VCL_E_ARG, "a %s of more than %d words", what, MAX_WORDS);
    if (!(def = vcl_row_find(what, table, words[0], err)))
        return VCL_E_ARG;
    TRY(vcl_arena_alloc(arena, def->config_size, &config, err));
    if (def->defaults)
        memcpy(config, def->defaults, def->config_size);
    if (short_forms)
        TRY(take_short_forms(def->opts, config, short_forms, arena, err));
    TRY(vcl_opt_words(def->opts ? def->opts : &none, config, def->name, words + 1, n - 1, err));
    *ret_row = def;
    *ret_config = config;
out:
    return r;
}

enum vcl_status vcl_definition_check(const struct vcl_opt *row, const char *value,
                                     struct vcl_error *err)
{
    struct vcl_arena arena = {0};
    const void *def;
    void *config;
    enum vcl_status r =
        vcl_definition_read(row->key, row->table, NULL, value, &arena, &def, &config, err);
    vcl_arena_finish(&arena);
    return r;
}
