/* SPDX-License-Identifier: MIT
 *
 * All of the library once: train into a run folder, save; in a second context go on with the run,
 * load, read data, evaluate, decode, write.
 */
#ifndef TEST_SCENARIO_H
#define TEST_SCENARIO_H

#include "vaecl/vaecl.h"

enum { SCENARIO_CODES = 3, SCENARIO_SIZE = 16 };

/* What came out: compared bit by bit. */
struct scenario_result {
    float decoded[SCENARIO_CODES * SCENARIO_SIZE];
    double loss;
};

/* Leaves run/ (a run folder), saved.safetensors, x.idx.gz, decoded.npy, samples.png and cache/ in
 * `folder`. */
enum vcl_status scenario_run(const char *folder, const char *device, struct scenario_result *result,
                             struct vcl_error *err);

/* Is every file below `folder` that has a final name whole, and is there none of another name? */
bool scenario_files_are_whole(const char *folder, char problem[256]);

#endif
