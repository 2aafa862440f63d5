#include "reference/model/model.h"
#include "reference/model/attention.h"
#include "reference/model/layout.h"
#include "reference/model/loss.h"
#include "reference/model/rmsnorm.h"
#include "reference/model/rope.h"
#include "reference/numbers/matmul.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/parallel.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

// What a layer saves for backward; N = B·T.
typedef struct {
    float *residual;            // [N,D]: the residual stream before attention
    float *residual_mid;        // [N,D]: before the feed-forward layer
    float *normed, *ffn_normed; // [N,D]
    float *rstd, *ffn_rstd;     // [N]
    float *query, *key, *value; // [N,D]
    float *attended, *log_sum;  // [N,D], [B,H,T]
    float *ffn;                 // FfnCall.saved
} LayerSaved;

struct Activations {
    Config config;
    int B, T, threads; // maximum rows, tokens per row and threads of a pass
    bool training;
    int rows, tokens;      // B and T of the last forward pass
    int rotations;         // rows of rope that have been computed
    const int32_t *inputs; // [B,T] of that pass, the caller's
    double balance_loss;   // of that pass, all layers
    LayerSaved *layers;    // [L+1]; of the last one only residual, the output of the last layer
    float *normed, *rstd;  // [N,D], [N]: of the output norm
    float *rope;           // [T,Dh]: a rope_row for each position
    float *sublayer_out;   // [N,D]: what attention or the feed-forward layer adds to the residual
    float *dresidual, *dnormed, *dquery, *dkey, *dvalue; // [N,D]; only with training
    float *scratch; // of attention, of the feed-forward layer and of the loss, one after the other
    float *block;
    size_t floats;
    HookList hooks;
};

bool model_new(Model *out, const Config *config, Error *error) {
    static const char reduce[] = "reduce V, D, F or L (--set D=… F=… L=…)";
    *out = (Model){ .config = *config };
    if (!config_valid(config, error)) return false;
    out->layers = calloc((size_t)config->L, sizeof *out->layers);
    bool declared = out->layers != NULL && layout_declare(&out->tensors, out->layers, config);
    if (!declared) {
        fail(error, "out of memory for the list of tensors");
    } else if (memory_check("the parameters", 4.0 * (double)out->tensors.floats, reduce, error)) {
        out->parameters = floats_new(out->tensors.floats);
        if (out->parameters != NULL) return true;
        memory_refused("the parameters", 4.0 * (double)out->tensors.floats, reduce, error);
    }
    model_free(out);
    return false;
}

void model_free(Model *model) {
    floats_free(model->parameters, model->tensors.floats);
    free(model->layers);
    tensors_free(&model->tensors);
    *model = (Model){ 0 };
}

static size_t scratch_floats(const Config *config, int B, int T, int threads) {
    int N = B * T;
    size_t attention = attention_scratch(B, T, config_heads(config), config->Dh, threads);
    size_t loss = loss_scratch(N, config->V), ffn = ffn_of(config)->scratch(config, N, threads);
    return max_size(max_size(attention, loss), ffn);
}

static void layer_layout(LayerSaved *layer, float *block, size_t *used, const Config *config,
                         size_t N) {
    size_t rows = N * config->D;
    layer->residual = floats_take(block, used, rows);
    layer->residual_mid = floats_take(block, used, rows);
    layer->normed = floats_take(block, used, rows);
    layer->ffn_normed = floats_take(block, used, rows);
    layer->rstd = floats_take(block, used, N);
    layer->ffn_rstd = floats_take(block, used, N);
    layer->query = floats_take(block, used, rows);
    layer->key = floats_take(block, used, rows);
    layer->value = floats_take(block, used, rows);
    layer->attended = floats_take(block, used, rows);
    layer->log_sum = floats_take(block, used, N * config_heads(config));
    layer->ffn = floats_take(block, used, ffn_of(config)->saved(config, (int)N));
}

// Divides the block among the arrays of the arena; with block NULL it only returns its size, and
// layers may be NULL.
static size_t arena_layout(Activations *a, float *block) {
    const Config *config = &a->config;
    size_t used = 0, N = (size_t)a->B * a->T, rows = N * config->D;
    LayerSaved unused;
    for (int l = 0; l < config->L; l++)
        layer_layout(a->layers ? &a->layers[l] : &unused, block, &used, config, N);
    float *last = floats_take(block, &used, rows);
    if (a->layers != NULL) a->layers[config->L] = (LayerSaved){ .residual = last };
    a->normed = floats_take(block, &used, rows);
    a->rstd = floats_take(block, &used, N);
    a->rope = floats_take(block, &used, (size_t)a->T * config->Dh);
    a->sublayer_out = floats_take(block, &used, rows);
    a->scratch = floats_take(block, &used, scratch_floats(config, a->B, a->T, a->threads));
    if (!a->training) return used;
    a->dresidual = floats_take(block, &used, rows);
    a->dnormed = floats_take(block, &used, rows);
    a->dquery = floats_take(block, &used, rows);
    a->dkey = floats_take(block, &used, rows);
    a->dvalue = floats_take(block, &used, rows);
    return used;
}

size_t model_activation_floats(const Config *config, int B, int T, bool training) {
    Activations a = {
        .config = *config, .B = B, .T = T, .threads = parallel_threads(), .training = training
    };
    return arena_layout(&a, NULL);
}

// Indices are ints: the tokens and the entries of a gating must be fewer than 2^31.
bool model_countable(const Config *config, int B, int T, Error *error) {
    double N = (double)B * T, entries = N;
    if (config->ffn->sparse) {
        Gating shape = ffn_gating(config, NULL, 1);
        entries = N * shape.C * (shape.K + 1.0);
    }
    if (N < 2e9 && entries < 2e9) return true;
    return fail(error, "B=%d rows of T=%d tokens are too many for one pass: use a smaller B", B, T);
}

Activations *model_activations_new(const Config *config, int B, int T, bool training,
                                   Error *error) {
    static const char reduce[] = "reduce B or T (--set B=… T=…)";
    if (!model_countable(config, B, T, error)) return NULL;
    double bytes = 4.0 * (double)model_activation_floats(config, B, T, training);
    if (!memory_check("the activations", bytes, reduce, error)) return NULL;
    Activations *a = malloc(sizeof *a);
    if (a == NULL) goto failed;
    *a = (Activations){
        .config = *config, .B = B, .T = T, .threads = parallel_threads(), .training = training
    };
    a->floats = arena_layout(a, NULL);
    a->layers = calloc((size_t)config->L + 1, sizeof *a->layers);
    a->block = floats_new(a->floats);
    if (a->layers == NULL || a->block == NULL) goto failed;
    arena_layout(a, a->block);
    return a;
failed:
    memory_refused("the activations", bytes, reduce, error);
    model_activations_free(a);
    return NULL;
}

void model_activations_free(Activations *a) {
    if (a == NULL) return;
    floats_free(a->block, a->floats);
    free(a->layers);
    free(a);
}

void model_hooks(Activations *a, const HookList *hooks) {
    a->hooks = hooks != NULL ? *hooks : (HookList){ .count = 0 };
}

static const float *weight(const Model *model, int layer, LayerTensor which) {
    return model->parameters + model_layer(model, layer)[which].offset;
}

static float *gradient(const Model *model, float *gradients, int layer, LayerTensor which) {
    return gradients + model_layer(model, layer)[which].offset;
}

// out = residual + sublayer_out, [count] each
static void add_to_residual(float *out, const float *residual, const float *sublayer_out,
                            size_t count) {
#pragma omp parallel for simd
    for (size_t i = 0; i < count; i++) out[i] = residual[i] + sublayer_out[i];
}

static AttentionCall attention_call(const Model *model, const Activations *a, int l) {
    const LayerSaved *saved = &a->layers[l];
    return (AttentionCall){ .B = a->rows,
                            .T = a->tokens,
                            .H = config_heads(&a->config),
                            .Dh = a->config.Dh,
                            .query = saved->query,
                            .key = saved->key,
                            .value = saved->value,
                            .query_norm = weight(model, l, ATTENTION_QUERY_NORM),
                            .key_norm = weight(model, l, ATTENTION_KEY_NORM),
                            .rope = a->rope,
                            .out = saved->attended,
                            .log_sum = saved->log_sum,
                            .scratch = a->scratch };
}

static FfnCall ffn_call(const Model *model, Activations *a, int l) {
    return (FfnCall){ .config = &model->config,
                      .tensors = model_layer(model, l) + LAYER_FFN,
                      .parameters = model->parameters,
                      .B = a->rows,
                      .T = a->tokens,
                      .tokens = a->inputs,
                      .x = a->layers[l].ffn_normed,
                      .y = a->sublayer_out,
                      .loss = &a->balance_loss,
                      .saved = a->layers[l].ffn,
                      .scratch = a->scratch,
                      .layer = l,
                      .hooks = &a->hooks };
}

static void layer_forward(const Model *model, Activations *a, int l) {
    LayerSaved *saved = &a->layers[l];
    int N = a->rows * a->tokens, D = a->config.D;
    size_t count = (size_t)N * D;
    rmsnorm_rows(saved->normed, saved->rstd, saved->residual, weight(model, l, ATTENTION_NORM), N,
                 D);
    linear_forward(saved->query, saved->normed, weight(model, l, ATTENTION_QUERY), N, D, D);
    linear_forward(saved->key, saved->normed, weight(model, l, ATTENTION_KEY), N, D, D);
    linear_forward(saved->value, saved->normed, weight(model, l, ATTENTION_VALUE), N, D, D);
    AttentionCall attention = attention_call(model, a, l);
    attention_forward(&attention);
    linear_forward(a->sublayer_out, saved->attended, weight(model, l, ATTENTION_OUTPUT), N, D, D);
    add_to_residual(saved->residual_mid, saved->residual, a->sublayer_out, count);

    rmsnorm_rows(saved->ffn_normed, saved->ffn_rstd, saved->residual_mid,
                 weight(model, l, FFN_NORM), N, D);
    FfnCall ffn = ffn_call(model, a, l);
    ffn_of(&a->config)->forward(&ffn);
    add_to_residual(a->layers[l + 1].residual, saved->residual_mid, a->sublayer_out, count);
}

void model_forward(const Model *model, Activations *a, const int32_t *inputs, int B, int T) {
    assert(B <= a->B && T <= a->T && parallel_threads() <= a->threads);
    int D = a->config.D, L = a->config.L, Dh = a->config.Dh;
    for (; a->rotations < T; a->rotations++)
        rope_row(a->rope + (size_t)a->rotations * Dh, a->rotations, Dh);
    const float *embedding = model->parameters + model->tensors.items[EMBEDDING].offset;
    a->rows = B;
    a->tokens = T;
    a->inputs = inputs;
    a->balance_loss = 0.0;
    for (int t = 0; t < B * T; t++) {
        memcpy(a->layers[0].residual + (size_t)t * D, embedding + (size_t)inputs[t] * D,
               (size_t)D * sizeof(float));
    }
    for (int l = 0; l < L; l++) layer_forward(model, a, l);
    const Tensor *norm = layout_output_norm(&model->tensors);
    rmsnorm_rows(a->normed, a->rstd, a->layers[L].residual, model->parameters + norm->offset, B * T,
                 D);
}

static LossCall loss_call(const Model *model, const Activations *a, const int32_t *targets,
                          int64_t divisor) {
    return (LossCall){ .N = a->rows * a->tokens,
                       .D = a->config.D,
                       .V = a->config.V,
                       .x = a->normed,
                       .embedding = model->parameters + model->tensors.items[EMBEDDING].offset,
                       .targets = targets,
                       .divisor = divisor,
                       .scratch = a->scratch };
}

double model_loss(const Model *model, Activations *a, const int32_t *targets, int64_t divisor) {
    LossCall call = loss_call(model, a, targets, divisor);
    return cross_entropy_loss(&call, NULL, NULL);
}

double model_balance_loss(const Activations *a) { return a->balance_loss; }

void model_after_step(Model *model, Activations *a) {
    for (int l = 0; ffn_of(&model->config)->after_step != NULL && l < model->config.L; l++) {
        FfnCall call = ffn_call(model, a, l);
        ffn_of(&model->config)->after_step(&call, model->parameters);
    }
}

void model_logits(const Model *model, Activations *a, int first, int rows, float *out) {
    int D = a->config.D, V = a->config.V;
    const float *embedding = model->parameters + model->tensors.items[EMBEDDING].offset;
    matmul(out, V, matrix(a->normed + (size_t)first * D, rows, D),
           transpose(matrix(embedding, V, D)), 1.0f, false);
}

static void attention_layer_backward(const Model *model, Activations *a, int l, float *gradients) {
    const LayerSaved *saved = &a->layers[l];
    int N = a->rows * a->tokens, D = a->config.D;
    AttentionCall attention = attention_call(model, a, l);
    linear_weight_gradient(gradient(model, gradients, l, ATTENTION_OUTPUT), saved->attended,
                           a->dresidual, N, D, D);
    linear_input_gradient(a->sublayer_out, a->dresidual, weight(model, l, ATTENTION_OUTPUT), N, D,
                          D, false);
    attention_backward(&attention,
                       &(AttentionGradients){
                           .dout = a->sublayer_out,
                           .dquery = a->dquery,
                           .dkey = a->dkey,
                           .dvalue = a->dvalue,
                           .dquery_norm = gradient(model, gradients, l, ATTENTION_QUERY_NORM),
                           .dkey_norm = gradient(model, gradients, l, ATTENTION_KEY_NORM) });
    const float *dprojection[] = { a->dquery, a->dkey, a->dvalue };
    const LayerTensor projection[] = { ATTENTION_QUERY, ATTENTION_KEY, ATTENTION_VALUE };
    for (int i = 0; i < 3; i++) {
        linear_weight_gradient(gradient(model, gradients, l, projection[i]), saved->normed,
                               dprojection[i], N, D, D);
        linear_input_gradient(a->dnormed, dprojection[i], weight(model, l, projection[i]), N, D, D,
                              i > 0);
    }
    rmsnorm_rows_backward(a->dresidual, gradient(model, gradients, l, ATTENTION_NORM), a->dnormed,
                          saved->residual, saved->rstd, weight(model, l, ATTENTION_NORM), N, D);
}

static void layer_backward(const Model *model, Activations *a, int l, float *gradients) {
    const LayerSaved *saved = &a->layers[l];
    FfnCall ffn = ffn_call(model, a, l);
    ffn.gradients = gradients;
    ffn.dy = a->dresidual;
    ffn.dx = a->dnormed;
    ffn_of(&a->config)->backward(&ffn);
    rmsnorm_rows_backward(a->dresidual, gradient(model, gradients, l, FFN_NORM), a->dnormed,
                          saved->residual_mid, saved->ffn_rstd, weight(model, l, FFN_NORM),
                          a->rows * a->tokens, a->config.D);
    attention_layer_backward(model, a, l, gradients);
}

// The embedding is used twice: dembedding has the gradient from the logits already, that from the
// inputs is added token by token. A thread owns its columns, so equal tokens are added in order.
static void embedding_backward(const Activations *a, float *dembedding, const int32_t *inputs) {
    enum { COLUMNS = 64 };
    int N = a->rows * a->tokens, D = a->config.D;
#pragma omp parallel for
    for (int d = 0; d < D; d += COLUMNS) {
        int width = min_int(D - d, COLUMNS);
        for (int t = 0; t < N; t++) {
            float *row = dembedding + (size_t)inputs[t] * D + d;
            const float *dinput = a->dresidual + (size_t)t * D + d;
            for (int i = 0; i < width; i++) row[i] += dinput[i];
        }
    }
}

double model_backward(const Model *model, Activations *a, const int32_t *inputs,
                      const int32_t *targets, int64_t divisor, float *gradients) {
    assert(a->training);
    int N = a->rows * a->tokens, D = a->config.D, L = a->config.L;
    a->inputs = inputs;
    float *dembedding = gradients + model->tensors.items[EMBEDDING].offset;
    const Tensor *norm = layout_output_norm(&model->tensors);
    LossCall call = loss_call(model, a, targets, divisor);
    double loss = cross_entropy_loss(&call, a->dnormed, dembedding);
    memset(a->dresidual, 0, (size_t)N * D * sizeof *a->dresidual);
    rmsnorm_rows_backward(a->dresidual, gradients + norm->offset, a->dnormed, a->layers[L].residual,
                          a->rstd, model->parameters + norm->offset, N, D);
    for (int l = L - 1; l >= 0; l--) layer_backward(model, a, l, gradients);
    embedding_backward(a, dembedding, inputs);
    return loss;
}

const float *model_after_attention(const Activations *a, int layer) {
    return a->layers[layer].residual_mid;
}
const float *model_after_ffn(const Activations *a, int layer) {
    return a->layers[layer + 1].residual;
}

const float *model_attended(const Activations *a, int layer) { return a->layers[layer].attended; }

Gating model_gating(const Activations *a, int layer) {
    return ffn_gating(&a->config, a->layers[layer].ffn, a->rows * a->tokens);
}
