/* SPDX-License-Identifier: MIT
 *
 * Trains a VAE on the built-in digits and writes a picture of new ones.
 *   cc train_and_sample.c $(pkg-config --cflags --libs vaecl) -o train_and_sample
 */
#include <stdio.h>
#include <stdlib.h>

#include <vaecl/vaecl.h>

int main(int argc, char **argv)
{
    const char *picture = argc > 1 ? argv[1] : "samples.png";
    struct vcl_ctx *ctx = NULL;
    struct vcl_config *config = NULL;
    struct vcl_dataset *digits = NULL;
    struct vcl_model *model = NULL;
    struct vcl_train_result result;
    struct vcl_error err = {0};
    float *images = NULL;

    if (vcl_ctx_create(NULL, &ctx, &err) || vcl_config_create(&config, &err) ||
        vcl_config_set(config, "epochs", "3", &err) ||
        vcl_dataset_open(&(struct vcl_data_params){.source = "digits"}, &digits, &err) ||
        vcl_train(ctx, config, &(struct vcl_train_params){.train = digits}, &model, &result, &err))
        goto out;
    printf("%s: loss %.2f nats an image after %llu steps\n", vcl_ctx_device(ctx)->name,
           result.train.loss, (unsigned long long)result.steps);

    images = malloc(64 * vcl_shape_size(digits->shape) * sizeof *images);
    if (!images || vcl_sample(model, 64, 1, images, &err))
        goto out;
    const struct vcl_array grid = {.count = 64, .shape = digits->shape, .values = images};
    if (vcl_array_write(picture, &grid, 8, true, &err) == VCL_OK)
        printf("64 new digits in %s\n", picture);
out:
    if (err.status)
        fprintf(stderr, "%s\n", err.msg);
    free(images);
    vcl_model_destroy(&model);
    vcl_dataset_destroy(&digits);
    vcl_config_destroy(&config);
    vcl_ctx_destroy(&ctx);
    return err.status ? 1 : 0;
}
