#include "reference/isoflop/walk.h"
#include <math.h>
#include <string.h>

typedef struct {
    Study *study;
    StudyVisit *visit;
    void *context;
    double budget;
} Walk;

static bool visit(Walk *walk, const char *kind, const char *scale, double peak, double seed,
                  bool certain) {
    Cell cell;
    // cannot fail: study_open has checked kind and scale
    if (!cell_new(&cell, kind, scale, walk->budget, peak, (int64_t)seed, NULL)) return false;
    return walk->visit(walk->context, walk->study, &cell, certain);
}

// The loss of a cell; NAN: not done.
static double loss_of(const Walk *walk, const char *kind, const char *scale, double peak,
                      double seed) {
    Cell cell;
    if (!cell_new(&cell, kind, scale, walk->budget, peak, (int64_t)seed, NULL)) return NAN;
    const Cell *found = cells_find(&walk->study->cells, &cell);
    return found != NULL ? cell_loss(found) : NAN;
}

typedef struct {
    double peak;
    const char *scale;
    bool certain;
} Best;

// The learning rate with the lowest loss at the smallest scale; the first of equal ones.
static Best best_peak(const Walk *walk, const char *kind) {
    const StudyOptions *options = &walk->study->options;
    Best best = { options->peaks.items[0], options->scales.items[0], true };
    double lowest = INFINITY;
    for (int i = 0; options->peaks.count > 1 && i < options->peaks.count; i++) {
        double loss = loss_of(walk, kind, options->scales.items[0], options->peaks.items[i],
                              options->seeds.items[0]);
        if (isnan(loss)) best.certain = false;
        if (loss < lowest) {
            lowest = loss;
            best.peak = options->peaks.items[i];
        }
    }
    return best;
}

// The scale with the lowest mean loss over --seeds; until all cells are done, the middle scale.
static Best best_scale(const Walk *walk, const char *kind) {
    const StudyOptions *options = &walk->study->options;
    Best best = best_peak(walk, kind);
    double lowest = INFINITY;
    best.scale = options->scales.items[options->scales.count / 2];
    for (int i = 0; options->scales.count > 1 && i < options->scales.count; i++) {
        double sum = 0;
        for (int j = 0; j < options->seeds.count; j++) {
            sum +=
                loss_of(walk, kind, options->scales.items[i], best.peak, options->seeds.items[j]);
        }
        if (isnan(sum)) {
            best.certain = false;
            best.scale = options->scales.items[options->scales.count / 2];
            break;
        }
        if (sum < lowest) {
            lowest = sum;
            best.scale = options->scales.items[i];
        }
    }
    return best;
}

static bool walk_peaks(Walk *walk) {
    const StudyOptions *options = &walk->study->options;
    for (int i = 0; i < options->kinds.count; i++) {
        for (int j = 0; j < options->peaks.count; j++) {
            if (!visit(walk, options->kinds.items[i], options->scales.items[0],
                       options->peaks.items[j], options->seeds.items[0], true)) {
                return false;
            }
        }
    }
    return true;
}

static bool walk_scales(Walk *walk) {
    const StudyOptions *options = &walk->study->options;
    for (int seed = 0; seed < options->seeds.count; seed++) {
        for (int scale = 0; scale < options->scales.count; scale++) {
            if (seed == 0 && scale == 0) continue; // done by walk_peaks
            for (int i = 0; i < options->kinds.count; i++) {
                Best best = best_peak(walk, options->kinds.items[i]);
                if (!visit(walk, options->kinds.items[i], options->scales.items[scale], best.peak,
                           options->seeds.items[seed], best.certain)) {
                    return false;
                }
            }
        }
    }
    return true;
}

static bool has_number(const NumberList *list, double number) {
    for (int i = 0; i < list->count; i++) {
        if (list->items[i] == number) return true;
    }
    return false;
}

static bool walk_best_seeds(Walk *walk) {
    const StudyOptions *options = &walk->study->options;
    for (int seed = 0; seed < options->best_seeds.count; seed++) {
        // walk_scales has it for every scale
        if (has_number(&options->seeds, options->best_seeds.items[seed])) continue;
        for (int i = 0; i < options->kinds.count; i++) {
            Best best = best_scale(walk, options->kinds.items[i]);
            if (!visit(walk, options->kinds.items[i], best.scale, best.peak,
                       options->best_seeds.items[seed], best.certain)) {
                return false;
            }
        }
    }
    return true;
}

static bool walk_variants(Walk *walk) {
    const StudyOptions *options = &walk->study->options;
    for (int seed = 0; seed < options->seeds.count; seed++) {
        for (int i = 0; i < options->variants.count; i++) {
            char base[CELL_KIND];
            const char *variant = options->variants.items[i];
            snprintf(base, sizeof base, "%.*s", (int)strcspn(variant, "+"), variant);
            Best best = best_scale(walk, base);
            if (!visit(walk, variant, best.scale, best.peak, options->seeds.items[seed],
                       best.certain))
                return false;
        }
    }
    return true;
}

bool study_walk(Study *study, StudyVisit *function, void *context) {
    for (int i = 0; i < study->options.budgets.count; i++) {
        Walk walk = { study, function, context, study->options.budgets.items[i] };
        if (!walk_peaks(&walk) || !walk_scales(&walk) || !walk_best_seeds(&walk) ||
            !walk_variants(&walk))
            return false;
    }
    return true;
}
