/* SPDX-License-Identifier: MIT
 *
 * What to say when a number is no longer finite. The device skips updates from the bad step on
 * (kernels/step.cl), so the step can be done again here to find the first tensor.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "train/trainer.h"

static bool is_finite_buffer(struct vcl_buf *buf, size_t floats)
{
    float *values = NULL;
    bool finite = true;
    if (!buf || vcl_alloc(floats, sizeof *values, &values, NULL) < 0)
        return true;
    if (vcl_buf_read(buf, 0, floats * sizeof *values, values, NULL) == VCL_OK) {
        for (size_t i = 0; i < floats && finite; i++)
            finite = isfinite(values[i]);
    }
    free(values);
    return finite;
}

/* The first value of a graph, in the order of computation, that is not finite; or NULL. The name
 * lives as long as the graph. */
static const char *bad_value(const struct vcl_graph *graph, const struct vcl_run *run)
{
    for (size_t i = 0; i < graph->n_values; i++) {
        const struct vcl_value *value = graph->values[i];
        if (!is_finite_buffer(value->data, vcl_value_floats(value, run)))
            return value->name;
    }
    return NULL;
}

/* Does the step forward in a graph of its own, where no value's memory is used again. */
static enum vcl_status replay(struct vcl_trainer *trainer, uint64_t step, struct vcl_build *b,
                              char name[64])
{
    struct vcl_model *model = trainer->model;
    const struct vcl_step values = vcl_training_step(trainer, step);
    const struct vcl_loop *loop = &trainer->train;
    const struct vcl_run run = {.emit = VCL_AT_ONCE(trainer->ctx),
                                .batch = vcl_loop_rows(loop, step),
                                .training = true,
                                .step = model->step,
                                .ids = model->ids};
    enum vcl_status r;
    TRY(vcl_model_build(model, b, NULL));
    vcl_graph_prepare(&b->graph, false);
    TRY(vcl_graph_place(&b->graph, &(struct vcl_placing){.batch = run.batch, .apart = true}, NULL));
    TRY(vcl_model_send(model, &values, loop->set, loop->order + step * loop->batch, run.batch,
                       NULL));
    TRY(vcl_model_unpack(model, run.emit, run.batch, loop->set->dtype, trainer->binarise, NULL));
    TRY(vcl_graph_forward(&b->graph, &run, NULL));
    const char *bad = bad_value(&b->graph, &run);
    if (bad)
        snprintf(name, 64, "%s", bad);
out:
    return r;
}

static void first_bad_tensor(struct vcl_trainer *trainer, uint64_t step, char name[64])
{
    struct vcl_build b = {0};
    snprintf(name, 64, "the reconstruction loss");
    if (replay(trainer, step, &b, name) < 0)
        snprintf(name, 64, "unknown");
    vcl_graph_finish(&b.graph);
}

enum vcl_status vcl_health_check(struct vcl_trainer *trainer, struct vcl_error *err)
{
    struct vcl_health health;
    enum vcl_status r = vcl_buf_read(trainer->health, 0, sizeof health, &health, err);
    if (r < 0 || (!health.halted && health.bad_index == UINT32_MAX))
        return r;
    char name[64] = "";
    const struct vcl_param *param = vcl_params_at(&trainer->model->params, health.bad_index);
    bool gradient = health.bad_index != UINT32_MAX;
    uint64_t before = trainer->at.epoch * trainer->train.steps;
    /* A bad gradient is found after its step's loss, and halts the next step, if there was one. */
    uint64_t bad = health.halted ? health.bad_step - gradient : before + trainer->at.step - 1;
    if (!gradient)
        first_bad_tensor(trainer, bad - before, name);
    r = ERR(err, VCL_E_NUMERIC, "step %llu (epoch %llu, step %llu): %s%s is not finite",
            (unsigned long long)bad + 1, (unsigned long long)trainer->at.epoch + 1,
            (unsigned long long)(bad - before) + 1, gradient ? "the gradient of " : "",
            gradient ? (param ? param->name : "padding") : name);
    return vcl_error_hint(err, r, VCL_DIVERGED_HINT "; the last checkpoint is untouched");
}
