/* SPDX-License-Identifier: MIT */
#include "base/row.h"

#include <string.h>

const struct vcl_row *vcl_row_at(const void *table, size_t index)
{
    const struct vcl_row *row;
    /* A pointer of whatever type: all have one form. */
    memcpy(&row, (const char *)table + index * sizeof row, sizeof row);
    return row;
}

const void *vcl_row_named(const void *table, const char *name)
{
    const struct vcl_row *row;
    for (size_t i = 0; (row = vcl_row_at(table, i)); i++) {
        if (strcmp(row->name, name) == 0)
            return row;
    }
    return NULL;
}

void vcl_row_list(const void *table, struct vcl_str *out)
{
    for (size_t i = 0; vcl_row_at(table, i); i++) {
        vcl_str_add(out, "%s%s", i ? ", " : "", vcl_row_at(table, i)->name);
    }
}

const char *vcl_row_nearest(const void *table, const char *name)
{
    const char *names[128];
    size_t n = 0;
    for (; n < 127 && vcl_row_at(table, n); n++)
        names[n] = vcl_row_at(table, n)->name;
    names[n] = NULL;
    return vcl_nearest(name, names);
}

const void *vcl_row_find(const char *what, const void *table, const char *name,
                         struct vcl_error *err)
{
    const void *row = vcl_row_named(table, name);
    if (row)
        return row;
    enum vcl_status r = ERR(err, VCL_E_ARG, "no %s is called '%s'", what, name);
    const char *near = vcl_row_nearest(table, name);
    struct vcl_str list = {0};
    vcl_row_list(table, &list);
    if (near)
        vcl_error_hint(err, r, "did you mean '%s'?", near);
    else if (!list.failed)
        vcl_error_hint(err, r, "choose from %s", list.text);
    vcl_str_finish(&list);
    return NULL;
}
