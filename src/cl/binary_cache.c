/* SPDX-License-Identifier: MIT
 *
 * Compiled programs on disk, one file each in the cache folder.
 *
 * Name: 32 hexadecimal digits of a 128-bit hash of source, options, platform, device, driver and
 * this format's version, then ".bin". Contents: the magic, the hash, the binary's size and its own
 * hash, the binary. A file that is anything else is ignored and replaced. Written to a temporary
 * name and renamed, so that concurrent processes see whole files only. Every failure here is a
 * debug line and a compilation, never an error.
 * Not used with runtimes that keep a cache of their own (pocl, NVIDIA): a second one costs time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/writer.h"
#include "cl/internal.h"

struct hash {
    uint64_t a, b;
};

struct header {
    char magic[8];
    struct hash key, content;
    uint64_t size;
};

static const char magic[8] = "vaeclb1";

/* Two independent 64-bit FNV-1a style hashes; an accident, not an attacker, is the concern. */
static void hash_add(struct hash *hash, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++) {
        hash->a = (hash->a ^ bytes[i]) * 0x100000001B3ULL;
        hash->b = (hash->b ^ bytes[i]) * 0x9E3779B97F4A7C15ULL;
        hash->b ^= hash->b >> 29;
    }
}

static struct hash hash_of(const void *data, size_t size)
{
    struct hash hash = {0xCBF29CE484222325ULL, 0x2545F4914F6CDD1DULL};
    hash_add(&hash, data, size);
    return hash;
}

static struct hash key_of(const struct vcl_ctx *ctx, const char *source, const char *options)
{
    const char *parts[] = {source,           options,           ctx->info.platform, ctx->info.name,
                           ctx->info.vendor, ctx->info.version, ctx->info.driver};
    struct hash key = hash_of(magic, sizeof magic);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        hash_add(&key, parts[i], strlen(parts[i]) + 1);
    return key;
}

static bool wanted(const struct vcl_ctx *ctx)
{
    return ctx->cache_dir && !vcl_contains(ctx->info.platform, "Portable Computing Language") &&
           !vcl_contains(ctx->info.platform, "NVIDIA") &&
           !vcl_contains(ctx->info.platform, "Oclgrind");
}

static enum vcl_status path_of(const struct vcl_ctx *ctx, struct hash key, char **ret_path)
{
    char name[48];
    snprintf(name, sizeof name, "%016llx%016llx.bin", (unsigned long long)key.a,
             (unsigned long long)key.b);
    return vcl_path_join(ctx->cache_dir, name, ret_path, NULL);
}

/* The binary inside a cache file, or NULL. */
static const unsigned char *valid_binary(const unsigned char *file, size_t size, struct hash key,
                                         size_t *ret_size)
{
    struct header header;
    if (size < sizeof header)
        return NULL;
    memcpy(&header, file, sizeof header);
    if (memcmp(header.magic, magic, sizeof magic) != 0 || header.key.a != key.a ||
        header.key.b != key.b || header.size != size - sizeof header)
        return NULL;
    struct hash content = hash_of(file + sizeof header, header.size);
    if (content.a != header.content.a || content.b != header.content.b)
        return NULL;
    *ret_size = header.size;
    return file + sizeof header;
}

static cl_program program_from(struct vcl_ctx *ctx, const unsigned char *binary, size_t size,
                               const char *options)
{
    cl_int code, status;
    cl_program program =
        clCreateProgramWithBinary(ctx->context, 1, &ctx->device, &size, &binary, &status, &code);
    if (code != CL_SUCCESS)
        return NULL;
    if (status != CL_SUCCESS ||
        clBuildProgram(program, 1, &ctx->device, options, NULL, NULL) != CL_SUCCESS) {
        clReleaseProgram(program);
        return NULL;
    }
    return program;
}

cl_program vcl_binary_cache_load(struct vcl_ctx *ctx, const char *source, const char *options)
{
    char *path = NULL;
    unsigned char *file = NULL;
    size_t file_size, size;
    cl_program program = NULL;
    if (!wanted(ctx))
        return NULL;
    struct hash key = key_of(ctx, source, options);
    if (path_of(ctx, key, &path) < 0 || vcl_file_read(path, &file, &file_size, NULL) < 0)
        goto out;
    const unsigned char *binary = valid_binary(file, file_size, key, &size);
    if (binary)
        program = program_from(ctx, binary, size, options);
    vcl_log(ctx, VCL_LOG_DEBUG, "program cache: %s %s", program ? "loaded" : "ignored", path);
out:
    free(path);
    free(file);
    return program;
}

static enum vcl_status write_entry(struct vcl_ctx *ctx, const char *path, struct hash key,
                                   const unsigned char *binary, size_t size)
{
    struct header header = {.key = key, .content = hash_of(binary, size), .size = size};
    struct vcl_writer writer = {0};
    enum vcl_status r;
    memcpy(header.magic, magic, sizeof magic);
    TRY(vcl_make_folders(ctx->cache_dir, NULL));
    TRY(vcl_writer_init(&writer, path, true, NULL));
    TRY(vcl_writer_add(&writer, &header, sizeof header, NULL));
    TRY(vcl_writer_add(&writer, binary, size, NULL));
    TRY(vcl_writer_commit(&writer, NULL));
out:
    vcl_writer_finish(&writer);
    return r;
}

void vcl_binary_cache_save(struct vcl_ctx *ctx, const char *source, const char *options,
                           cl_program program)
{
    enum { LARGEST = 1 << 28 }; /* more is none, but a driver's nonsense */
    size_t size = 0;
    unsigned char *binary = NULL;
    char *path = NULL;
    if (!wanted(ctx))
        return;
    struct hash key = key_of(ctx, source, options);
    if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof size, &size, NULL) || size == 0 ||
        size > LARGEST || vcl_alloc(size, 1, &binary, NULL) < 0 ||
        clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL) ||
        path_of(ctx, key, &path) < 0 || write_entry(ctx, path, key, binary, size) < 0)
        vcl_log(ctx, VCL_LOG_DEBUG, "program cache: nothing written");
    free(path);
    free(binary);
}
