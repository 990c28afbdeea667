/* SPDX-License-Identifier: MIT
 *
 * Training on each device, with each GEMM implementation that promises the same bits, against
 * tests/ref/step_ref.c: parameters, optimiser state and losses must agree in every bit.
 *
 * usage: test_same_bits [PART PARTS]    all cases, or every PARTS'th from the PART'th on, from 1
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "common/model_by_hand.h"
#include "common/random_set.h"
#include "ref/step_ref.h"

struct bits_case {
    const char *name;
    struct vcl_shape shape;
    uint32_t count;
    enum vcl_dtype dtype;
    const char *words[16];
    bool large; /* too much for a simulator */
};

static const struct bits_case cases[] = {
    /* 280 inputs: more than one chunk of 256 to a product; 47 = 20 + 20 + 7 examples */
    {"adam",
     {20, 14, 1},
     47,
     VCL_U8,
     {"encoder=dense 33 gelu", "decoder=dense 31 relu", "latent=5", "binarize=dynamic", "batch=20",
      "epochs=2", "seed=12345678901234567", "lr=0.01"}},
    /* 260 rows: more than one chunk to a column sum */
    {"tall",
     {1, 7, 1},
     270,
     VCL_F32,
     {"encoder=dense 9 elu", "decoder=dense 9 silu", "latent=17", "likelihood=gaussian",
      "sigma=0.3", "batch=260", "epochs=2", "beta=3", "warmup=1.5", "lr=0.01"}},
    {"sgd, clip, free bits",
     {12, 11, 1},
     23,
     VCL_F32,
     {"encoder=dense 18 tanh, dense 17 softplus", "decoder=dense 16 selu, dense 20 sigmoid",
      "latent=6", "free-bits=0.05", "optimiser=sgd", "momentum=0.8", "clip=0.5",
      "weight-decay=0.01", "batch=8", "epochs=2", "lr=0.05", "binarize=threshold"}},
    {"adamw, autoencoder",
     {1, 40, 1},
     24,
     VCL_F32,
     {"encoder=dense 50 leaky_relu, dense 30", "decoder=dense 40 silu", "latent=3", "objective=ae",
      "likelihood=squared", "optimiser=adamw", "weight-decay=0.1", "clip=1", "batch=8", "epochs=1",
      "lr=0.02"}},
    /* 280 rows of a batch to batchnorm, then 70 * 12 of pixels: more than one chunk */
    {"normalised",
     {4, 3, 2},
     400,
     VCL_F32,
     {"encoder=batchnorm elu, dense 20 tanh, batchnorm, dense 19, batchnorm gelu",
      "decoder=layernorm, dense 33 relu, layernorm silu, dense 5, batchnorm tanh", "latent=18",
      "optimiser=adamw", "weight-decay=0.1", "batch=280", "epochs=2", "lr=0.02"},
     .large = true},
    {"dropout and residual blocks",
     {1, 18, 1},
     47,
     VCL_U8,
     {"encoder=dropout 0.2, dense 17 elu, residual [dense 9 relu, dropout 0.5, dense 17 tanh] elu",
      "decoder=residual [residual [dense 7 silu, batchnorm], layernorm tanh] gelu, dropout 0.1",
      "latent=7", "batch=20", "epochs=3", "seed=12345678901234567", "lr=0.01", "clip=2"}},
    {"pools",
     {9, 8, 17},
     25,
     VCL_U8,
     {"encoder=maxpool k3 s2, residual [batchnorm relu] elu, avgpool k2 s1, maxpool k2",
      "decoder=dense 6 elu, upsample 5, avgpool k2 s2, upsample 2, maxpool k3 s1, dense 9 relu",
      "latent=4", "batch=10", "epochs=2", "lr=0.01"},
     .large = true},
    /* 288 values to a patch, 2 * 15 * 12 = 360 pixels to weights, 272 features to a pixel */
    {"convolutions",
     {15, 13, 3},
     5,
     VCL_U8,
     {"encoder=conv 32 k5x4 s1 p2x1 relu, conv 7 s2x3 elu, residual [conv 7 k3 gelu, conv 7 k1], "
      "dense 9",
      "decoder=dense 60 tanh, reshape 5 4 3, conv 272 k1 relu, deconv 5 k5x8 s3 p0x1 silu",
      "output=conv k3 p0", "latent=4", "batch=2", "epochs=2", "lr=0.01", "clip=3"},
     .large = true},
    {"rows",
     {1, 40, 1},
     21,
     VCL_F32,
     {"encoder=conv1d 6 k5 s2 leaky_relu, conv1d 9 s3 tanh, dense 7 softplus",
      "decoder=dense 20 elu, reshape 1 20 1, conv1d 6 silu", "output=deconv k1x4 s1x2", "latent=3",
      "likelihood=gaussian", "batch=16", "epochs=2", "lr=0.01", "weight-decay=0.1"}},
    {"importance weights",
     {1, 20, 1},
     15,
     VCL_U8,
     {"encoder=dense 12 elu", "decoder=dense 17 relu, dropout 0.2", "latent=5",
      "objective=iwae k=3", "binarize=dynamic", "batch=10", "epochs=2", "lr=0.01"}},
    /* 2 * 140 rows of samples: more than one chunk of a column sum, and of a product */
    {"doubly reparameterised",
     {4, 3, 2},
     150,
     VCL_F32,
     {"encoder=conv 3 k3 elu, dense 9 tanh",
      "decoder=dense 24 tanh, layernorm gelu, reshape 4 3 2, conv 3 k3 silu", "output=conv k3",
      "latent=3", "objective=dreg k=2", "likelihood=gaussian", "sigma=0.7", "batch=140", "epochs=2",
      "lr=0.01", "clip=2"},
     .large = true},
    {"mixture",
     {1, 14, 1},
     20,
     VCL_F32,
     {"encoder=dense 9 tanh", "decoder=dense 9 gelu", "latent=17", "prior=mog 5", "beta=2",
      "warmup=1.5", "batch=12", "epochs=2", "lr=0.02", "optimiser=adamw", "weight-decay=0.1"}},
    {"mixture, importance weights",
     {1, 14, 1},
     18,
     VCL_U8,
     {"encoder=dense 9 tanh", "decoder=dense 9 gelu, batchnorm", "latent=2", "prior=mog 3",
      "objective=iwae k=2", "batch=12", "epochs=2", "lr=0.02", "clip=3"},
     .large = true},
    /* 18 components and 19 samples: more than 16 lanes to a mean, 266 codes to a component */
    {"many components and samples",
     {1, 6, 1},
     26,
     VCL_F32,
     {"encoder=", "decoder=dense 5 tanh", "latent=3", "prior=mog 18", "objective=dreg k=19",
      "batch=14", "epochs=2", "lr=0.02", "optimiser=sgd"},
     .large = true},
    {"two optimisers",
     {1, 30, 1},
     47,
     VCL_U8,
     {"encoder=dense 12 elu", "decoder=dense 9 tanh", "latent=5",
      "objective=factor units=9 layers=2 gamma=3 lr=0.004", "optimiser=adamw", "weight-decay=0.1",
      "clip=1", "batch=20", "epochs=3", "lr=0.01", "seed=12345678901234567"}},
    {"one state, then two",
     {1, 11, 1},
     35,
     VCL_F32,
     {"encoder=dense 7 tanh", "decoder=dense 9 tanh, dropout 0.2", "latent=17",
      "objective=factor units=5 layers=1", "prior=mog 2", "optimiser=sgd", "batch=35", "epochs=2",
      "lr=0.01"},
     .large = true},
    {"pseudo-inputs",
     {1, 14, 1},
     20,
     VCL_U8,
     {"encoder=dense 9 tanh, dense 7 gelu", "decoder=dense 9 gelu", "latent=3", "prior=vamp 5",
      "batch=12", "epochs=2", "lr=0.02"}},
    {"pseudo-inputs, importance weights",
     {5, 4, 2},
     20,
     VCL_F32,
     {"encoder=conv 3 k3 s2 elu, layernorm", "decoder=dense 9 gelu", "latent=3", "prior=vamp 18",
      "likelihood=gaussian", "sigma=0.5", "objective=iwae k=2", "batch=12", "epochs=2", "lr=0.02",
      "clip=2"},
     .large = true},
    {"one learned sigma",
     {1, 35, 1},
     20,
     VCL_F32,
     {"encoder=dense 9 tanh", "decoder=dense 9 gelu", "latent=3", "likelihood=gaussian sigma=auto",
      "batch=12", "epochs=2", "lr=0.02"}},
    /* 2 * 140 rows: more than one chunk to the sum over rows */
    {"one learned sigma, importance weights",
     {1, 10, 1},
     150,
     VCL_F32,
     {"encoder=dense 6 tanh", "decoder=dense 7 gelu", "latent=3", "objective=iwae k=2",
      "likelihood=gaussian sigma=auto", "batch=140", "epochs=2", "lr=0.02"},
     .large = true},
    {"learned sigmas",
     {1, 21, 1},
     20,
     VCL_F32,
     {"encoder=dense 9 tanh", "decoder=dense 9 gelu", "latent=3", "objective=iwae k=2",
      "likelihood=gaussian sigma=learned", "batch=12", "epochs=2", "lr=0.01"}},
    {"learned sigmas of pixels",
     {4, 5, 3},
     20,
     VCL_U8,
     {"encoder=dense 9 tanh", "decoder=dense 40 elu, reshape 4 5 2", "output=conv k3", "latent=3",
      "likelihood=gaussian sigma=learned", "batch=12", "epochs=2", "lr=0.01"},
     .large = true},
    {"labels",
     {4, 5, 2},
     25,
     VCL_U8,
     {"encoder=conv 3 k3 elu, dense 9 tanh", "decoder=dense 9 gelu", "latent=3",
      "condition=embed 3", "classes=4", "batch=10", "epochs=2", "lr=0.02"}},
    {"labels of samples",
     {1, 15, 1},
     25,
     VCL_U8,
     {"encoder=dense 9 tanh", "decoder=dense 9 gelu", "latent=5", "condition=one-hot", "classes=18",
      "objective=dreg k=3", "batch=10", "epochs=2", "lr=0.02"},
     .large = true},
};

/* Values that differ; the first of them is printed. */
static size_t differences(const char *name, const char *what, struct vcl_buf *flat, size_t offset,
                          const float *want, size_t n)
{
    float *got = malloc(n * sizeof *got);
    size_t count = 0;
    assert_non_null(got);
    OK(vcl_buf_read(flat, offset * sizeof *got, n * sizeof *got, got, &test_error));
    for (size_t i = 0; i < n; i++) {
        if (memcmp(&got[i], &want[i], sizeof *got) != 0 && count++ == 0)
            print_message("%s, %s: element %zu is %a, not %a\n", name, what, i, (double)got[i],
                          (double)want[i]);
    }
    free(got);
    return count;
}

static size_t compare_model(const struct vcl_model *model, const struct step_ref *ref)
{
    const struct vcl_params *params = &model->params, *wanted = &ref->model->params;
    const struct ref_graph *graph = &ref->graph;
    const struct vcl_optimiser_def *first, *second = ref->build.second.def;
    size_t count = 0;
    first = vcl_row_find("optimiser", vcl_optimiser_defs, model->config->optimiser, &test_error);
    assert_non_null(first);
    assert_int_equal(params->count, wanted->count);
    for (size_t i = 0; i < params->count; i++) {
        const struct vcl_param *p = &params->items[i];
        const float *values = p->is_state ? graph->states : graph->trained;
        size_t at = graph->params[i].at;
        int states = p->is_state ? 0 : (p->group ? second : first)->states;
        assert_string_equal(p->name, wanted->items[i].name);
        assert_int_equal(p->count, wanted->items[i].count);
        count += differences(p->name, "value", params->value, p->offset, values + at, p->count);
        for (int s = 0; s < states; s++)
            count += differences(p->name, s ? "second state" : "first state", params->state[s],
                                 p->offset, ref->state[s] + at, p->count);
    }
    return count;
}

static void test_training(void **state)
{
    const struct bits_case *c = *state;
    double terms[VCL_TERMS];
    struct vcl_model *model;
    struct vcl_train_result result;
    struct vcl_config *config = test_config(c->words);
    if (test_small()) /* a simulator takes a minute for some steps */
        OK(vcl_config_set(config, "epochs", "1", &test_error));
    struct test_set random = test_set_create(c->count, c->shape, c->dtype);
    const struct vcl_train_params params = {.train = random.set};
    struct step_ref *ref = step_ref_create(test_target.ctx, config, c->shape);
    OK(vcl_train(test_target.ctx, config, &params, &model, &result, &test_error));
    step_ref_train(ref, random.set, terms);
    print_message("%s: %u steps, loss %.9g\n", c->name, ref->steps, result.train.loss);
    size_t wrong = compare_model(model, ref);
    for (uint32_t i = 0; i < result.train.count; i++)
        wrong += result.train.terms[i].value != terms[i];
    assert_int_equal(result.steps, ref->steps);
    step_ref_destroy(&ref);
    vcl_model_destroy(&model);
    vcl_config_destroy(&config);
    test_set_finish(&random);
    assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
    enum { COUNT = sizeof cases / sizeof *cases };
    struct CMUnitTest tests[COUNT];
    uint64_t part = 1, parts = 1;
    size_t n = 0, turn = 0;
    if (argc != 1 && (argc != 3 || !vcl_parse_u64(argv[1], &part) ||
                      !vcl_parse_u64(argv[2], &parts) || part < 1 || part > parts)) {
        fprintf(stderr, "usage: test_same_bits [PART PARTS]\n");
        return 2;
    }
    test_begin();
    for (size_t i = 0; i < COUNT; i++) {
        if (cases[i].large && test_small())
            continue;
        if (turn++ % parts == part - 1)
            tests[n++] = (struct CMUnitTest){.name = cases[i].name,
                                             .test_func = test_training,
                                             .initial_state = (void *)&cases[i]};
    }
    return test_on_gemms(tests, n, true);
}
