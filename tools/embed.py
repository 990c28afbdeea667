#!/usr/bin/env python3
"""Turn text files into C arrays of line strings: embed.py SYMBOL OUTPUT FILE...

SYMBOL becomes a table of {name, lines, count}; kernels led by a #line directive, so that a
compiler's message names kernels/x.cl and the line there. clCreateProgramWithSource takes arrays
of strings, which also keeps each literal under C11's 4095 characters."""
import os
import sys


def literal(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '\\n"'


def main(symbol, output, paths):
    out = ["/* made by tools/embed.py */", '#include "base/embed.h"']
    rows = []
    for i, path in enumerate(paths):
        name = os.path.basename(path)
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        if name.endswith(".cl"):
            lines.insert(0, f'#line 1 "kernels/{name}"')
        out.append(f"static const char *const lines_{i}[] = {{")
        out += [f"    {literal(line)}," for line in lines]
        out.append("};")
        rows.append(f'    {{"{name}", lines_{i}, {len(lines)}}},')
    out += [f"const struct vcl_embedded {symbol}[] = {{", *rows, "    {0, 0, 0},", "};", ""]
    with open(output, "w", encoding="utf-8") as file:
        file.write("\n".join(out))


main(sys.argv[1], sys.argv[2], sys.argv[3:])
