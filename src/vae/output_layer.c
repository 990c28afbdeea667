/* SPDX-License-Identifier: MIT */
#include "vae/output_layer.h"

#include <stdio.h>
#include <string.h>

#include "base/c_locale.h"
#include "nn/node_activation.h"

/* Layers that can be the last, for a hint. */
static enum vcl_status no_output(const char *name, struct vcl_error *err)
{
    struct vcl_str names = {0};
    for (const struct vcl_node_def *const *def = vcl_layer_defs; *def; def++) {
        if ((*def)->outputs)
            vcl_str_add(&names, "%s%s", names.len ? ", " : "", (*def)->name);
    }
    enum vcl_status r = ERR(err, VCL_E_ARG, "'%s' makes no number of outputs", name);
    if (!names.failed)
        r = vcl_error_hint(err, r, "the output layer is one of %s, as in \"deconv k4 s2\"",
                           names.text);
    vcl_str_finish(&names);
    return r;
}

/* "deconv k4 s2" -> "deconv 3 k4 s2", with `each` outputs a value. */
static enum vcl_status complete(const char *output, struct vcl_shape shape, uint32_t each,
                                struct vcl_str *ret_text, enum vcl_outputs *ret_kind,
                                struct vcl_error *err)
{
    const struct vcl_node_def *def;
    const char *name = output + strspn(output, " \t\r\n"), *rest;
    char word[32];
    enum vcl_status r;
    size_t len = strcspn(name, " \t\r\n");
    rest = name + len;
    snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), name);
    if (!(def = vcl_row_find("layer", vcl_layer_defs, word, err)))
        return VCL_E_ARG;
    if (!def->outputs)
        return no_output(word, err);
    if (vcl_is_digit(rest[strspn(rest, " \t\r\n")]) || strchr(rest, '=')) {
        r = ERR(err, VCL_E_ARG, "'%s': the number of outputs follows from the data", output);
        return vcl_error_hint(err, r, "leave it out, as in \"deconv k4 s2\"");
    }
    *ret_kind = def->outputs;
    vcl_str_add(
        ret_text, "%s %zu%s", word,
        each * (def->outputs == VCL_OUTPUTS_VALUES ? vcl_shape_size(shape) : shape.channels), rest);
    return vcl_str_check(ret_text, err);
}

static enum vcl_status check_shape(struct vcl_shape made, struct vcl_shape data,
                                   const struct vcl_config *config, struct vcl_error *err)
{
    enum vcl_status r;
    if (made.height == data.height && made.width == data.width && made.channels == data.channels)
        return VCL_OK;
    r = ERR(err, VCL_E_SHAPE, "the decoder makes %u x %u x %u, the data are %u x %u x %u",
            made.height, made.width, made.channels, data.height, data.width, data.channels);
    if (strcmp(config->name, "custom") != 0)
        return vcl_error_hint(err, r,
                              "'%s' fits %u x %u pixels: scale the data, give layers of your own, "
                              "or --output dense, which makes any shape",
                              config->name, made.height, made.width);
    return vcl_error_hint(
        err, r,
        "begin the decoder with another \"reshape H W C\", change its strides, or "
        "take --output dense, which makes any shape");
}

/* A likelihood of logits would see them through the activation twice. */
static enum vcl_status check_activation(const struct vcl_value *out,
                                        const struct vcl_likelihood_def *likelihood,
                                        struct vcl_error *err)
{
    if (out->from->def != &vcl_node_activation || strcmp(likelihood->mean, "identity") == 0)
        return VCL_OK;
    enum vcl_status r =
        ERR(err, VCL_E_ARG, "output: the likelihood '%s' has its own activation, '%s'",
            likelihood->name, likelihood->mean);
    return vcl_error_hint(err, r, "leave the output layer's out");
}

enum vcl_status vcl_output_add(struct vcl_graph *graph, const struct vcl_model *model,
                               struct vcl_value *in, struct vcl_value **ret_out,
                               struct vcl_error *err)
{
    const uint32_t each = vcl_likelihood_form(model->likelihood, model->likelihood_config).outputs;
    struct vcl_str text = {0};
    enum vcl_outputs kind = VCL_OUTPUTS_NONE;
    struct vcl_shape made;
    enum vcl_status r = complete(model->config->output, model->shape, each, &text, &kind, err);
    if (r < 0) {
        vcl_error_wrap(err, r, "output");
        goto out;
    }
    TRY(vcl_net_layer(graph, "output", text.text, in, ret_out, err));
    made = (*ret_out)->shape;
    made.channels /= each;
    if (kind == VCL_OUTPUTS_CHANNELS)
        TRY(check_shape(made, model->shape, model->config, err));
    TRY(check_activation(*ret_out, model->likelihood, err));
out:
    vcl_str_finish(&text);
    return r;
}

enum vcl_status vcl_output_check(const char *output, struct vcl_error *err)
{
    struct vcl_str text = {0};
    enum vcl_outputs kind;
    enum vcl_status r = complete(output, (struct vcl_shape){1, 1, 1}, 1, &text, &kind, err);
    if (r < 0)
        vcl_error_wrap(err, r, "output");
    else
        r = vcl_net_check("output", text.text, err);
    vcl_str_finish(&text);
    return r;
}
