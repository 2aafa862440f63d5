#include "reference/isoflop/report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 800, HEIGHT = 560 }; // of one panel

static double x_of(const Group *group, Against against) {
    return against == AGAINST_SECONDS ? group->seconds : group->first->cost.parameters;
}

// The end of the curve that starts at group i: the first group of another kind or budget.
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

// The series of one panel; the x and y of each are taken from the front of `points`.
typedef struct {
    Series *series;
    int count;
    double *points;
    Against against;
} Panel;

static void add_series(Panel *panel, const char *name, Color color, double *x, double *y,
                       int count) {
    panel->series[panel->count++] = (Series){ name, color, x, y, count };
    panel->points += 2 * (size_t)count;
}

static void add_curve(Panel *panel, const Groups *groups, int first, int end, Color color) {
    int points = curve_points(groups, first, end), count = 0;
    double *x = panel->points, *y = x + points;
    for (int i = first; i < end; i++) {
        if (!groups->items[i].chosen || !isfinite(groups->items[i].loss)) continue;
        x[count] = x_of(&groups->items[i], panel->against);
        y[count++] = exp(groups->items[i].loss);
    }
    add_series(panel, groups->items[first].first->kind, color, x, y, points);
}

// Whether the cell belongs to the group and has a final loss.
static bool is_of(const Cell *cell, const Group *group) {
    return cell->result.final && strcmp(cell->kind, group->first->kind) == 0 &&
           strcmp(cell->scale, group->first->scale) == 0 && cell->budget == group->first->budget &&
           cell->peak == group->first->peak;
}

// A dot for each cell of the chosen groups: a NaN after each keeps them apart.
static void add_dots(Panel *panel, const Groups *groups, const Cells *cells, int first, int end,
                     Color color) {
    double *x = panel->points, *y = x + 2 * cells->count;
    int count = 0;
    for (int i = first; i < end; i++) {
        const Group *group = &groups->items[i];
        for (int j = 0; group->chosen && j < cells->count; j++) {
            const Cell *cell = &cells->items[j];
            if (!is_of(cell, group)) continue;
            bool seconds = panel->against == AGAINST_SECONDS;
            x[count] = seconds ? cell->result.step_seconds : cell->cost.parameters;
            y[count] = exp(cell->result.valid_loss);
            x[count + 1] = y[count + 1] = NAN;
            count += 2;
        }
    }
    panel->series[panel->count++] = (Series){ NULL, color, x, y, count };
    panel->points += 4 * (size_t)cells->count;
}

// The panel of the groups first .. end-1, all of one budget.
static void draw_panel(DrawList *list, Rect area, Panel *panel, const Groups *groups,
                       const Cells *cells, int first, int end) {
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
    chart_draw(list, area, &chart);
}

static int budget_end(const Groups *groups, int i) {
    int end = i + 1;
    while (end < groups->count &&
           groups->items[end].first->budget == groups->items[i].first->budget)
        end++;
    return end;
}

bool report_picture(DrawList *out, const Groups *groups, const Cells *cells, Against against,
                    Error *error) {
    int panels = 0;
    for (int first = 0; first < groups->count; first = budget_end(groups, first)) panels++;
    if (panels == 0) return fail(error, "nothing to draw: no cell of the study is done");
    draw_clear(out, panels * WIDTH, HEIGHT);
    size_t kinds = (size_t)groups->count + 1;
    size_t points = kinds * (2 * kinds + 4 * (size_t)cells->count);
    Panel panel = { .series = malloc(2 * kinds * sizeof(Series)), .against = against };
    double *block = malloc(points * sizeof *block);
    bool ok = (panel.series != NULL && block != NULL) || fail(error, "out of memory");
    Rect area = { 0, 0, WIDTH, HEIGHT };
    for (int first = 0; ok && first < groups->count; first = budget_end(groups, first)) {
        panel.count = 0;
        panel.points = block;
        draw_panel(out, area, &panel, groups, cells, first, budget_end(groups, first));
        area.x += WIDTH;
    }
    free(panel.series);
    free(block);
    return ok;
}
