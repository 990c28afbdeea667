/* SPDX-License-Identifier: MIT
 *
 * Models as safetensors files: parameters under their names, and what the model is as JSON in
 * __metadata__. A checkpoint is the same file with optimiser state and the trainer's position.
 */
#ifndef VCL_VAE_MODEL_FILE_H
#define VCL_VAE_MODEL_FILE_H

#include "vae/model.h"
#include "vae/safetensors.h"

/* Writes parameters, and with `state` the optimiser's flat buffers under "state0/NAME" ...
 * `extra` (NULL or an object of strings) is added to the metadata. */
enum vcl_status vcl_model_write(struct vcl_model *model, const char *path, int states,
                                const json_t *extra, bool replace,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* Makes the model that an opened file describes, with its parameters. */
enum vcl_status vcl_model_from_file(struct vcl_ctx *ctx, const struct vcl_st_file *file,
                                    uint32_t batch, bool trainable, struct vcl_model **ret_model,
                                    struct vcl_error *err) VCL_MUST_CHECK;

/* Fills the model's optimiser state from the file. */
enum vcl_status vcl_model_read_states(struct vcl_model *model, const struct vcl_st_file *file,
                                      int states, struct vcl_error *err) VCL_MUST_CHECK;

/* "folder/model.safetensors" for a folder, else `path` itself; the caller frees it. */
enum vcl_status vcl_model_path(const char *path, char **ret_file,
                               struct vcl_error *err) VCL_MUST_CHECK;

#endif
