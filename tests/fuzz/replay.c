/* SPDX-License-Identifier: MIT
 *
 * Runs a fuzz target without a fuzzer: on each file of a corpus folder, on the file cut short at
 * many places, and with bits flipped and bytes replaced. The inputs are the same in every run, and
 * few enough for a corpus of small files to take a second or two.
 *
 *     replay CORPUS_FOLDER
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
#ifdef FUZZ_INITIALIZE /* of a target that has it, as in libFuzzer */
int LLVMFuzzerInitialize(int *argc, char ***argv);
#endif

enum {
    CUTS = 64,     /* lengths tried of each file */
    CHANGES = 600, /* changed copies tried of each file */
    AT_ONCE = 3,   /* at most so many bytes changed in one copy */
};

/* xorshift: any generator does, as long as it is the same everywhere. */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* On memory of exactly this size, so that reading past its end is noticed. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_cuts(const uint8_t *data, size_t size)
{
    size_t step = size / CUTS + 1;
    for (size_t length = 0; length < size; length += length < 32 ? 1 : step)
        run(data, length);
}

/* Headers come first, so half of the changes go to the first 64 bytes. */
static void run_changes(uint8_t *data, size_t size, uint32_t *state)
{
    for (int i = 0; i < CHANGES && size > 0; i++) {
        size_t at[AT_ONCE];
        uint8_t before[AT_ONCE];
        int n = 1 + i % AT_ONCE;
        for (int k = 0; k < n; k++) {
            size_t range = i % 2 && size > 64 ? 64 : size;
            at[k] = next_random(state) % range;
            before[k] = data[at[k]];
            uint32_t value = next_random(state);
            data[at[k]] = i % 4 < 2 ? (uint8_t)(before[k] ^ 1u << value % 8) : (uint8_t)value;
        }
        run(data, size);
        while (n-- > 0)
            data[at[n]] = before[n];
    }
}

static uint8_t *read_file(const char *path, size_t *ret_size)
{
    enum { LARGEST = 1 << 16 };
    FILE *file = fopen(path, "rb");
    uint8_t *data = file ? malloc(LARGEST) : NULL;
    if (data)
        *ret_size = fread(data, 1, LARGEST, file);
    if (file)
        fclose(file);
    return data;
}

static int replay(const char *folder, const char *name)
{
    size_t size = 0;
    char path[4096];
    uint32_t state = 2463534242u;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    uint8_t *data = read_file(path, &size);
    if (!data) {
        perror(path);
        return 1;
    }
    run(data, size);
    run_cuts(data, size);
    run_changes(data, size, &state);
    free(data);
    return 0;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **entries;
#ifdef FUZZ_INITIALIZE
    LLVMFuzzerInitialize(&argc, &argv);
#endif
    if (argc != 2) {
        fprintf(stderr, "usage: replay CORPUS_FOLDER\n");
        return 2;
    }
    int n = scandir(argv[1], &entries, is_visible, alphasort), failed = n <= 0;
    if (n <= 0)
        fprintf(stderr, "'%s' holds no corpus\n", argv[1]);
    for (int i = 0; i < n; i++) {
        failed |= replay(argv[1], entries[i]->d_name);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    if (!failed)
        printf("%d files replayed, each cut and changed up to %d times\n", n, CUTS + CHANGES);
    return failed;
}
