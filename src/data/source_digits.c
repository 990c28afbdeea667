/* SPDX-License-Identifier: MIT
 *
 * `digits`: 10,000 pictures for training and 2,000 for testing, drawn on the fly. Each ten in a
 * row hold each digit once, so that any first few examples are balanced.
 */
#include "base/philox.h"
#include "data/digits.h"
#include "data/source.h"

enum {
    PIXELS = VCL_DIGIT_SIDE * VCL_DIGIT_SIDE,
    N_TRAIN = 10000,
    N_TEST = 2000,
    /* Steps of the Philox counter: pictures of the parts never share a random number. */
    STEP_TRAIN = 0,
    STEP_TEST = 1,
    STEP_LABELS = 2, /* and above: which digit comes when */
};

static void draw_picture(const struct vcl_philox *rng, uint32_t index, unsigned digit,
                         unsigned char *pixels)
{
    struct vcl_draw draw = {.rng = rng, .row = index};
    struct vcl_path path;
    const struct vcl_glyph *glyph = vcl_glyph_choose(digit, vcl_draw_unit(&draw));
    float softness = vcl_draw_between(&draw, 0.75f, 1.25f);
    float darkness = 255 - 28 * vcl_draw_unit(&draw) * vcl_draw_unit(&draw);
    vcl_hand_write(glyph, &draw, &path);
    vcl_ink(&path, softness, darkness, pixels);
}

/* Every ten labels are a permutation of 0 .. 9. */
static void draw_labels(uint64_t seed, uint32_t step, int32_t *labels, uint32_t count)
{
    uint32_t order[10];
    for (uint32_t i = 0; i < count; i++) {
        if (i % 10 == 0) {
            struct vcl_philox rng = {seed, VCL_STREAM_DIGITS, STEP_LABELS + step + 2 * i};
            vcl_philox_shuffle(&rng, order, 10);
        }
        labels[i] = (int32_t)order[i % 10];
    }
}

static void draw_part(uint64_t seed, uint32_t step, uint32_t count, unsigned char *pixels,
                      int32_t *labels)
{
    const struct vcl_philox rng = {seed, VCL_STREAM_DIGITS, step};
    draw_labels(seed, step, labels, count);
    for (uint32_t i = 0; i < count; i++)
        draw_picture(&rng, i, (unsigned)labels[i], pixels + (size_t)i * PIXELS);
}

static uint32_t at_most(size_t wanted, uint32_t there)
{
    return wanted < there ? (uint32_t)wanted : there;
}

enum vcl_status vcl_source_digits(struct vcl_source *source, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    const struct vcl_shape shape = {VCL_DIGIT_SIDE, VCL_DIGIT_SIDE, 1};
    struct vcl_examples *examples = &source->examples;
    size_t limit = source->limit ? source->limit : N_TRAIN + N_TEST;
    uint32_t n_train = source->part == VCL_PART_TEST ? 0 : at_most(limit, N_TRAIN);
    uint32_t n_test = source->part == VCL_PART_TRAIN ? 0 : at_most(limit - n_train, N_TEST);
    TRY(vcl_examples_init(examples, n_train + n_test, shape, VCL_U8, err));
    TRY(vcl_alloc(examples->count, sizeof *examples->labels, &examples->labels, err));
    unsigned char *pixels = examples->values;
    draw_part(source->seed, STEP_TRAIN, n_train, pixels, examples->labels);
    draw_part(source->seed, STEP_TEST, n_test, pixels + (size_t)n_train * PIXELS,
              examples->labels + n_train);
    source->format = "digits";
    source->has_parts = true;
    source->classes = 10;
out:
    return r;
}
