/* SPDX-License-Identifier: MIT
 *
 * The inside of a configuration: its option rows, which the command line, presets and saved files
 * share, and the store of its strings.
 */
#ifndef VCL_VAE_CONFIG_H
#define VCL_VAE_CONFIG_H

#include <jansson.h>

#include "base/definition.h"
#include "vaecl/model.h"

/* Rows over struct vcl_config; ends with a NULL key. */
extern const struct vcl_opt vcl_config_options[];

enum vcl_status vcl_config_copy(const struct vcl_config *config, struct vcl_config **ret_copy,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* Reads a choice of a table's row, to which the flat keys are short forms: vcl_definition_read. */
enum vcl_status vcl_config_choose(const struct vcl_config *config, const char *what,
                                  const void *table, const char *text, struct vcl_arena *arena,
                                  const void **ret_row, void **ret_config,
                                  struct vcl_error *err) VCL_MUST_CHECK;

/* Applies each key of a JSON object; keys of `ignore` (NULL-ended, or NULL) are passed over. */
enum vcl_status vcl_config_apply_json(struct vcl_config *config, const json_t *object,
                                      const char *const *ignore,
                                      struct vcl_error *err) VCL_MUST_CHECK;

/* Its "shape": [height, width, channels]. */
enum vcl_status vcl_shape_from_json(const json_t *object, struct vcl_shape *ret_shape,
                                    struct vcl_error *err) VCL_MUST_CHECK;

/* vcl_config_load, and the shape of the examples that the preset or file says it is for; *shape
 * stays as it is where it says none. */
enum vcl_status vcl_config_load_for(struct vcl_config *config, const char *preset,
                                    struct vcl_shape *shape, struct vcl_error *err) VCL_MUST_CHECK;

/* The configuration as a new JSON object; only the keys that make the model with `model_only`. */
enum vcl_status vcl_config_to_json(const struct vcl_config *config, bool model_only,
                                   json_t **ret_object, struct vcl_error *err) VCL_MUST_CHECK;

/* The json_dumps flag with which all its numbers are written short and exactly. */
size_t vcl_config_digits(const struct vcl_config *config);

/* Keeps a copy of `text` as long as the configuration lives. */
enum vcl_status vcl_config_keep(struct vcl_config *config, const char *text, const char **ret_copy,
                                struct vcl_error *err) VCL_MUST_CHECK;

#endif
