/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "train/run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/model_by_hand.h"

struct test_set run_set(void)
{
    return test_set_create(152, (struct vcl_shape){5, 6, 1}, VCL_U8);
}

struct vcl_config *run_config(const char *optimiser)
{
    char text[32];
    bool samples = strcmp(optimiser, RUN_SAMPLES) == 0;
    snprintf(text, sizeof text, "optimiser=%s", samples ? "adam" : optimiser);
    /* 152 - 15 for validation = 137 = 4 * 30 + 17 */
    const char *words[] = {"encoder=dense 14 tanh, batchnorm, dropout 0.2",
                           "decoder=residual [dropout 0.1, dense 3 gelu], batchnorm, dense 14 gelu",
                           "latent=3",
                           "binarize=dynamic",
                           "warmup=3.5",
                           "valid=0.1",
                           "batch=30",
                           "epochs=6",
                           "checkpoint-every=2",
                           "lr=0.01",
                           text,
                           samples ? "objective=iwae k=3" : "objective=elbo",
                           samples ? "prior=mog 4" : "prior=normal",
                           NULL};
    return test_config(words);
}

static bool is_at(const struct run_place *place, uint64_t epoch, uint64_t step)
{
    return place->epoch == epoch && place->step == step;
}

static bool progress(void *user, const struct vcl_progress *p)
{
    const struct run *run = user;
    if (is_at(&run->kill, p->epoch, p->step))
        raise(SIGKILL);
    return is_at(&run->stop, p->epoch, p->step);
}

static void epoch(void *user, const struct vcl_epoch *e, struct vcl_model *model)
{
    const struct run *run = user;
    (void)model;
    if (is_at(&run->kill, e->epoch, 0))
        raise(SIGKILL);
}

enum vcl_status run_train(const struct run *run)
{
    struct test_set set = run_set();
    struct vcl_config *config = run_config(run->optimiser);
    const struct vcl_train_params params = {.train = set.set,
                                            .out = run->folder,
                                            .resume = run->resume,
                                            .progress = progress,
                                            .epoch = epoch,
                                            .user = (void *)run};
    enum vcl_status r = vcl_train(run->ctx, config, &params, NULL, NULL, &test_error);
    vcl_config_destroy(&config);
    test_set_finish(&set);
    return r;
}
