/* SPDX-License-Identifier: MIT
 *
 * Tuning files: whatever a line holds, it is a row or left out; rows survive being written and read
 * again.
 */
#include <stdlib.h>
#include <string.h>

#include "gemm/tuning.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct vcl_tuning_head head = {"a device", "a platform", "1.0", 2, 1};

struct found {
    struct vcl_tuned_row last;
    unsigned rows;
};

static enum vcl_status on_row(void *user, const struct vcl_tuned_row *row, struct vcl_error *err)
{
    struct found *found = user;
    (void)err;
    found->last = *row;
    found->rows++;
    return VCL_OK;
}

static void on_left_out(void *user, unsigned line, const char *why)
{
    (void)user;
    if (!line || !why[0])
        abort();
}

static struct found read_text(const char *text, const struct vcl_tuning_head *wanted)
{
    struct found found = {0};
    const struct vcl_tuning_reader reader = {wanted, on_row, on_left_out, &found};
    if (vcl_tuning_read(text, &reader, NULL) != VCL_OK)
        abort();
    return found;
}

static void write_and_read(struct vcl_tuned_row row)
{
    struct vcl_str text = {0};
    row.own = true;
    vcl_tuning_write(&head, &row, &text);
    struct found again = read_text(text.text, &head);
    if (again.rows != 1 || again.last.def != row.def || again.last.guess != row.guess ||
        !vcl_gemm_class_equal(&again.last.shape, &row.shape) ||
        memcmp(&again.last.setting, &row.setting, sizeof row.setting) != 0)
        abort();
    vcl_str_finish(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    struct found any = read_text(text, NULL), ours = read_text(text, &head);
    if (ours.rows > any.rows)
        abort();
    if (any.rows)
        write_and_read(any.last);
    free(text);
    return 0;
}
