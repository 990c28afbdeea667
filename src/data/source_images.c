/* SPDX-License-Identifier: MIT
 *
 * A folder of pictures of one size. Sub-folders are classes in the order of their names, and files
 * follow in the order of theirs (as bytes, so that no locale changes a label). If any picture has
 * colour, grey ones are turned into colour.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "data/folder.h"
#include "data/picture.h"
#include "data/source.h"

struct collecting {
    struct vcl_examples *examples; /* the source's */
    char *first;                   /* path of the first picture */
    int32_t *labels;
    size_t cap_labels;
};

static void collecting_finish(struct collecting *c)
{
    free(c->first);
    free(c->labels);
}

/* Files that lie beside pictures without anybody meaning them to be one. */
static bool is_harmless(const char *name)
{
    static const char *const endings[] = {
        ".txt", ".md",   ".csv", ".tsv",      ".json",       ".xml",   ".yml",    ".yaml",
        ".htm", ".html", ".pdf", "thumbs.db", "desktop.ini", "readme", "license", "copying"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (vcl_ends_with(name, endings[i]))
            return true;
    }
    return false;
}

static enum vcl_status read_picture(const char *path, struct vcl_examples *ret_image,
                                    struct vcl_error *err)
{
    const struct vcl_format_def *format = NULL;
    enum vcl_status r = vcl_format_read_file(path, &format, ret_image, err);
    if (r == VCL_OK && !format->image) {
        vcl_examples_finish(ret_image);
        r = ERR(err, VCL_E_FORMAT, "'%s': is %s, not a picture", path, format->help);
    }
    return r;
}

static enum vcl_status check_size(const struct collecting *c, const char *path,
                                  const struct vcl_examples *image, struct vcl_error *err)
{
    const struct vcl_shape *first = &c->examples->shape, *shape = &image->shape;
    if (shape->height == first->height && shape->width == first->width)
        return VCL_OK;
    enum vcl_status r =
        ERR(err, VCL_E_SHAPE, "'%s' has %u x %u pixels (width x height), but '%s' has %u x %u",
            path, shape->width, shape->height, c->first, first->width, first->height);
    return vcl_error_hint(err, r, "scale or crop all pictures to one size first");
}

/* Lays it behind the others; if one has colour, all get it. */
static enum vcl_status join(struct collecting *c, struct vcl_examples *image, int32_t label,
                            const char *path, struct vcl_error *err)
{
    struct vcl_examples *to = c->examples;
    enum vcl_status r;
    if (to->count && image->shape.channels < to->shape.channels)
        TRY(vcl_picture_colour(image, err));
    if (to->count && image->shape.channels > to->shape.channels)
        TRY(vcl_picture_colour(to, err));
    TRY(vcl_grow(&c->labels, &c->cap_labels, to->count + 1, sizeof *c->labels, err));
    TRY(vcl_examples_extend(to, 1, image->shape, image->dtype, path, err));
    size_t stride = vcl_examples_stride(to);
    memcpy((char *)to->values + (to->count - 1) * stride, image->values, stride);
    c->labels[to->count - 1] = label;
out:
    return r;
}

static enum vcl_status refuse_folder(const char *path, struct vcl_error *err)
{
    enum vcl_status r = ERR(err, VCL_E_FORMAT, "'%s': a folder within a folder of pictures", path);
    return vcl_error_hint(err, r,
                          "sub-folders are classes and hold pictures only; to use one part of a "
                          "data set, give its folder");
}

static enum vcl_status add_picture(struct collecting *c, const char *folder, const char *name,
                                   int32_t label, struct vcl_error *err)
{
    struct vcl_examples image = {0};
    char *path = NULL;
    enum vcl_status r;
    TRY(vcl_path_join(folder, name, &path, err));
    TRY(vcl_is_folder(path) ? refuse_folder(path, err) : read_picture(path, &image, err));
    if (c->examples->count)
        TRY(check_size(c, path, &image, err));
    TRY(join(c, &image, label, path, err));
    if (!c->first) {
        c->first = path;
        path = NULL;
    }
out:
    vcl_examples_finish(&image);
    free(path);
    return r;
}

static enum vcl_status add_folder(struct collecting *c, const char *path, int32_t label,
                                  struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct vcl_folder folder = {0};
    size_t before = c->examples->count;
    TRY(vcl_folder_init(&folder, path, err));
    for (size_t i = 0; i < folder.count; i++) {
        if (!is_harmless(folder.names[i]))
            TRY(add_picture(c, path, folder.names[i], label, err));
    }
    if (c->examples->count == before) {
        r = ERR(err, VCL_E_FORMAT, "'%s': the folder holds no pictures", path);
        r = vcl_error_hint(err, r,
                           "PNG, JPEG, PGM and PPM are read; an IDX folder holds "
                           "train-images-idx3-ubyte and the like");
    }
out:
    vcl_folder_finish(&folder);
    return r;
}

/* Each name in `classes` is a sub-folder. */
static enum vcl_status add_classes(struct vcl_source *source, struct collecting *c,
                                   const struct vcl_folder *classes, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    char *path = NULL, **names = NULL;
    TRY(vcl_arena_alloc(&source->arena, classes->count * sizeof *names, &names, err));
    for (size_t i = 0; i < classes->count; i++) {
        TRY(vcl_arena_strdup(&source->arena, classes->names[i], &names[i], err));
        TRY(vcl_path_join(source->path, classes->names[i], &path, err));
        TRY(add_folder(c, path, (int32_t)i, err));
        free(path);
        path = NULL;
    }
    source->class_names = (const char *const *)names;
    source->classes = (int32_t)classes->count;
out:
    free(path);
    return r;
}

/* Either all entries are class folders or none is. Harmless files may lie beside folders. */
static enum vcl_status collect(struct vcl_source *source, struct collecting *c,
                               struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct vcl_folder entries = {0}, classes = {0};
    const char *stray = NULL;
    TRY(vcl_folder_init(&entries, source->path, err));
    TRY(vcl_folder_take_folders(&entries, source->path, &classes, err));
    for (size_t i = 0; i < entries.count && !stray; i++) {
        if (!is_harmless(entries.names[i]))
            stray = entries.names[i];
    }
    if (classes.count == 0)
        r = add_folder(c, source->path, 0, err);
    else if (stray)
        r = ERR(err, VCL_E_FORMAT, "'%s/%s': lies beside class folders such as '%s', not in one",
                source->path, stray, classes.names[0]);
    else
        r = add_classes(source, c, &classes, err);
out:
    vcl_folder_finish(&classes);
    vcl_folder_finish(&entries);
    return r;
}

enum vcl_status vcl_source_images(struct vcl_source *source, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct collecting c = {.examples = &source->examples};
    TRY(collect(source, &c, err));
    if (source->classes) {
        source->examples.labels = c.labels;
        c.labels = NULL;
    }
    source->format = "images";
out:
    collecting_finish(&c);
    return r;
}
