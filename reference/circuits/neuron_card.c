#include "reference/circuits/neuron_card.h"
#include "reference/numbers/minmax.h"
#include <stdlib.h>
#include <string.h>

enum { ALIKE = 3 }; // tokens that contexts must differ in

typedef struct {
    NeuronCard *out;
    const Recording *recording;
    int *fired, *seen;   // [V]: of each token
    int *together, *all; // [C,F]: positions at which a neuron fired with this one, and in all
} Work;

// The entry of the neuron at a position; SIZE_MAX: it did not fire.
static size_t entry_of(const Work *work, int t) {
    const GatingRecord *record = &work->recording->gatings;
    size_t entry = gating_record_entry(record, t, work->out->layer, work->out->channel);
    for (size_t k = entry; k < entry + (size_t)record->K; k++) {
        if (record->index[k] == work->out->index) return k;
    }
    return SIZE_MAX;
}

// ---- contexts

// Whether the last ALIKE tokens up to both positions are the same.
static bool alike(const Recording *recording, int a, int b) {
    for (int back = 0; back < ALIKE; back++) {
        bool first = recording->position[a] < back, second = recording->position[b] < back;
        if (first || second) return first && second;
        if (recording->gatings.tokens[a - back] != recording->gatings.tokens[b - back])
            return false;
    }
    return true;
}

static void add_context(Work *work, int t, float score) {
    NeuronCard *out = work->out;
    CardContext *list = out->contexts;
    int at = 0;
    while (at < out->context_count && !alike(work->recording, list[at].at, t)) at++;
    if (at < out->context_count && !(score > list[at].score)) return;
    if (at == out->context_count) { // a new one: at the end, or in place of the last
        if (out->context_count < CARD_CONTEXTS) {
            out->context_count++;
        } else if (!(score > list[--at].score)) {
            return;
        }
    }
    for (; at > 0 && score > list[at - 1].score; at--) list[at] = list[at - 1];
    list[at] = (CardContext){ t, score };
}

// ---- counting

static void count_partners(Work *work, int t, bool fired) {
    const GatingRecord *record = &work->recording->gatings;
    size_t entry = gating_record_entry(record, t, work->out->layer, 0), F = (size_t)record->F;
    for (size_t i = 0; i < (size_t)record->C * (size_t)record->K; i++) {
        int32_t index = record->index[entry + i];
        if (index == NO_EXPERT) continue;
        size_t neuron = i / (size_t)record->K * F + (size_t)index;
        work->all[neuron]++;
        work->together[neuron] += fired;
    }
}

static void count_positions(Work *work) {
    const GatingRecord *record = &work->recording->gatings;
    NeuronCard *out = work->out;
    double score = 0;
    for (int t = 0; t < record->T; t++) {
        size_t entry = entry_of(work, t);
        bool fired = entry != SIZE_MAX;
        work->seen[record->tokens[t]]++;
        count_partners(work, t, fired);
        if (!fired) continue;
        work->fired[record->tokens[t]]++;
        out->fired++;
        score += record->score[entry];
        add_context(work, t, record->score[entry]);
    }
    out->positions = record->T;
    out->score = out->fired > 0 ? score / out->fired : 0;
}

// ---- the lists

static void list_tokens(Work *work) {
    NeuronCard *out = work->out;
    for (int v = 0; v < work->recording->gatings.config.V; v++) {
        if (work->fired[v] == 0) continue;
        int at = out->token_count;
        while (at > 0 && work->fired[v] > out->tokens[at - 1].fired) at--;
        if (at == CARD_TOKENS) continue;
        for (int i = min_int(out->token_count, CARD_TOKENS - 1); i > at; i--)
            out->tokens[i] = out->tokens[i - 1];
        out->tokens[at] = (CardToken){ v, work->fired[v], work->seen[v] };
        out->token_count = min_int(out->token_count + 1, CARD_TOKENS);
    }
}

static bool share_key(const Config *config, int a, int b) {
    bool product = config->ffn->shared_experts || config->router == ROUTER_PRODUCT_DENSE ||
                   config->router == ROUTER_PRODUCT_KEY_VALUE;
    int n = config_keys(config);
    return product && !config->ffn->ragged && (a / n == b / n || a % n == b % n);
}

// Positions at which two independent neurons would fire together.
static double chance(const Work *work, size_t neuron) {
    return (double)work->out->fired * work->all[neuron] / work->out->positions;
}

static double excess(const Work *work, size_t neuron) {
    return work->together[neuron] - chance(work, neuron);
}

static CardPartner partner_of(const Work *work, size_t neuron) {
    const GatingRecord *record = &work->recording->gatings;
    int channel = (int)(neuron / (size_t)record->F), index = (int)(neuron % (size_t)record->F);
    return (CardPartner){ .channel = channel,
                          .index = index,
                          .together = work->together[neuron],
                          .lift = work->together[neuron] / chance(work, neuron),
                          .shares_key = channel == work->out->channel &&
                                        share_key(&record->config, index, work->out->index) };
}

static void list_partners(Work *work) {
    const GatingRecord *record = &work->recording->gatings;
    NeuronCard *out = work->out;
    size_t F = (size_t)record->F, own = (size_t)out->channel * F + (size_t)out->index;
    size_t best[CARD_PARTNERS];
    for (size_t neuron = 0; neuron < (size_t)record->C * F; neuron++) {
        if (neuron == own || !(excess(work, neuron) > 0)) continue;
        int at = out->partner_count;
        while (at > 0 && excess(work, neuron) > excess(work, best[at - 1])) at--;
        if (at == CARD_PARTNERS) continue;
        for (int i = min_int(out->partner_count, CARD_PARTNERS - 1); i > at; i--)
            best[i] = best[i - 1];
        best[at] = neuron;
        out->partner_count = min_int(out->partner_count + 1, CARD_PARTNERS);
    }
    for (int i = 0; i < out->partner_count; i++) out->partners[i] = partner_of(work, best[i]);
}

bool neuron_card(NeuronCard *out, const Recording *recording, int layer, int channel, int index,
                 Error *error) {
    const GatingRecord *record = &recording->gatings;
    size_t V = (size_t)record->config.V, neurons = (size_t)record->C * (size_t)record->F;
    *out = (NeuronCard){ .layer = layer, .channel = channel, .index = index };
    Work work = { .out = out, .recording = recording };
    work.fired = calloc(2 * V + 2 * neurons, sizeof *work.fired);
    if (work.fired == NULL) return fail(error, "out of memory for %zu neurons", neurons);
    work.seen = work.fired + V;
    work.together = work.seen + V;
    work.all = work.together + neurons;
    count_positions(&work);
    list_tokens(&work);
    list_partners(&work);
    free(work.fired);
    return true;
}
