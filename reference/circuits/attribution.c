#include "reference/circuits/attribution.h"
#include "reference/circuits/neurons.h"
#include "reference/ffn/glu.h"
#include "reference/model/layout.h"
#include "reference/model/rmsnorm.h"
#include <math.h>
#include <stdlib.h>

const char *const term_names[TERMS] = { "embedding", "head", "neuron", "expert" };

typedef struct {
    Attribution *out;
    const Model *model;
    Activations *activations;
    int row;
    double *direction; // [D]
    double *z;         // [K], [K]: of a channel's entries
    double *weight;
    float *x, *y;  // [D] each: input and output of an expert
    float *glu;    // [3F]: what is between them
    float *logits; // [V]
} Work;

static const float *parameter(const Model *model, int layer, int which) {
    return model->parameters + model_layer(model, layer)[which].offset;
}

static const float *embedding_row(const Model *model, int32_t token) {
    return model->parameters + model->tensors.items[EMBEDDING].offset +
           (size_t)token * (size_t)model->config.D;
}

static double along(const Work *work, const float *v) {
    double sum = 0;
    for (int d = 0; d < work->model->config.D; d++) sum += v[d] * work->direction[d];
    return sum;
}

static void add(Work *work, Term term) {
    work->out->total += term.value;
    work->out->terms[work->out->count++] = term;
}

// 1 / rms of a row, as rmsnorm takes it.
static double inverse_rms(const float *x, int D) {
    double sum = 0;
    for (int d = 0; d < D; d++) sum += (double)x[d] * x[d];
    return 1 / sqrt(sum / D + 1e-6);
}

void logit_direction(double *direction, const Model *model, const Activations *activations, int row,
                     int32_t token) {
    int D = model->config.D;
    const float *scale = model->parameters + layout_output_norm(&model->tensors)->offset,
                *embedding = embedding_row(model, token),
                *last = model_after_ffn(activations, model->config.L - 1) + (size_t)row * (size_t)D;
    double inverse = inverse_rms(last, D);
    for (int d = 0; d < D; d++) direction[d] = inverse * scale[d] * embedding[d];
}

// What head h adds is Σ_j attended[h,j] · output[h,j], with output [H,Dh,D].
static void add_heads(Work *work, int layer) {
    const Config *config = &work->model->config;
    int D = config->D, Dh = config->Dh, H = config_heads(config);
    const float *attended =
                    model_attended(work->activations, layer) + (size_t)work->row * (size_t)D,
                *output = parameter(work->model, layer, ATTENTION_OUTPUT);
    for (int h = 0; h < H; h++) {
        double value = 0;
        for (int j = h * Dh; j < (h + 1) * Dh; j++)
            value += attended[j] * along(work, output + (size_t)j * (size_t)D);
        add(work, (Term){ .kind = TERM_HEAD, .layer = layer, .head = h, .value = value });
    }
}

// The input of the feed-forward layer.
static void set_input(Work *work, int layer) {
    int D = work->model->config.D;
    const float *residual =
        model_after_attention(work->activations, layer) + (size_t)work->row * (size_t)D;
    rmsnorm_row(work->x, residual, parameter(work->model, layer, FFN_NORM), D);
}

static void add_channel(Work *work, int layer, int channel, const Gating *gating) {
    const Config *config = &work->model->config;
    int K = gating->K;
    size_t first = ((size_t)work->row * (size_t)gating->C + (size_t)channel) * (size_t)K;
    for (int k = 0; k < K; k++) {
        Neuron neuron = neuron_of(work->model, layer, channel, gating->index[first + (size_t)k]);
        work->z[k] = 0;
        for (int d = 0; d < config->D; d++) work->z[k] += (double)neuron.in[d] * work->x[d];
    }
    neuron_weights(work->weight, gating->score + first, work->z, config, K);
    for (int k = 0; k < K; k++) {
        int index = gating->index[first + (size_t)k];
        Neuron neuron = neuron_of(work->model, layer, channel, index);
        add(work, (Term){ .kind = TERM_NEURON,
                          .layer = layer,
                          .channel = channel,
                          .index = index,
                          .z = work->z[k],
                          .weight = work->weight[k],
                          .value = work->weight[k] * along(work, neuron.out) });
    }
}

// Expert e of a moe alone: y from x.
static void run_expert(Work *work, int layer, int e) {
    const Model *model = work->model;
    size_t D = (size_t)model->config.D, F = (size_t)model->config.F, i = (size_t)e;
    int32_t first[2] = { 0, 1 };
    Glus glu = { .E = 1,
                 .D = model->config.D,
                 .F = model->config.F,
                 .first = first,
                 .up = experts_table(model, layer, "up") + i * D * 2 * F,
                 .up_bias = experts_table(model, layer, "up_bias") + i * 2 * F,
                 .down = experts_table(model, layer, "down") + i * F * D,
                 .down_bias = experts_table(model, layer, "down_bias") + i * D };
    GluActivations between = { .gate_up = work->glu, .hidden = work->glu + 2 * F };
    glus_forward(work->y, &between, work->x, &glu);
}

static void add_experts(Work *work, int layer, const Gating *gating) {
    for (int i = gating->start[work->row]; i < gating->start[work->row + 1]; i++) {
        run_expert(work, layer, gating->index[i]);
        add(work, (Term){ .kind = TERM_EXPERT,
                          .layer = layer,
                          .index = gating->index[i],
                          .weight = gating->score[i],
                          .value = gating->score[i] * along(work, work->y) });
    }
}

static void add_layer(Work *work, int layer) {
    Gating gating = model_gating(work->activations, layer);
    add_heads(work, layer);
    set_input(work, layer);
    if (gating.start != NULL) {
        add_experts(work, layer, &gating);
        return;
    }
    for (int channel = 0; channel < gating.C; channel++) add_channel(work, layer, channel, &gating);
}

static size_t count_terms(const Model *model, const Activations *activations, int row) {
    size_t count = 1;
    for (int l = 0; l < model->config.L; l++) {
        Gating gating = model_gating(activations, l);
        count += (size_t)config_heads(&model->config);
        count += gating.start != NULL ? (size_t)(gating.start[row + 1] - gating.start[row])
                                      : (size_t)gating.C * (size_t)gating.K;
    }
    return count;
}

static bool work_new(Work *work, Attribution *out, size_t terms, Error *error) {
    const Config *config = &work->model->config;
    size_t D = (size_t)config->D, F = (size_t)config->F, K = (size_t)config->K + 1;
    *out = (Attribution){ .terms = malloc(terms * sizeof *out->terms) };
    work->out = out;
    work->direction = malloc((D + 2 * K) * sizeof *work->direction);
    work->x = malloc((2 * D + 3 * F + (size_t)config->V) * sizeof *work->x);
    if (out->terms == NULL || work->direction == NULL || work->x == NULL)
        return fail(error, "out of memory for %zu terms of a logit", terms);
    work->z = work->direction + D;
    work->weight = work->z + K;
    work->y = work->x + D;
    work->glu = work->y + D;
    work->logits = work->glu + 3 * F;
    return true;
}

static bool set_prediction(Work *work, int32_t token, Error *error) {
    int V = work->model->config.V;
    Prediction *prediction = &work->out->prediction;
    model_logits(work->model, work->activations, work->row, 1, work->logits);
    if (!predictions_of(prediction, work->logits, 1, V))
        return fail(error, "the logits are NaN: the model is damaged, or its training diverged");
    if (token != MOST_LIKELY) *prediction = prediction_of(work->logits, token, V);
    return true;
}

bool attribution_new(Attribution *out, const Model *model, Activations *activations,
                     const int32_t *inputs, int row, int32_t token, Error *error) {
    *out = (Attribution){ .count = 0 };
    if (!ffn_has_gating(&model->config, error)) return false;
    Work work = { .model = model, .activations = activations, .row = row };
    bool ok = work_new(&work, out, count_terms(model, activations, row), error) &&
              set_prediction(&work, token, error);
    if (ok) {
        logit_direction(work.direction, model, activations, row, out->prediction.token);
        add(&work, (Term){ .kind = TERM_EMBEDDING,
                           .value = along(&work, embedding_row(model, inputs[row])) });
        for (int l = 0; l < model->config.L; l++) add_layer(&work, l);
    } else {
        attribution_free(out);
    }
    free(work.direction);
    free(work.x);
    return ok;
}

void attribution_free(Attribution *attribution) {
    free(attribution->terms);
    *attribution = (Attribution){ .count = 0 };
}

static int larger_first(const void *a, const void *b) {
    const Term *x = a, *y = b;
    double left = fabs(x->value), right = fabs(y->value);
    if (left != right) return left < right ? 1 : -1;
    if (x->layer != y->layer) return x->layer - y->layer;
    if (x->kind != y->kind) return (int)x->kind - (int)y->kind;
    if (x->kind == TERM_HEAD) return x->head - y->head;
    return x->channel != y->channel ? x->channel - y->channel : x->index - y->index;
}

void attribution_sort(Attribution *attribution) {
    qsort(attribution->terms, (size_t)attribution->count, sizeof *attribution->terms, larger_first);
}
