/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/cli.h"

enum vcl_status write_result(struct cli *cli, const struct output *output,
                             const struct vcl_array *array)
{
    struct vcl_error *err = &cli->err;
    char *path = NULL;
    enum vcl_status r;
    TRY(output_path(output->out, output->name, output->extension, output->force, &path, err));
    TRY(vcl_array_write(path, array, output->columns, output->force, err));
    if (cli->common.json) {
        json_t *object =
            json_pack("{s:o, s:I, s:[I, I, I]}", "out", vcl_json_text(path), "n",
                      (json_int_t)array->count, "shape", (json_int_t)array->shape.height,
                      (json_int_t)array->shape.width, (json_int_t)array->shape.channels);
        add_profile(cli, object, NULL);
        print_json(object);
    } else {
        printf("%s\n", path);
    }
out:
    free(path);
    return r;
}

enum vcl_status write_examples(struct cli *cli, const struct session *session,
                               const struct use *use, const char *name, size_t n,
                               const float *values, uint32_t columns)
{
    struct vcl_shape shape = session->info.shape;
    return write_result(cli,
                        &(struct output){.out = use->out,
                                         .name = name,
                                         .extension = is_picture(shape) ? ".png" : ".csv",
                                         .force = use->force,
                                         .columns = columns},
                        &(struct vcl_array){.count = n, .shape = shape, .values = values});
}
