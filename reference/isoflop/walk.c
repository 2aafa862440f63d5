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
    // tried by study_open
    if (!cell_new(&cell, kind, scale, walk->budget, peak, (int64_t)seed, NULL)) return false;
    return walk->visit(walk->context, walk->study, &cell, certain);
}

// The loss of a cell, NAN when it is not done.
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

// The learning rate of the lowest loss at the smallest scale; of equals the first.
static Best best_peak(const Walk *walk, const char *kind) {
    const Wanted *wanted = &walk->study->wanted;
    Best best = { wanted->peaks.at[0], wanted->scales.at[0], true };
    double least = INFINITY;
    for (int i = 0; wanted->peaks.count > 1 && i < wanted->peaks.count; i++) {
        double loss =
            loss_of(walk, kind, wanted->scales.at[0], wanted->peaks.at[i], wanted->seeds.at[0]);
        if (isnan(loss)) best.certain = false;
        if (loss < least) least = loss, best.peak = wanted->peaks.at[i];
    }
    return best;
}

// The scale of the lowest mean loss over the seeds that every scale has; a guess in the middle
// until all are done.
static Best best_scale(const Walk *walk, const char *kind) {
    const Wanted *wanted = &walk->study->wanted;
    Best best = best_peak(walk, kind);
    double least = INFINITY;
    best.scale = wanted->scales.at[wanted->scales.count / 2];
    for (int i = 0; wanted->scales.count > 1 && i < wanted->scales.count; i++) {
        double sum = 0;
        for (int j = 0; j < wanted->seeds.count; j++) {
            sum += loss_of(walk, kind, wanted->scales.at[i], best.peak, wanted->seeds.at[j]);
        }
        if (isnan(sum)) {
            best.certain = false;
            best.scale = wanted->scales.at[wanted->scales.count / 2];
            break;
        }
        if (sum < least) least = sum, best.scale = wanted->scales.at[i];
    }
    return best;
}

static bool walk_peaks(Walk *walk) {
    const Wanted *wanted = &walk->study->wanted;
    for (int i = 0; i < wanted->kinds.count; i++) {
        for (int j = 0; j < wanted->peaks.count; j++) {
            if (!visit(walk, wanted->kinds.at[i], wanted->scales.at[0], wanted->peaks.at[j],
                       wanted->seeds.at[0], true)) {
                return false;
            }
        }
    }
    return true;
}

static bool walk_scales(Walk *walk) {
    const Wanted *wanted = &walk->study->wanted;
    for (int seed = 0; seed < wanted->seeds.count; seed++) {
        for (int scale = 0; scale < wanted->scales.count; scale++) {
            if (seed == 0 && scale == 0) continue; // one of walk_peaks
            for (int i = 0; i < wanted->kinds.count; i++) {
                Best best = best_peak(walk, wanted->kinds.at[i]);
                if (!visit(walk, wanted->kinds.at[i], wanted->scales.at[scale], best.peak,
                           wanted->seeds.at[seed], best.certain)) {
                    return false;
                }
            }
        }
    }
    return true;
}

static bool has_number(const NumberList *list, double number) {
    for (int i = 0; i < list->count; i++) {
        if (list->at[i] == number) return true;
    }
    return false;
}

static bool walk_best_seeds(Walk *walk) {
    const Wanted *wanted = &walk->study->wanted;
    for (int seed = 0; seed < wanted->best_seeds.count; seed++) {
        // every scale has it already
        if (has_number(&wanted->seeds, wanted->best_seeds.at[seed])) continue;
        for (int i = 0; i < wanted->kinds.count; i++) {
            Best best = best_scale(walk, wanted->kinds.at[i]);
            if (!visit(walk, wanted->kinds.at[i], best.scale, best.peak,
                       wanted->best_seeds.at[seed], best.certain)) {
                return false;
            }
        }
    }
    return true;
}

static bool walk_variants(Walk *walk) {
    const Wanted *wanted = &walk->study->wanted;
    for (int seed = 0; seed < wanted->seeds.count; seed++) {
        for (int i = 0; i < wanted->variants.count; i++) {
            char base[CELL_KIND];
            const char *variant = wanted->variants.at[i];
            snprintf(base, sizeof base, "%.*s", (int)strcspn(variant, "+"), variant);
            Best best = best_scale(walk, base);
            if (!visit(walk, variant, best.scale, best.peak, wanted->seeds.at[seed], best.certain))
                return false;
        }
    }
    return true;
}

bool study_walk(Study *study, StudyVisit *function, void *context) {
    for (int i = 0; i < study->wanted.budgets.count; i++) {
        Walk walk = { study, function, context, study->wanted.budgets.at[i] };
        if (!walk_peaks(&walk) || !walk_scales(&walk) || !walk_best_seeds(&walk) ||
            !walk_variants(&walk))
            return false;
    }
    return true;
}
