/* SPDX-License-Identifier: MIT
 *
 * What people write: a text as a preset's JSON, as layers, and as options. Whatever is accepted
 * must survive being saved and read again.
 */
#include <stdlib.h>
#include <string.h>

#include "cl/internal.h" /* a context without a device: layers ask for its alignment alone */
#include "nn/layer.h"
#include "vae/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_status(enum vcl_status r, const struct vcl_error *err)
{
    if (r < 0 && (err->status != r || !err->msg[0]))
        abort();
}

static void save_and_read(const struct vcl_config *config)
{
    struct vcl_config *again = NULL;
    json_t *one, *two;
    if (vcl_config_to_json(config, false, &one, NULL) < 0 || vcl_config_create(&again, NULL) < 0 ||
        vcl_config_apply_json(again, one, NULL, NULL) < 0 ||
        vcl_config_to_json(again, false, &two, NULL) < 0 || !json_equal(one, two))
        abort();
    json_decref(one);
    json_decref(two);
    vcl_config_destroy(&again);
}

static void as_json(const char *text, size_t size)
{
    struct vcl_error err = {0};
    struct vcl_config *config;
    json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    if (!object || vcl_config_create(&config, NULL) < 0) {
        json_decref(object);
        return;
    }
    enum vcl_status r = vcl_config_apply_json(config, object, NULL, &err);
    check_status(r, &err);
    if (r == VCL_OK)
        save_and_read(config);
    json_decref(object);
    vcl_config_destroy(&config);
}

static void as_layers(const char *text)
{
    struct vcl_error err = {0};
    struct vcl_ctx ctx = {.alignment = 256};
    struct vcl_params params;
    struct vcl_graph graph;
    struct vcl_value *in, *out;
    vcl_params_init(&params, &ctx);
    vcl_graph_init(&graph, &ctx, &params);
    enum vcl_status r =
        vcl_graph_input(&graph, "x", (struct vcl_shape){28, 28, 1}, NULL, &in, &err);
    if (r == VCL_OK)
        r = vcl_net_layers(&graph, "encoder", text, in, &out, &err);
    check_status(r, &err);
    if (r == VCL_OK) {
        out->is_kept = true;
        vcl_graph_prepare(&graph, true);
        if (out->size == 0)
            abort();
    }
    vcl_graph_finish(&graph);
    vcl_params_finish(&params);
}

static void as_words(char *text)
{
    struct vcl_error err = {0};
    struct vcl_config *config;
    char *words[64];
    size_t n = 0;
    for (char *word = strtok(text, " \n"); word && n < 64; word = strtok(NULL, " \n"))
        words[n++] = word;
    if (vcl_config_create(&config, NULL) < 0)
        return;
    check_status(vcl_opt_words(vcl_config_options, config, "fuzz", words, n, &err), &err);
    for (size_t i = 0; i < n; i++)
        check_status(vcl_config_set(config, words[i], words[n - 1], &err), &err);
    vcl_config_destroy(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    as_json(text, size);
    as_layers(text);
    as_words(text);
    free(text);
    return 0;
}
