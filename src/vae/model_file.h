/* SPDX-License-Identifier: MIT
 *
 * Models as safetensors files: parameters under their names, and what the model is as JSON in
 * __metadata__. A checkpoint is the same file with optimiser state and the trainer's position.
 */
#ifndef VCL_VAE_MODEL_FILE_H
#define VCL_VAE_MODEL_FILE_H

#include "vae/model.h"
#include "vae/safetensors.h"

/* What a checkpoint holds beside the model. */
struct vcl_model_extra {
    int states;                       /* of the optimiser's flat buffers: "state0/NAME" ... */
    const json_t *metadata;           /* an object of strings */
    const struct vcl_st_tensor *text; /* one more tensor, the last one */
};

/* Writes the parameters, and with `extra` (or NULL) what it says. The caller commits. VCL_E_NUMERIC
 * if something is not finite: such a file could not be read back. */
enum vcl_status vcl_model_write(struct vcl_model *model, const struct vcl_model_extra *extra,
                                struct vcl_writer *writer, struct vcl_error *err) VCL_MUST_CHECK;

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
