#include "reference/isoflop/report.h"
#include "reference/config/config_json.h"
#include "reference/config/scales.h"
#include "reference/ffn/ffn.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int kind_order(const Cells *cells, const char *kind) {
    int order = 0;
    for (int i = 0; i < cells->count && strcmp(cells->items[i].kind, kind) != 0; i++) order++;
    return order;
}

static bool in_group(const Group *group, const Cell *cell) {
    return strcmp(group->first->kind, cell->kind) == 0 &&
           strcmp(group->first->scale, cell->scale) == 0 && group->first->budget == cell->budget &&
           group->first->peak == cell->peak;
}

static void group_add(Group *group, const Cell *cell) {
    double loss = cell_loss(cell), n = ++group->seeds;
    group->diverged += cell->result.diverged;
    group->loss += (loss - group->loss) / n; // INFINITY stays
    if (isnan(group->loss)) group->loss = INFINITY;
    group->seconds += (cell->result.step_seconds - group->seconds) / n;
    group->min = n > 1 ? fmin(group->min, loss) : loss;
    group->max = n > 1 ? fmax(group->max, loss) : loss;
}

static int compare_groups(const void *left, const void *right) {
    const Group *a = left, *b = right;
    if (a->first->budget != b->first->budget) return a->first->budget < b->first->budget ? -1 : 1;
    if (a->order != b->order) return a->order < b->order ? -1 : 1;
    int scale_a = scale_find(a->first->scale), scale_b = scale_find(b->first->scale);
    if (scale_a != scale_b) return scale_a < scale_b ? -1 : 1;
    return (a->first->peak > b->first->peak) - (a->first->peak < b->first->peak);
}

// Whether both are on one curve: the same kind and budget.
static bool same_curve(const Group *a, const Group *b) {
    return a->order == b->order && a->first->budget == b->first->budget;
}

static bool same_point(const Group *a, const Group *b) {
    return same_curve(a, b) && strcmp(a->first->scale, b->first->scale) == 0;
}

// Whether a is selected before b. Of equal ones, the lower learning rate is.
static bool is_selected_before(const Group *a, const Group *b) {
    if (a->seeds != b->seeds) return a->seeds > b->seeds;
    return a->loss != b->loss ? a->loss < b->loss : a < b;
}

static void choose_rates(Groups *groups) {
    for (int i = 0; i < groups->count; i++) {
        Group *group = &groups->items[i];
        group->chosen = true;
        for (int j = 0; j < groups->count; j++) {
            if (same_point(group, &groups->items[j]) &&
                is_selected_before(&groups->items[j], group))
                group->chosen = false;
        }
    }
}

static void mark_best_scales(Groups *groups) {
    for (int i = 0; i < groups->count; i++) {
        Group *group = &groups->items[i];
        int scales = 0, lower = 0;
        for (int j = 0; j < groups->count; j++) {
            const Group *other = &groups->items[j];
            if (!same_curve(group, other) || !other->chosen) continue;
            scales++;
            lower += other->loss < group->loss || (other->loss == group->loss && other < group);
        }
        group->best = group->chosen && isfinite(group->loss) && scales > 1 && lower == 0;
    }
}

bool groups_new(Groups *out, const Cells *cells, Error *error) {
    *out = (Groups){ malloc(((size_t)cells->count + 1) * sizeof(Group)), 0 };
    if (out->items == NULL) return fail(error, "out of memory");
    for (int i = 0; i < cells->count; i++) {
        const Cell *cell = &cells->items[i];
        if (!cell_done(cell)) continue;
        int found = 0;
        while (found < out->count && !in_group(&out->items[found], cell)) found++;
        if (found == out->count) {
            out->items[out->count++] =
                (Group){ .first = cell, .order = kind_order(cells, cell->kind) };
        }
        group_add(&out->items[found], cell);
    }
    qsort(out->items, (size_t)out->count, sizeof *out->items, compare_groups);
    choose_rates(out);
    mark_best_scales(out);
    return true;
}

static void print_row(FILE *out, const Group *group) {
    const Cell *cell = group->first;
    char perplexity[32] = "diverged", spread[32] = "";
    if (isfinite(group->loss)) {
        snprintf(perplexity, sizeof perplexity, group->best ? "**%.3f**" : "%.3f",
                 exp(group->loss));
        if (group->seeds > 1)
            snprintf(spread, sizeof spread, "%.3f", exp(group->max) - exp(group->min));
    }
    const char *mark = is_causal(ffn_causality(&cell->config)) ? "" : " (not causal)";
    fprintf(out, "| %s%s | %s | %s | %d | %.0f | %.0f | %lld | %lld | %.1f | %.4f | %s | %s |\n",
            cell->kind, mark, cell->scale, number_text(cell->peak).text, group->seeds,
            cell->cost.parameters, cell->cost.active_parameters, (long long)cell->settings.steps,
            (long long)cell->result.tokens, group->seconds, group->loss, perplexity, spread);
}

static void print_budget(FILE *out, const Groups *groups, int first, int end) {
    fprintf(out, "%sEqual compute: %s FLOPs of training\n\n", first > 0 ? "\n" : "",
            number_text(groups->items[first].first->budget).text);
    fprintf(out, "| kind | scale | peak | seeds | parameters | active | steps | tokens | seconds | "
                 "loss | perplexity | spread |\n"
                 "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (int i = first; i < end; i++) {
        if (groups->items[i].chosen) print_row(out, &groups->items[i]);
    }
}

// The groups first .. end-1: one kind at one scale with several learning rates.
static void print_rates(FILE *out, const Groups *groups, int first, int end) {
    fprintf(out, "| %s | %s |", groups->items[first].first->kind,
            groups->items[first].first->scale);
    for (int i = first; i < end; i++) {
        const Group *group = &groups->items[i];
        const char *mark = group->chosen ? "**" : "";
        fprintf(out, " %s%s: %.3f%s", mark, number_text(group->first->peak).text, exp(group->loss),
                mark);
    }
    fprintf(out, " |\n");
}

static void print_peaks(FILE *out, const Groups *groups, int first, int end) {
    bool has_header = false;
    for (int i = first, next; i < end; i = next) {
        next = i + 1;
        while (next < end && same_point(&groups->items[i], &groups->items[next])) next++;
        if (next - i == 1) continue;
        if (!has_header)
            fprintf(out, "\nLearning rates tried\n\n| kind | scale | peak: perplexity "
                         "|\n|---|---|---|\n");
        has_header = true;
        print_rates(out, groups, i, next);
    }
}

void report_tables(FILE *out, const Groups *groups) {
    for (int first = 0; first < groups->count;) {
        int end = first + 1;
        while (end < groups->count &&
               groups->items[end].first->budget == groups->items[first].first->budget)
            end++;
        print_budget(out, groups, first, end);
        print_peaks(out, groups, first, end);
        first = end;
    }
    if (groups->count == 0) return;
    fprintf(out,
            "\nOne row per kind and scale, the mean over its seeds; the best scale of each "
            "kind is in bold. Spread: the highest\nminus the lowest perplexity over the seeds. "
            "Seconds: training steps only. Loss: nats per token on all of valid.bin.\n");
}

static void add_result(json_t **object, const Cell *cell) {
    const LogResult *result = &cell->result;
    json_add(object, "tokens", json_integer(result->tokens));
    json_add(object, "seconds", json_real(result->step_seconds));
    json_add(object, "diverged", json_boolean(result->diverged));
    if (!result->final) return;
    double perplexity = exp(result->valid_loss); // infinite from a loss of 710 on
    json_add(object, "valid_loss", json_real(result->valid_loss));
    if (isfinite(perplexity)) json_add(object, "perplexity", json_real(perplexity));
    json_add(object, "valid_tokens", json_integer(result->valid_tokens));
}

static json_t *cell_json(const Cell *cell) {
    char name[CELL_NAME];
    json_t *object = json_object();
    double steps = (double)cell->settings.steps;
    cell_name(name, cell);
    json_add(&object, "kind", json_string(cell->kind));
    json_add(&object, "scale", json_string(cell->scale));
    json_add(&object, "budget", json_real(cell->budget));
    json_add(&object, "peak", json_real(cell->peak));
    json_add(&object, "seed", json_integer(cell->seed));
    json_add(&object, "run", json_string(name));
    json_add(&object, "model", config_to_json(&cell->config));
    json_add(&object, "parameters", json_integer((json_int_t)cell->cost.parameters));
    json_add(&object, "active_parameters", json_integer((json_int_t)cell->cost.active_parameters));
    json_add(&object, "flops", json_real(steps * cell_step_flops(cell)));
    json_add(&object, "flops_full", json_real(steps * cell_step_flops_full(cell)));
    json_add(&object, "steps", json_integer(cell->settings.steps));
    json_add(&object, "causal", json_boolean(is_causal(ffn_causality(&cell->config))));
    json_add(&object, "done", json_boolean(cell_done(cell)));
    if (cell_done(cell)) add_result(&object, cell);
    return object;
}

json_t *report_cells(const Cells *cells) {
    json_t *array = json_array();
    for (int i = 0; i < cells->count; i++) json_add_item(&array, cell_json(&cells->items[i]));
    return array;
}

static bool read_cell(Cell *out, const json_t *object, const char *where, Error *error) {
    const char *kind = json_string_value(json_object_get(object, "kind"));
    const char *scale = json_string_value(json_object_get(object, "scale"));
    const json_t *budget = json_object_get(object, "budget"),
                 *peak = json_object_get(object, "peak");
    const json_t *seed = json_object_get(object, "seed");
    if (kind != NULL && scale != NULL && json_is_number(budget) && json_is_number(peak) &&
        json_is_integer(seed)) {
        return cell_new(out, kind, scale, json_number_value(budget), json_number_value(peak),
                        json_integer_value(seed), error);
    }
    return fail(error, "%s: a cell lacks its kind, scale, budget, peak or seed", where);
}

bool report_read_cells(Cells *out, const json_t *array, const char *where, Error *error) {
    if (!json_is_array(array)) return fail(error, "%s: cells is missing or not an array", where);
    for (size_t i = 0; i < json_array_size(array); i++) {
        Cell cell;
        if (!read_cell(&cell, json_array_get(array, i), where, error)) return false;
        if (cells_add(out, &cell) == NULL) return fail(error, "%s: out of memory", where);
    }
    return true;
}
