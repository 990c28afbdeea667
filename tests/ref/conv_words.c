/* SPDX-License-Identifier: MIT */
#include "ref/conv_words.h"

#include <stdio.h>
#include <string.h>

/* Numbers of a word: "4" is 4 by 4; along a row only the second counts. */
static bool read_pair(const char *word, bool is_row, uint32_t other, uint32_t pair[2])
{
    unsigned first, second;
    int found = sscanf(word, "%ux%u", &first, &second);
    pair[0] = is_row ? other : first;
    pair[1] = found == 2 ? second : first;
    return found >= 1;
}

bool ref_conv_read(const char *name, const char *words, struct vcl_shape in,
                   struct ref_conv *ret_conv, struct vcl_shape *ret_out)
{
    bool is_row = strcmp(name, "conv1d") == 0, backwards = strcmp(name, "deconv") == 0;
    bool has_pad = false, has_extra = false;
    struct ref_conv c = {.kernel = {is_row ? 1 : 3, 3}, .stride = {1, 1}};
    uint32_t extra[2] = {0, 0}, sides[2] = {in.height, in.width}, out[2];
    unsigned channels;
    char word[32];
    int used;
    if (sscanf(words, "%u%n", &channels, &used) < 1)
        return false;
    for (words += used; sscanf(words, " %31s%n", word, &used) == 1; words += used) {
        uint32_t *pair = word[0] == 'k'   ? c.kernel
                         : word[0] == 's' ? c.stride
                         : word[0] == 'p' ? c.pad
                                          : extra;
        has_pad = has_pad || word[0] == 'p';
        has_extra = has_extra || word[0] == 'o';
        if (!strchr("kspo", word[0]) || !read_pair(word + 1, is_row, word[0] != 'p', pair))
            return false;
    }
    for (int s = 0; s < 2; s++) {
        uint32_t k = c.kernel[s], stride = c.stride[s];
        if (!has_pad) /* so that strides divide sizes */
            c.pad[s] = k > stride ? (k - stride + 1) / 2 : 0;
        if (backwards && !has_pad && !has_extra)
            extra[s] = stride * sides[s] - ((sides[s] - 1) * stride + k - 2 * c.pad[s]);
        out[s] = backwards ? (sides[s] - 1) * stride + k + extra[s] - 2 * c.pad[s]
                           : (sides[s] + 2 * c.pad[s] - k) / stride + 1;
    }
    *ret_out = (struct vcl_shape){out[0], out[1], channels};
    c.image = backwards ? *ret_out : in;
    c.map = backwards ? in : *ret_out;
    *ret_conv = c;
    return true;
}

uint32_t ref_conv_weights(const struct ref_conv *c)
{
    return c->kernel[0] * c->kernel[1] * c->image.channels * c->map.channels;
}

bool ref_conv_sees(const struct ref_conv *c, uint32_t i, uint32_t j, uint32_t kh, uint32_t kw,
                   uint32_t *ret_pixel)
{
    long y = (long)(i * c->stride[0] + kh) - (long)c->pad[0];
    long x = (long)(j * c->stride[1] + kw) - (long)c->pad[1];
    if (y < 0 || x < 0 || y >= (long)c->image.height || x >= (long)c->image.width)
        return false;
    *ret_pixel = (uint32_t)y * c->image.width + (uint32_t)x;
    return true;
}

void ref_output_text(const struct vcl_config *config, struct vcl_shape data, char text[256])
{
    size_t len = strcspn(config->output, " ");
    bool dense = strncmp(config->output, "dense", len) == 0;
    snprintf(text, 256, "%.*s %u%s", (int)len, config->output,
             dense ? data.height * data.width * data.channels : data.channels,
             config->output + len);
}
