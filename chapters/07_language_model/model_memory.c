#include "chapters/07_language_model/language_model.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const FeedForward *kind_of(const ModelSizes *sizes) {
    return &feed_forward_kinds[sizes->ffn];
}

const char *model_sizes_problem(const ModelSizes *s) {
    if (s->V < 2 || s->T < 1 || s->D < 1 || s->L < 1)
        return "V must be 2 or more, T, D and L 1 or more";
    if (s->F < 1 && s->ffn != FEED_FORWARD_NONE) return "F must be 1 or more";
    if (s->Dh < 2 || s->Dh % 2 != 0 || s->D % s->Dh != 0)
        return "Dh must be even, and D a multiple of it";
    if ((int)s->ffn < 0 || s->ffn >= FEED_FORWARD_KINDS)
        return "ffn must be one of feed_forward_kinds";
    if (s->ffn == FEED_FORWARD_MOE && (s->K < 1 || s->E < s->K))
        return "K must be 1 or more, and E at least K";
    if (s->ffn != FEED_FORWARD_PEER && s->ffn != FEED_FORWARD_SGATLIN) return NULL;
    if (s->C < 1 || s->K < 1 || s->Dk < 1) return "C, K and Dk must be 1 or more";
    Sgatlin sgatlin = sgatlin_of(s);
    if (s->ffn == FEED_FORWARD_PEER) sgatlin.router = PRODUCT_KEY_VALUE;
    int n = sgatlin_keys(&sgatlin);
    if (sgatlin_lists(&sgatlin) == 2 * s->C && n * n != s->F)
        return "F must be a square: a product router has √F keys";
    if (s->K > n)
        return "K must not exceed the number of keys in a list: √F for a product router, F for a "
               "flat one";
    return NULL;
}

// The one list of a model's parameters. If the walk has a block, *w gets views of it.
static void declare_parameters(ParameterWalk *walk, ModelWeights *w, const ModelSizes *sizes) {
    int V = sizes->V, D = sizes->D, Dh = sizes->Dh, H = D / Dh;
    double deviation = 1.0 / sqrt(D);
    parameter_declare(walk, &w->embedding, "embedding", 0.0, deviation, DECAYS, 2, (int[]){ V, D });
    for (int l = 0; l < sizes->L; l++) {
        LayerWeights unused = { 0 }, *layer = walk->block ? &w->layers[l] : &unused;
        AttentionWeights *attention = &layer->attention;
        int in[] = { D, H, Dh }, out[] = { H, Dh, D };
        snprintf(walk->prefix, sizeof walk->prefix, "layers.%d.", l);
        parameter_declare(walk, &layer->attention_norm, "attention_norm", 1.0, 0.0, NO_DECAY, 1,
                          (int[]){ D });
        parameter_declare(walk, &attention->query, "attention.query", 0.0, deviation, DECAYS, 3,
                          in);
        parameter_declare(walk, &attention->key, "attention.key", 0.0, deviation, DECAYS, 3, in);
        parameter_declare(walk, &attention->value, "attention.value", 0.0, deviation, DECAYS, 3,
                          in);
        parameter_declare(walk, &attention->query_norm, "attention.query_norm", 1.0, 0.0, NO_DECAY,
                          1, (int[]){ Dh });
        parameter_declare(walk, &attention->key_norm, "attention.key_norm", 1.0, 0.0, NO_DECAY, 1,
                          (int[]){ Dh });
        parameter_declare(walk, &attention->output, "attention.output", 0.0, deviation, DECAYS, 3,
                          out);
        parameter_declare(walk, &layer->ffn_norm, "ffn_norm", 1.0, 0.0, NO_DECAY, 1, (int[]){ D });
        snprintf(walk->prefix, sizeof walk->prefix, "layers.%d.ffn.", l);
        kind_of(sizes)->declare(walk, &layer->ffn, sizes);
    }
    walk->prefix[0] = '\0';
    parameter_declare(walk, &w->output_norm, "output_norm", 1.0, 0.0, NO_DECAY, 1, (int[]){ D });
}

// A block of doubles and one of ints. With NULL they are only counted, so that the same calls
// compute the size and then the views.
typedef struct {
    double *doubles;
    int *ints;
    size_t used_doubles, used_ints;
} Memory;

static double *take(Memory *memory, size_t count) {
    double *taken = memory->doubles ? memory->doubles + memory->used_doubles : NULL;
    memory->used_doubles += count;
    return taken;
}

static int *take_ints(Memory *memory, size_t count) {
    int *taken = memory->ints ? memory->ints + memory->used_ints : NULL;
    memory->used_ints += count;
    return taken;
}

static AttentionSaved take_attention(Memory *memory, const ModelSizes *s) {
    size_t sequence = (size_t)s->T * s->D, H = (size_t)(s->D / s->Dh);
    AttentionSaved saved = { .weights = take(memory, H * s->T * s->T) };
    double **each[] = { &saved.query,         &saved.key,         &saved.value,
                        &saved.rotated_query, &saved.rotated_key, &saved.context };
    for (int i = 0; i < 6; i++) *each[i] = take(memory, sequence);
    return saved;
}

static void take_layer(LayerSaved *saved, Memory *memory, const ModelSizes *s) {
    size_t sequence = (size_t)s->T * s->D;
    double **each[] = { &saved->residual, &saved->residual_mid, &saved->normed,
                        &saved->normed_mid };
    for (int i = 0; i < 4; i++) *each[i] = take(memory, sequence);
    saved->attention = take_attention(memory, s);
    for (int t = 0; t < s->T; t++) {
        double *doubles = take(memory, kind_of(s)->doubles(s));
        int *ints = take_ints(memory, kind_of(s)->ints(s));
        if (memory->doubles) saved->ffn[t] = kind_of(s)->token(doubles, ints, s);
    }
}

static void take_all(LanguageModel *m, Memory *memory) {
    const ModelSizes *s = &m->sizes;
    size_t sequence = (size_t)s->T * s->D;
    double **blocks[] = { &m->parameters, &m->gradients, &m->adam_m, &m->adam_v };
    for (int i = 0; i < 4; i++) *blocks[i] = take(memory, m->list.doubles);
    double **rows[] = { &m->residual, &m->normed, &m->scratch.sublayer_out, &m->scratch.dresidual,
                        &m->scratch.dnormed };
    for (int i = 0; i < 5; i++) *rows[i] = take(memory, sequence);
    m->logits = take(memory, (size_t)s->T * s->V);
    m->scratch.p = take(memory, (size_t)s->V);
    m->scratch.dx = take(memory, (size_t)s->D);
    m->scratch.ffn = take(memory, kind_of(s)->scratch(s));
    m->scratch.attention = take_attention(memory, s);
    m->scratch.inputs = take_ints(memory, (size_t)s->T);
    for (int l = 0; l < s->L; l++) take_layer(&m->layers[l], memory, s);
}

static void initialise(LanguageModel *m, Memory *memory) {
    for (size_t i = 0; i < memory->used_doubles; i++) memory->doubles[i] = 0.0;
    for (int i = 0; i < m->list.count; i++) {
        const Parameter *parameter = &m->list.items[i];
        for (size_t j = 0; j < parameter->count; j++)
            m->parameters[parameter->offset + j] = parameter->mean;
    }
}

static bool make_list(LanguageModel *m) {
    ParameterWalk count = { .list = &m->list }, fill = count;
    declare_parameters(&count, &m->w, &m->sizes);
    m->list.capacity = m->list.count;
    m->list.items = calloc((size_t)m->list.capacity, sizeof *m->list.items);
    if (m->list.items == NULL) return false;
    m->list.count = 0;
    declare_parameters(&fill, &m->w, &m->sizes);
    return true;
}

static bool make_views(LanguageModel *m) {
    size_t L = (size_t)m->sizes.L, T = (size_t)m->sizes.T;
    m->w.layers = calloc(L, sizeof *m->w.layers);
    m->dw.layers = calloc(L, sizeof *m->dw.layers);
    m->layers = calloc(L, sizeof *m->layers);
    m->tokens = calloc(L * T, sizeof *m->tokens);
    if (!m->w.layers || !m->dw.layers || !m->layers || !m->tokens) return false;
    for (size_t l = 0; l < L; l++) m->layers[l].ffn = m->tokens + l * T;
    return true;
}

bool language_model_new(LanguageModel *out, const ModelSizes *sizes) {
    *out = (LanguageModel){ .sizes = *sizes };
    if (model_sizes_problem(sizes) != NULL) return false;
    Memory count = { 0 };
    if (!make_list(out) || !make_views(out)) goto failed;
    take_all(out, &count);
    out->doubles = malloc(count.used_doubles * sizeof *out->doubles);
    out->ints = malloc(count.used_ints * sizeof *out->ints);
    if (out->doubles == NULL || out->ints == NULL) goto failed;
    Memory memory = { .doubles = out->doubles, .ints = out->ints };
    take_all(out, &memory);
    declare_parameters(&(ParameterWalk){ .block = out->parameters }, &out->w, sizes);
    declare_parameters(&(ParameterWalk){ .block = out->gradients }, &out->dw, sizes);
    initialise(out, &memory);
    return true;
failed:
    language_model_free(out);
    return false;
}

void language_model_free(LanguageModel *m) {
    free(m->list.items);
    free(m->w.layers);
    free(m->dw.layers);
    free(m->layers);
    free(m->tokens);
    free(m->doubles);
    free(m->ints);
    *m = (LanguageModel){ 0 };
}
