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

struct picture {
    char *path;
    int32_t label;
    struct vcl_examples image;
};

struct collecting {
    struct picture *pictures;
    size_t count, cap;
};

static void collecting_finish(struct collecting *c)
{
    for (size_t i = 0; i < c->count; i++) {
        vcl_examples_finish(&c->pictures[i].image);
        free(c->pictures[i].path);
    }
    free(c->pictures);
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

static enum vcl_status add_picture(struct collecting *c, const char *folder, const char *name,
                                   int32_t label, struct vcl_error *err)
{
    enum vcl_status r = vcl_grow(&c->pictures, &c->cap, c->count + 1, sizeof *c->pictures, err);
    if (r < 0)
        return r;
    struct picture *picture = &c->pictures[c->count++];
    *picture = (struct picture){.label = label};
    TRY(vcl_path_join(folder, name, &picture->path, err));
    if (vcl_is_folder(picture->path)) {
        r = ERR(err, VCL_E_FORMAT, "'%s': a folder within a folder of pictures", picture->path);
        r = vcl_error_hint(err, r,
                           "sub-folders are classes and hold pictures only; to use one part of a "
                           "data set, give its folder");
        goto out;
    }
    TRY(read_picture(picture->path, &picture->image, err));
out:
    return r;
}

static enum vcl_status add_folder(struct collecting *c, const char *path, int32_t label,
                                  struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct vcl_folder folder = {0};
    size_t before = c->count;
    TRY(vcl_folder_init(&folder, path, err));
    for (size_t i = 0; i < folder.count; i++) {
        if (!is_harmless(folder.names[i]))
            TRY(add_picture(c, path, folder.names[i], label, err));
    }
    if (c->count == before) {
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

static enum vcl_status check_sizes(const struct collecting *c, struct vcl_error *err)
{
    const struct picture *first = &c->pictures[0];
    for (size_t i = 1; i < c->count; i++) {
        const struct picture *p = &c->pictures[i];
        if (p->image.shape.height == first->image.shape.height &&
            p->image.shape.width == first->image.shape.width)
            continue;
        enum vcl_status r =
            ERR(err, VCL_E_SHAPE, "'%s' has %u x %u pixels (width x height), but '%s' has %u x %u",
                p->path, p->image.shape.width, p->image.shape.height, first->path,
                first->image.shape.width, first->image.shape.height);
        return vcl_error_hint(err, r, "scale or crop all pictures to one size first");
    }
    return VCL_OK;
}

static uint32_t most_channels(const struct collecting *c)
{
    uint32_t channels = 1;
    for (size_t i = 0; i < c->count; i++) {
        if (c->pictures[i].image.shape.channels > channels)
            channels = c->pictures[i].image.shape.channels;
    }
    return channels;
}

/* Lays the pictures one behind the other and releases each. */
static enum vcl_status join(struct vcl_source *source, struct collecting *c, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct vcl_examples *to = &source->examples;
    struct vcl_shape shape = c->pictures[0].image.shape;
    shape.channels = most_channels(c);
    TRY(vcl_examples_init(to, c->count, shape, VCL_U8, err));
    if (source->classes)
        TRY(vcl_alloc(c->count, sizeof *to->labels, &to->labels, err));
    size_t stride = vcl_examples_stride(to);
    for (size_t i = 0; i < c->count; i++) {
        struct vcl_examples *image = &c->pictures[i].image;
        if (image->shape.channels < shape.channels)
            TRY(vcl_picture_colour(image, err));
        memcpy((char *)to->values + i * stride, image->values, stride);
        if (to->labels)
            to->labels[i] = c->pictures[i].label;
        vcl_examples_finish(image);
    }
out:
    return r;
}

enum vcl_status vcl_source_images(struct vcl_source *source, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct collecting c = {0};
    TRY(collect(source, &c, err));
    TRY(check_sizes(&c, err));
    TRY(join(source, &c, err));
    source->format = "images";
out:
    collecting_finish(&c);
    return r;
}
