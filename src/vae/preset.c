/* SPDX-License-Identifier: MIT
 *
 * Presets: JSON files of models/, embedded, and the user's own by path.
 */
#include <stdlib.h>
#include <string.h>

#include "base/embed.h"
#include "base/file.h"
#include "base/json.h"
#include "vae/config.h"

enum { MAX_PRESETS = 63 };

static void strip_extension(const char *file, char name[64])
{
    size_t len = strcspn(file, ".");
    len = len < 63 ? len : 63;
    memcpy(name, file, len);
    name[len] = '\0';
}

const char *const *vcl_preset_names(void)
{
    static char texts[MAX_PRESETS][64];
    static const char *names[MAX_PRESETS + 1];
    size_t n = 0; /* the same values at each call */
    for (const struct vcl_embedded *file = vcl_embedded_models; file->name && n < MAX_PRESETS;
         file++, n++) {
        strip_extension(file->name, texts[n]);
        names[n] = texts[n];
    }
    return names;
}

static enum vcl_status apply_text(struct vcl_config *config, const char *name, const char *text,
                                  size_t len, struct vcl_shape *shape, struct vcl_error *err)
{
    static const char *const not_options[] = {"shape", NULL};
    json_error_t problem;
    enum vcl_status r;
    json_t *object = vcl_json_load(text, len, &problem);
    if (!object)
        return ERR(err, VCL_E_FORMAT, "%s:%d:%d: %s", name, problem.line, problem.column,
                   problem.text);
    if (json_object_get(object, "shape"))
        TRY(vcl_shape_from_json(object, shape, err));
    TRY(vcl_config_apply_json(config, object, not_options, err));
out:
    json_decref(object);
    return r < 0 ? vcl_error_wrap(err, r, "model '%s'", name) : r;
}

static enum vcl_status load_file(struct vcl_config *config, const char *path,
                                 struct vcl_shape *shape, struct vcl_error *err)
{
    unsigned char *text = NULL;
    size_t size;
    enum vcl_status r;
    TRY(vcl_file_read(path, &text, &size, err));
    TRY(vcl_config_set(config, "name", "custom", err));
    TRY(apply_text(config, path, (const char *)text, size, shape, err));
out:
    free(text);
    return r;
}

static enum vcl_status load_embedded(struct vcl_config *config, const struct vcl_embedded *file,
                                     struct vcl_shape *shape, struct vcl_error *err)
{
    struct vcl_str text = {0};
    enum vcl_status r;
    for (size_t i = 0; i < file->count; i++)
        vcl_str_add_bytes(&text, file->lines[i], strlen(file->lines[i]));
    TRY(vcl_str_check(&text, err));
    TRY(apply_text(config, file->name, text.text, text.len, shape, err));
out:
    vcl_str_finish(&text);
    return r;
}

enum vcl_status vcl_config_load_for(struct vcl_config *config, const char *preset,
                                    struct vcl_shape *shape, struct vcl_error *err)
{
    char file[72];
    if (vcl_ends_with(preset, ".json") || strchr(preset, '/'))
        return load_file(config, preset, shape, err);
    strncpy(file, preset, 63);
    file[63] = '\0';
    strcat(file, ".json");
    const struct vcl_embedded *found = vcl_embedded_find(vcl_embedded_models, file);
    if (found)
        return load_embedded(config, found, shape, err);
    enum vcl_status r = ERR(err, VCL_E_ARG, "no preset is called '%s'", preset);
    const char *near = vcl_nearest(preset, vcl_preset_names());
    return near ? vcl_error_hint(err, r, "did you mean '%s'?", near)
                : vcl_error_hint(err, r,
                                 "'vae-cl train --help' lists the presets; a file of your "
                                 "own ends in .json");
}

enum vcl_status vcl_config_load(struct vcl_config *config, const char *preset,
                                struct vcl_error *err)
{
    struct vcl_shape shape;
    return vcl_config_load_for(config, preset, &shape, err);
}
