/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/str.h"

/* Length of the character that `text` begins with, or 0 if that is none (RFC 3629). */
static size_t character_length(const unsigned char *text)
{
    if (text[0] < 0x80)
        return 1;
    size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc2 || text[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    bool overlong = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xf0 && text[1] < 0x90);
    bool surrogate = text[0] == 0xed && text[1] > 0x9f;
    bool too_large = text[0] == 0xf4 && text[1] > 0x8f;
    return overlong || surrogate || too_large ? 0 : length;
}

bool vcl_is_utf8(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        size_t length = character_length(at);
        if (!length)
            return false;
        at += length;
    }
    return true;
}

json_t *vcl_json_text(const char *text)
{
    struct vcl_str clean = {0};
    if (vcl_is_utf8(text))
        return json_string(text);
    while (*text) {
        size_t length = character_length((const unsigned char *)text);
        vcl_str_add_bytes(&clean, length ? text : "\xef\xbf\xbd", length ? length : 3);
        text += length ? length : 1;
    }
    json_t *value = clean.failed ? NULL : json_string(clean.text);
    vcl_str_finish(&clean);
    return value;
}

static int add_text(const char *text, size_t size, void *out)
{
    vcl_str_add_bytes(out, text, size);
    return ((struct vcl_str *)out)->failed ? -1 : 0;
}

char *vcl_json_dump(const json_t *value, size_t flags)
{
    struct vcl_str text = {0};
    struct vcl_c_locale locale;
    if (!vcl_c_locale_enter(&locale))
        return NULL;
    bool good = json_dump_callback(value, add_text, &text, flags) == 0 && !text.failed;
    vcl_c_locale_leave(&locale);
    if (!good)
        vcl_str_finish(&text);
    return text.text;
}

/* Where there is no memory. */
static json_t *not_entered(json_error_t *problem)
{
    if (problem)
        *problem = (json_error_t){.line = -1, .column = -1, .text = "out of memory"};
    return NULL;
}

/* jansson passes over letters for which its buffer of a word can't grow: there must be memory for
 * one as large as that can become. */
static bool has_room(size_t size)
{
    void *room = malloc(2 * size + 64);
    bool has = room != NULL;
    free(room);
    return has;
}

json_t *vcl_json_load(const void *text, size_t size, json_error_t *problem)
{
    struct vcl_c_locale locale;
    if (!has_room(size) || !vcl_c_locale_enter(&locale))
        return not_entered(problem);
    json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES, problem);
    vcl_c_locale_leave(&locale);
    return value;
}

json_t *vcl_json_load_file(const char *path, json_error_t *problem)
{
    struct vcl_c_locale locale;
    if (!vcl_c_locale_enter(&locale))
        return not_entered(problem);
    json_t *value = json_load_file(path, JSON_REJECT_DUPLICATES, problem);
    vcl_c_locale_leave(&locale);
    return value;
}
