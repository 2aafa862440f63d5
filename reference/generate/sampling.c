#include "reference/generate/sampling.h"
#include "reference/data/special_tokens.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdbool.h>

// The order of every choice: the higher logit first, equal ones by the lower id, NaN last.
static bool before(Candidate a, Candidate b) {
    if (a.logit > b.logit) return true;
    if (a.logit < b.logit) return false;
    if (isnan(a.logit) != isnan(b.logit)) return isnan(b.logit);
    return a.id < b.id;
}

static int32_t best_token(const float *logits, int V) {
    Candidate best = { logits[V - 1], V - 1 };
    for (int32_t id = V - 2; id >= 0; id--) {
        Candidate one = { logits[id], id };
        if (id != TOKEN_PAD && before(one, best)) best = one;
    }
    return best.id;
}

enum { LANES = 128 };

// The candidates, sorted only as far as somebody asks: a draw is usually among the first few of
// thousands. They are collected in two parts, first those not far below the best.
typedef struct {
    const float *logits; // [V]
    int V;
    int count;        // of all candidates
    double best;      // the highest logit, which has weight 1
    double scale;     // of logits: 1 / temperature
    float floor;      // of the logits in the first part: changes the time, not the order
    Candidate *items; // [V]: the first part, and from first_count on the second
    // Of the part that is being sorted: its items begin .. begin+heaped-1 are a heap, the best of
    // them first. The better ones, taken out of it, follow up to `end`, worst first.
    int begin, end, heaped;
} Ranking;

static bool is_candidate(const Ranking *r, int32_t id) {
    return id != TOKEN_PAD && !isnan(r->logits[id]);
}

// Puts `one` at place i of the heap, or below the better ones of those under it.
static void sift_down(Candidate *heap, int heaped, int i, Candidate one) {
    for (int child = 2 * i + 1; child < heaped; child = 2 * i + 1) {
        if (child + 1 < heaped && before(heap[child + 1], heap[child])) child++;
        if (!before(heap[child], one)) break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = one;
}

// The candidates at or above the floor, or else below it, become the part that is being sorted.
static void collect(Ranking *r, bool above) {
    int V = r->V, count = 0;
    float floor = r->floor;
    const float *logits = r->logits;
    Candidate *items = r->items + r->end;
    // A NaN is neither above nor below. No branch: it would be predicted wrong for most candidates.
    for (int32_t id = TOKEN_PAD + 1; id < V; id++) {
        items[count] = (Candidate){ logits[id], id };
        count += above ? logits[id] >= floor : logits[id] < floor;
    }
    for (int i = count / 2 - 1; i >= 0; i--) sift_down(items, count, i, items[i]);
    r->begin = r->end;
    r->end += count;
    r->heaped = count;
}

// The ids after TOKEN_PAD, which is the first, are dealt to LANES lanes in turn: the highest logit
// of each lane, -INFINITY where it has none. Vector instructions find them all in one pass.
static void lane_maxima(float highest[LANES], const float *logits, int V) {
    for (int lane = 0; lane < LANES; lane++) highest[lane] = -INFINITY;
    for (int first = TOKEN_PAD + 1; first < V; first += LANES) {
        int lanes = min_int(V - first, LANES);
        for (int lane = 0; lane < lanes; lane++) {
            float logit = logits[first + lane]; // a NaN is not higher
            highest[lane] = logit > highest[lane] ? logit : highest[lane];
        }
    }
}

// n in 1..LANES; the lowest value that fewer than n are above
static float nth_highest(const float values[LANES], int n) {
    int higher[LANES] = { 0 }; // how many are above each
    for (int j = 0; j < LANES; j++) {
        for (int i = 0; i < LANES; i++) higher[i] += values[j] > values[i];
    }
    float nth = INFINITY;
    for (int i = 0; i < LANES; i++) nth = higher[i] < n && values[i] < nth ? values[i] : nth;
    return nth;
}

// Ranks all candidates, of which the first top_k will be asked for (0: maybe all).
static Ranking rank(Candidate *items, const float *logits, int V, double temperature, int top_k) {
    Ranking r = { .logits = logits, .V = V, .scale = 1.0 / temperature, .items = items };
    float highest[LANES], best = -INFINITY;
    lane_maxima(highest, logits, V);
    for (int lane = 0; lane < LANES; lane++) best = highest[lane] > best ? highest[lane] : best;
    for (int32_t id = TOKEN_PAD + 1; id < V; id++) r.count += !isnan(logits[id]);
    r.best = best;
    r.floor = (float)(best - 7 * temperature); // its weight is e^-7, a thousandth
    if (top_k > 0 && top_k <= LANES) { // top_k candidates, one in a lane, are at least this high
        float reached = nth_highest(highest, top_k);
        r.floor = reached > r.floor ? reached : r.floor;
    }
    collect(&r, true);
    return r;
}

// The candidate that comes i-th in the order, from 0 on.
static Candidate ranked(Ranking *r, int i) {
    if (i < r->begin) return r->items[r->begin - 1 - i];
    if (i >= r->end) { // all of the first part must be sorted before
        ranked(r, r->end - 1);
        collect(r, false);
    }
    Candidate *items = r->items + r->begin;
    while (r->end - r->heaped <= i) {
        Candidate best = items[0];
        r->heaped--;
        sift_down(items, r->heaped, 0, items[r->heaped]);
        items[r->heaped] = best;
    }
    return items[r->end - 1 - i];
}

// The probability up to a common factor: the best one's is 1.
static double weight(const Ranking *r, float logit) {
    return exp(((double)logit - r->best) * r->scale);
}

// Of the first `count`; that of all candidates needs no order.
static double sum_weights(Ranking *r, int count) {
    double sum = 0;
    if (count < r->count) {
        for (int i = 0; i < count; i++) sum += weight(r, ranked(r, i).logit);
        return sum;
    }
    for (int32_t id = 0; id < r->V; id++) {
        if (is_candidate(r, id)) sum += weight(r, r->logits[id]);
    }
    return sum;
}

// How many of the first `count` make up top_p of their probability.
static int count_nucleus(Ranking *r, int count, double top_p) {
    double target = top_p * sum_weights(r, count), so_far = 0;
    for (int i = 0; i < count; i++) {
        so_far += weight(r, ranked(r, i).logit);
        if (so_far >= target) return i + 1;
    }
    return count;
}

int32_t sample_token(const float *logits, int V, const Sampling *sampling, double draw,
                     Candidate *candidates) {
    if (!(sampling->temperature >= MIN_TEMPERATURE)) return best_token(logits, V);
    Ranking ranking = rank(candidates, logits, V, sampling->temperature, sampling->top_k);
    int count = ranking.count;
    // exp(inf - inf) is NaN, so an infinite best has no weights
    if (count == 0 || isinf(ranking.best)) return best_token(logits, V);
    if (sampling->top_k > 0 && sampling->top_k < count) count = sampling->top_k;
    if (sampling->top_p > 0 && sampling->top_p < 1)
        count = count_nucleus(&ranking, count, sampling->top_p);
    double left = draw * sum_weights(&ranking, count);
    for (int i = 0; i < count - 1; i++) {
        Candidate one = ranked(&ranking, i);
        left -= weight(&ranking, one.logit);
        if (left < 0) return one.id;
    }
    return ranked(&ranking, count - 1).id; // also when rounding leaves a little
}
