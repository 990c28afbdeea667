/* SPDX-License-Identifier: MIT
 *
 * Option rows: one table describes the fields of a configuration struct, and serves the command
 * line (--beta 4), the model text (beta=4, "dense 400 relu"), --help and the saved configuration.
 */
#ifndef VCL_BASE_OPTION_H
#define VCL_BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

enum vcl_opt_kind {
    VCL_OPT_FLAG,   /* bool */
    VCL_OPT_INT,    /* int64_t */
    VCL_OPT_UINT,   /* uint64_t */
    VCL_OPT_FLOAT,  /* double */
    VCL_OPT_STRING, /* const char *, borrowed from the text that was parsed */
    VCL_OPT_CHOICE, /* const char *, one of `choices` */
    VCL_OPT_LIST,   /* struct vcl_opt_list: the option may be repeated */
    VCL_OPT_PAIR,   /* struct vcl_opt_pair: "3x5", or "3" for both */
};

struct vcl_opt_list {
    const char *items[32];
    size_t count;
};

/* Whole numbers by height and width. */
struct vcl_opt_pair {
    int64_t height, width;
};

struct vcl_opt {
    const char *key; /* "learning-rate"; NULL ends a table */
    enum vcl_opt_kind kind;
    size_t offset;              /* of the field in the configuration struct */
    double min, max;            /* inclusive; both 0: any value */
    const char *const *choices; /* for CHOICE, ends with NULL */
    const char *arg;            /* how --help calls the value: "N", "FILE" */
    const char *help;           /* one line */
    const char *group;          /* --help heading; NULL continues the previous one */
    char letter;                /* of a number's word that may stand anywhere: 'k' for "k3" */
    /* Of a STRING: the table of definitions (base/definition.h) that one is chosen from, or NULL.
     */
    const void *table;
    /* Of a STRING: refuses what is no value; NULL: any text is one. */
    enum vcl_status (*check)(const struct vcl_opt *row, const char *value, struct vcl_error *err);
};

/* Sets one field from text. Unknown keys are an error with the nearest name as a hint. `prefix` is
 * put before a key in messages: "--" for the command line, "" elsewhere. */
enum vcl_status vcl_opt_set(const struct vcl_opt *table, void *config, const char *prefix,
                            const char *key, const char *value,
                            struct vcl_error *err) VCL_MUST_CHECK;

const struct vcl_opt *vcl_opt_find(const struct vcl_opt *table, const char *key, size_t len);

/* Sets the fields in the order of the table from positional words, by key=value words, or by their
 * letter and a number: "400 relu", "units=400 activation=relu", "32 k4 s2 relu". Fields with a
 * letter have no position. `what` names the thing for messages. */
enum vcl_status vcl_opt_words(const struct vcl_opt *table, void *config, const char *what,
                              char *const *words, size_t count,
                              struct vcl_error *err) VCL_MUST_CHECK;

/* One field as text, for --help (its default) and the saved configuration. */
void vcl_opt_show(const struct vcl_opt *row, const void *config, struct vcl_str *out);

#endif
