/* SPDX-License-Identifier: MIT
 *
 * Where launches go. Whatever makes launches takes a struct vcl_emit, which says whether they run
 * at once, are recorded into a list, or are only gone through for the matrix products in them.
 */
#ifndef VCL_CL_EMIT_H
#define VCL_CL_EMIT_H

#include "cl/context.h"

/* What launches are for, by which profiles tell them apart: a layer and its pass, and the shape of
 * a matrix product. */
struct vcl_label {
    const char *name, *pass; /* kept by the caller while launches are made; NULL: nothing known */
    uint32_t m, n, k;        /* 0: no product */
};

struct vcl_products; /* gemm/gemm.h */

struct vcl_emit {
    struct vcl_ctx *ctx;
    struct vcl_list *list;        /* records; NULL: runs at once */
    struct vcl_products *dry_run; /* not NULL: nothing is launched, products are noted here */
    struct vcl_label label;
};

/* At once, with no label. */
#define VCL_AT_ONCE(context) (&(const struct vcl_emit){.ctx = (context)})

/* vcl_launch_run, or as the emit says. */
enum vcl_status vcl_emit_launch(const struct vcl_emit *emit, const struct vcl_launch *launch,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* Notes a matrix product's multiply-adds, as now run or as run with the list. */
void vcl_emit_count(const struct vcl_emit *emit, uint64_t multiply_adds);

/* ---- launch lists ---- */

/* A list of launches recorded once, arguments bound, and run many times. */
struct vcl_list;

enum vcl_status vcl_list_create(struct vcl_ctx *ctx, struct vcl_list **ret_list,
                                struct vcl_error *err) VCL_MUST_CHECK;
void vcl_list_destroy(struct vcl_list **list);
/* No more will be recorded: where that is faster, it becomes a command buffer. */
void vcl_list_seal(struct vcl_list *list);
enum vcl_status vcl_list_run(struct vcl_list *list, struct vcl_error *err) VCL_MUST_CHECK;
size_t vcl_list_length(const struct vcl_list *list);
uint64_t vcl_list_multiply_adds(const struct vcl_list *list); /* at each run */

/* Whether lists sealed from now on become command buffers, for tests; returns false if the device
 * has none. By default they do where that is known to be faster. */
bool vcl_ctx_command_buffers(struct vcl_ctx *ctx, bool on);

/* ---- arguments ---- */

/* The arguments of a launch, each of a type that VCL_ARG takes: struct vcl_launch launch = {.kernel
 * = "add", VCL_ARGS(n, x, y)}; */
#define VCL_ARGS(...)                                                                              \
    .args = {VCL_PICK(__VA_ARGS__, VCL_ARGS_20, VCL_ARGS_19, VCL_ARGS_18, VCL_ARGS_17,             \
                      VCL_ARGS_16, VCL_ARGS_15, VCL_ARGS_14, VCL_ARGS_13, VCL_ARGS_12,             \
                      VCL_ARGS_11, VCL_ARGS_10, VCL_ARGS_9, VCL_ARGS_8, VCL_ARGS_7, VCL_ARGS_6,    \
                      VCL_ARGS_5, VCL_ARGS_4, VCL_ARGS_3, VCL_ARGS_2, VCL_ARGS_1,                  \
                      0)(__VA_ARGS__)},                                                            \
    .n_args = VCL_PICK(__VA_ARGS__, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4,  \
                       3, 2, 1, 0)

#define VCL_PICK(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, _17, _18,  \
                 _19, _20, picked, ...)                                                            \
    picked
#define VCL_ARGS_1(x)       VCL_ARG(x)
#define VCL_ARGS_2(x, ...)  VCL_ARG(x), VCL_ARGS_1(__VA_ARGS__)
#define VCL_ARGS_3(x, ...)  VCL_ARG(x), VCL_ARGS_2(__VA_ARGS__)
#define VCL_ARGS_4(x, ...)  VCL_ARG(x), VCL_ARGS_3(__VA_ARGS__)
#define VCL_ARGS_5(x, ...)  VCL_ARG(x), VCL_ARGS_4(__VA_ARGS__)
#define VCL_ARGS_6(x, ...)  VCL_ARG(x), VCL_ARGS_5(__VA_ARGS__)
#define VCL_ARGS_7(x, ...)  VCL_ARG(x), VCL_ARGS_6(__VA_ARGS__)
#define VCL_ARGS_8(x, ...)  VCL_ARG(x), VCL_ARGS_7(__VA_ARGS__)
#define VCL_ARGS_9(x, ...)  VCL_ARG(x), VCL_ARGS_8(__VA_ARGS__)
#define VCL_ARGS_10(x, ...) VCL_ARG(x), VCL_ARGS_9(__VA_ARGS__)
#define VCL_ARGS_11(x, ...) VCL_ARG(x), VCL_ARGS_10(__VA_ARGS__)
#define VCL_ARGS_12(x, ...) VCL_ARG(x), VCL_ARGS_11(__VA_ARGS__)
#define VCL_ARGS_13(x, ...) VCL_ARG(x), VCL_ARGS_12(__VA_ARGS__)
#define VCL_ARGS_14(x, ...) VCL_ARG(x), VCL_ARGS_13(__VA_ARGS__)
#define VCL_ARGS_15(x, ...) VCL_ARG(x), VCL_ARGS_14(__VA_ARGS__)
#define VCL_ARGS_16(x, ...) VCL_ARG(x), VCL_ARGS_15(__VA_ARGS__)
#define VCL_ARGS_17(x, ...) VCL_ARG(x), VCL_ARGS_16(__VA_ARGS__)
#define VCL_ARGS_18(x, ...) VCL_ARG(x), VCL_ARGS_17(__VA_ARGS__)
#define VCL_ARGS_19(x, ...) VCL_ARG(x), VCL_ARGS_18(__VA_ARGS__)
#define VCL_ARGS_20(x, ...) VCL_ARG(x), VCL_ARGS_19(__VA_ARGS__)

/* Appends one more. */
static inline void vcl_arg_add(struct vcl_launch *launch, struct vcl_arg arg)
{
    launch->args[launch->n_args++] = arg;
}

#endif
