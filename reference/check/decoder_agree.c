#include "reference/check/decoder_agree.h"
#include "reference/circuits/patch.h"
#include "reference/data/special_tokens.h"
#include "reference/generate/decoder.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdlib.h>

typedef struct {
    Decoder *decoder;
    GatingRecord record; // of TOKEN_END and the sequence; dense kinds have none
    float *logits;       // [steps,V]
} Side;

typedef struct {
    const BackendComparison *comparison;
    BackendErrors *errors;
    Error *error;
    Model model;
    int32_t *tokens;            // [count]
    int count, together, steps; // tokens after TOKEN_END; read in passes; logits that follow
    Side actual, expected;
} Pair;

static void side_free(Side *side) {
    decoder_free(side->decoder);
    gating_record_free(&side->record);
    free(side->logits);
}

static void pair_free(Pair *pair) {
    side_free(&pair->actual);
    side_free(&pair->expected);
    free(pair->tokens);
    model_free(&pair->model);
}

static bool side_new(Side *out, const Backend *backend, Pair *pair) {
    const Config *config = &pair->model.config;
    out->logits = malloc((size_t)pair->steps * (size_t)config->V * sizeof *out->logits);
    if (out->logits == NULL) return fail(pair->error, "out of memory for logits");
    if (config->ffn->sparse &&
        !gating_record_new(&out->record, config, pair->count + 1, pair->error))
        return false;
    out->record.first = -1; // TOKEN_END
    out->decoder = decoder_on(backend->reader, &pair->model, pair->error);
    return out->decoder != NULL;
}

static bool pair_new(Pair *pair) {
    const BackendComparison *c = pair->comparison;
    uint64_t key = random_key(c->seed, "tokens");
    if (!model_new(&pair->model, c->config, pair->error)) return false;
    tensors_init(&pair->model.tensors, pair->model.parameters, c->seed);
    // What is not causal may choose differently for earlier tokens with each one that is added.
    pair->count = c->config->T - 1;
    pair->together = is_causal(ffn_causality(c->config)) ? pair->count / 2 : pair->count;
    pair->steps = pair->count - pair->together + 1;
    pair->tokens = malloc(((size_t)pair->count + 1) * sizeof *pair->tokens);
    if (pair->tokens == NULL) return fail(pair->error, "out of memory for tokens");
    for (int t = 0; t < pair->count; t++) {
        do {
            pair->tokens[t] = (int32_t)random_below(key++, 0, (uint64_t)c->config->V);
        } while (pair->tokens[t] == TOKEN_PAD);
    }
    return side_new(&pair->expected, c->expected, pair) && side_new(&pair->actual, c->actual, pair);
}

static void copy_logits(Side *side, int step, const float *logits, int V) {
    for (int v = 0; v < V; v++) side->logits[(size_t)step * (size_t)V + (size_t)v] = logits[v];
}

// Of the sparse kinds the gatings are recorded, and then replaced by those of `forced`; NULL: not.
static void run(const Pair *pair, Side *side, const GatingRecord *forced) {
    const GatingEdit edit = {
        .layer = ALL,
        .position = ALL,
        .channel = ALL,
        .source = forced,
        .source_position = ALL,
        .scale = 1.0f,
    };
    GatingPatch patch = { &edit, 1 };
    HookList hooks = one_hook(gating_record_hook, &side->record);
    if (forced != NULL) hooks_add(&hooks, gating_patch_hook, &patch);
    if (pair->model.config.ffn->sparse) decoder_hooks(side->decoder, &hooks);
    int V = pair->model.config.V, next = pair->together;
    copy_logits(side, 0, decoder_start(side->decoder, pair->tokens, next, next, 0, false), V);
    for (int step = 1; next < pair->count; step++)
        copy_logits(side, step, decoder_step(side->decoder, pair->tokens[next++], NULL), V);
}

// ---- comparing

static bool floats_agree(Pair *pair, const char *name, const float *actual, const float *expected,
                         size_t count) {
    Difference difference;
    double *wide = malloc(count * sizeof *wide);
    if (wide == NULL) return fail(pair->error, "out of memory for %zu values", count);
    for (size_t i = 0; i < count; i++) wide[i] = expected[i];
    bool same = compare_floats(&difference, name, actual, count, (Values){ wide, count },
                               pair->comparison->tolerances.forward);
    free(wide);
    const BackendComparison *c = pair->comparison;
    if (c->report != NULL) c->report(c->context, name, "", &difference);
    if (difference.rms > 0.0)
        pair->errors->forward = fmax(pair->errors->forward, difference.worst / difference.rms);
    return same || fail(pair->error, "%s", difference.problem);
}

// The entries of a token are in the order of their scores, so another expert is a tie to within
// rounding where the scores of the same rank agree.
static bool records_agree(Pair *pair) {
    const GatingRecord *actual = &pair->actual.record, *expected = &pair->expected.record;
    size_t T = (size_t)expected->T, K = (size_t)expected->K,
           entries = gating_record_entry(expected, expected->T, 0, 0);
    Difference difference;
    long others = 0;
    if (!compare_ints(&difference, "recorded tokens", actual->tokens, T, expected->tokens, T))
        return fail(pair->error, "%s", difference.problem);
    if (!floats_agree(pair, "recorded scores", actual->score, expected->score, entries))
        return false;
    for (size_t i = 0; i < entries; i += K) {
        bool same = true;
        for (size_t k = 0; k < K; k++)
            same = same && actual->index[i + k] == expected->index[i + k];
        others += !same;
    }
    long rows = (long)(entries / K);
    pair->errors->rows += rows;
    pair->errors->other_choices += others;
    Error why;
    return few_other_choices(pair->comparison, others, rows, &why) ||
           fail(pair->error, "a decoder: %.900s", why.text);
}

bool decoders_agree(BackendErrors *errors, const BackendComparison *comparison, Error *error) {
    Pair pair = { .comparison = comparison, .errors = errors, .error = error };
    bool ok = pair_new(&pair);
    if (ok) {
        bool sparse = comparison->config->ffn->sparse;
        run(&pair, &pair.expected, NULL);
        run(&pair, &pair.actual, sparse ? &pair.expected.record : NULL);
        ok = (!sparse || records_agree(&pair)) &&
             floats_agree(&pair, "decoded logits", pair.actual.logits, pair.expected.logits,
                          (size_t)pair.steps * (size_t)comparison->config->V);
    }
    pair_free(&pair);
    return ok;
}
