/* SPDX-License-Identifier: MIT
 *
 * The command line: the only part of the program that prints, exits, and reads arguments, signals
 * and the environment. To add a command: src/cli/cmd_x.c exporting `const struct command
 * command_x`, and the word in src/cli/meson.build.
 */
#ifndef VCL_CLI_CLI_H
#define VCL_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/option.h"
#include "base/row.h"
#include "vaecl/vaecl.h"

/* Options that every command takes. */
struct common {
    const char *device, *gemm, *precision, *kernel_dir;
    bool same_bits, json, quiet, verbose, profile, help;
    uint64_t seed;
};

/* surroundings.c: what drivers trip over, and what was done about it. */
struct surroundings {
    char *cache;       /* pocl's, made for this process alone; NULL: its usual one */
    char note[400];    /* why it was, or "" */
    char trouble[400]; /* what is left for drivers to fail over, or "" */
};

struct cli {
    const struct command *command;
    struct common common;
    struct vcl_config *config;    /* for commands that take its keys as options */
    struct vcl_opt_list assigned; /* "key=value" options for the configuration, in order */
    const char *positional[2];
    int n_positional;
    double process_start;
    struct surroundings around;
    struct vcl_ctx *ctx;
    struct vcl_error err;
};

struct command {
    const char *name, *summary, *usage, *example;
    const struct vcl_opt *opts;
    size_t size;          /* of its options struct */
    const void *defaults; /* of that struct, or NULL for zeros */
    bool takes_config;    /* keys of struct vcl_config are options too */
    int max_positional;
    enum vcl_status (*run)(struct cli *cli, void *options);
};

extern const struct command *const commands[]; /* a table of base/row.h */

struct session;
struct use;

/* ---- options.c ---- */
extern const struct vcl_opt common_options[];
enum vcl_status parse_options(struct cli *cli, void *options, int argc, char **argv);
/* Sets "key=value", or a list of them, in a configuration. */
enum vcl_status assign(struct vcl_config *config, const char *text, struct vcl_error *err);
enum vcl_status assign_all(struct vcl_config *config, const struct vcl_opt_list *list,
                           struct vcl_error *err);
enum vcl_status unknown_command(const char *name, struct vcl_error *err);

/* ---- help.c ---- */
void print_help(void);
void print_command_help(const struct command *command);

/* ---- open_device.c ---- */
/* Opens the device and names it on standard error. */
enum vcl_status open_context(struct cli *cli);

/* ---- surroundings.c ---- */
/* Before the first call of OpenCL. */
void surroundings_prepare(struct cli *cli);
/* On standard error, what the device that was opened has to do with. */
void surroundings_report(const struct cli *cli);
/* After a failure: what the surroundings have to do with it becomes its hint. */
void surroundings_explain(struct cli *cli, enum vcl_status r);
void surroundings_finish(struct cli *cli);

/* ---- profile_table.c: both only if a profile was asked for ---- */
/* Prints it on standard error; `training` may be NULL. */
void report_profile(struct cli *cli, const struct vcl_train_result *training);
/* Adds it as `profile` to what a command prints as JSON. */
void add_profile(struct cli *cli, json_t *object, const struct vcl_train_result *training);

/* ---- tune_products.c ---- */
/* A bar while tuning; for vcl_tune, with the cli as its user. Stops at an interrupt. */
bool draw_tuning(void *user, const struct vcl_tune_progress *progress);
/* Tunes, for a few seconds, what nothing is known of on this device. Failing is no reason not to
 * train. */
void tune_products(struct cli *cli, const struct vcl_gemm *products, size_t count);

/* ---- print.c ---- */
void say(const struct cli *cli, const char *fmt, ...)
    VCL_PRINTF(2, 3); /* standard error, not with -q */
/* Takes the reference. What cannot be made (NULL) or written is a failure of the program. */
void print_json(json_t *object);
bool results_lost(void); /* was there such an object? */
/* NaN becomes null. */
json_t *number_or_null(double value);
/* "recon 80.854, kl 25.021", in `text`. */
const char *show_terms(const struct vcl_losses *losses, char *text, size_t size);
/* The given path, or the first of name.ext, name-2.ext ... that is free. *ret_path is freed. */
enum vcl_status output_path(const char *given, const char *name, const char *extension, bool force,
                            char **ret_path, struct vcl_error *err);
/* Checks the extension before work is done. */
enum vcl_status check_extension(const char *path, struct vcl_error *err);

/* ---- write.c ---- */
/* Where a command's array goes. */
struct output {
    const char *out;              /* --out, or NULL to choose a free name */
    const char *name, *extension; /* for that */
    bool force;
    uint32_t columns; /* of a PNG grid; 0 chooses */
};
/* Writes it and prints the path, or a JSON object. */
enum vcl_status write_result(struct cli *cli, const struct output *output,
                             const struct vcl_array *array);
/* Examples (n, D) of the session's shape: a grid by default if they are pictures, else a table. */
enum vcl_status write_examples(struct cli *cli, const struct session *session,
                               const struct use *use, const char *name, size_t n,
                               const float *values, uint32_t columns);

/* ---- progress.c ---- */
/* To be called first: OpenCL runtimes set handlers of their own. */
void note_ignored_signals(void);
void watch_interrupts(void);
bool interrupted(void);
/* The exit status of a program that a signal stopped: 130 for SIGINT, 143 for SIGTERM. */
int interrupted_status(void);

/* ---- bar.c ---- */
/* A bar on a terminal: "label [=====>    ] 43 %  text". Nothing when standard error is none. Where
 * the terminal is narrow the bar goes first, then the last parts of the text, which two blanks
 * divide. */
void draw_bar(const struct cli *cli, const char *label, double done, const char *text);
void clear_bar(const struct cli *cli);
bool bars_wanted(const struct cli *cli);

/* ---- session.c ---- */
/* Options of commands that use a trained model: the first member, `use`, of their options. */
struct use {
    const char *model, *data, *split, *out, *label;
    uint64_t limit;
    bool force;
};
#define USE_FIELD(field) .offset = offsetof(struct options, use.field)
#define MODEL_OPTION                                                                               \
    {                                                                                              \
        .key = "model", .kind = VCL_OPT_STRING, USE_FIELD(model), .arg = "RUN|FILE",               \
        .help = "run folder or .safetensors file"                                                  \
    }
#define DATA_OPTIONS                                                                               \
    {.key = "data",                                                                                \
     .kind = VCL_OPT_STRING,                                                                       \
     USE_FIELD(data),                                                                              \
     .arg = "SRC",                                                                                 \
     .help = "what to use (default: what the run was trained on)"},                                \
        {.key = "split",                                                                           \
         .kind = VCL_OPT_STRING,                                                                   \
         USE_FIELD(split),                                                                         \
         .arg = "NAME",                                                                            \
         .help = "train, test or all"},                                                            \
    {                                                                                              \
        .key = "limit", .kind = VCL_OPT_UINT, USE_FIELD(limit), .arg = "N",                        \
        .help = "look at the first N examples only"                                                \
    }
#define OUT_OPTIONS(what)                                                                          \
    {.key = "out", .kind = VCL_OPT_STRING, USE_FIELD(out), .arg = "FILE", .help = what},           \
    {                                                                                              \
        .key = "force", .kind = VCL_OPT_FLAG, USE_FIELD(force), .help = "replace an existing file" \
    }

#define LABEL_OPTION(what)                                                                         \
    {                                                                                              \
        .key = "label", .kind = VCL_OPT_STRING, USE_FIELD(label), .arg = "L", .help = what         \
    }

/* A model, and data if asked for, opened for a command. */
struct session {
    struct vcl_model *model;
    struct vcl_dataset *set; /* NULL without data */
    struct vcl_model_info info;
    size_t size; /* values an example */
};
enum vcl_status session_open(struct session *session, struct cli *cli, const struct use *use,
                             bool with_data);
/* Reports the profile, too, where one was asked for. */
void session_close(struct session *session, struct cli *cli);
/* Reads the codes z (n, Z) of an .npy file. *ret_z is freed. */
enum vcl_status read_codes(const char *path, uint32_t latent, float **ret_z, size_t *ret_n,
                           struct vcl_error *err);

/* ---- label.c ---- */
/* n times the label that --label says, by its number or its class's name; without it `otherwise`,
 * below 0: none. *ret_labels, which is freed, is NULL then, and for a model without a condition. */
enum vcl_status read_labels(struct cli *cli, const struct session *session, const struct use *use,
                            size_t n, int32_t otherwise, int32_t **ret_labels);

/* ---- pictures.c ---- */
bool is_picture(struct vcl_shape shape);
/* samples.png and reconstructions.png in a run folder. */
enum vcl_status write_run_pictures(struct vcl_model *model, const struct vcl_dataset *set,
                                   const char *folder, struct vcl_error *err);
/* Originals and reconstructions from first .. first+n-1 in alternation: ret (2n, D). They are
 * decoded with `labels` (n), or with their own if it is NULL. */
enum vcl_status reconstruct_pairs(struct vcl_model *model, const struct vcl_dataset *set,
                                  size_t first, size_t n, const int32_t *labels, float *ret,
                                  struct vcl_error *err);
/* Columns of a grid of all classes in turn: one for each, if they are few; 0: any number. */
uint32_t class_columns(const struct vcl_model_info *info);

#endif
