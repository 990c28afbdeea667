#!/usr/bin/env python3
"""Tests of the command line: run.py PROGRAM PART [NAME] runs one part and prints TAP.

Parts: commands, data, devices, failures, runs. NAME runs only the tests whose name has it.
"""
import pathlib
import sys
import tempfile

import case_file
import inputs
import scenarios_data
import scenarios_devices
import scenarios_failures
import scenarios_finite
import scenarios_labels
import scenarios_memory
import scenarios_misc
import scenarios_models
import scenarios_old
import scenarios_runs
import scenarios_terminal
import scenarios_use
from harness import Bench, Tap

HERE = pathlib.Path(__file__).resolve().parent


def prepare(bench):
    """in/ with data sets, the trained run folder 'run', and a file that must stay as it is."""
    folder = bench.path('in')
    folder.mkdir()
    inputs.write(folder)
    bench.path('keep.npy').write_bytes(b'precious')
    bench.path('in.npy').mkdir()
    train = ['train', '--data', 'in/small.npy', '--model', 'in/good.json', '--batch', '40',
             '--epochs', '2']
    bench.good(*train, '--out', 'run')


def run_cases(bench, tap, name):
    for case in case_file.read(HERE / name):
        tap.run(case.name, case.run, bench)


def run_commands(bench, tap):
    run_cases(bench, tap, 'commands.case')
    scenarios_misc.run(bench, tap)
    scenarios_old.run(bench, tap)
    scenarios_terminal.run(bench, tap)
    scenarios_use.run(bench, tap)
    scenarios_labels.run(bench, tap)
    scenarios_models.run(bench, tap)


def run_data(bench, tap):
    scenarios_data.run(bench, tap)
    scenarios_finite.run(bench, tap)
    scenarios_memory.run(bench, tap)


def run_failures(bench, tap):
    bench.good('train', '--data', 'in/small.npy', '--objective', 'ae', '--encoder', '', '--decoder',
               '', '--latent', '3', '--batch', '40', '--epochs', '1', '--out', 'plain')
    run_cases(bench, tap, 'bad_options.case')
    run_cases(bench, tap, 'bad_files.case')
    scenarios_failures.run(bench, tap)


PARTS = {'commands': run_commands, 'data': run_data, 'devices': scenarios_devices.run,
         'failures': run_failures, 'runs': scenarios_runs.run}


def main(program, part, only=''):
    tap = Tap(only)
    with tempfile.TemporaryDirectory(prefix='vae-cl-cli-') as folder, \
            tempfile.TemporaryDirectory(prefix='vae-cl-cache-') as cache:
        bench = Bench(pathlib.Path(program).resolve(), folder)
        bench.env['XDG_CACHE_HOME'] = cache
        prepare(bench)
        PARTS[part](bench, tap)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
