/* SPDX-License-Identifier: MIT
 *
 * A folder of IDX files under MNIST's usual names, which Fashion-MNIST, KMNIST and others share:
 * train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-..., also spelt with '.idx', each gzipped
 * or not. Labels are optional.
 */
#include <stdlib.h>

#include "base/file.h"
#include "base/str.h"
#include "data/format.h"
#include "data/source.h"

static const char *const prefixes[] = {[VCL_PART_TRAIN] = "train", [VCL_PART_TEST] = "t10k"};

/* The first spelling that exists, or NULL in *ret_path; the caller frees it. */
static enum vcl_status find_file(const char *folder, enum vcl_part part, const char *kind,
                                 char **ret_path, struct vcl_error *err)
{
    const char *type = kind[0] == 'i' ? "idx3" : "idx1";
    *ret_path = NULL;
    for (int i = 0; i < 4; i++) {
        struct vcl_str path = {0};
        vcl_str_add(&path, "%s/%s-%s%c%s-ubyte%s", folder, prefixes[part], kind, i < 2 ? '-' : '.',
                    type, i % 2 ? ".gz" : "");
        enum vcl_status r = vcl_str_check(&path, err);
        if (r == VCL_OK && vcl_file_exists(path.text)) {
            *ret_path = path.text;
            return VCL_OK;
        }
        vcl_str_finish(&path);
        if (r < 0)
            return r;
    }
    return VCL_OK;
}

static enum vcl_status has_images(const char *folder, enum vcl_part part, bool *ret_found,
                                  struct vcl_error *err)
{
    char *path = NULL;
    enum vcl_status r = find_file(folder, part, "images", &path, err);
    if (r == VCL_OK)
        *ret_found = path != NULL;
    free(path);
    return r;
}

enum vcl_status vcl_is_mnist_folder(const char *path, bool *ret_is, struct vcl_error *err)
{
    enum vcl_status r = has_images(path, VCL_PART_TRAIN, ret_is, err);
    return r == VCL_OK && !*ret_is ? has_images(path, VCL_PART_TEST, ret_is, err) : r;
}

/* Labels of the examples from number `first` on, if there is a file of them. */
static enum vcl_status read_part_labels(struct vcl_source *source, enum vcl_part part, size_t first,
                                        const char *images, struct vcl_error *err)
{
    struct vcl_examples *examples = &source->examples;
    char *path = NULL;
    int32_t *labels = NULL;
    enum vcl_status r;
    TRY(find_file(source->path, part, "labels", &path, err));
    if (path)
        TRY(vcl_read_labels(path, examples->count - first, images, &labels, err));
    TRY(vcl_examples_label(examples, first, labels, source->path, err));
out:
    free(labels);
    free(path);
    return r;
}

static enum vcl_status read_part(struct vcl_source *source, enum vcl_part part,
                                 struct vcl_error *err)
{
    struct vcl_examples *examples = &source->examples;
    const struct vcl_format_def *format = NULL;
    size_t before = examples->count;
    char *images = NULL;
    enum vcl_status r;
    TRY(find_file(source->path, part, "images", &images, err));
    if (!images)
        FAIL(err, VCL_E_IO, "'%s': holds no %s-images-idx3-ubyte, gzipped or not", source->path,
             prefixes[part]);
    TRY(vcl_format_read_file(images, &format, examples, err));
    if (!examples->values)
        FAIL(err, VCL_E_FORMAT, "'%s': holds labels where images are expected", images);
    source->format = format->name;
    TRY(read_part_labels(source, part, before, images, err));
out:
    free(images);
    return r;
}

/* Classes are counted over both parts, so that a model trained on one fits the other. */
static enum vcl_status count_classes(struct vcl_source *source, enum vcl_part part,
                                     struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    char *path = NULL;
    const struct vcl_format_def *format = NULL;
    struct vcl_examples labels = {0};
    int32_t classes = 0;
    TRY(find_file(source->path, part, "labels", &path, err));
    if (!path)
        goto out;
    TRY(vcl_format_read_file(path, &format, &labels, err));
    if (labels.labels)
        TRY(vcl_labels_check(path, labels.labels, labels.count, &classes, err));
    if (classes > source->classes)
        source->classes = classes;
out:
    vcl_examples_finish(&labels);
    free(path);
    return r;
}

enum vcl_status vcl_source_mnist(struct vcl_source *source, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    bool train = false, test = false;
    TRY(has_images(source->path, VCL_PART_TRAIN, &train, err));
    TRY(has_images(source->path, VCL_PART_TEST, &test, err));
    /* Without a test part, the training part is divided like any other source. */
    source->has_parts = test;
    bool want_train =
        !test || source->part == VCL_PART_TRAIN || (source->part == VCL_PART_ALL && train);
    bool want_test = test && source->part != VCL_PART_TRAIN;
    if (want_train)
        TRY(read_part(source, VCL_PART_TRAIN, err));
    if (want_test)
        TRY(read_part(source, VCL_PART_TEST, err));
    if (source->examples.labels) {
        TRY(count_classes(source, VCL_PART_TRAIN, err));
        TRY(count_classes(source, VCL_PART_TEST, err));
    }
out:
    return r;
}
