#ifndef REFERENCE_FFN_GATING_H
#define REFERENCE_FFN_GATING_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What a router selected for N tokens: the only thing between router and experts. Recording,
// drawing, comparing and patching circuits all read or replace this one value.
// sgatlin and peer: score and index are [N,C,K], highest score first; start is NULL.
// moe: ragged, entries start[t] .. start[t+1]-1 belong to token t, and score and index have
// start[N] entries. C = 1; K, the mean rounded down, may be 0.
typedef struct {
    int N, C, K;
    int F;        // index is below F (experts per channel)
    float *score; // sgatlin, peer: the router's score; moe: the expert's weight
    int32_t *index;
    int32_t *start;  // [N+1] or NULL
    size_t capacity; // of score and index if ragged, for hooks that replace entries by more
    float silent;    // the score that silences an entry: 0, or -INFINITY where a softmax follows

    // All scores of the router, from which it selected: [N,2,C,n] sub-key scores of product keys,
    // [N,C,F] of flat routers, the logits [N,E] of a moe; `keys` per token. NULL unless the hook
    // list asks for them.
    int keys;
    float *key_scores;
} Gating;

static inline size_t gating_entries(const Gating *gating) {
    return gating->start ? (size_t)gating->start[gating->N]
                         : (size_t)gating->N * gating->C * gating->K;
}

// In records of ragged gatings: an entry without an expert.
enum { NO_EXPERT = -1 };

// What a hook is called with: what the router of one layer selected for the N tokens of a pass,
// which has N / T sequences of T tokens.
typedef struct {
    int layer;
    Gating *gating;        // to read, or to replace its entries
    const int32_t *tokens; // [N], or NULL when not known
    int T;
    int position; // in its sequence, of the first of the T tokens
    // The last `fresh` rows are read for the first time. A decoder reads the others again.
    int fresh;
} GatingEvent;

// Called between router and experts of every sparse layer in the forward pass. A hook reads the
// Gating (to record or draw it) or replaces its entries (to patch it).
typedef void GatingHook(void *context, const GatingEvent *event);

// Hooks, called in order, so that recording, patching and drawing can be combined. An empty list
// costs nothing.
enum { MAX_HOOKS = 8 };
typedef struct {
    struct {
        GatingHook *call;
        void *context;
    } hooks[MAX_HOOKS];
    int count;
    // Not NULL: every sparse layer writes the scores of its router here, [N,keys], before it calls
    // the hooks (Gating.key_scores). The caller's memory, overwritten by each layer.
    float *key_scores;
} HookList;

// Appends a hook; false: the list has MAX_HOOKS already.
static inline bool hooks_add(HookList *list, GatingHook *call, void *context) {
    if (list->count >= MAX_HOOKS) return false;
    list->hooks[list->count].call = call;
    list->hooks[list->count++].context = context;
    return true;
}

// A list of one hook.
static inline HookList one_hook(GatingHook *call, void *context) {
    HookList list;
    list.count = 0;
    list.key_scores = NULL;
    hooks_add(&list, call, context);
    return list;
}

// Where a router writes all of its scores; NULL: nowhere.
static inline float *hooks_key_scores(const HookList *list) {
    return list != NULL ? list->key_scores : NULL;
}

static inline void hooks_call(const HookList *list, const GatingEvent *event) {
    for (int i = 0; list != NULL && i < list->count; i++)
        list->hooks[i].call(list->hooks[i].context, event);
}
#endif
