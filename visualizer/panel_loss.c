#include "reference/draw/chart.h"
#include "reference/io/progress.h"
#include "visualizer/panel.h"
#include <math.h>
#include <stdio.h>

// "step 600 of 1200 · 9.5 k tokens/s · 2:10 left", or how the training ended.
static void progress_line(char *out, size_t size, const SceneTraining *training) {
    size_t used = (size_t)snprintf(out, size, "step %lld", (long long)training->step);
    if (training->steps > 0)
        used += (size_t)snprintf(out + used, size - used, " of %lld", (long long)training->steps);
    if (!training->running) {
        snprintf(out + used, size - used,
                 training->finished ? " · finished"
                 : training->paused ? " · paused"
                                    : " · stopped");
        return;
    }
    if (isfinite(training->tokens_per_second))
        used += (size_t)snprintf(out + used, size - used, " · %s tokens/s",
                                 short_count(training->tokens_per_second).text);
    if (isfinite(training->seconds_left))
        snprintf(out + used, size - used, " · %s left",
                 short_duration(training->seconds_left).text);
}

static int known_baselines(Baseline out[2], const SceneTraining *training) {
    int count = 0;
    if (isfinite(training->unigram)) out[count++] = (Baseline){ "unigram", training->unigram };
    if (isfinite(training->trigram)) out[count++] = (Baseline){ "trigram", training->trigram };
    return count;
}

// "validation 1.92": the latest loss.
static const char *named(char out[32], const char *name, const double *losses, int count) {
    if (count == 0) return name;
    snprintf(out, 32, "%s %.2f", name, losses[count - 1]);
    return out;
}

static void draw_losses(const Frame *frame, Rect area) {
    const SceneTraining *own = &frame->scene->training;
    char train[32], valid[32];
    const Series series[] = {
        { named(train, "training", own->train_losses, own->train_count), COLOR_DIM,
          own->train_steps, own->train_losses, own->train_count },
        { named(valid, "validation", own->valid_losses, own->valid_count), COLOR_TEXT,
          own->valid_steps, own->valid_losses, own->valid_count },
    };
    Baseline baselines[2];
    Chart chart = { .series = series, .series_count = 2, .baselines = baselines };
    chart.baseline_count = known_baselines(baselines, own);
    chart_draw_compact(frame->list, area, &chart);
}

void panel_loss(const Frame *frame, Rect area) {
    const SceneTraining *training = &frame->scene->training;
    if (training->mode == NOT_TRAINING) {
        part_empty(frame, area, "not training: start with --train or --watch RUN");
        return;
    }
    float line = font_line(TEXT_SMALL) + 8;
    if (area.height > 2 * line) {
        char text[SCENE_TEXT];
        progress_line(text, sizeof text, training);
        draw_text_cut(frame->list, area.x, area.y, TEXT_SMALL, COLOR_DIM, text, area.width);
        area.y += line;
        area.height -= line;
    }
    if (training->train_count == 0 && training->valid_count == 0) {
        part_empty(frame, area, "no losses yet");
    } else {
        draw_losses(frame, area);
    }
}
