/* SPDX-License-Identifier: MIT
 *
 * Opening a data set: find the source, let it read, then check, divide and limit what it gave.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/row.h"
#include "base/str.h"
#include "data/format.h"
#include "data/source.h"

/* Without a test part of its own, every tenth example of a source is one. */
enum { TEST_EVERY = 10 };

/* What lies behind the public struct; `set` comes first, so that a pointer to one is a pointer to
 * the other. */
struct dataset {
    struct vcl_dataset set;
    struct vcl_arena arena;       /* names */
    struct vcl_examples examples; /* empty if the values are the caller's */
};

struct builtin {
    const char *name;
    enum vcl_status (*open)(struct vcl_source *source, struct vcl_error *err);
};

static const struct builtin *const builtins[] = {
    &(const struct builtin){"digits", vcl_source_digits},
    NULL,
};

static enum vcl_status unknown_source(const char *name, struct vcl_error *err)
{
    struct vcl_str list = {0};
    const char *near = vcl_row_nearest(builtins, name);
    enum vcl_status r =
        ERR(err, VCL_E_ARG, "'%s': no such file or folder, and no built-in data set", name);
    vcl_row_list(builtins, &list);
    if (near)
        r = vcl_error_hint(err, r, "did you mean '%s'?", near);
    else
        r = vcl_error_hint(err, r, "built in: %s; or give the path of a file or folder",
                           list.text ? list.text : "");
    vcl_str_finish(&list);
    return r;
}

bool vcl_dataset_is_builtin(const char *source)
{
    return vcl_row_named(builtins, source) != NULL;
}

static enum vcl_status read_source(struct vcl_source *source, struct vcl_error *err)
{
    const struct builtin *builtin = vcl_row_named(builtins, source->path);
    if (builtin)
        return builtin->open(source, err);
    if (!vcl_file_exists(source->path))
        return unknown_source(source->path, err);
    if (!vcl_is_folder(source->path))
        return vcl_source_file(source, err);
    bool is_mnist = false;
    enum vcl_status r = vcl_is_mnist_folder(source->path, &is_mnist, err);
    if (r < 0)
        return r;
    return is_mnist ? vcl_source_mnist(source, err) : vcl_source_images(source, err);
}

static enum vcl_status parse_part(const char *split, enum vcl_part *ret_part, struct vcl_error *err)
{
    static const char *const names[] = {"train", "test", "all", NULL};
    for (int i = 0; names[i]; i++) {
        if (!split || strcmp(split, names[i]) == 0) {
            *ret_part = (enum vcl_part)i;
            return VCL_OK;
        }
    }
    enum vcl_status r = ERR(err, VCL_E_ARG, "split '%s' is not one of train, test, all", split);
    const char *near = vcl_nearest(split, names);
    return near ? vcl_error_hint(err, r, "did you mean '%s'?", near) : r;
}

/* Classes before the division, so that all parts of a source agree on them. */
static enum vcl_status check(struct vcl_source *source, struct vcl_error *err)
{
    const struct vcl_examples *examples = &source->examples;
    int32_t classes = 0;
    enum vcl_status r =
        vcl_examples_check(source->path, examples->count, vcl_shape_size(examples->shape),
                           examples->dtype, examples->values, err);
    if (r == VCL_OK && examples->labels)
        r = vcl_labels_check(source->path, examples->labels, examples->count, &classes, err);
    if (r == VCL_OK && classes > source->classes)
        source->classes = classes;
    return r;
}

static enum vcl_status none_left(const struct vcl_source *source, struct vcl_error *err)
{
    enum vcl_status r =
        ERR(err, VCL_E_RANGE, "'%s': %zu examples leave none for testing (every %dth is one)",
            source->path, source->examples.count, TEST_EVERY);
    return vcl_error_hint(err, r, "use all of them: --split all");
}

/* Is a part of the examples wanted, or all that the source gave? */
static bool must_divide(const struct vcl_source *source, enum vcl_part part)
{
    return !source->has_parts && part != VCL_PART_ALL;
}

static enum vcl_status take_part(struct vcl_source *source, struct vcl_error *err)
{
    struct vcl_examples *examples = &source->examples;
    if (must_divide(source, source->part)) {
        if (source->part == VCL_PART_TEST && examples->count < TEST_EVERY)
            return none_left(source, err);
        vcl_examples_keep_every(examples, TEST_EVERY, source->part == VCL_PART_TRAIN);
    }
    if (source->limit && source->limit < examples->count)
        examples->count = source->limit;
    vcl_examples_trim(examples);
    return VCL_OK;
}

/* *ret_copy is NULL if classes have no names. */
static enum vcl_status copy_names(struct vcl_arena *arena, const char *const *names,
                                  int32_t classes, const char *const **ret_copy,
                                  struct vcl_error *err)
{
    char **copy = NULL;
    enum vcl_status r = VCL_OK;
    *ret_copy = NULL;
    if (!names)
        return VCL_OK;
    TRY(vcl_arena_alloc(arena, (size_t)classes * sizeof *copy, &copy, err));
    for (int32_t i = 0; i < classes; i++)
        TRY(vcl_arena_strdup(arena, names[i], &copy[i], err));
    *ret_copy = (const char *const *)copy;
out:
    return r;
}

/* `part` of what `from` gave, which has no parts of its own and has not been divided yet. */
static enum vcl_status copy_part(const struct vcl_source *from, struct vcl_source *to,
                                 struct vcl_error *err)
{
    enum vcl_status r;
    to->format = from->format;
    to->classes = from->classes;
    TRY(copy_names(&to->arena, from->class_names, from->classes, &to->class_names, err));
    if (!must_divide(from, to->part))
        TRY(vcl_examples_copy_every(&from->examples, 1, false, &to->examples, err));
    else if (to->part == VCL_PART_TEST && from->examples.count < TEST_EVERY)
        return none_left(from, err);
    else
        TRY(vcl_examples_copy_every(&from->examples, TEST_EVERY, to->part == VCL_PART_TRAIN,
                                    &to->examples, err));
out:
    return r;
}

static void publish(struct dataset *d)
{
    d->set.count = d->examples.count;
    d->set.shape = d->examples.shape;
    d->set.dtype = d->examples.dtype;
    d->set.values = d->examples.values;
    d->set.labels = d->examples.labels;
}

/* Moves what the source gave into a new data set. */
static enum vcl_status adopt(struct vcl_source *source, struct vcl_dataset **ret_set,
                             struct vcl_error *err)
{
    struct dataset *d = NULL;
    char *name = NULL;
    enum vcl_status r = vcl_arena_strdup(&source->arena, source->path, &name, err);
    if (r == VCL_OK)
        r = vcl_alloc(1, sizeof *d, &d, err);
    if (r < 0)
        return r;
    d->arena = source->arena;
    d->examples = source->examples;
    source->arena = (struct vcl_arena){0};
    source->examples = (struct vcl_examples){0};
    d->set.name = name;
    d->set.format = source->format;
    d->set.classes = source->classes;
    d->set.class_names = source->class_names;
    publish(d);
    *ret_set = &d->set;
    return VCL_OK;
}

static enum vcl_status read_and_check(struct vcl_source *source, struct vcl_error *err)
{
    enum vcl_status r = read_source(source, err);
    return r < 0 ? r : check(source, err);
}

static void finish_source(struct vcl_source *source)
{
    vcl_examples_finish(&source->examples);
    vcl_arena_finish(&source->arena);
}

enum vcl_status vcl_dataset_open_two(const struct vcl_data_params *params, const char *second,
                                     struct vcl_dataset **ret_set, struct vcl_dataset **ret_second,
                                     struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct vcl_source one = {.path = params->source, .limit = params->limit, .seed = params->seed};
    struct vcl_source two = {.path = params->source, .seed = params->seed};
    struct vcl_dataset *set = NULL;
    if (!one.path || !one.path[0])
        return ERR(err, VCL_E_ARG, "no data set is named");
    TRY(parse_part(params->split, &one.part, err));
    TRY(parse_part(second, &two.part, err));
    TRY(read_and_check(&one, err));
    if (second && one.has_parts)
        TRY(read_and_check(&two, err));
    else if (second)
        TRY(copy_part(&one, &two, err));
    TRY(take_part(&one, err));
    TRY(adopt(&one, &set, err));
    if (second)
        TRY(adopt(&two, ret_second, err));
    *ret_set = set;
    set = NULL;
out:
    vcl_dataset_destroy(&set);
    finish_source(&one);
    finish_source(&two);
    return r;
}

enum vcl_status vcl_dataset_open(const struct vcl_data_params *params, struct vcl_dataset **ret_set,
                                 struct vcl_error *err)
{
    return vcl_dataset_open_two(params, NULL, ret_set, NULL, err);
}

enum vcl_status vcl_dataset_wrap(const char *name, size_t count, struct vcl_shape shape,
                                 enum vcl_dtype dtype, const void *values, const int32_t *labels,
                                 struct vcl_dataset **ret_set, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct dataset *d = NULL;
    char *copy = NULL;
    if (!values || (dtype != VCL_U8 && dtype != VCL_F32))
        return ERR(err, VCL_E_ARG, "data set '%s': %s", name,
                   values ? "unknown type of values" : "no values");
    TRY(vcl_alloc(1, sizeof *d, &d, err));
    TRY(vcl_examples_check(name, count, vcl_shape_size(shape), dtype, values, err));
    if (labels)
        TRY(vcl_labels_check(name, labels, count, &d->set.classes, err));
    TRY(vcl_arena_strdup(&d->arena, name, &copy, err));
    d->set.name = copy;
    d->set.format = "memory";
    d->set.count = count;
    d->set.shape = shape;
    d->set.dtype = dtype;
    d->set.values = values;
    d->set.labels = labels;
    *ret_set = &d->set;
    d = NULL;
out:
    if (d)
        vcl_arena_finish(&d->arena);
    free(d);
    return r;
}

/* ---- chosen examples ---- */

static enum vcl_status copy_examples(const struct vcl_dataset *set, const uint32_t *indices,
                                     size_t count, struct vcl_examples *ret_copy,
                                     struct vcl_error *err)
{
    size_t stride;
    enum vcl_status r;
    TRY(vcl_examples_init(ret_copy, count, set->shape, set->dtype, err));
    if (set->labels)
        TRY(vcl_alloc(count, sizeof *ret_copy->labels, &ret_copy->labels, err));
    stride = vcl_examples_stride(ret_copy);
    for (size_t i = 0; i < count; i++) {
        memcpy((char *)ret_copy->values + i * stride,
               (const char *)set->values + indices[i] * stride, stride);
        if (set->labels)
            ret_copy->labels[i] = set->labels[indices[i]];
    }
out:
    return r;
}

enum vcl_status vcl_dataset_take(const struct vcl_dataset *set, const uint32_t *indices,
                                 size_t count, struct vcl_dataset **ret_set, struct vcl_error *err)
{
    struct vcl_source source = {.path = set->name, .format = set->format, .classes = set->classes};
    enum vcl_status r;
    if (count == 0)
        return ERR(err, VCL_E_RANGE, "'%s': none of its examples are asked for", set->name);
    for (size_t i = 0; i < count; i++) {
        if (indices[i] >= set->count)
            return ERR(err, VCL_E_RANGE,
                       "'%s' has %zu examples, counted from 0: there is no number %u", set->name,
                       set->count, indices[i]);
    }
    TRY(copy_names(&source.arena, set->class_names, set->classes, &source.class_names, err));
    TRY(copy_examples(set, indices, count, &source.examples, err));
    TRY(adopt(&source, ret_set, err));
out:
    finish_source(&source);
    return r;
}

void vcl_dataset_destroy(struct vcl_dataset **set)
{
    if (!set || !*set)
        return;
    struct dataset *d = (struct dataset *)*set;
    vcl_examples_finish(&d->examples);
    vcl_arena_finish(&d->arena);
    free(d);
    *set = NULL;
}
