/* SPDX-License-Identifier: MIT
 *
 * Each function that can fail does so once in each place that it is called from, a place being the
 * last calls that led there. The library must return an error, or come to the same result without
 * what failed; give back all memory, objects and files; leave only whole files; and work as before
 * the next time.
 */
#define _XOPEN_SOURCE 700
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/devices.h"
#include "common/test_folder.h"
#include "fault.h"
#include "scenario.h"

enum { MOST_SMALL = 6 }; /* places tried of a function in a small run */

static struct scenario_result expected;
static struct fault_places all_places[FAULT_COUNT];
static char device[24];

/* The number that the next opened file will have: another one if one before it stays open. */
static int next_file(void)
{
    int fd = dup(STDIN_FILENO);
    close(fd);
    return fd;
}

/* Runs the scenario in a folder of its own, with one fault. */
static enum vcl_status run_once(enum fault_kind kind, size_t at, struct scenario_result *result,
                                char problem[256])
{
    struct vcl_error err = {0};
    char *folder = test_folder_create();
    long memory = fault_live_memory(), objects = fault_live_objects();
    int file = next_file();
    *result = (struct scenario_result){0};
    problem[0] = '\0';
    fault_begin(kind, at, at == 0);
    enum vcl_status r = scenario_run(folder, device, result, &err);
    fault_end();
    if (fault_live_memory() != memory || fault_live_objects() != objects)
        snprintf(problem, 256, "%ld allocations and %ld OpenCL objects are not given back (%.150s)",
                 fault_live_memory() - memory, fault_live_objects() - objects, err.msg);
    else if (next_file() != file)
        snprintf(problem, 256, "a file stays open (%.150s)", err.msg);
    else if (scenario_files_are_whole(folder, problem) && r < 0 &&
             (err.status != r || !err.msg[0] || strchr(err.msg, '\n')))
        snprintf(problem, 256, "status %d, the error says %d: %.200s", r, err.status, err.msg);
    test_folder_destroy(&folder);
    return r;
}

static void check_once(enum fault_kind kind, size_t at)
{
    struct scenario_result result;
    char problem[256];
    enum vcl_status r = run_once(kind, at, &result, problem);
    if (r == VCL_OK && !problem[0] && memcmp(&result, &expected, sizeof result) != 0)
        snprintf(problem, sizeof problem, "success, but another result");
    if (problem[0])
        fail_msg("%s fails at call %zu: %s", fault_names[kind], at, problem);
}

static void test_without(void **state)
{
    struct scenario_result result;
    char problem[256];
    (void)state;
    assert_int_equal(run_once(FAULT_malloc, 0, &result, problem), VCL_OK);
    assert_string_equal(problem, "");
    assert_memory_equal(&result, &expected, sizeof result);
}

static void test_kind(void **state)
{
    enum fault_kind kind = *(const enum fault_kind *)*state;
    const struct fault_places *places = &all_places[kind];
    size_t step = test_small() ? (places->count + MOST_SMALL - 1) / MOST_SMALL : 1;
    for (size_t i = 0; i < places->count; i += step)
        check_once(kind, places->first[i]);
}

/* A CPU device where there is one: the others' drivers are not what is tested. */
static int choose_device(void)
{
    struct vcl_device_info *list;
    size_t n;
    int chosen;
    if (vcl_device_list(&list, &n, &chosen, &test_error) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (list[i].usable && list[i].type == VCL_CPU && list[chosen].type != VCL_CPU)
            chosen = (int)i;
    }
    if (chosen >= 0)
        snprintf(device, sizeof device, "%s", list[chosen].id);
    free(list);
    return chosen;
}

/* Twice: the first run compiles, and drivers keep what they compiled. */
static bool learn_calls(void)
{
    char problem[256];
    for (int i = 0; i < 2; i++) {
        if (run_once(FAULT_malloc, 0, &expected, problem) < 0 || problem[0]) {
            print_error("without a fault: %s\n", problem);
            return false;
        }
    }
    for (int i = 0; i < FAULT_COUNT; i++)
        all_places[i] = *fault_places((enum fault_kind)i);
    return true;
}

int main(void)
{
    struct CMUnitTest tests[FAULT_COUNT + 1] = {{0}};
    enum fault_kind kinds[FAULT_COUNT];
    size_t n = 0;
    test_begin();
    fault_begin(FAULT_malloc, 0, false);
    if (choose_device() < 0 || !learn_calls())
        return 1;
    for (int i = 0; i < FAULT_COUNT; i++) {
        kinds[i] = (enum fault_kind)i;
        if (all_places[i].count) /* not all devices make us need all functions */
            tests[n++] = (struct CMUnitTest){
                .name = fault_names[i], .test_func = test_kind, .initial_state = &kinds[i]};
    }
    tests[n++] = (struct CMUnitTest){.name = "without a fault", .test_func = test_without};
    return _cmocka_run_group_tests("fault", tests, n, NULL, NULL);
}
