#include "reference/generate/sampling.h"
#include "reference/data/special_tokens.h"
#include <math.h>
#include <stdbool.h>

// The order of every choice: the higher logit first, equal ones by the lower id, NaN last.
static bool before(Candidate a, Candidate b) {
    if (isnan(a.logit) != isnan(b.logit)) return isnan(b.logit);
    if (!isnan(a.logit) && a.logit != b.logit) return a.logit > b.logit;
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

// The candidates, sorted only as far as somebody asks: a draw is usually among the first few of
// thousands. items[0 .. heaped-1] are a heap, the best of them first; the better ones that were
// taken out of it follow, worst first, so that the best of all is the last item.
typedef struct {
    Candidate *items; // [count]
    int count, heaped;
} Ranking;

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

// Every token that may be sampled.
static Ranking rank(Candidate *items, const float *logits, int V) {
    int count = 0;
    for (int32_t id = 0; id < V; id++) {
        if (id != TOKEN_PAD && !isnan(logits[id])) items[count++] = (Candidate){ logits[id], id };
    }
    for (int i = count / 2 - 1; i >= 0; i--) sift_down(items, count, i, items[i]);
    return (Ranking){ items, count, count };
}

// The candidate that comes i-th in the order, from 0 on.
static Candidate ranked(Ranking *r, int i) {
    while (r->count - r->heaped <= i) {
        Candidate best = r->items[0];
        r->heaped--;
        sift_down(r->items, r->heaped, 0, r->items[r->heaped]);
        r->items[r->heaped] = best;
    }
    return r->items[r->count - 1 - i];
}

// Probabilities up to a common factor: the best one's is 1.
typedef struct {
    double best, scale;
} Weights;

static double weight(const Weights *weights, Candidate one) {
    return exp(((double)one.logit - weights->best) * weights->scale);
}

// Of the first `count`; that of all candidates needs no order.
static double sum_weights(Ranking *r, int count, const Weights *weights) {
    double sum = 0;
    if (count < r->count) ranked(r, count - 1);
    for (int i = 1; i <= count; i++) sum += weight(weights, r->items[r->count - i]);
    return sum;
}

// How many of the first `count` make up top_p of their probability.
static int count_nucleus(Ranking *r, int count, double top_p, const Weights *weights) {
    double target = top_p * sum_weights(r, count, weights), so_far = 0;
    for (int i = 0; i < count; i++) {
        so_far += weight(weights, ranked(r, i));
        if (so_far >= target) return i + 1;
    }
    return count;
}

int32_t sample_token(const float *logits, int V, const Sampling *sampling, double draw,
                     Candidate *candidates) {
    if (!(sampling->temperature >= MIN_TEMPERATURE)) return best_token(logits, V);
    Ranking ranking = rank(candidates, logits, V);
    int count = ranking.count;
    if (count == 0) return best_token(logits, V);
    Candidate best = ranked(&ranking, 0);
    if (isinf(best.logit)) return best.id; // exp(inf - inf) is NaN: it has no weights
    Weights weights = { best.logit, 1.0 / sampling->temperature };
    if (sampling->top_k > 0 && sampling->top_k < count) count = sampling->top_k;
    if (sampling->top_p > 0 && sampling->top_p < 1)
        count = count_nucleus(&ranking, count, sampling->top_p, &weights);
    double left = draw * sum_weights(&ranking, count, &weights);
    for (int i = 0; i < count - 1; i++) {
        Candidate one = ranked(&ranking, i);
        left -= weight(&weights, one);
        if (left < 0) return one.id;
    }
    return ranked(&ranking, count - 1).id; // also when rounding leaves a little
}
