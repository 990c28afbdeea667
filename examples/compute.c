/* SPDX-License-Identifier: MIT
 *
 * The compute engine alone: buffers, a matrix product, and a kernel of one's own. Computes
 * C = A B for A (2, 3) and B (3, 2), then the square root of each element.
 *   cc compute.c $(pkg-config --cflags --libs vaecl) -o compute
 */
#include <stdio.h>

#include <vaecl/vaecl.h>

/* prelude.cl and math.cl are the library's; vm_sqrt gives the same bits on every device. */
static const char source[] = "#include \"prelude.cl\"\n"
                             "#include \"math.cl\"\n"
                             "kernel void square_root(int n, global const float *x,\n"
                             "                        global float *y)\n"
                             "{\n"
                             "    int i = FLAT_INDEX;\n"
                             "    flat_store(vm_sqrt(flat_load(x, n, i)), y, n, i);\n"
                             "}\n";

int main(void)
{
    const float a[] = {1, 2, 3, 4, 5, 6}, b[] = {1, 0, 0, 1, 5, 2};
    float c[4];
    struct vcl_ctx *ctx = NULL;
    struct vcl_buf *buf_a = NULL, *buf_b = NULL, *buf_c = NULL;
    struct vcl_error err = {0};

    if (vcl_ctx_create(NULL, &ctx, &err) || vcl_buf_create(ctx, sizeof a, &buf_a, &err) ||
        vcl_buf_create(ctx, sizeof b, &buf_b, &err) ||
        vcl_buf_create(ctx, sizeof c, &buf_c, &err) || vcl_buf_write(buf_a, 0, sizeof a, a, &err) ||
        vcl_buf_write(buf_b, 0, sizeof b, b, &err))
        goto out;

    const struct vcl_gemm product = {.m = 2, .n = 2, .k = 3, .a = buf_a, .b = buf_b, .c = buf_c};
    const struct vcl_launch root = {.text = source,
                                    .kernel = "square_root",
                                    .global = {16, 1, 1},
                                    .local = {16, 1, 1},
                                    .args = {VCL_ARG(4), VCL_ARG(buf_c), VCL_ARG(buf_c)},
                                    .n_args = 3};
    if (vcl_gemm_run(ctx, &product, &err) || vcl_launch_run(ctx, &root, &err) ||
        vcl_buf_read(buf_c, 0, sizeof c, c, &err))
        goto out;
    printf("%g %g\n%g %g\n", c[0], c[1], c[2], c[3]);
out:
    if (err.status)
        fprintf(stderr, "%s\n", err.msg);
    vcl_buf_destroy(&buf_a);
    vcl_buf_destroy(&buf_b);
    vcl_buf_destroy(&buf_c);
    vcl_ctx_destroy(&ctx);
    return err.status ? 1 : 0;
}
