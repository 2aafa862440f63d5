#include "chapters/07_language_model/language_model.h"
#include "chapters/07_language_model/embedding.h"
#include "chapters/07_language_model/loss.h"
#include "chapters/07_language_model/rmsnorm.h"
#include "chapters/07_language_model/special_tokens.h"
#include <string.h>

static const FeedForward *kind_of(const LanguageModel *m) {
    return &feed_forward_kinds[m->sizes.ffn];
}

// ---- forward

// y [n] = x + sublayer_out
static void add_residual(double *y, const double *x, const double *sublayer_out, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] + sublayer_out[i];
}

static void norm_tokens(double *y, const double *x, const double *scale, int T, int D) {
    for (int t = 0; t < T; t++) rmsnorm(y + (size_t)t * D, x + (size_t)t * D, scale, D);
}

// The residual stream before layer l; l = L: before the output norm.
static double *residual_before(const LanguageModel *m, int l) {
    return l < m->sizes.L ? m->layers[l].residual : m->residual;
}

static void call_hook(LanguageModel *m, int l, Sublayer sublayer, int T) {
    if (m->hook.call) m->hook.call(m->hook.context, m->scratch.sublayer_out, m, l, sublayer, T);
}

// Writes the residual stream after the layer.
// [layer
static void layer_forward(LanguageModel *m, int l, int T) {
    int D = m->sizes.D;
    const LayerSaved *saved = &m->layers[l];
    const LayerWeights *w = &m->w.layers[l];
    double *sublayer_out = m->scratch.sublayer_out;
    const AttentionSizes sizes = { T, D, m->sizes.Dh };
    norm_tokens(saved->normed, saved->residual, w->attention_norm, T, D);
    self_attention(sublayer_out, &saved->attention, saved->normed, &w->attention, &sizes);
    call_hook(m, l, SUBLAYER_ATTENTION, T);
    add_residual(saved->residual_mid, saved->residual, sublayer_out, (size_t)T * D);

    norm_tokens(saved->normed_mid, saved->residual_mid, w->ffn_norm, T, D);
    for (int t = 0; t < T; t++) {
        size_t row = (size_t)t * D;
        kind_of(m)->forward(sublayer_out + row, &saved->ffn[t], saved->normed_mid + row, &w->ffn,
                            &m->sizes);
    }
    call_hook(m, l, SUBLAYER_FFN, T);
    add_residual(residual_before(m, l + 1), saved->residual_mid, sublayer_out, (size_t)T * D);
}
// layer]

// [forward
void language_model_forward(LanguageModel *m, const int *inputs, int T) {
    int V = m->sizes.V, D = m->sizes.D, L = m->sizes.L;
    for (int t = 0; t < T; t++)
        embed(residual_before(m, 0) + (size_t)t * D, m->w.embedding, inputs[t], D);
    for (int l = 0; l < L; l++) layer_forward(m, l, T);
    norm_tokens(m->normed, m->residual, m->w.output_norm, T, D);
    for (int t = 0; t < T; t++)
        unembed(m->logits + (size_t)t * V, m->normed + (size_t)t * D, m->w.embedding, V, D);
}
// forward]

// ---- loss

void shift_right(int *inputs, const int *targets, int T) {
    for (int t = 0; t < T; t++) inputs[t] = t == 0 ? TOKEN_END : targets[t - 1];
}

int scored_targets(const int *targets, int count) {
    int scored = 0;
    for (int i = 0; i < count; i++) scored += targets[i] != TOKEN_PAD;
    return scored;
}

double language_model_loss(const LanguageModel *m, const int *targets, int T) {
    double sum = 0.0;
    int V = m->sizes.V;
    for (int t = 0; t < T; t++) {
        if (targets[t] != TOKEN_PAD)
            sum += cross_entropy(m->scratch.p, m->logits + (size_t)t * V, targets[t], V);
    }
    return sum;
}

// ---- backward

// dx [T,D] += the gradient that dnormed [T,D] sends through the norm. Added, because the residual
// stream also bypasses the norm.
static void add_norm_backward(LanguageModel *m, double *dx, double *dscale, const double *dnormed,
                              const double *x, const double *scale, int T) {
    int D = m->sizes.D;
    for (int t = 0; t < T; t++) {
        size_t row = (size_t)t * D;
        rmsnorm_backward(m->scratch.dx, dscale, dnormed + row, x + row, scale, D);
        add_residual(dx + row, dx + row, m->scratch.dx, (size_t)D);
    }
}

// The gradient of the residual stream passes through unchanged, and each sublayer adds to it, the
// last sublayer first.
// [layer_backward
static void layer_backward(LanguageModel *m, const LayerSaved *saved, LayerWeights *dw,
                           const LayerWeights *w, int T) {
    int D = m->sizes.D;
    double *dresidual = m->scratch.dresidual, *dnormed = m->scratch.dnormed;
    const AttentionSizes sizes = { T, D, m->sizes.Dh };
    for (int t = 0; t < T; t++) {
        size_t row = (size_t)t * D;
        kind_of(m)->backward(dnormed + row, &dw->ffn, m->scratch.ffn, dresidual + row,
                             &saved->ffn[t], saved->normed_mid + row, &w->ffn, &m->sizes);
    }
    add_norm_backward(m, dresidual, dw->ffn_norm, dnormed, saved->residual_mid, w->ffn_norm, T);

    self_attention_backward(dnormed, &dw->attention, &m->scratch.attention, dresidual,
                            &saved->attention, saved->normed, &w->attention, &sizes);
    add_norm_backward(m, dresidual, dw->attention_norm, dnormed, saved->residual, w->attention_norm,
                      T);
}
// layer_backward]

// dnormed [T,D] from the targets; 0 for tokens that are not scored.
static void loss_backward(LanguageModel *m, const int *targets, int T, double weight) {
    int V = m->sizes.V, D = m->sizes.D;
    for (int t = 0; t < T; t++) {
        double *dnormed = m->scratch.dnormed + (size_t)t * D, *p = m->scratch.p;
        for (int d = 0; d < D; d++) dnormed[d] = 0.0;
        if (targets[t] == TOKEN_PAD) continue;
        cross_entropy(p, m->logits + (size_t)t * V, targets[t], V);
        cross_entropy_backward(p, p, targets[t], weight, V);
        unembed_backward(dnormed, m->dw.embedding, p, m->normed + (size_t)t * D, m->w.embedding, V,
                         D);
    }
}

void language_model_backward(LanguageModel *m, const int *inputs, const int *targets, int T,
                             double weight) {
    int D = m->sizes.D;
    loss_backward(m, targets, T, weight);
    memset(m->scratch.dresidual, 0, (size_t)T * D * sizeof *m->scratch.dresidual);
    add_norm_backward(m, m->scratch.dresidual, m->dw.output_norm, m->scratch.dnormed, m->residual,
                      m->w.output_norm, T);
    for (int l = m->sizes.L - 1; l >= 0; l--)
        layer_backward(m, &m->layers[l], &m->dw.layers[l], &m->w.layers[l], T);
    for (int t = 0; t < T; t++)
        embed_backward(m->dw.embedding, m->scratch.dresidual + (size_t)t * D, inputs[t], D);
}

// ---- one step

static void update(LanguageModel *m, const TrainingPlan *plan, int step) {
    for (int i = 0; i < m->list.count; i++) {
        const Parameter *p = &m->list.items[i];
        adamw(m->parameters + p->offset, m->adam_m + p->offset, m->adam_v + p->offset,
              m->gradients + p->offset, p->count, p->decays, plan, step);
    }
}

double language_model_gradient(LanguageModel *m, const int *targets, int B, int T) {
    int scored = scored_targets(targets, B * T);
    double weight = scored > 0 ? 1.0 / scored : 0.0, loss = 0.0;
    memset(m->gradients, 0, m->list.doubles * sizeof *m->gradients);
    for (int b = 0; b < B; b++, targets += T) {
        shift_right(m->scratch.inputs, targets, T);
        language_model_forward(m, m->scratch.inputs, T);
        loss += weight * language_model_loss(m, targets, T);
        language_model_backward(m, m->scratch.inputs, targets, T, weight);
    }
    return loss;
}

StepReport language_model_step(LanguageModel *m, const int *targets, int B, int T,
                               const TrainingPlan *plan, int step) {
    StepReport report = { .loss = language_model_gradient(m, targets, B, T),
                          .learning_rate = learning_rate(plan, step) };
    report.gradient_norm = global_norm(m->gradients, m->list.doubles);
    clip_by_global_norm(m->gradients, m->list.doubles, report.gradient_norm, plan->clip);
    update(m, plan, step);
    return report;
}
