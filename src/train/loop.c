/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/trainer.h"

/* Evaluation draws from the same seed with numbers no training step reaches. */
#define EVALUATION UINT32_MAX

enum vcl_status vcl_loop_init(struct vcl_loop *loop, const struct vcl_dataset *set,
                              const uint32_t *indices, size_t count, uint32_t batch,
                              struct vcl_error *err)
{
    enum vcl_status r = vcl_alloc(count, sizeof *loop->order, &loop->order, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < count; i++)
        loop->order[i] = indices ? indices[i] : (uint32_t)i;
    loop->set = set;
    loop->count = count;
    loop->batch = count < batch ? (uint32_t)count : batch;
    loop->tail = (uint32_t)(count % loop->batch);
    loop->steps = (count + loop->batch - 1) / loop->batch;
    return VCL_OK;
}

void vcl_loop_finish(struct vcl_loop *loop)
{
    vcl_list_destroy(&loop->full);
    vcl_list_destroy(&loop->last);
    free(loop->order);
    *loop = (struct vcl_loop){0};
}

uint32_t vcl_loop_rows(const struct vcl_loop *loop, uint64_t step)
{
    return step + 1 == loop->steps && loop->tail ? loop->tail : loop->batch;
}

static enum vcl_status sum_terms(struct vcl_trainer *trainer, const struct vcl_emit *emit,
                                 uint32_t rows, struct vcl_error *err)
{
    const struct vcl_model *model = trainer->model;
    const struct vcl_graph *graph = &model->objective_graph.graph;
    struct vcl_buf *terms[VCL_TERMS];
    for (uint32_t i = 0; i < graph->n_terms; i++)
        terms[i] = graph->terms[i].value->data;
    return vcl_op_metrics(emit, rows, terms, graph->n_terms, model->step, trainer->slots,
                          trainer->health, err);
}

static enum vcl_status emit_step(struct vcl_trainer *trainer, const struct vcl_emit *emit,
                                 const struct vcl_loop *loop, uint32_t rows, bool training,
                                 struct vcl_error *err)
{
    struct vcl_model *model = trainer->model;
    enum vcl_status r;
    TRY(vcl_model_unpack(model, emit, rows, loop->set->dtype, trainer->binarise, err));
    TRY(vcl_model_forward(model, emit, rows, training, err));
    TRY(sum_terms(trainer, emit, rows, err));
    if (training) {
        TRY(vcl_model_backward(model, emit, rows, err));
        TRY(vcl_optimiser_update(emit, &trainer->optimiser, &model->params, 0, model->step,
                                 trainer->health, err));
        if (model->params.n_groups > 1)
            TRY(vcl_optimiser_update(emit, &model->objective_graph.second, &model->params, 1,
                                     model->second_step, trainer->health, err));
    }
out:
    return r;
}

static enum vcl_status record(struct vcl_trainer *trainer, const struct vcl_loop *loop,
                              uint32_t rows, bool training, struct vcl_list **ret_list,
                              struct vcl_error *err)
{
    enum vcl_status r = vcl_list_create(trainer->ctx, ret_list, err);
    if (r < 0)
        return r;
    const struct vcl_emit emit = {.ctx = trainer->ctx, .list = *ret_list};
    r = emit_step(trainer, &emit, loop, rows, training, err);
    vcl_list_seal(*ret_list);
    return r;
}

enum vcl_status vcl_loop_record(struct vcl_trainer *trainer, struct vcl_loop *loop, bool training,
                                struct vcl_error *err)
{
    enum vcl_status r;
    TRY(record(trainer, loop, loop->batch, training, &loop->full, err));
    if (loop->tail)
        TRY(record(trainer, loop, loop->tail, training, &loop->last, err));
out:
    return r;
}

enum vcl_status vcl_loop_step(struct vcl_trainer *trainer, struct vcl_loop *loop,
                              const struct vcl_step *values, uint64_t step, struct vcl_error *err)
{
    uint32_t rows = vcl_loop_rows(loop, step);
    enum vcl_status r;
    TRY(vcl_model_send(trainer->model, values, loop->set, loop->order + step * loop->batch, rows,
                       err));
    TRY(vcl_list_run(rows == loop->batch ? loop->full : loop->last, err));
out:
    return r;
}

/* beta, rising linearly from 0 over the warm-up. */
static float kl_weight(const struct vcl_trainer *trainer, uint64_t step)
{
    const struct vcl_build *b = &trainer->model->objective_graph;
    double warmup_steps = b->warmup * (double)trainer->train.steps;
    double done = (double)step + 1;
    return (float)(done < warmup_steps ? b->beta * (done / warmup_steps) : b->beta);
}

struct vcl_step vcl_training_step(const struct vcl_trainer *trainer, uint64_t step)
{
    uint64_t seed = trainer->config->seed;
    uint64_t total = trainer->at.epoch * trainer->train.steps + step;
    struct vcl_step values = {
        .seed_lo = (uint32_t)seed,
        .seed_hi = (uint32_t)(seed >> 32),
        .step = (uint32_t)total,
        .epoch = (uint32_t)trainer->at.epoch,
        .slot = (uint32_t)step,
        .lr = (float)trainer->optimiser.config->lr,
        .kl_weight = kl_weight(trainer, total),
    };
    if (trainer->optimiser.def->correct)
        trainer->optimiser.def->correct(trainer->optimiser.config, total + 1, &values);
    return values;
}

struct vcl_step vcl_second_step(const struct vcl_trainer *trainer, const struct vcl_step *values)
{
    const struct vcl_optimiser *second = &trainer->model->objective_graph.second;
    struct vcl_step own = *values;
    if (!second->def)
        return own;
    own.lr = (float)second->config->lr;
    if (second->def->correct)
        second->def->correct(second->config, (uint64_t)values->step + 1, &own);
    return own;
}

int vcl_trainer_states(const struct vcl_trainer *trainer)
{
    const struct vcl_optimiser_def *second = trainer->model->objective_graph.second.def;
    int states = trainer->optimiser.def->states;
    return second && second->states > states ? second->states : states;
}

enum vcl_status vcl_loop_evaluate(struct vcl_trainer *trainer, struct vcl_loop *loop,
                                  struct vcl_losses *ret_losses, struct vcl_error *err)
{
    uint64_t seed = trainer->config->seed;
    struct vcl_step values = {.seed_lo = (uint32_t)seed,
                              .seed_hi = (uint32_t)(seed >> 32),
                              .step = EVALUATION,
                              .epoch = EVALUATION};
    double sums[VCL_TERMS] = {0};
    enum vcl_status r = VCL_OK;
    for (uint64_t step = 0; step < loop->steps; step++) {
        values.slot = (uint32_t)step;
        TRY(vcl_loop_step(trainer, loop, &values, step, err));
    }
    TRY(vcl_buf_read(trainer->slots, 0, loop->steps * sizeof *trainer->host_slots,
                     trainer->host_slots, err));
    for (uint64_t step = 0; step < loop->steps; step++) {
        for (int i = 0; i < VCL_TERMS; i++)
            sums[i] += trainer->host_slots[step].sums[i];
    }
    *ret_losses = vcl_build_losses(&trainer->model->objective_graph, sums, (double)loop->count);
    if (!isfinite(ret_losses->loss)) {
        r = ERR(err, VCL_E_NUMERIC, "epoch %llu: the loss on the %s is not finite",
                (unsigned long long)trainer->at.epoch + 1,
                loop == &trainer->valid ? "validation part" : "test set");
        return vcl_error_hint(err, r, VCL_DIVERGED_HINT "; the last checkpoint is untouched");
    }
out:
    return r;
}
