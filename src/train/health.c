/* SPDX-License-Identifier: MIT
 *
 * What to say when a number is no longer finite. The device skips updates from the bad step on
 * (kernels/step.cl), so the step can be done again here, stage by stage, to find the first tensor.
 */
#include <math.h>
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

static const char *bad_node(const struct vcl_chain *chain, uint32_t rows)
{
    for (size_t i = 0; i < chain->count; i++) {
        const char *inner = chain->nodes[i].inner ? bad_node(chain->nodes[i].inner, rows) : NULL;
        if (inner)
            return inner;
        if (!is_finite_buffer(chain->nodes[i].out, rows * chain->nodes[i].out_size))
            return chain->nodes[i].name;
    }
    return NULL;
}

/* The first tensor of the step, in the order of computation, that is not finite. */
static const char *first_bad_tensor(struct vcl_trainer *trainer, uint64_t step)
{
    struct vcl_model *model = trainer->model;
    const struct vcl_step values = vcl_training_step(trainer, step);
    const char *name;
    if (vcl_loop_step(trainer, &trainer->train, &values, step, NULL) < 0)
        return "unknown";
    uint32_t rows = vcl_loop_rows(&trainer->train, step);
    if (!is_finite_buffer(model->x, (size_t)rows * model->data_size))
        return "the data";
    if ((name = bad_node(&model->encoder, rows)))
        return name;
    if (!is_finite_buffer(model->z, (size_t)rows * model->latent))
        return "z";
    if (!is_finite_buffer(model->kl, rows))
        return "the KL term";
    if ((name = bad_node(&model->decoder, rows)))
        return name;
    return "the reconstruction loss";
}

enum vcl_status vcl_health_check(struct vcl_trainer *trainer, struct vcl_error *err)
{
    struct vcl_health health;
    enum vcl_status r = vcl_buf_read(trainer->health, 0, sizeof health, &health, err);
    if (r < 0 || (!health.halted && health.bad_index == UINT32_MAX))
        return r;
    const struct vcl_param *param = vcl_params_at(&trainer->model->params, health.bad_index);
    bool gradient = health.bad_index != UINT32_MAX;
    uint64_t before = trainer->at.epoch * trainer->train.steps;
    /* A bad gradient is found after its step's loss, and halts the next step, if there was one. */
    uint64_t bad = health.halted ? health.bad_step - gradient : before + trainer->at.step - 1;
    r = ERR(err, VCL_E_NUMERIC, "step %llu (epoch %llu, step %llu): %s%s is not finite",
            (unsigned long long)bad + 1, (unsigned long long)trainer->at.epoch + 1,
            (unsigned long long)(bad - before) + 1, gradient ? "the gradient of " : "",
            gradient ? (param ? param->name : "padding") : first_bad_tensor(trainer, bad - before));
    return vcl_error_hint(err, r, VCL_DIVERGED_HINT "; the last checkpoint is untouched");
}
