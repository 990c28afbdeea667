/* SPDX-License-Identifier: MIT */
#include "data/npy_header.h"

#include <string.h>

#include "base/c_locale.h"

/* A place in the dictionary's text. */
struct cursor {
    const char *at, *end;
};

bool vcl_npy_is_magic(const unsigned char *head, size_t n)
{
    return n >= 6 && memcmp(head, "\x93NUMPY", 6) == 0;
}

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t'))
        c->at++;
}

/* Steps over `mark` if it is next. */
static bool take(struct cursor *c, const char *mark)
{
    size_t n = strlen(mark);
    skip_blanks(c);
    if ((size_t)(c->end - c->at) < n || memcmp(c->at, mark, n) != 0)
        return false;
    c->at += n;
    return true;
}

/* A quoted string without escapes, which no valid header has. */
static bool take_string(struct cursor *c, const char **ret_text, size_t *ret_len)
{
    skip_blanks(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
        return false;
    char quote = *c->at++;
    const char *end = memchr(c->at, quote, (size_t)(c->end - c->at));
    if (!end)
        return false;
    *ret_text = c->at;
    *ret_len = (size_t)(end - c->at);
    c->at = end + 1;
    return true;
}

static bool take_number(struct cursor *c, uint64_t *ret_number)
{
    uint64_t number = 0;
    skip_blanks(c);
    const char *start = c->at;
    for (; c->at < c->end && vcl_is_digit(*c->at); c->at++) {
        unsigned digit = (unsigned)(*c->at - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    take(c, "L"); /* Python 2 wrote long integers so */
    *ret_number = number;
    return c->at > start;
}

static enum vcl_status bad(const struct vcl_blob *blob, const char *what, struct vcl_error *err)
{
    return ERR(err, VCL_E_FORMAT, "'%s': malformed NPY header (%s)", blob->name, what);
}

static bool known_type(char kind, size_t size)
{
    switch (kind) {
    case 'b':
        return size == 1;
    case 'i':
    case 'u':
        return size == 1 || size == 2 || size == 4 || size == 8;
    case 'f':
        return size == 4 || size == 8;
    default:
        return false;
    }
}

static enum vcl_status parse_descr(struct cursor *c, const struct vcl_blob *blob,
                                   struct vcl_array_head *header, struct vcl_error *err)
{
    const char *text;
    size_t len;
    if (take(c, "["))
        return ERR(err, VCL_E_UNSUPPORTED, "'%s': NPY records with named fields are not supported",
                   blob->name);
    if (!take_string(c, &text, &len))
        return bad(blob, "descr is not a string", err);
    bool simple = len == 3 && strchr("<>|=", text[0]) && vcl_is_digit(text[2]);
    if (simple) {
        header->big_endian = text[0] == '>';
        header->kind = text[1];
        header->item_size = (size_t)(text[2] - '0');
    }
    if (simple && known_type(header->kind, header->item_size))
        return VCL_OK;
    enum vcl_status r =
        ERR(err, VCL_E_UNSUPPORTED, "'%s': NPY values of type '%.*s' are not supported", blob->name,
            len < 20 ? (int)len : 20, text);
    return vcl_error_hint(err, r, "save bool, integers, float32 or float64: x.astype('float32')");
}

static enum vcl_status parse_order(struct cursor *c, const struct vcl_blob *blob,
                                   struct vcl_array_head *header, struct vcl_error *err)
{
    header->fortran_order = take(c, "True");
    if (!header->fortran_order && !take(c, "False"))
        return bad(blob, "fortran_order is neither True nor False", err);
    return VCL_OK;
}

static enum vcl_status parse_shape(struct cursor *c, const struct vcl_blob *blob,
                                   struct vcl_array_head *header, struct vcl_error *err)
{
    struct vcl_dims *dims = &header->dims;
    *dims = (struct vcl_dims){0};
    if (!take(c, "("))
        return bad(blob, "shape is not a tuple", err);
    while (!take(c, ")")) {
        uint64_t size;
        if (!take_number(c, &size))
            return bad(blob, "a dimension is not a number", err);
        if (dims->n == VCL_MAX_DIMS)
            return ERR(err, VCL_E_SHAPE, "'%s': more than %d dimensions", blob->name, VCL_MAX_DIMS);
        dims->size[dims->n++] = size;
        if (!take(c, ",") && (c->at == c->end || *c->at != ')'))
            return bad(blob, "no comma between dimensions", err);
    }
    if (dims->n == 0)
        return ERR(err, VCL_E_SHAPE, "'%s': a single number is no data set", blob->name);
    return VCL_OK;
}

static const struct key {
    const char *name;
    enum vcl_status (*parse)(struct cursor *c, const struct vcl_blob *blob,
                             struct vcl_array_head *header, struct vcl_error *err);
} keys[] = {
    {"descr", parse_descr},
    {"fortran_order", parse_order},
    {"shape", parse_shape},
};
enum { N_KEYS = sizeof keys / sizeof *keys };

static const struct key *take_key(struct cursor *c)
{
    const char *text;
    size_t len;
    if (!take_string(c, &text, &len) || !take(c, ":"))
        return NULL;
    for (int i = 0; i < N_KEYS; i++) {
        if (strlen(keys[i].name) == len && memcmp(keys[i].name, text, len) == 0)
            return &keys[i];
    }
    return NULL;
}

static enum vcl_status parse_dictionary(struct cursor *c, const struct vcl_blob *blob,
                                        struct vcl_array_head *header, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    unsigned seen = 0;
    if (!take(c, "{"))
        return bad(blob, "no dictionary", err);
    while (!take(c, "}")) {
        const struct key *key = take_key(c);
        if (!key)
            return bad(blob, "a key other than descr, fortran_order and shape", err);
        seen |= 1u << (key - keys);
        TRY(key->parse(c, blob, header, err));
        if (!take(c, ",") && (c->at == c->end || *c->at != '}'))
            return bad(blob, "no comma between entries", err);
    }
    skip_blanks(c);
    if (c->at != c->end)
        return bad(blob, "text after the dictionary", err);
    if (seen != (1u << N_KEYS) - 1)
        return bad(blob, "descr, fortran_order or shape is missing", err);
out:
    return r;
}

/* Where the dictionary begins and ends: its length has 16 bits in version 1, then 32. */
static enum vcl_status find_dictionary(const struct vcl_blob *blob, size_t *ret_start,
                                       size_t *ret_end, struct vcl_error *err)
{
    const unsigned char *data = blob->data;
    if (!vcl_npy_is_magic(data, blob->size))
        return ERR(err, VCL_E_FORMAT, "'%s': not an NPY file", blob->name);
    if (blob->size > 6 && (data[6] < 1 || data[6] > 3))
        return ERR(err, VCL_E_UNSUPPORTED, "'%s': NPY version %u is not known", blob->name,
                   data[6]);
    size_t start = blob->size > 6 && data[6] == 1 ? 10 : 12;
    if (blob->size < start)
        return ERR(err, VCL_E_FORMAT, "'%s': the file ends within its header, after %zu bytes",
                   blob->name, blob->size);
    size_t len = (size_t)data[8] | (size_t)data[9] << 8;
    if (start == 12)
        len |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
    if (len > blob->size - start && blob->more)
        return ERR(err, VCL_E_FORMAT, "'%s': a header of %zu bytes is longer than any sound one",
                   blob->name, len);
    if (len > blob->size - start)
        return ERR(err, VCL_E_FORMAT, "'%s': header promises %zu bytes of itself, file holds %zu",
                   blob->name, len, blob->size - start);
    *ret_start = start;
    *ret_end = start + len;
    return VCL_OK;
}

enum vcl_status vcl_npy_header_parse(const struct vcl_blob *blob, struct vcl_array_head *ret_header,
                                     struct vcl_error *err)
{
    size_t start = 0, end = 0;
    struct vcl_array_head header = {0};
    enum vcl_status r = find_dictionary(blob, &start, &end, err);
    if (r < 0)
        return r;
    struct cursor c = {(const char *)blob->data + start, (const char *)blob->data + end};
    r = parse_dictionary(&c, blob, &header, err);
    if (r < 0)
        return r;
    header.size = end;
    *ret_header = header;
    return VCL_OK;
}
