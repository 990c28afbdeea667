/* SPDX-License-Identifier: MIT
 *
 * Data sets: examples of one shape, with labels where the source has them, and arrays written to
 * files. Nothing here knows OpenCL. Thread-safety: a data set is read-only once opened and may be
 * shared between threads.
 */
#ifndef VAECL_DATA_H
#define VAECL_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vaecl/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum vcl_dtype {
    VCL_U8,  /* 0 .. 255, grey or colour values; a model sees value / 255 */
    VCL_F32, /* as they are */
};

/* Height, width and channels of one example; a table's row of D columns is 1 x D x 1. */
struct vcl_shape {
    uint32_t height, width, channels;
};

/* height * width * channels. */
VCL_API size_t vcl_shape_size(struct vcl_shape shape);

/* A data set, readable by everybody and changed by nobody. */
struct vcl_dataset {
    const char *name;   /* "digits", or the path it was read from */
    const char *format; /* "digits", "idx", "npy", "images" ... */
    size_t count;
    struct vcl_shape shape;
    enum vcl_dtype dtype;
    const void *values;    /* count x height x width x channels, row-major (NHWC), `dtype` */
    const int32_t *labels; /* count of them, or NULL */
    int32_t classes;       /* labels are 0 .. classes - 1; 0 without labels */
    const char *const *class_names; /* classes of them (names of sub-folders), or NULL */
};

struct vcl_data_params {
    /* Built-in set ("digits"), folder of IDX files under MNIST's usual names, folder of images
     * (sub-folders are labels), or a file: IDX, NPY, PNG, JPEG, PGM; gzip is seen through. */
    const char *source;
    const char *split; /* "train" (NULL means this), "test" or "all" */
    size_t limit;      /* keep the first so many examples; 0 keeps all */
    uint64_t seed;     /* for built-in sets; 0 is their usual seed */
};

/* Opens a data set. Sources without a test part of their own are divided: every tenth example, in
 * order, is the test part. Fails with a message that names the file and what is wrong with it if it
 * is truncated, malformed, empty, holds NaN or Inf, or mixes image sizes.
 * The caller owns *ret_set and releases it with vcl_dataset_destroy. */
VCL_API enum vcl_status vcl_dataset_open(const struct vcl_data_params *params,
                                         struct vcl_dataset **ret_set,
                                         struct vcl_error *err) VCL_MUST_CHECK;

/* The same for two parts of one source, as for training and testing: the one of `params`, and with
 * `second` (or NULL) another split, whole. A source without parts of its own is read once. */
VCL_API enum vcl_status vcl_dataset_open_two(const struct vcl_data_params *params,
                                             const char *second, struct vcl_dataset **ret_set,
                                             struct vcl_dataset **ret_second,
                                             struct vcl_error *err) VCL_MUST_CHECK;

/* Does the name stand for a built-in set, whatever files there are? */
VCL_API bool vcl_dataset_is_builtin(const char *source);

/* Wraps the caller's memory (NHWC), which must outlive the data set. `labels` may be NULL. */
VCL_API enum vcl_status vcl_dataset_wrap(const char *name, size_t count, struct vcl_shape shape,
                                         enum vcl_dtype dtype, const void *values,
                                         const int32_t *labels, struct vcl_dataset **ret_set,
                                         struct vcl_error *err) VCL_MUST_CHECK;

/* A new set that owns a copy of these examples, in this order, with their labels; as many classes
 * of the same names as in `set`. VCL_E_RANGE if there is no example of an index, or none is asked
 * for. */
VCL_API enum vcl_status vcl_dataset_take(const struct vcl_dataset *set, const uint32_t *indices,
                                         size_t count, struct vcl_dataset **ret_set,
                                         struct vcl_error *err) VCL_MUST_CHECK;

VCL_API void vcl_dataset_destroy(struct vcl_dataset **set);

/* Draws a permutation keyed by `seed` and gives its first round(fraction * count) indices to the
 * validation part, the rest to the training part, each in ascending order. Both index arrays are
 * the caller's, released with free(). */
VCL_API enum vcl_status vcl_dataset_divide(const struct vcl_dataset *set, double fraction,
                                           uint64_t seed, uint32_t **ret_train, size_t *ret_n_train,
                                           uint32_t **ret_valid, size_t *ret_n_valid,
                                           struct vcl_error *err) VCL_MUST_CHECK;

/* What the input check before training looks at. U8 values are seen as value / 255. */
struct vcl_data_summary {
    double min, max, mean;
    size_t constant_columns; /* columns of a single value in all examples */
    /* Mean over examples of the sum over columns, in nats: of the entropy of a Bernoulli with the
     * value as its probability (the floor of a cross-entropy on grey values), and of the entropy of
     * independent columns with their mean as probability (what a model without latents reaches).
     * NaN unless all values lie in [0, 1]. */
    double grey_entropy, pixel_floor;
};

VCL_API enum vcl_status vcl_dataset_summarise(const struct vcl_dataset *set,
                                              struct vcl_data_summary *ret_summary,
                                              struct vcl_error *err) VCL_MUST_CHECK;

/* ---- arrays out ---- */

/* What a command hands over to be written: `count` examples of one shape. */
struct vcl_array {
    size_t count;
    struct vcl_shape shape;
    const float *values; /* NHWC; images in [0, 1], other values as they are */
    const int32_t
        *labels; /* NULL, or count of them (.csv gets a last column, .idx a second file) */
};

/* Writes by extension: .png (a grid of `columns` images a row, 0 chooses; 1 or 3 channels),
 * .npy (count, height, width, channels) or (count, width) for tables, .csv, .idx and .idx.gz
 * (bytes). Never leaves a partial file; fails with VCL_E_EXISTS unless `replace`. */
VCL_API enum vcl_status vcl_array_write(const char *path, const struct vcl_array *array,
                                        uint32_t columns, bool replace,
                                        struct vcl_error *err) VCL_MUST_CHECK;

/* The extensions that vcl_array_write knows, ending with NULL: ".png", ".npy" ... */
VCL_API const char *const *vcl_array_extensions(void);

#ifdef __cplusplus
}
#endif
#endif
