/* SPDX-License-Identifier: MIT */
#include "nn/params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/philox.h"

/* Floats from one tensor's start to where the next may start. More than devices ask for, so that it
 * is the same on all: the gradient's norm is summed over the flat buffer, in an order that must not
 * depend on the device. */
enum { TENSOR_STEP = 1024 };

/* Parameters in all: kernels count them in 32 bits. */
enum { MAX = INT32_MAX - (1 << 20) };

void vcl_params_init(struct vcl_params *params, struct vcl_ctx *ctx)
{
    *params = (struct vcl_params){.ctx = ctx, .n_groups = 1};
}

void vcl_params_finish(struct vcl_params *params)
{
    if (!params)
        return;
    for (size_t i = 0; i < params->count; i++) {
        vcl_buf_destroy(&params->items[i].value);
        vcl_buf_destroy(&params->items[i].gradient);
    }
    for (int g = 0; g < VCL_GROUPS; g++) {
        vcl_buf_destroy(&params->groups[g].value);
        vcl_buf_destroy(&params->groups[g].gradient);
        for (int i = 0; i < VCL_OPTIMISER_STATES; i++)
            vcl_buf_destroy(&params->groups[g].state[i]);
    }
    vcl_buf_destroy(&params->value);
    vcl_buf_destroy(&params->gradient);
    for (int i = 0; i < VCL_OPTIMISER_STATES; i++)
        vcl_buf_destroy(&params->state[i]);
    free(params->items);
    *params = (struct vcl_params){0};
}

struct vcl_param vcl_param_matrix(uint32_t rows, uint32_t cols, float bound)
{
    return (struct vcl_param){
        .rows = rows, .cols = cols, .dims = 2, .shape = {rows, cols}, .bound = bound};
}

struct vcl_param vcl_param_vector(uint32_t count, float initial, float bound)
{
    return (struct vcl_param){
        .cols = count, .dims = 1, .shape = {count}, .initial = initial, .bound = bound};
}

struct vcl_param vcl_param_tensor(const uint32_t shape[VCL_PARAM_DIMS], float bound)
{
    struct vcl_param param = {.cols = shape[3], .dims = VCL_PARAM_DIMS, .bound = bound};
    memcpy(param.shape, shape, sizeof param.shape);
    param.rows = shape[0] * shape[1] * shape[2]; /* vcl_params_add sees to it that it fits */
    return param;
}

static enum vcl_status reuse(const struct vcl_param *old, const struct vcl_param *param,
                             struct vcl_error *err)
{
    if (old->dims == param->dims && old->is_state == param->is_state &&
        memcmp(old->shape, param->shape, sizeof old->shape) == 0)
        return VCL_OK;
    return ERR(err, VCL_E_SHAPE, "'%s' is there already, of another shape", param->name);
}

static double values_of(const struct vcl_param *param)
{
    double count = 1;
    for (uint32_t i = 0; i < param->dims; i++)
        count *= param->shape[i];
    return count;
}

/* Among the trained, or among the states, which vcl_params_allocate puts behind them. */
enum vcl_status vcl_params_add(struct vcl_params *params, const struct vcl_param *param,
                               size_t *ret_index, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    size_t *floats = param->is_state ? &params->states : &params->floats;
    size_t step = vcl_buf_alignment(params->ctx) / sizeof(float);
    step = step > TENSOR_STEP ? step : TENSOR_STEP;
    for (size_t i = 0; i < params->count; i++) {
        *ret_index = i;
        if (strcmp(params->items[i].name, param->name) == 0)
            return reuse(&params->items[i], param, err);
    }
    if (values_of(param) + (double)(params->floats + params->states) > MAX)
        FAIL(err, VCL_E_UNSUPPORTED, "more than %d parameters are too many for any device", MAX);
    TRY(vcl_grow(&params->items, &params->cap, params->count + 1, sizeof *params->items, err));
    struct vcl_param *added = &params->items[params->count];
    *added = *param;
    added->count = (size_t)values_of(param);
    added->offset = *floats;
    added->group = params->group;
    *floats += (added->count + step - 1) / step * step;
    params->groups[params->group].floats = params->floats - params->groups[params->group].first;
    *ret_index = params->count++;
out:
    return r;
}

enum vcl_status vcl_params_begin_group(struct vcl_params *params, struct vcl_error *err)
{
    if (params->n_groups == VCL_GROUPS)
        return ERR(err, VCL_E_UNSUPPORTED, "more than %d groups of parameters", VCL_GROUPS);
    params->group = params->n_groups++;
    params->groups[params->group].first = params->floats;
    return VCL_OK;
}

static enum vcl_status view_group(const struct vcl_param_group *group, struct vcl_buf *flat,
                                  struct vcl_buf **ret_view, struct vcl_error *err)
{
    if (!flat || *ret_view || !group->floats)
        return VCL_OK;
    return vcl_buf_view(flat, group->first * sizeof(float), group->floats * sizeof(float), ret_view,
                        err);
}

/* Of the flat buffers that are there so far. */
static enum vcl_status view_groups(struct vcl_params *params, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (uint32_t g = 0; g < params->n_groups; g++) {
        struct vcl_param_group *group = &params->groups[g];
        TRY(view_group(group, params->value, &group->value, err));
        TRY(view_group(group, params->gradient, &group->gradient, err));
        for (int i = 0; i < VCL_OPTIMISER_STATES; i++)
            TRY(view_group(group, params->state[i], &group->state[i], err));
    }
out:
    return r;
}

static enum vcl_status make_views(struct vcl_params *params, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < params->count; i++) {
        struct vcl_param *p = &params->items[i];
        if (p->is_state)
            p->offset += params->floats;
        size_t offset = p->offset * sizeof(float), size = p->count * sizeof(float);
        TRY(vcl_buf_view(params->value, offset, size, &p->value, err));
        if (params->gradient && !p->is_state)
            TRY(vcl_buf_view(params->gradient, offset, size, &p->gradient, err));
    }
out:
    return r;
}

enum vcl_status vcl_params_allocate(struct vcl_params *params, bool trainable,
                                    struct vcl_error *err)
{
    size_t size = params->floats * sizeof(float);
    enum vcl_status r;
    TRY(vcl_buf_create(params->ctx, size + params->states * sizeof(float), &params->value, err));
    if (trainable)
        TRY(vcl_buf_create(params->ctx, size, &params->gradient, err));
    TRY(make_views(params, err));
    TRY(view_groups(params, err));
out:
    return r;
}

enum vcl_status vcl_params_need_states(struct vcl_params *params, int count, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (int i = 0; i < count; i++) {
        if (!params->state[i])
            TRY(vcl_buf_create(params->ctx, params->floats * sizeof(float), &params->state[i],
                               err));
    }
    TRY(view_groups(params, err));
out:
    return r;
}

static void draw(const struct vcl_param *param, uint64_t seed, uint32_t index, float *values)
{
    const struct vcl_philox rng = {.seed = seed, .stream = VCL_STREAM_INIT, .step = index};
    for (size_t i = 0; i < param->count; i++) {
        float u = vcl_philox_uniform(&rng, (uint32_t)(i >> 32), (uint32_t)i);
        values[i] = (2.0f * u - 1.0f) * param->bound + param->initial;
    }
}

enum vcl_status vcl_params_draw(struct vcl_params *params, uint64_t seed, struct vcl_error *err)
{
    float *values;
    size_t floats = params->floats + params->states;
    enum vcl_status r = vcl_alloc(floats, sizeof *values, &values, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < params->count; i++)
        draw(&params->items[i], seed, (uint32_t)i, values + params->items[i].offset);
    r = vcl_buf_write(params->value, 0, floats * sizeof *values, values, err);
    free(values);
    return r;
}

size_t vcl_params_total(const struct vcl_params *params)
{
    size_t total = 0;
    for (size_t i = 0; i < params->count; i++)
        total += params->items[i].is_state ? 0 : params->items[i].count;
    return total;
}

const struct vcl_param *vcl_params_at(const struct vcl_params *params, size_t index)
{
    for (size_t i = 0; i < params->count; i++) {
        const struct vcl_param *p = &params->items[i];
        if (!p->is_state && index >= p->offset && index < p->offset + p->count)
            return p;
    }
    return NULL;
}
