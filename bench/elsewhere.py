"""The group 'gpu' from results.json of a run of ci/gpu's bundle, on a machine that has a GPU."""
import json

import groups


class NotOfAGpu(Exception):
    """The run says nothing about a GPU; the text says why."""


def of_step(results, name):
    """The JSON that a step printed, perhaps before its time was over, or an empty one."""
    return next((step.get('output') or {} for step in results['steps'] if step['step'] == name), {})


def device_of(results):
    wanted = of_step(results, 'selftest').get('device') or of_step(results, 'bench_products').get('device')
    device = next((d for d in of_step(results, 'devices').get('devices', []) if d['name'] == wanted), None)
    if not device or 'GPU' not in device['type'].upper():
        raise NotOfAGpu('its device is %s' % (wanted or 'unknown'))
    return device


def rows_alone(results):
    """What was measured of ours alone, tuned where that was done."""
    products = of_step(results, 'bench_products')
    square = next((p['gflops'] for p in products.get('gemm', []) if p['name'] == 'square-1024'), None)
    rows = [groups.gpu_product_row(square, products.get('peak_gflops'))]
    for step in ('tuned_mnist_fc', 'tuned_mnist_conv'):
        for t in of_step(results, step).get('training', []):
            rows.append(groups.gpu_row(t['model'], t['batch'], t['images_per_second']))
    return rows


def gpu_group(path):
    with open(path, encoding='utf-8') as file:
        results = json.load(file)
    device, beside = device_of(results), of_step(results, 'beside_pytorch')
    described = {'OpenCL device': device['name'], 'OpenCL driver': '%s %s' % (device['platform'], device['driver']),
                 'CPU': results['machine']['cpu'], 'vae-cl': '%s, commit %s' % (results['bundle']['vae-cl'], results['bundle']['commit'])}
    described.update(beside.get('versions', {}))
    rows = beside['groups']['gpu']['rows'] if beside else []
    measured = {r['what'] for r in rows}
    rows += [r for r in rows_alone(results) if r['what'] not in measured]
    return {'date': results['machine']['date'][:10], 'rows': rows, 'machine': described}
