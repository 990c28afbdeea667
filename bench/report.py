"""docs/benchmarks.md and its charts, from the results."""
import json

import chart

INTRODUCTION = '''# Benchmarks

Written by `bench/compare`, which runs vae-cl and its peers in turn, on the same {threads} threads, and takes medians of {rounds} rounds of
{seconds:g} s; whatever compiles or warms up is not timed. All peers do the same work: the same shapes, batches, model, optimiser (Adam, fused in
PyTorch), noise drawn anew each step, random examples in a new order each epoch. Products of ours include packing, bias and activation; OpenBLAS's do not
have the last two. A ratio above 1 means that vae-cl is better.
'''
HEADINGS = {'gemm': 'Matrix products', 'training': 'Training', 'intel': 'Another OpenCL implementation', 'mnist': 'Whole trainings',
            'startup': 'Start', 'memory': 'Memory', 'gpu': 'GPUs'}
NO_GPU = '''No GPU was at hand. `ci/gpu make` makes one file for a machine that has one, with nothing else on it but its driver; there
`tar xzf vae-cl-gpu.tar.gz && vae-cl-gpu/run` tests and measures in six minutes, also beside PyTorch on CUDA if Python has it, and
`bench/compare --take results/results.json` writes what it found in here. It has been run through on CPUs alone (`ci/gpu prove`).
'''
CHARTED = ('gemm', 'training', 'mnist', 'memory', 'gpu')


def number(value, unit):
    if value is None:
        return ''
    return '%s %s' % ('%.0f' % value if value >= 1000 else '%.3g' % value, unit)


def table(rows):
    yield '| what | target | vae-cl | against | measured | ratio |'
    yield '|---|---|---|---|---|---|'
    for r in rows:
        ours = number(r['ours'], r['unit']) or r['note'] or 'not measured'
        peer = number(r['peer'], r['unit']) or ('not installed' if r['against'] and r['ours'] else '')
        yield '| %s | %s | %s | %s | %s | %s |' % (r['what'], r['target'], ours, r['against'] or '', peer,
                                                   '%.2f' % r['ratio'] if r['ratio'] else '')


def gpu_machine(group):
    """What the rows of a GPU were measured on, if not on the machine of the others."""
    if not any(r['ours'] for r in group['rows']):
        return [NO_GPU]
    if 'machine' not in group:
        return []
    return ['| | |', '|---|---|', *('| %s | %s |' % pair for pair in group['machine'].items()), '']


def scaling_table(rows):
    yield '| what grows | value | GFLOP/s | cost of a FLOP, to the first |'
    yield '|---|---|---|---|'
    for r in rows:
        yield '| %s | %g | %.1f | %.2f |' % (r['axis'], r['value'], r['gflops'], r['cost'])


def series(rows):
    found = {}
    for r in rows:
        found.setdefault(r['axis'], []).append((r['value'], r['cost']))
    return found


def charts(groups):
    """File name -> SVG."""
    bars = [('%s: %s' % (r['what'], r['against']), r['ratio']) for name in CHARTED for r in groups.get(name, {}).get('rows', [])
            if r['ratio']]
    found = {}
    if bars:
        found['benchmarks.svg'] = chart.bars('vae-cl over what it is compared with (longer is better)', bars)
    if groups.get('scaling', {}).get('rows'):
        found['scaling.svg'] = chart.curves('Cost of a FLOP in training, relative to the smallest (1 is ideal)',
                                            series(groups['scaling']['rows']))
    return found


def markdown(results):
    """`results`: settings, machine, versions, missing, and groups of rows with the date each."""
    groups, lines = results['groups'], [INTRODUCTION.format(**results['settings'])]
    if results['settings']['quick']:
        lines.append('**A quick run, to see that everything works: its numbers mean nothing.**\n')
    lines += ['| | |', '|---|---|']
    lines += ['| %s | %s |' % pair for pair in results['machine'].items()]
    lines += ['| %s | %s |' % (name, version) for name, version in sorted(results['versions'].items())]
    lines += ['| %s | left out: %s |' % (name, why) for name, why in sorted(results['missing'].items())]
    drawn = charts(groups)
    if 'benchmarks.svg' in drawn:
        lines.append('\n![vae-cl over what it is compared with](images/benchmarks.svg)')
    for name, heading in HEADINGS.items():
        if name in groups and groups[name]['rows']:
            when = groups[name]['date']
            lines += ['\n## %s%s\n' % (heading, '' if when == results['machine']['date'] else ' (%s)' % when),
                      *(gpu_machine(groups[name]) if name == 'gpu' else []), *table(groups[name]['rows'])]
    if 'scaling.svg' in drawn:
        lines += ['\n## What a step costs\n', 'mnist-fc with one thing changed; cost is time by multiply-add of its matrix products.\n',
                  '![Cost of a FLOP as batch, latent and layers grow](images/scaling.svg)\n', *scaling_table(groups['scaling']['rows'])]
    return '\n'.join(lines) + '\n'


def write(folder, results):
    """benchmarks.md, benchmarks.json and the charts. Returns the paths."""
    images = folder / 'images'
    images.mkdir(parents=True, exist_ok=True)
    files = {folder / 'benchmarks.json': json.dumps(results, indent=1) + '\n', folder / 'benchmarks.md': markdown(results),
             **{images / name: svg for name, svg in charts(results['groups']).items()}}
    for path, content in files.items():
        path.write_text(content, encoding='utf-8')
    return sorted(str(path) for path in files)
