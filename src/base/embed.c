/* SPDX-License-Identifier: MIT */
#include "base/embed.h"

#include <string.h>

const struct vcl_embedded *vcl_embedded_find(const struct vcl_embedded *table, const char *name)
{
    for (; table->name; table++) {
        if (strcmp(table->name, name) == 0)
            return table;
    }
    return NULL;
}
