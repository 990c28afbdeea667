/* SPDX-License-Identifier: MIT
 *
 * metrics.jsonl of a run folder: a line an epoch.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "train/trainer.h"

/* Not a finite number: null. */
static int add_number(json_t *line, const char *key, double value)
{
    return json_object_set_new(line, key, isfinite(value) ? json_real(value) : json_null());
}

static int add_losses(json_t *line, const char *split, const struct vcl_losses *losses)
{
    int bad = 0;
    const struct {
        const char *name;
        double value;
    } parts[] = {{"loss", losses->loss}, {"recon", losses->recon}, {"kl", losses->kl}};
    for (size_t i = 0; i < 3; i++) {
        char key[32];
        snprintf(key, sizeof key, "%s_%s", split, parts[i].name);
        bad |= add_number(line, key, parts[i].value);
    }
    return bad;
}

static enum vcl_status metrics_line(const struct vcl_epoch *epoch, struct vcl_str *out,
                                    struct vcl_error *err)
{
    json_t *line = json_pack("{s:I, s:I}", "epoch", (json_int_t)epoch->epoch, "steps",
                             (json_int_t)epoch->steps);
    int bad = add_losses(line, "train", &epoch->train);
    if (epoch->has_valid)
        bad |= add_losses(line, "valid", &epoch->valid);
    if (epoch->has_test)
        bad |= add_losses(line, "test", &epoch->test);
    bad |= add_number(line, "seconds", epoch->seconds);
    bad |= add_number(line, "images_per_second", epoch->images_per_second);
    char *text = !bad ? vcl_json_dump(line, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(line);
    if (!text)
        return ERR(err, VCL_E_NOMEM, "cannot write metrics.jsonl");
    vcl_str_add(out, "%s\n", text);
    free(text);
    return vcl_str_check(out, err);
}

enum vcl_status vcl_run_write_metrics(struct vcl_trainer *trainer, const struct vcl_epoch *epoch,
                                      struct vcl_error *err)
{
    enum vcl_status r;
    TRY(metrics_line(epoch, &trainer->metrics, err));
    TRY(vcl_run_write_text(trainer->params->out, "metrics.jsonl", trainer->metrics.text,
                           trainer->metrics.len, err));
out:
    return r;
}

/* Takes over the first `epochs` lines; a run killed between metrics and checkpoint has one more. */
enum vcl_status vcl_run_read_metrics(struct vcl_trainer *trainer, struct vcl_error *err)
{
    char *path = NULL;
    unsigned char *text = NULL;
    size_t size, used = 0;
    enum vcl_status r;
    TRY(vcl_path_join(trainer->params->out, "metrics.jsonl", &path, err));
    if (trainer->at.epoch == 0 && !vcl_file_exists(path))
        goto out;
    TRY(vcl_file_read(path, &text, &size, err));
    for (uint64_t line = 0; line < trainer->at.epoch; line++) {
        const unsigned char *end = memchr(text + used, '\n', size - used);
        if (!end)
            FAIL(err, VCL_E_FORMAT, "'%s' has fewer lines than the checkpoint has epochs", path);
        used = (size_t)(end - text) + 1;
    }
    vcl_str_add_bytes(&trainer->metrics, text, used);
    TRY(vcl_str_check(&trainer->metrics, err));
out:
    free(path);
    free(text);
    return r;
}
