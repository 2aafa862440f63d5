#include "reference/isoflop/report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 800, HEIGHT = 560 }; // of one panel

static double place(const Group *group, Against against) {
    return against == AGAINST_SECONDS ? group->seconds : group->first->cost.parameters;
}

// Where the curve that begins at group i ends: the first group of another kind or budget.
static int curve_end(const Groups *groups, int i) {
    int end = i + 1;
    while (end < groups->count && groups->items[end].order == groups->items[i].order &&
           groups->items[end].first->budget == groups->items[i].first->budget) {
        end++;
    }
    return end;
}

static int curve_points(const Groups *groups, int first, int end) {
    int points = 0;
    for (int i = first; i < end; i++)
        points += groups->items[i].chosen && isfinite(groups->items[i].loss);
    return points;
}

// What one panel is drawn from: blocks of x and y, handed out from the front.
typedef struct {
    Series *series;
    int count;
    double *room;
    Against against;
} Panel;

static void add_series(Panel *panel, const char *name, Color color, double *x, double *y,
                       int count) {
    panel->series[panel->count++] = (Series){ name, color, x, y, count };
    panel->room += 2 * (size_t)count;
}

static void add_curve(Panel *panel, const Groups *groups, int first, int end, Color color) {
    int points = curve_points(groups, first, end), at = 0;
    double *x = panel->room, *y = x + points;
    for (int i = first; i < end; i++) {
        if (!groups->items[i].chosen || !isfinite(groups->items[i].loss)) continue;
        x[at] = place(&groups->items[i], panel->against);
        y[at++] = exp(groups->items[i].loss);
    }
    add_series(panel, groups->items[first].first->kind, color, x, y, points);
}

// A dot for each cell of the chosen groups: between two of them stands a point that is none.
static void add_dots(Panel *panel, const Groups *groups, const Cells *cells, int first, int end,
                     Color color) {
    double *x = panel->room, *y = x + 2 * cells->count;
    int count = 0;
    for (int i = first; i < end; i++) {
        const Group *group = &groups->items[i];
        for (int j = 0; group->chosen && j < cells->count; j++) {
            const Cell *cell = &cells->items[j];
            if (!cell->result.final || strcmp(cell->kind, group->first->kind) != 0 ||
                strcmp(cell->scale, group->first->scale) != 0 ||
                cell->budget != group->first->budget || cell->peak != group->first->peak) {
                continue;
            }
            x[count] = panel->against == AGAINST_SECONDS ? cell->result.step_seconds
                                                         : cell->cost.parameters;
            y[count++] = exp(cell->result.valid_loss);
            x[count] = y[count] = NAN, count++;
        }
    }
    panel->series[panel->count++] = (Series){ NULL, color, x, y, count };
    panel->room += 4 * (size_t)cells->count;
}

// The panel of the groups first .. end-1, all of one budget.
static void draw_panel(Picture *picture, Panel *panel, const Groups *groups, const Cells *cells,
                       int first, int end) {
    char title[64];
    bool curves = false;
    int color = 0;
    for (int i = first; i < end; i = curve_end(groups, i))
        curves |= curve_points(groups, i, curve_end(groups, i)) > 1;
    for (int i = first; i < end;) {
        int next = curve_end(groups, i), points = curve_points(groups, i, next);
        if (points > (curves ? 1 : 0)) {
            add_curve(panel, groups, i, next, color_class(color));
            add_dots(panel, groups, cells, i, next, color_class(color));
            color++;
        }
        i = next;
    }
    snprintf(title, sizeof title, "%s FLOPs", number_text(groups->items[first].first->budget).text);
    Chart chart = { .title = title,
                    .x_label = panel->against == AGAINST_SECONDS ? "seconds of training steps"
                                                                 : "parameters",
                    .y_label = "perplexity on valid.bin",
                    .log_x = true,
                    .series = panel->series,
                    .series_count = panel->count };
    chart_draw(picture, &chart);
}

static int budget_end(const Groups *groups, int i) {
    int end = i + 1;
    while (end < groups->count &&
           groups->items[end].first->budget == groups->items[i].first->budget)
        end++;
    return end;
}

static bool draw_panels(Picture *out, const Groups *groups, const Cells *cells, Against against,
                        Error *error) {
    size_t kinds = (size_t)groups->count + 1,
           points = kinds * (2 * kinds + 4 * (size_t)cells->count);
    Panel panel = { .series = malloc(2 * kinds * sizeof(Series)), .against = against };
    double *block = malloc(points * sizeof *block);
    bool ok = (panel.series != NULL && block != NULL) || fail(error, "out of memory");
    int x = 0;
    for (int first = 0; ok && first < groups->count;
         first = budget_end(groups, first), x += WIDTH) {
        Picture part;
        panel.count = 0;
        panel.room = block;
        ok = picture_new(&part, WIDTH, HEIGHT, error);
        if (!ok) break;
        draw_panel(&part, &panel, groups, cells, first, budget_end(groups, first));
        picture_copy(out, x, 0, &part);
        picture_free(&part);
    }
    free(panel.series);
    free(block);
    return ok;
}

bool report_picture(Picture *out, const Groups *groups, const Cells *cells, Against against,
                    Error *error) {
    int panels = 0;
    for (int first = 0; first < groups->count; first = budget_end(groups, first)) panels++;
    if (panels == 0) return fail(error, "nothing to draw: no cell of the study is done");
    if (!picture_new(out, panels * WIDTH, HEIGHT, error)) return false;
    if (draw_panels(out, groups, cells, against, error)) return true;
    picture_free(out);
    return false;
}
