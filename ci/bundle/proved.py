#!/usr/bin/env python3
"""proved.py RESULTS.json SECONDS: whether a run of the bundle did all that it can on a CPU without Python."""
import json
import sys

LEFT_OUT = {'beside_pytorch', 'device_tests_full'}  # need PyTorch, and a GPU


def main(path, seconds):
    with open(path, encoding='utf-8') as file:
        results = json.load(file)
    wrong = [] if results['complete'] else ['the run is not complete']
    if results['seconds'] > int(seconds):
        wrong.append('it took %d s' % results['seconds'])
    for step in results['steps']:
        wanted = 'not there' if step['step'] in LEFT_OUT else 'passed'
        if step['result'] != wanted:
            wrong.append('%s: %s, not %s' % (step['step'], step['result'], wanted))
        if step['result'] == 'passed' and not isinstance(step.get('output'), dict):
            wrong.append('%s: no JSON of its own' % step['step'])
    print('\n'.join(wrong) or 'proved: %d steps in %d seconds' % (len(results['steps']), results['seconds']))
    return bool(wrong)


sys.exit(main(*sys.argv[1:]))
