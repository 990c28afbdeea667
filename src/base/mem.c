/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct vcl_arena_block {
    struct vcl_arena_block *next;
    size_t used, size;
    alignas(max_align_t) unsigned char data[];
};

#define BLOCK_SIZE ((size_t)16 << 10)

static enum vcl_status out_of_memory(size_t size, struct vcl_error *err)
{
    return ERR(err, VCL_E_NOMEM, "cannot allocate %zu bytes of host memory", size);
}

enum vcl_status vcl_arena_alloc(struct vcl_arena *arena, size_t size, void *ret_ptr,
                                struct vcl_error *err)
{
    size_t align = alignof(max_align_t);
    if (size > SIZE_MAX / 2)
        return out_of_memory(size, err);
    size = (size + align - 1) / align * align;
    struct vcl_arena_block *block = arena->blocks;
    if (!block || block->size - block->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        block = calloc(1, sizeof *block + room);
        if (!block)
            return out_of_memory(size, err);
        block->size = room;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *ptr = block->data + block->used;
    block->used += size;
    memcpy(ret_ptr, &ptr, sizeof ptr);
    return VCL_OK;
}

enum vcl_status vcl_arena_strdup(struct vcl_arena *arena, const char *text, char **ret_copy,
                                 struct vcl_error *err)
{
    size_t size = strlen(text) + 1;
    char *copy = NULL;
    enum vcl_status r = vcl_arena_alloc(arena, size, &copy, err);
    if (r < 0)
        return r;
    memcpy(copy, text, size);
    *ret_copy = copy;
    return VCL_OK;
}

void vcl_arena_finish(struct vcl_arena *arena)
{
    if (!arena)
        return;
    while (arena->blocks) {
        struct vcl_arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
}

enum vcl_status vcl_alloc(size_t count, size_t size, void *ret_ptr, struct vcl_error *err)
{
    if (size && count > SIZE_MAX / size)
        return ERR(err, VCL_E_NOMEM, "cannot allocate %zu times %zu bytes", count, size);
    void *ptr = calloc(count ? count : 1, size ? size : 1);
    if (!ptr)
        return out_of_memory(count * size, err);
    memcpy(ret_ptr, &ptr, sizeof ptr);
    return VCL_OK;
}

enum vcl_status vcl_grow(void *ptr, size_t *cap, size_t need, size_t size, struct vcl_error *err)
{
    if (need <= *cap)
        return VCL_OK;
    if (need > SIZE_MAX / size)
        return out_of_memory(need, err);
    size_t grown = *cap + *cap / 8 + 8;
    if (grown < need || grown > SIZE_MAX / size)
        grown = need;
    void *old, *moved;
    memcpy(&old, ptr, sizeof old);
    moved = realloc(old, grown * size);
    if (!moved)
        return out_of_memory(grown * size, err);
    memset((char *)moved + *cap * size, 0, (grown - *cap) * size);
    memcpy(ptr, &moved, sizeof moved);
    *cap = grown;
    return VCL_OK;
}
