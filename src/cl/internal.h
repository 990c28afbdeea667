/* SPDX-License-Identifier: MIT
 *
 * The inside of a context, for src/cl and src/gemm only.
 */
#ifndef VCL_CL_INTERNAL_H
#define VCL_CL_INTERNAL_H

#include <CL/cl.h>

#include "base/mem.h"
#include "base/str.h"
#include "cl/emit.h"

struct vcl_buf {
    struct vcl_ctx *ctx;
    cl_mem mem;
    size_t size;
};

struct vcl_kernel_entry {
    struct vcl_kernel_entry *next;
    const char *name;
    cl_kernel kernel;
};

struct vcl_program {
    struct vcl_program *next;
    const char *source, *options; /* the key; `source` is a file's name or the text itself */
    cl_program program;
    struct vcl_kernel_entry *kernels;
};

/* One entry of a launch list: a kernel with its arguments bound, or a call into a library that
 * enqueues by itself (CLBlast). */
struct vcl_list_item {
    cl_kernel kernel;
    const char *name, *use; /* for profiles */
    size_t global[3], local[3];
    enum vcl_status (*call)(struct vcl_ctx *ctx, const void *data, struct vcl_error *err);
    const void *data;
};

struct vcl_list {
    struct vcl_ctx *ctx;
    struct vcl_arena arena;
    struct vcl_list_item *items;
    size_t count, cap;
    uint64_t multiply_adds;
    void *command_buffer; /* all of it as one, or NULL: command_buffer.c */
};

struct vcl_command_buffer_calls;

/* profile.c */
struct vcl_profile {
    struct vcl_profile_entry *entries; /* a kernel and use each */
    struct vcl_profile_event *events;  /* not yet read, in the order of the queue */
    size_t n_events, cap_events;
    bool watching;
    uint64_t first, last; /* start and end, ns; last 0: none yet */
    double running;       /* ns, since watching was turned on */
    double busy, wall;    /* ns, of what was watched before */
};

struct vcl_ctx {
    struct vcl_arena arena;
    struct vcl_device_info info;
    cl_platform_id platform;
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    size_t alignment;
    bool same_bits, profile, clblast_advised;
    bool cpu_beside; /* a usable one, which is not this device */
    uint32_t vec;
    const char *gemm, *precision, *kernel_dir, *cache_dir, *tuning_dir;
    struct vcl_gemm_keep *gemm_keep;
    void (*log)(void *user, enum vcl_log_level level, const char *message);
    void *log_user;
    struct vcl_program *programs;
    struct vcl_buf *scratch[VCL_SCRATCH_COUNT];
    struct vcl_buf **retired; /* outgrown scratch that recorded launches may still name */
    size_t n_retired, cap_retired;
    const struct vcl_command_buffer_calls *command_calls; /* NULL: the device has none */
    bool command_buffers;                                 /* make them of lists */
    struct vcl_profile profiled;
    double waited; /* seconds */
    uint64_t launches, multiply_adds;
};

/* Name of a CL error code, "CL_OUT_OF_RESOURCES". */
const char *vcl_cl_name(int code);

/* Sets the error for a failed CL call; out-of-memory codes become VCL_E_DEVMEM. */
enum vcl_status vcl_cl_error(struct vcl_error *err, int code, const char *call, const char *file,
                             int line);
#define CLERR(err, code, call) vcl_cl_error((err), (code), (call), __FILE__, __LINE__)

/* r = VCL_OK or leaves for out:, for an expression that yields a CL code. */
#define TRYCL(err, expr, call)                                                                     \
    do {                                                                                           \
        int tried_code = (expr);                                                                   \
        if (tried_code != CL_SUCCESS) {                                                            \
            r = CLERR(err, tried_code, call);                                                      \
            goto out;                                                                              \
        }                                                                                          \
    } while (0)

/* device.c */
bool vcl_ctx_has_extension(const struct vcl_ctx *ctx, const char *name);
/* Bytes that the start of a buffer's view is a multiple of; 0: the driver tells nonsense. */
size_t vcl_device_alignment(cl_device_id device);
struct vcl_device_handle {
    cl_platform_id platform;
    cl_device_id device;
};
/* All that there is, in the order of their ids. */
struct vcl_devices {
    struct vcl_device_info *infos;
    struct vcl_device_handle *handles;
    size_t count, cap_infos, cap_handles;
};
enum vcl_status vcl_devices_read(struct vcl_devices *devices, struct vcl_error *err) VCL_MUST_CHECK;
void vcl_devices_finish(struct vcl_devices *devices);

/* device_choose.c */
/* The index of the best usable device, or -1. */
int vcl_device_default(const struct vcl_device_info *infos, size_t count);
/* After a failure `r` that may well be the driver's: names the device, and what else there is. */
enum vcl_status vcl_device_blame(const struct vcl_ctx *ctx, enum vcl_status r,
                                 struct vcl_error *err);
/* *ret_cpu_beside: is a CPU there, too, which could do what this device cannot? */
enum vcl_status vcl_device_find(const char *spec, struct vcl_device_info *ret_info,
                                struct vcl_device_handle *ret_handle, bool *ret_cpu_beside,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* program.c */
enum vcl_status vcl_program_get(struct vcl_ctx *ctx, const struct vcl_launch *launch,
                                struct vcl_program **ret_program,
                                struct vcl_error *err) VCL_MUST_CHECK;
void vcl_programs_release(struct vcl_ctx *ctx);

/* source.c */
struct vcl_source {
    struct vcl_str text;  /* everything, includes resolved */
    struct vcl_str lines; /* for each line of it "file:line\n", to translate messages */
};
enum vcl_status vcl_source_load(const struct vcl_ctx *ctx, const char *name, const char *text,
                                struct vcl_source *source, struct vcl_error *err) VCL_MUST_CHECK;
void vcl_source_finish(struct vcl_source *source);
/* The first error of a build log, with the position in our files. */
void vcl_source_first_error(const struct vcl_source *source, const char *log, struct vcl_str *out);
enum vcl_status vcl_kernel_dir_check(const char *folder, struct vcl_error *err) VCL_MUST_CHECK;

/* binary_cache.c */
cl_program vcl_binary_cache_load(struct vcl_ctx *ctx, const char *source, const char *options);
void vcl_binary_cache_save(struct vcl_ctx *ctx, const char *source, const char *options,
                           cl_program program);

/* profile.c: takes the event. */
void vcl_profile_add(struct vcl_ctx *ctx, const char *kernel, const char *use, cl_event event);
enum { VCL_USE_TEXT = 96 };
void vcl_label_text(const struct vcl_label *label, char text[VCL_USE_TEXT]);
void vcl_profile_finish(struct vcl_ctx *ctx);

/* command_buffer.c */
void vcl_command_buffers_open(struct vcl_ctx *ctx);
void vcl_command_buffer_make(struct vcl_list *list);
/* *ret_done is false if the list has to be run launch by launch after all. */
enum vcl_status vcl_command_buffer_run(struct vcl_list *list, bool *ret_done,
                                       struct vcl_error *err) VCL_MUST_CHECK;
void vcl_command_buffer_release(struct vcl_list *list);

/* launch.c */
cl_uint vcl_launch_dims(const size_t global[3]);
/* A library call that enqueues by itself, now or with the list; `data` is copied. */
enum vcl_status vcl_emit_call(const struct vcl_emit *emit,
                              enum vcl_status (*call)(struct vcl_ctx *ctx, const void *data,
                                                      struct vcl_error *err),
                              const void *data, size_t size, struct vcl_error *err) VCL_MUST_CHECK;

#endif
