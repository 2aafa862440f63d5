#include "chapters/09_circuits/toy_study.h"
#include "chapters/09_circuits/neighbours.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void toy_study_close(ToyStudy *s) {
    context_recording_free(&s->recording);
    language_model_free(&s->model);
    free(s->cosines);
    free(s->dense);
    free(s->router.values);
    free(s->router.indices);
}

bool toy_study_open(ToyStudy *s, uint64_t seed, Error *error) {
    *s = (ToyStudy){ 0 };
    s->N = toy_contexts(s->contexts);
    if (!toy_model_new(&s->model, FEED_FORWARD_SGATLIN, seed)) goto failed;
    toy_model_train(&s->model, seed, NULL);
    if (!record_contexts(&s->recording, &s->model, s->contexts, s->N)) goto failed;
    s->entries = s->recording.C * s->recording.K;
    s->neurons = s->recording.C * s->recording.F;
    size_t N = (size_t)s->N, entries = N * s->entries;
    s->cosines = malloc(N * sizeof *s->cosines);
    s->dense = malloc((size_t)s->neurons * sizeof *s->dense);
    s->router =
        (Space){ malloc(entries * sizeof(double)), malloc(entries * sizeof(int)), s->entries };
    if (s->cosines && s->dense && s->router.values && s->router.indices) return true;
failed:
    toy_study_close(s);
    return fail(error, "no memory for a model and %d contexts", s->N);
}

Space gating_space(const ToyStudy *s, int layer) {
    size_t first = (size_t)layer * s->N * s->entries;
    return (Space){ s->recording.scores + first, s->recording.joined + first, s->entries };
}

Space residual_space(const ToyStudy *s, int layer) {
    const ContextRecording *r = &s->recording;
    return (Space){ r->inputs + (size_t)layer * s->N * r->D, NULL, r->D };
}

bool route_at_random(Space *out, ToyStudy *s, int layer, uint64_t seed, Error *error) {
    Sgatlin g = sgatlin_of(&s->model.sizes);
    size_t query = (size_t)g.D * g.Dk, keys = (size_t)sgatlin_lists(&g) * sgatlin_keys(&g) * g.Dk;
    double *block = malloc((query + keys + sgatlin_token_doubles(&g)) * sizeof *block);
    int *index = malloc(((size_t)s->entries + 2 * g.K) * sizeof *index);
    bool ok = block && index;
    uint64_t key = random_key(seed, "router");
    for (size_t i = 0; ok && i < query + keys; i++)
        block[i] = random_normal(key, i) / sqrt(i < query ? g.D : g.Dk);
    for (int i = 0; ok && i < s->N; i++) {
        const RouterWeights w = { block, block + query };
        SgatlinToken token = sgatlin_token(block + query + keys, index, &g);
        const double *x = residual_space(s, layer).values + (size_t)i * g.D;
        size_t row = (size_t)i * s->entries;
        sgatlin_scores(token.scores, token.query, x, &w, &g);
        sgatlin_route(token.score, token.index, index + s->entries, token.scores, &g);
        memcpy(s->router.values + row, token.score, (size_t)s->entries * sizeof *token.score);
        for (int e = 0; e < s->entries; e++)
            s->router.indices[row + e] = e / g.K * g.F + token.index[e];
    }
    free(block);
    free(index);
    *out = s->router;
    return ok || fail(error, "no memory for a router");
}

void compare_context(ToyStudy *s, const Space *space, int i) {
    size_t row = (size_t)i * space->width;
    if (space->indices == NULL) {
        dense_cosines(s->cosines, space->values + row, space->values, s->N, space->width);
    } else {
        sparse_cosines(s->cosines, s->dense, space->values + row, space->indices + row,
                       space->values, space->indices, s->N, space->width, s->neurons);
    }
}

void shuffle(int *a, int n, uint64_t key) {
    for (int i = 0; i < n; i++) a[i] = i;
    for (int i = n - 1; i > 0; i--) {
        int j = (int)random_below(key, (uint64_t)i, (uint64_t)i + 1), swapped = a[i];
        a[i] = a[j];
        a[j] = swapped;
    }
}

void shuffle_sub_keys(int *indices, int N, int K, int n) {
    int rows[64], columns[64];
    for (int i = 0; i < N; i++) {
        shuffle(rows, n, random_key((uint64_t)i, "rows"));
        shuffle(columns, n, random_key((uint64_t)i, "columns"));
        for (int k = 0; k < K; k++) {
            int *index = &indices[(size_t)i * K + k];
            *index = rows[*index / n] * n + columns[*index % n];
        }
    }
}
