/* SPDX-License-Identifier: MIT
 *
 * Rows of tables (base/row.h) that have options of their own: layers, objectives, likelihoods. One
 * is chosen by a text, "gaussian sigma=0.5": its name, then words as vcl_opt_words reads them.
 */
#ifndef VCL_BASE_DEFINITION_H
#define VCL_BASE_DEFINITION_H

#include "base/mem.h"
#include "base/option.h"
#include "base/row.h"

/* What a row's struct begins with. */
#define VCL_DEFINITION                                                                             \
    const char *name, *help;                                                                       \
    const struct vcl_opt *opts; /* of its configuration struct, positional words in order */       \
    size_t config_size;                                                                            \
    const void *defaults /* a configuration; NULL: zeros */

struct vcl_definition {
    VCL_DEFINITION;
};

/* What an option begins with that the text does not name: the value of the same key here, if there
 * is one. So --sigma 0.5 is short for --likelihood "gaussian sigma=0.5". */
struct vcl_short_forms {
    const struct vcl_opt *opts;
    const void *config;
};

/* Finds the row and makes its configuration, both valid as long as table and arena. `what` names
 * what rows are, "likelihood"; `short_forms` may be NULL. VCL_E_ARG if the text is no choice. */
enum vcl_status vcl_definition_read(const char *what, const void *table,
                                    const struct vcl_short_forms *short_forms, const char *text,
                                    struct vcl_arena *arena, const void **ret_row,
                                    void **ret_config, struct vcl_error *err) VCL_MUST_CHECK;

/* How an option's text is checked when it is set: a row of its table with fitting words. For
 * struct vcl_opt.check. */
enum vcl_status vcl_definition_check(const struct vcl_opt *row, const char *value,
                                     struct vcl_error *err) VCL_MUST_CHECK;

#endif
