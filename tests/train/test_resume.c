/* SPDX-License-Identifier: MIT
 *
 * A run that was stopped, or killed, and then resumed leaves the same model file and the same
 * metrics as one that never was.
 *
 * To be killed, a run needs a process of its own: the test calls itself as
 *   test_resume FOLDER DEVICE OPTIMISER EPOCH STEP RESUME
 */
#define _POSIX_C_SOURCE 200809L
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/test_folder.h"
#include "train/run.h"

static const char *self; /* argv[0] */

/* ---- what a run leaves ---- */

struct result {
    unsigned char *model;
    size_t size;
    json_t *metrics; /* its lines, without what the clock measured */
};

static json_t *read_metrics(const char *folder)
{
    size_t size;
    char *text = (char *)test_file_read(folder, "metrics.jsonl", &size);
    json_t *lines = json_array();
    for (char *line = text; *line;) {
        char *end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        json_t *object = json_loads(line, 0, NULL);
        assert_non_null(object);
        json_object_del(object, "seconds");
        json_object_del(object, "images_per_second");
        json_array_append_new(lines, object);
        line = end + 1;
    }
    free(text);
    return lines;
}

static struct result result_read(const char *folder)
{
    struct result result = {.metrics = read_metrics(folder)};
    result.model = test_file_read(folder, "model.safetensors", &result.size);
    return result;
}

static void result_finish(struct result *result)
{
    free(result->model);
    json_decref(result->metrics);
}

/* The run in `folder` has ended as one that was never stopped. */
static void assert_as_never_stopped(const char *folder, const char *optimiser)
{
    char *other = test_folder_create();
    const struct run run = {.ctx = test_target.ctx, .folder = other, .optimiser = optimiser};
    OK(run_train(&run));
    struct result want = result_read(other), got = result_read(folder);
    assert_int_equal(json_array_size(want.metrics), RUN_EPOCHS);
    assert_true(json_equal(got.metrics, want.metrics));
    assert_true(got.size == want.size && memcmp(got.model, want.model, want.size) == 0);
    result_finish(&want);
    result_finish(&got);
    test_folder_destroy(&other);
}

/* ---- stopped ---- */

/* Runs from one place to the next, each time resumed, and then to the end. */
static void stop_and_go(const char *optimiser, const struct run_place *places, size_t count)
{
    char *folder = test_folder_create();
    struct run run = {.ctx = test_target.ctx, .folder = folder, .optimiser = optimiser};
    for (size_t i = 0; i < count; i++) {
        run.stop = places[i];
        run.resume = i > 0;
        assert_int_equal(run_train(&run), VCL_E_INTERRUPTED);
    }
    run.stop = (struct run_place){0};
    run.resume = true;
    OK(run_train(&run));
    assert_as_never_stopped(folder, optimiser);
    test_folder_destroy(&folder);
}

static void test_within_epoch(void **state)
{
    stop_and_go(*state, (const struct run_place[]){{4, 2}}, 1);
}

static void test_between_epochs(void **state)
{
    stop_and_go(*state, (const struct run_place[]){{3, RUN_STEPS}}, 1);
}

static void test_many_times(void **state)
{
    const struct run_place places[] = {{1, 2}, {1, 4}, {2, RUN_STEPS}, {3, 2}, {6, 4}};
    stop_and_go(*state, places, sizeof places / sizeof *places);
}

/* A stop asked for after the last step comes too late. */
static void test_at_the_end(void **state)
{
    char *folder = test_folder_create();
    const struct run run = {.ctx = test_target.ctx,
                            .folder = folder,
                            .optimiser = *state,
                            .stop = {RUN_EPOCHS, RUN_STEPS}};
    OK(run_train(&run));
    assert_as_never_stopped(folder, *state);
    test_folder_destroy(&folder);
}

/* Another implementation of products goes on where the first stopped. */
static void test_other_gemm(void **state)
{
    char *folder = test_folder_create();
    struct run run = {
        .ctx = test_target.ctx, .folder = folder, .optimiser = *state, .stop = {3, 4}};
    assert_int_equal(run_train(&run), VCL_E_INTERRUPTED);
    test_target.gemm = "naive";
    run.ctx = test_ctx_create();
    test_target.gemm = NULL;
    run.stop = (struct run_place){0};
    run.resume = true;
    OK(run_train(&run));
    assert_as_never_stopped(folder, *state);
    vcl_ctx_destroy(&run.ctx);
    test_folder_destroy(&folder);
}

/* ---- killed ---- */

static int child(char **argv)
{
    test_target.device = (struct vcl_device_info){0};
    snprintf(test_target.device.id, sizeof test_target.device.id, "%s", argv[2]);
    test_target.same_bits = true;
    const struct run run = {.ctx = test_ctx_create(),
                            .folder = argv[1],
                            .optimiser = argv[3],
                            .kill = {strtoul(argv[4], NULL, 10), strtoul(argv[5], NULL, 10)},
                            .resume = strcmp(argv[6], "1") == 0};
    if (run_train(&run) < 0)
        fprintf(stderr, "%s\n", test_error.msg);
    return 1; /* it should not have come this far */
}

/* Where the system does not start programs as they are (ci/gpu's bundle, without a C library), the
 * words of VAE_CL_TEST_LAUNCHER do. */
static void become(char **argv)
{
    enum { MOST = 16 };
    const char *launcher = getenv("VAE_CL_TEST_LAUNCHER");
    char *rest, *text = strdup(launcher ? launcher : ""), *words[MOST + 1] = {NULL};
    size_t n = 0;
    for (char *word = strtok_r(text, " ", &rest); word && n < MOST;
         word = strtok_r(NULL, " ", &rest))
        words[n++] = word;
    while (*argv && n < MOST)
        words[n++] = *argv++;
    execv(words[0], words);
    _exit(127);
}

/* Runs a child that is killed at a place. */
static void kill_at(const char *folder, const char *optimiser, struct run_place place, bool resume)
{
    char epoch[24], step[24], *device = test_target.device.id;
    char *argv[] = {(char *)self,
                    (char *)folder,
                    device,
                    (char *)optimiser,
                    epoch,
                    step,
                    (char *)(resume ? "1" : "0"),
                    NULL};
    int status = 0;
    snprintf(epoch, sizeof epoch, "%u", (unsigned)place.epoch);
    snprintf(step, sizeof step, "%u", (unsigned)place.step);
    pid_t pid = fork();
    if (pid == 0)
        become(argv);
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void kill_and_go(const char *optimiser, const struct run_place *places, size_t count)
{
    char *folder = test_folder_create();
    const struct run run = {
        .ctx = test_target.ctx, .folder = folder, .optimiser = optimiser, .resume = true};
    for (size_t i = 0; i < count; i++)
        kill_at(folder, optimiser, places[i], i > 0);
    OK(run_train(&run));
    assert_as_never_stopped(folder, optimiser);
    test_folder_destroy(&folder);
}

/* Step 4's checkpoint is not yet written when its callback comes: the run goes on after step 2. */
static void test_killed_within_epoch(void **state)
{
    kill_and_go(*state, (const struct run_place[]){{3, 4}}, 1);
}

static void test_killed_many_times(void **state)
{
    const struct run_place places[] = {{1, 4}, {1, RUN_STEPS}, {2, 0}, {5, 2}, {5, 4}, {6, 4}};
    kill_and_go(*state, places, sizeof places / sizeof *places);
}

/* Between the writing of metrics and that of the checkpoint. */
static void test_killed_after_metrics(void **state)
{
    char *folder = test_folder_create();
    struct run run = {
        .ctx = test_target.ctx, .folder = folder, .optimiser = *state, .stop = {2, 2}};
    assert_int_equal(run_train(&run), VCL_E_INTERRUPTED);
    char *path = test_path_in(folder, "metrics.jsonl");
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fputs("{\"epoch\":2,\"steps\":10,\"train_loss\":1}\n", file);
    fclose(file);
    free(path);
    run.stop = (struct run_place){0};
    run.resume = true;
    OK(run_train(&run));
    assert_as_never_stopped(folder, *state);
    test_folder_destroy(&folder);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        {"within an epoch", test_within_epoch, NULL, NULL, (void *)"adam"},
        {"between epochs", test_between_epochs, NULL, NULL, (void *)"sgd"},
        {"killed within an epoch", test_killed_within_epoch, NULL, NULL, (void *)"adam"},
        {"killed after metrics", test_killed_after_metrics, NULL, NULL, (void *)"adam"},
        /* not in small runs */
        {"within an epoch, sgd", test_within_epoch, NULL, NULL, (void *)"sgd"},
        {"within an epoch, samples", test_within_epoch, NULL, NULL, (void *)RUN_SAMPLES},
        {"many times", test_many_times, NULL, NULL, (void *)"adamw"},
        {"at the end", test_at_the_end, NULL, NULL, (void *)"adam"},
        {"with another GEMM", test_other_gemm, NULL, NULL, (void *)"adam"},
        {"killed many times", test_killed_many_times, NULL, NULL, (void *)"adam"},
    };
    test_begin();
    self = argv[0];
    if (argc == 7)
        return child(argv);
    return test_on_devices(tests, test_small() ? 4 : sizeof tests / sizeof *tests, true);
}
