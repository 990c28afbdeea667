/* SPDX-License-Identifier: MIT
 *
 * Examples to the device: gathered on the host as the set stores them, sent in one write that
 * overlaps the device's work, unpacked there.
 */
#include <string.h>

#include "vae/model.h"

static void gather(const struct vcl_dataset *set, const uint32_t *indices, uint32_t rows,
                   size_t row_size, int32_t *ids, unsigned char *raw)
{
    for (uint32_t i = 0; i < rows; i++) {
        ids[i] = (int32_t)indices[i];
        memcpy(raw + i * row_size, (const unsigned char *)set->values + indices[i] * row_size,
               row_size);
    }
}

static void gather_labels(const struct vcl_dataset *set, const uint32_t *indices, uint32_t rows,
                          int32_t *labels)
{
    for (uint32_t i = 0; i < rows; i++)
        labels[i] = set->labels[indices[i]];
}

enum vcl_status vcl_model_send(struct vcl_model *model, const struct vcl_step *step,
                               const struct vcl_dataset *set, const uint32_t *indices,
                               uint32_t rows, struct vcl_error *err)
{
    void *block;
    enum vcl_status r;
    size_t row_size = model->data_size * (set->dtype == VCL_U8 ? 1 : sizeof(float));
    TRY(vcl_upload_next(model->upload, &block, err));
    unsigned char *bytes = block;
    memcpy(bytes, step, sizeof *step);
    memcpy(bytes + model->second_offset, &model->second, sizeof model->second);
    gather(set, indices, rows, row_size, (int32_t *)(void *)(bytes + model->ids_offset),
           bytes + model->raw_offset);
    if (model->labels)
        gather_labels(set, indices, rows, (int32_t *)(void *)(bytes + model->labels_offset));
    TRY(vcl_upload_send(model->upload, model->raw_offset + rows * row_size, model->input, err));
out:
    return r;
}

enum vcl_status vcl_model_send_step(struct vcl_model *model, const struct vcl_step *step,
                                    struct vcl_error *err)
{
    void *block;
    enum vcl_status r;
    TRY(vcl_upload_next(model->upload, &block, err));
    memcpy(block, step, sizeof *step);
    TRY(vcl_upload_send(model->upload, sizeof *step, model->input, err));
out:
    return r;
}

enum vcl_status vcl_model_unpack(struct vcl_model *model, const struct vcl_emit *emit,
                                 uint32_t rows, enum vcl_dtype dtype, enum vcl_binarise binarise,
                                 struct vcl_error *err)
{
    return vcl_op_unpack(emit, dtype == VCL_U8, binarise, rows, model->data_size, model->step,
                         model->ids, model->raw, model->x, err);
}

enum vcl_status vcl_binarise_find(const char *name, enum vcl_binarise *ret_binarise,
                                  struct vcl_error *err)
{
    static const char *const names[] = {"none", "dynamic", "threshold", NULL};
    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], name) == 0) {
            *ret_binarise = (enum vcl_binarise)i;
            return VCL_OK;
        }
    }
    return ERR(err, VCL_E_ARG, "binarize: '%s' is neither none, dynamic nor threshold", name);
}
