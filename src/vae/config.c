/* SPDX-License-Identifier: MIT */
#include "vae/config.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/json.h"
#include "nn/optimiser.h"
#include "vae/condition.h"
#include "vae/likelihood.h"
#include "vae/objective.h"
#include "vae/output_layer.h"
#include "vae/prior.h"

/* The public part first: a struct vcl_config pointer is one of these. */
struct config {
    struct vcl_config config;
    struct vcl_arena strings;
};

static enum vcl_status check_layers(const struct vcl_opt *row, const char *value,
                                    struct vcl_error *err)
{
    return vcl_net_check(row->key, value, err);
}

static enum vcl_status check_output(const struct vcl_opt *row, const char *value,
                                    struct vcl_error *err)
{
    (void)row;
    return vcl_output_check(value, err);
}

static const char *const binarize_names[] = {"none", "dynamic", "threshold", NULL};

#define FIELD(name) .offset = offsetof(struct vcl_config, name)
#define BIG         1e9

const struct vcl_opt vcl_config_options[] = {
    {"name", VCL_OPT_STRING, FIELD(name), .arg = "NAME", .help = "what to call the model"},
    {"encoder", VCL_OPT_STRING, FIELD(encoder), .arg = "LAYERS", .group = "Model",
     .help = "layers from data to latent: \"dense 400 relu, dense 200 relu\"",
     .check = check_layers},
    {"latent", VCL_OPT_INT, FIELD(latent), 1, 1 << 20, .arg = "N", .help = "latent dimensions"},
    {"decoder", VCL_OPT_STRING, FIELD(decoder), .arg = "LAYERS",
     .help = "layers from latent to data; the output layer is added", .check = check_layers},
    {"output", VCL_OPT_STRING, FIELD(output), .arg = "LAYER",
     .help = "the output layer without its number of outputs: dense, \"deconv k4 s2\"",
     .check = check_output},
    {"condition", VCL_OPT_STRING, FIELD(condition), .arg = "HOW",
     .help = "tell encoder and decoder the label: none, one-hot, or \"embed N\" (trained)",
     .table = vcl_condition_defs, .check = vcl_definition_check},
    {"classes", VCL_OPT_INT, FIELD(classes), 0, 1 << 20, .arg = "N",
     .help = "labels that there are, for --condition; 0: as many as the data have"},
    {"likelihood", VCL_OPT_STRING, FIELD(likelihood), .arg = "NAME",
     .help = "p(x|z), one of those below", .table = vcl_likelihoods, .check = vcl_definition_check},
    {"sigma", VCL_OPT_FLOAT, FIELD(sigma), 1e-6, BIG, .arg = "F",
     .help = "standard deviation of the gaussian likelihood"},
    {"objective", VCL_OPT_STRING, FIELD(objective), .arg = "NAME",
     .help = "what is minimised, one of those below", .table = vcl_objective_defs,
     .check = vcl_definition_check},
    {"prior", VCL_OPT_STRING, FIELD(prior), .arg = "NAME", .help = "p(z), one of those below",
     .table = vcl_prior_defs, .check = vcl_definition_check},
    {"beta", VCL_OPT_FLOAT, FIELD(beta), 0, BIG, .arg = "F", .help = "weight of the KL term"},
    {"warmup", VCL_OPT_FLOAT, FIELD(warmup), 0, BIG, .arg = "EPOCHS",
     .help = "beta rises from 0 over so many epochs"},
    {"free-bits", VCL_OPT_FLOAT, FIELD(free_bits), 0, BIG, .arg = "NATS",
     .help = "KL a latent dimension may use without penalty"},
    {"optimiser", VCL_OPT_STRING, FIELD(optimiser), .arg = "NAME", .group = "Training",
     .help = "how parameters are updated, one of those below", .table = vcl_optimiser_defs,
     .check = vcl_definition_check},
    {"lr", VCL_OPT_FLOAT, FIELD(lr), 1e-12, BIG, .arg = "F", .help = "learning rate"},
    {"momentum", VCL_OPT_FLOAT, FIELD(momentum), 0, 0.999999, .arg = "F", .help = "of sgd"},
    {"beta1", VCL_OPT_FLOAT, FIELD(beta1), 0, 0.999999, .arg = "F", .help = "of adam"},
    {"beta2", VCL_OPT_FLOAT, FIELD(beta2), 0, 0.999999, .arg = "F", .help = "of adam"},
    {"eps", VCL_OPT_FLOAT, FIELD(eps), 1e-30, 1, .arg = "F", .help = "of adam"},
    {"weight-decay", VCL_OPT_FLOAT, FIELD(weight_decay), 0, BIG, .arg = "F",
     .help = "decoupled in adamw"},
    {"clip", VCL_OPT_FLOAT, FIELD(clip), 0, BIG, .arg = "F",
     .help = "largest norm of the gradient; 0 for no clipping"},
    {"epochs", VCL_OPT_INT, FIELD(epochs), 1, BIG, .arg = "N", .help = "passes over the data"},
    {"batch", VCL_OPT_INT, FIELD(batch), 1, 1 << 24, .arg = "N", .help = "examples a step"},
    {"binarize", VCL_OPT_CHOICE, FIELD(binarize), .choices = binarize_names, .arg = "HOW",
     .help = "none, dynamic (drawn anew each epoch) or threshold"},
    {"seed", VCL_OPT_UINT, FIELD(seed), .arg = "N", .help = "of weights, order and noise"},
    {"valid", VCL_OPT_FLOAT, FIELD(valid), 0, 0.9, .arg = "F",
     .help = "fraction of the training set held out"},
    {"checkpoint-every", VCL_OPT_INT, FIELD(checkpoint_every), 0, BIG, .arg = "STEPS",
     .help = "checkpoints within an epoch too; 0: after each epoch"},
    {0},
};

static const struct vcl_config defaults = {
    .name = "mnist-fc",
    .encoder = "dense 400 relu",
    .decoder = "dense 400 relu",
    .output = "dense",
    .latent = 20,
    .condition = "none",
    .likelihood = "bernoulli",
    .sigma = 1,
    .objective = "elbo",
    .prior = "normal",
    .beta = 1,
    .optimiser = "adam",
    .lr = 1e-3,
    .momentum = 0.9,
    .beta1 = 0.9,
    .beta2 = 0.999,
    .eps = 1e-8,
    .epochs = 10,
    .batch = 128,
    .binarize = "none",
    .seed = 1,
};

/* Keys that say what the model is; the others say how it was trained. */
static const char *const model_keys[] = {
    "name",     "encoder",   "latent",    "decoder", "output", "likelihood",
    "sigma",    "objective", "prior",     "beta",    "warmup", "free-bits",
    "binarize", "seed",      "condition", "classes", NULL,
};

static bool is_one_of(const char *key, const char *const *names)
{
    for (; names && *names; names++) {
        if (strcmp(key, *names) == 0)
            return true;
    }
    return false;
}

enum vcl_status vcl_config_create(struct vcl_config **ret_config, struct vcl_error *err)
{
    struct config *self;
    enum vcl_status r = vcl_alloc(1, sizeof *self, &self, err);
    if (r < 0)
        return r;
    self->config = defaults;
    *ret_config = &self->config;
    return VCL_OK;
}

void vcl_config_destroy(struct vcl_config **config)
{
    if (!config || !*config)
        return;
    struct config *self = (struct config *)*config;
    vcl_arena_finish(&self->strings);
    free(self);
    *config = NULL;
}

enum vcl_status vcl_config_keep(struct vcl_config *config, const char *text, const char **ret_copy,
                                struct vcl_error *err)
{
    char *copy;
    enum vcl_status r = vcl_arena_strdup(&((struct config *)config)->strings, text, &copy, err);
    if (r == VCL_OK)
        *ret_copy = copy;
    return r;
}

static enum vcl_status set(struct vcl_config *config, const char *prefix, const char *key,
                           const char *value, struct vcl_error *err)
{
    enum vcl_status r;
    if (value && !vcl_is_utf8(value)) /* it is saved as JSON */
        FAIL(err, VCL_E_ARG, "%s%.64s: the value is not UTF-8", prefix, key);
    if (value)
        TRY(vcl_config_keep(config, value, &value, err));
    TRY(vcl_opt_set(vcl_config_options, config, prefix, key, value, err));
out:
    return r;
}

enum vcl_status vcl_config_set(struct vcl_config *config, const char *key, const char *value,
                               struct vcl_error *err)
{
    return set(config, "", key, value, err);
}

enum vcl_status vcl_config_choose(const struct vcl_config *config, const char *what,
                                  const void *table, const char *text, struct vcl_arena *arena,
                                  const void **ret_row, void **ret_config, struct vcl_error *err)
{
    const struct vcl_short_forms flat = {vcl_config_options, config};
    return vcl_definition_read(what, table, &flat, text, arena, ret_row, ret_config, err);
}

enum vcl_status vcl_config_copy(const struct vcl_config *config, struct vcl_config **ret_copy,
                                struct vcl_error *err)
{
    struct vcl_config *copy = NULL;
    enum vcl_status r;
    TRY(vcl_config_create(&copy, err));
    *copy = *config;
    for (const struct vcl_opt *row = vcl_config_options; row->key; row++) {
        if (row->kind != VCL_OPT_STRING && row->kind != VCL_OPT_CHOICE)
            continue;
        const char **field = (const char **)((char *)copy + row->offset);
        if (*field)
            TRY(vcl_config_keep(copy, *field, field, err));
    }
    *ret_copy = copy;
    copy = NULL;
out:
    vcl_config_destroy(&copy);
    return r;
}

/* A JSON value as the text that vcl_opt_set reads; arrays of layers are joined by commas. */
static enum vcl_status json_text(const char *key, const json_t *value, struct vcl_str *out,
                                 struct vcl_error *err)
{
    if (json_is_string(value)) {
        vcl_str_add(out, "%s", json_string_value(value));
    } else if (json_is_integer(value)) {
        vcl_str_add(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_real(value)) {
        vcl_str_add(out, "%.17g", json_real_value(value));
    } else if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            const char *item = json_string_value(json_array_get(value, i));
            if (!item)
                return ERR(err, VCL_E_FORMAT, "%s: an array must hold strings", key);
            vcl_str_add(out, "%s%s", i ? ", " : "", item);
        }
        vcl_str_add(out, "%s", "");
    } else {
        return ERR(err, VCL_E_FORMAT, "%s: neither text, number nor array", key);
    }
    return vcl_str_check(out, err);
}

enum vcl_status vcl_config_apply_json(struct vcl_config *config, const json_t *object,
                                      const char *const *ignore, struct vcl_error *err)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return ERR(err, VCL_E_FORMAT, "a configuration must be a JSON object");
    json_object_foreach((json_t *)object, key, value)
    {
        struct vcl_str text = {0};
        if (is_one_of(key, ignore))
            continue;
        enum vcl_status r = json_text(key, value, &text, err);
        if (r == VCL_OK)
            r = vcl_config_set(config, key, text.text ? text.text : "", err);
        vcl_str_finish(&text);
        if (r < 0)
            return r;
    }
    return VCL_OK;
}

enum vcl_status vcl_shape_from_json(const json_t *object, struct vcl_shape *ret_shape,
                                    struct vcl_error *err)
{
    const json_t *shape = json_object_get(object, "shape");
    uint32_t extent[3];
    json_int_t size = 1;
    if (json_array_size(shape) != 3)
        return ERR(err, VCL_E_FORMAT, "the description has no shape of three numbers");
    for (size_t i = 0; i < 3; i++) {
        json_int_t value = json_integer_value(json_array_get(shape, i));
        if (value < 1 || value > (1 << 24) / size)
            return ERR(err, VCL_E_FORMAT, "the description's shape is out of range");
        extent[i] = (uint32_t)value;
        size *= value;
    }
    *ret_shape = (struct vcl_shape){extent[0], extent[1], extent[2]};
    return VCL_OK;
}

static json_t *field_json(const struct vcl_opt *row, const struct vcl_config *config)
{
    const void *field = (const char *)config + row->offset;
    switch (row->kind) {
    case VCL_OPT_INT:
        return json_integer(*(const int64_t *)field);
    case VCL_OPT_FLOAT:
        return json_real(*(const double *)field);
    case VCL_OPT_UINT: { /* JSON integers end at 2^63: larger seeds are written as text */
        uint64_t number = *(const uint64_t *)field;
        struct vcl_str text = {0};
        if (number <= INT64_MAX)
            return json_integer((json_int_t)number);
        vcl_opt_show(row, config, &text);
        json_t *value = text.text ? json_string(text.text) : NULL;
        vcl_str_finish(&text);
        return value;
    }
    default:
        return json_string(*(const char *const *)field);
    }
}

enum vcl_status vcl_config_to_json(const struct vcl_config *config, bool model_only,
                                   json_t **ret_object, struct vcl_error *err)
{
    json_t *object = json_object();
    for (const struct vcl_opt *row = vcl_config_options; row->key; row++) {
        if (model_only && !is_one_of(row->key, model_keys))
            continue;
        if (json_object_set_new(object, row->key, field_json(row, config)) != 0) {
            json_decref(object);
            return ERR(err, VCL_E_NOMEM, "cannot write '%s' as JSON", row->key);
        }
    }
    *ret_object = object;
    return VCL_OK;
}

/* The fewest digits that give every number back exactly: 0.9, not 0.90000000000000002. */
size_t vcl_config_digits(const struct vcl_config *config)
{
    int digits = 1;
    for (const struct vcl_opt *row = vcl_config_options; row->key; row++) {
        char text[40];
        double value, back;
        if (row->kind != VCL_OPT_FLOAT)
            continue;
        memcpy(&value, (const char *)config + row->offset, sizeof value);
        for (; digits < 17; digits++) {
            vcl_format(text, sizeof text, "%.*g", digits, value);
            if (vcl_parse_f64(text, &back) && back == value)
                break;
        }
    }
    return JSON_REAL_PRECISION((size_t)digits);
}

enum vcl_status vcl_config_json(const struct vcl_config *config, char **ret_json,
                                struct vcl_error *err)
{
    json_t *object;
    enum vcl_status r = vcl_config_to_json(config, false, &object, err);
    if (r < 0)
        return r;
    char *text = vcl_json_dump(object, JSON_INDENT(2) | vcl_config_digits(config));
    json_decref(object);
    if (!text)
        return ERR(err, VCL_E_NOMEM, "cannot write the configuration as JSON");
    *ret_json = text;
    return VCL_OK;
}
