"""A run finds its data again, from anywhere, and nothing else is taken for them."""
import json
import shutil

import inputs
from harness import Failure, expect

OTHER = bytes(255 - b for b in inputs.pixels(inputs.N, inputs.SIDE, inputs.SIDE))
SMALL = ['--model', '../in/good.json', '--batch', '40', '--epochs', '1', '--no-tune']


def array(values):
    return inputs.npy('|u1', (inputs.N, inputs.SIDE, inputs.SIDE), values)


def uses(model):
    """Every command that takes the run's data if none are named."""
    return {'eval': ['eval', '--model', model],
            'encode': ['encode', '--model', model, '--out', 'z.npy'],
            'reconstruct': ['reconstruct', '--model', model, '--n', '5', '--out', 'r.npy'],
            'interpolate': ['interpolate', '--model', model, '--out', 'i.npy']}


def trained_in(bench, folder, *options):
    """The folder, with 'x.npy' and 'run', which was trained on it by that name."""
    bench.path(folder).mkdir()
    shutil.copy(bench.path('in/small.npy'), bench.path(folder + '/x.npy'))
    bench.good('train', '--data', 'x.npy', *SMALL, *options, '--out', 'run', cwd=folder)
    return bench.path(folder)


def config_of(folder):
    return json.loads((folder / 'run/config.json').read_text(encoding='utf-8'))


def data_of(folder):
    """What config.json says of the data; a key that is missing is None."""
    keys = ('source', 'path', 'count', 'crc32', 'test_count', 'test_crc32')
    return {**dict.fromkeys(keys), **config_of(folder)['data']}


def change_config(folder, change):
    config = config_of(folder)
    change(config)
    (folder / 'run/config.json').write_text(json.dumps(config), encoding='utf-8')


def results(bench, model, cwd, *options):
    """What each command gives: the numbers of eval, the files of the others."""
    found = {}
    for name, command in uses(model).items():
        result = bench.good(*command, *options, '--json', cwd=cwd)
        if name != 'eval':
            file = bench.path(cwd) / command[-1]
            found[name] = file.read_bytes()
            file.unlink()
        else:
            found[name] = result.json()
    return found


def each_refused(bench, model, cwd, report, *options):
    for name, command in [*uses(model).items(),
                          ('resume', ['train', '--resume', model, '--epochs', '3'])]:
        try:
            bench.bad(*command, *options, report=report, cwd=cwd)
        except Failure as failure:
            raise Failure('%s: %s' % (name, failure)) from None


def from_elsewhere(bench):
    """Another file of the same name lies where the command is given."""
    folder = trained_in(bench, 'A')
    data = data_of(folder)
    expect(data['source'] == 'x.npy' and data['path'] == str(folder / 'x.npy'), 'data: %s' % data)
    expect((data['count'], data['test_count']) == (108, 12), 'data: %s' % data)
    bench.path('B').mkdir()
    bench.path('B/x.npy').write_bytes(array(OTHER))
    bench.path('C').mkdir()
    here = results(bench, 'run', 'A')
    for cwd in ('B', 'C'):
        expect(results(bench, '../A/run', cwd) == here, 'from %s the results differ' % cwd)
    others = results(bench, '../A/run', 'B', '--data', 'x.npy')
    expect(all(others[name] != here[name] for name in here), '--data does not override')
    bench.good('train', '--resume', '../A/run', '--epochs', '2', cwd='B')
    expect(data_of(folder) == data, 'resumed: %s' % data_of(folder))


def moved(bench):
    """The data are gone, or have moved together with the run."""
    folder = trained_in(bench, 'M')
    here = results(bench, 'run', 'M')
    bench.path('M/x.npy').rename(bench.path('M/y.npy'))
    each_refused(bench, 'M/run', '.', ["*config.json*'%s'*" % (folder / 'x.npy'),
                                       'hint: *--data*'])
    expect(results(bench, 'run', 'M', '--data', 'y.npy') == here, '--data gives other results')
    bench.good('train', '--resume', 'run', '--data', 'y.npy', '--epochs', '2', cwd='M')
    data = data_of(folder)
    expect((data['source'], data['path']) == ('y.npy', str(folder / 'y.npy')), 'data: %s' % data)
    here = results(bench, 'run', 'M')
    folder.rename(bench.path('moved'))
    expect(results(bench, 'run', 'moved') == here, 'moved together, the results differ')
    bench.path('moved/y.npy').write_bytes(array(OTHER))
    each_refused(bench, 'run', 'moved', ["*'y.npy' is not the data*config.json*", 'hint: *--data*'])


def changed(bench):
    """One value of the part that is asked for has changed; of the other part, it does not matter."""
    folder = trained_in(bench, 'V')
    good = array(inputs.pixels(inputs.N, inputs.SIDE, inputs.SIDE))
    size = inputs.SIDE * inputs.SIDE
    first = len(good) - inputs.N * size  # of 120 examples, every tenth is for testing
    for part, example in (('train', 0), ('test', 9)):
        data = bytearray(good)
        data[first + example * size] ^= 1
        (folder / 'x.npy').write_bytes(data)
        other = 'test' if part == 'train' else 'train'
        for command in uses('V/run').values():
            command = [*command[:3], '--split', part]
            bench.bad(*command, report=['*/V/x.npy*not the data*V/run*', 'hint: *--data*'])
        bench.good('eval', '--model', 'V/run', '--split', other)
        bench.bad('train', '--resume', 'V/run', '--epochs', '2', report=['*not the data*'])
    (folder / 'x.npy').write_bytes(good[:-7])
    each_refused(bench, 'V/run', '.', ['*/V/x.npy*header promises*'])


def earlier(bench):
    """A config.json without path and checksum of the test part, as 0.1.0 began."""
    folder = trained_in(bench, 'E')
    here = results(bench, 'run', 'E')

    def strip(config):
        for key in ('path', 'test_count', 'test_crc32'):
            del config['data'][key]
    change_config(folder, strip)
    expect(results(bench, 'run', 'E') == here, 'the results differ')
    each_refused(bench, 'E/run', '.', ["*config.json*'x.npy'*", 'hint: *--data*'])
    bench.path('F').mkdir()
    bench.path('F/x.npy').write_bytes(array(OTHER))
    each_refused(bench, '../E/run', 'F', ["*'x.npy' is not the data*", 'hint: *--data*'])
    bench.good('train', '--resume', 'run', '--epochs', '2', cwd='E')
    expect(data_of(folder)['path'] == str(folder / 'x.npy'), 'the path is not noted')


def damaged_config(bench):
    """Nothing stands in for what could not be read."""
    folder = trained_in(bench, 'D')
    good = (folder / 'run/config.json').read_bytes()
    damages = [b'', good[:100], b'[]', b'{}']
    for key in ('source', 'count', 'crc32', 'lr', 'encoder'):
        damages.append(good.replace(b'"%s"' % key.encode(), b'"%s_"' % key.encode()))
    damages += [good.replace(b'"count": 108', b'"count": %s' % wrong)
                for wrong in (b'0', b'-108', b'"108"', b'null')]
    damages += [good.replace(b'"path": "', b'"path": 3, "was": "'),
                good.replace(b'"test_crc32": ', b'"test_crc32": 1')]
    commands = [*uses('D/run').values(), ['train', '--resume', 'D/run']]
    for i, damage in enumerate(damages):
        expect(damage != good, 'damage %d changes nothing' % i)
        (folder / 'run/config.json').write_bytes(damage)
        for command in commands[i % 5], ['info', 'D/run']:
            bench.bad(*command, report=['*D/run/config.json*'])
    (folder / 'run/config.json').unlink()
    for command in commands:
        bench.bad(*command, report=['*D/run/config.json*'])
    bench.good('eval', '--model', 'D/run', '--data', 'D/x.npy')
    bench.good('info', 'D/run')
    bench.path('D/run/metrics.jsonl').write_text('{"epoch": 1}\n{"epoch": 2', encoding='utf-8')
    bench.bad('info', 'D/run', report=['*D/run/metrics.jsonl*'])


def lone_model(bench):
    """A model file does not say what it was trained on, wherever it lies."""
    shutil.copy(bench.path('run/model.safetensors'), bench.path('lone.safetensors'))
    for model in ('lone.safetensors', 'run/model.safetensors'):
        for command in uses(model).values():
            bench.bad(*command, status=(2,), report=['*--data is needed*', 'hint: *run folder*'])
    bench.good('sample', '--model', 'lone.safetensors', '--n', '1', '--out', 'lone.npy')


def limited(bench):
    """The training part is what the run has seen of it."""
    trained_in(bench, 'L', '--limit', '50')
    command = ['eval', '--model', 'L/run', '--json', '--split']
    named = bench.good(*command, 'train', '--data', 'L/x.npy', '--limit', '50').json()
    expect(named['n'] == 50, 'n is %s' % named['n'])
    expect(bench.good(*command, 'train').json() == named, 'the limit of the run is ignored')
    for split, options, n in (('train', ['--limit', '60'], 50), ('train', ['--limit', '7'], 7),
                              ('test', [], 12), ('all', [], 120), ('all', ['--limit', '60'], 60)):
        found = bench.good(*command, split, *options).json()['n']
        expect(found == n, '%s %s: n is %s' % (split, options, found))


def built_in(bench):
    """The name of a built-in set stays a name, whatever lies beside."""
    folder = bench.path('N')
    folder.mkdir()
    (folder / 'digits').write_bytes(array(OTHER))
    bench.good('train', '--limit', '64', '--test', 'none', '--batch', '32', '--epochs', '1',
               '--encoder', 'dense 8 relu', '--decoder', 'dense 8 relu', '--latent', '2',
               '--no-tune', '--out', 'run', cwd='N')
    data = data_of(folder)
    expect((data['source'], data['path'], data['test_count']) == ('digits', None, None),
           'data: %s' % data)
    bench.good('eval', '--model', 'N/run', '--split', 'train')
    bench.good('eval', '--model', 'N/run', '--split', 'test', '--limit', '20')

    def other_digits(config):
        config['data']['crc32'] ^= 1
    change_config(folder, other_digits)
    for split in ('train', 'test', 'all'):
        bench.bad('eval', '--model', 'N/run', '--split', split, report=['*not the data*'])


def run(bench, tap):
    tap.run('data found from elsewhere', from_elsewhere, bench)
    tap.run('data moved', moved, bench)
    tap.run('data changed', changed, bench)
    tap.run('data of an earlier config.json', earlier, bench)
    tap.run('data of a damaged config.json', damaged_config, bench)
    tap.run('data of a model file', lone_model, bench)
    tap.run('data as limited by the run', limited, bench)
    tap.run('data that are built in', built_in, bench)
