/* SPDX-License-Identifier: MIT
 *
 * Where a data set comes from: a built-in set, a folder under MNIST's names, a folder of pictures,
 * or one file. A source fills in the lower half of struct vcl_source; src/data/dataset.c does what
 * all sources share (splits, limits, checks).
 */
#ifndef VCL_DATA_SOURCE_H
#define VCL_DATA_SOURCE_H

#include "base/mem.h"
#include "data/examples.h"

enum vcl_part {
    VCL_PART_TRAIN,
    VCL_PART_TEST,
    VCL_PART_ALL,
};

struct vcl_source {
    const char *path;
    enum vcl_part part; /* a source that has no parts gives everything */
    size_t limit;       /* no more than so many are wanted (0: all); a source may give more */
    uint64_t seed;

    struct vcl_arena arena; /* for class names */
    const char *format;
    struct vcl_examples examples;
    bool has_parts;  /* `examples` are the part that was asked for */
    int32_t classes; /* 0: follows from the labels */
    const char *const *class_names;
};

enum vcl_status vcl_source_digits(struct vcl_source *source, struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_source_mnist(struct vcl_source *source, struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_source_images(struct vcl_source *source, struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_source_file(struct vcl_source *source, struct vcl_error *err) VCL_MUST_CHECK;

/* Does the folder hold files under MNIST's usual names? */
enum vcl_status vcl_is_mnist_folder(const char *path, bool *ret_is,
                                    struct vcl_error *err) VCL_MUST_CHECK;

/* Reads the labels of `count` examples from a file; `examples_path` is for messages. */
enum vcl_status vcl_read_labels(const char *path, size_t count, const char *examples_path,
                                int32_t **ret_labels, struct vcl_error *err) VCL_MUST_CHECK;

/* Where the labels of an IDX file are by custom: "x-labels.idx" of "x.idx", "x-labels-idx1-ubyte"
 * of "x-images-idx3-ubyte", gzipped or not. The caller frees *ret_path; NULL if the name follows
 * neither custom. */
enum vcl_status vcl_idx_labels_path(const char *path, char **ret_path,
                                    struct vcl_error *err) VCL_MUST_CHECK;

#endif
