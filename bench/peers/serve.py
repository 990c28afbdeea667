"""What the training peers share: a line with seconds on standard input is answered by images/s.

Random examples, as many as `vae-cl bench` takes, in a new order each epoch.
"""
import statistics
import sys
import time

import numpy

EXAMPLES, MIN_STEPS, TIMINGS = 2560, 4, 7


def examples(batch, size=784):
    steps = max(EXAMPLES // batch, MIN_STEPS)
    return numpy.random.default_rng(1).random((steps * batch, size), dtype=numpy.float32)


def serve(version, batch, epoch, warm_up=2):
    """`epoch()` does all steps of one epoch and waits for their end; it returns how many."""
    for _ in range(warm_up):
        epoch()
    print(version, flush=True)
    for line in sys.stdin:
        seconds, rates, asked = float(line) / TIMINGS, [], time.perf_counter()
        for _ in range(TIMINGS):
            begun, images = time.perf_counter(), 0
            if rates and begun - asked > 2 * float(line):
                break  # slow enough that fewer timings tell as much
            while time.perf_counter() - begun < seconds or not images:
                images += epoch() * batch
            rates.append(images / (time.perf_counter() - begun))
        print('%.2f' % statistics.median(rates), flush=True)
