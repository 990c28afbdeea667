"""The charts of docs/benchmarks.md as SVG, readable on light and dark pages alike."""
import html
import math

STYLE = '''<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.dim { fill: #6e7781; font-size: 12px }
.grid { stroke: #d0d7de; stroke-width: 1 }
.one { stroke: #24292f; stroke-width: 1.5; stroke-dasharray: 4 3 }
.win { fill: #1a7f37 } .lose { fill: #bc4c00 }
.line { fill: none; stroke-width: 2 }
.s0 { stroke: #0969da; fill: #0969da } .s1 { stroke: #bc4c00; fill: #bc4c00 } .s2 { stroke: #1a7f37; fill: #1a7f37 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .dim { fill: #8d96a0 } .grid { stroke: #30363d } .one { stroke: #e6edf3 }
.win { fill: #3fb950 } .lose { fill: #f0883e }
.s0 { stroke: #58a6ff; fill: #58a6ff } .s1 { stroke: #f0883e; fill: #f0883e } .s2 { stroke: #3fb950; fill: #3fb950 }
}
.line { fill: none }
</style>'''


def text(x, y, what, anchor='start', kind=''):
    return '<text x="%.1f" y="%.1f" text-anchor="%s"%s>%s</text>' % (
        x, y, anchor, ' class="%s"' % kind if kind else '', html.escape(what))


def line(x1, y1, x2, y2, kind):
    return '<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>' % (x1, y1, x2, y2, kind)


def document(width, height, title, parts):
    return '\n'.join(['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" '
                      'aria-label="%s">' % (width, height, width, height, html.escape(title)), STYLE, *parts, '</svg>', ''])


def bars(title, rows):
    """`rows` of (label, ratio): a bar to the ratio, and a line where both are equal."""
    left, right, top, step = 400, 70, 56, 26
    width, height = 860, top + step * len(rows) + 16
    most = max([1.2] + [ratio for _, ratio in rows])
    scale = (width - left - right) / most
    parts = [text(12, 24, title), text(left + scale, top - 10, 'equal', 'middle', 'dim')]
    for i, (label, ratio) in enumerate(rows):
        y = top + step * i
        parts += [text(left - 10, y + 15, label, 'end'),
                  '<rect x="%d" y="%d" width="%.1f" height="18" rx="2" class="%s"/>' % (
                      left, y + 2, ratio * scale, 'win' if ratio >= 1 else 'lose'),
                  text(left + ratio * scale + 6, y + 15, '%.2f' % ratio, kind='dim')]
    parts.append(line(left + scale, top - 4, left + scale, height - 14, 'one'))
    return document(width, height, title, parts)


def curves(title, series):
    """`series` of name -> [(value, cost)], each over its own logarithmic axis, in panels side by side."""
    panel, gap, left, top, tall = 220, 44, 48, 64, 200
    width, height = left + (panel + gap) * len(series), top + tall + 56
    most = max([1.25] + [cost for points in series.values() for _, cost in points])
    parts = [text(12, 24, title)]

    def level(cost):
        return top + tall - cost / most * tall
    for number, (name, points) in enumerate(series.items()):
        x0 = left + (panel + gap) * number
        low, high = math.log(points[0][0]), math.log(max(points[-1][0], points[0][0] * 1.01))
        place = [(x0 + (math.log(value) - low) / (high - low) * panel, level(cost)) for value, cost in points]
        for tick in range(int(most / 0.5) + 1):
            parts += [line(x0, level(tick / 2), x0 + panel, level(tick / 2), 'grid'),
                      text(x0 - 6, level(tick / 2) + 4, '%g' % (tick / 2), 'end', 'dim')]
        parts.append(line(x0, level(1), x0 + panel, level(1), 'one'))
        parts.append('<polyline points="%s" class="line s%d"/>' % (' '.join('%.1f,%.1f' % p for p in place), number % 3))
        for (x, y), (value, _) in zip(place, points):
            parts += ['<circle cx="%.1f" cy="%.1f" r="3.5" class="s%d"/>' % (x, y, number % 3),
                      text(x, top + tall + 18, '%g' % value, 'middle', 'dim')]
        parts.append(text(x0 + panel / 2, top + tall + 42, name, 'middle'))
    return document(width, height, title, parts)
