/* SPDX-License-Identifier: MIT
 *
 * The reader of model files over arbitrary bytes. Whatever is accepted must lie where it says.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vae/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_tensor(const struct vcl_st_file *file, size_t size,
                         const struct vcl_st_tensor *tensor)
{
    const unsigned char *begin = (const unsigned char *)tensor->values;
    size_t count = 1;
    volatile float last = 0;
    for (uint32_t i = 0; i < tensor->dims; i++)
        count *= tensor->shape[i];
    if (count != tensor->count || begin < file->data || !tensor->name ||
        (size_t)(begin - file->data) > size ||
        tensor->count > (size - (size_t)(begin - file->data)) / sizeof(float))
        abort();
    for (size_t i = 0; i < tensor->count; i++)
        last = tensor->values[i];
    (void)last;
    if (!vcl_st_find(file, tensor->name))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vcl_error err = {0};
    struct vcl_st_file file = {0};
    unsigned char *copy = malloc(size ? size : 1);
    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    enum vcl_status r = vcl_st_parse(copy, size, &file, &err); /* takes the copy */
    if (r < 0) {
        if (err.status != r || !err.msg[0])
            abort();
        return 0;
    }
    for (size_t i = 0; i < file.count; i++)
        check_tensor(&file, size, &file.tensors[i]);
    const char *spec = vcl_st_metadata(&file, "spec");
    if (spec && strlen(spec) > size)
        abort();
    vcl_st_finish(&file);
    return 0;
}
