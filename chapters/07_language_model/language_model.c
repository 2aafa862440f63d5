#include "chapters/07_language_model/language_model.h"
#include "chapters/07_language_model/embedding.h"
#include "chapters/07_language_model/loss.h"
#include "chapters/07_language_model/rmsnorm.h"
#include <string.h>

static const FeedForward *kind_of(const LanguageModel *m) {
    return &feed_forward_kinds[m->sizes.ffn];
}

// ---- forward

// y = x + branch, n numbers
static void add_branch(double *y, const double *x, const double *branch, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] + branch[i];
}

static void norm_tokens(double *y, const double *x, const double *scale, int T, int D) {
    for (int t = 0; t < T; t++) rmsnorm(y + (size_t)t * D, x + (size_t)t * D, scale, D);
}

// [layer
static void layer_forward(LanguageModel *m, double *after, LayerSaved *saved, const LayerWeights *w,
                          int T) {
    int D = m->sizes.D;
    norm_tokens(saved->normed, saved->stream, w->attention_norm, T, D);
    attention_of_sequence(m->scratch.branch, &saved->attention, saved->normed, &w->attention, T, D,
                          m->sizes.Dh);
    add_branch(saved->middle, saved->stream, m->scratch.branch, (size_t)T * D);

    norm_tokens(saved->middle_normed, saved->middle, w->ffn_norm, T, D);
    for (int t = 0; t < T; t++) {
        size_t at = (size_t)t * D;
        kind_of(m)->forward(m->scratch.branch + at, &saved->ffn[t], saved->middle_normed + at,
                            &w->ffn, &m->sizes);
    }
    add_branch(after, saved->middle, m->scratch.branch, (size_t)T * D);
}
// layer]

// Where the stream stands before layer l; behind the last one it is the output norm's.
static double *stream_before(const LanguageModel *m, int l) {
    return l < m->sizes.L ? m->layers[l].stream : m->stream;
}

// [forward
void language_model_forward(LanguageModel *m, const int *inputs, int T) {
    int V = m->sizes.V, D = m->sizes.D, L = m->sizes.L;
    for (int t = 0; t < T; t++)
        embed(stream_before(m, 0) + (size_t)t * D, m->w.embedding, inputs[t], D);
    for (int l = 0; l < L; l++)
        layer_forward(m, stream_before(m, l + 1), &m->layers[l], &m->w.layers[l], T);
    norm_tokens(m->normed, m->stream, m->w.output_norm, T, D);
    for (int t = 0; t < T; t++)
        unembed(m->logits + (size_t)t * V, m->normed + (size_t)t * D, m->w.embedding, V, D);
}
// forward]

// ---- loss

void shift_right(int *inputs, const int *targets, int T) {
    for (int t = 0; t < T; t++) inputs[t] = t == 0 ? TOKEN_1_END : targets[t - 1];
}

int scored_targets(const int *targets, int count) {
    int scored = 0;
    for (int i = 0; i < count; i++) scored += targets[i] != TOKEN_0_PAD;
    return scored;
}

double language_model_loss(const LanguageModel *m, const int *targets, int T) {
    double sum = 0.0;
    int V = m->sizes.V;
    for (int t = 0; t < T; t++) {
        if (targets[t] != TOKEN_0_PAD)
            sum += cross_entropy(m->scratch.p, m->logits + (size_t)t * V, targets[t], V);
    }
    return sum;
}

// ---- backward

// dx [T,D] += the gradient through the norm of dnormed; the norm stands on a branch, the stream
// itself goes past it.
static void add_norm_backward(LanguageModel *m, double *dx, double *dscale, const double *dnormed,
                              const double *x, const double *scale, int T) {
    int D = m->sizes.D;
    for (int t = 0; t < T; t++) {
        size_t at = (size_t)t * D;
        rmsnorm_backward(m->scratch.part, dscale, dnormed + at, x + at, scale, D);
        add_branch(dx + at, dx + at, m->scratch.part, (size_t)D);
    }
}

// The residual stream's gradient stays as it is and each branch adds to it, last branch first.
static void layer_backward(LanguageModel *m, const LayerSaved *saved, LayerWeights *dw,
                           const LayerWeights *w, int T) {
    int D = m->sizes.D;
    double *dstream = m->scratch.dstream, *dnormed = m->scratch.dnormed;
    for (int t = 0; t < T; t++) {
        size_t at = (size_t)t * D;
        kind_of(m)->backward(dnormed + at, &dw->ffn, m->scratch.ffn, dstream + at, &saved->ffn[t],
                             saved->middle_normed + at, &w->ffn, &m->sizes);
    }
    add_norm_backward(m, dstream, dw->ffn_norm, dnormed, saved->middle, w->ffn_norm, T);

    attention_of_sequence_backward(dnormed, &dw->attention, &m->scratch.attention, m->scratch.part,
                                   dstream, saved->normed, &saved->attention, &w->attention, T, D,
                                   m->sizes.Dh);
    add_norm_backward(m, dstream, dw->attention_norm, dnormed, saved->stream, w->attention_norm, T);
}

// dnormed [T,D] from the targets; tokens that are not scored send nothing back.
static void loss_backward(LanguageModel *m, const int *targets, int T, double share) {
    int V = m->sizes.V, D = m->sizes.D;
    for (int t = 0; t < T; t++) {
        double *dnormed = m->scratch.dnormed + (size_t)t * D, *p = m->scratch.p;
        for (int d = 0; d < D; d++) dnormed[d] = 0.0;
        if (targets[t] == TOKEN_0_PAD) continue;
        cross_entropy(p, m->logits + (size_t)t * V, targets[t], V);
        cross_entropy_backward(p, p, targets[t], share, V);
        unembed_backward(dnormed, m->dw.embedding, p, m->normed + (size_t)t * D, m->w.embedding, V,
                         D);
    }
}

void language_model_backward(LanguageModel *m, const int *inputs, const int *targets, int T,
                             double share) {
    int D = m->sizes.D;
    loss_backward(m, targets, T, share);
    memset(m->scratch.dstream, 0, (size_t)T * D * sizeof *m->scratch.dstream);
    add_norm_backward(m, m->scratch.dstream, m->dw.output_norm, m->scratch.dnormed, m->stream,
                      m->w.output_norm, T);
    for (int l = m->sizes.L - 1; l >= 0; l--)
        layer_backward(m, &m->layers[l], &m->dw.layers[l], &m->w.layers[l], T);
    for (int t = 0; t < T; t++)
        embed_backward(m->dw.embedding, m->scratch.dstream + (size_t)t * D, inputs[t], D);
}

// ---- one step

static void update(LanguageModel *m, const TrainingPlan *plan, int step) {
    for (int i = 0; i < m->list.count; i++) {
        const Parameter *p = &m->list.at[i];
        adamw(m->parameters + p->offset, m->first + p->offset, m->second + p->offset,
              m->gradients + p->offset, p->count, p->decays, plan, step);
    }
}

StepReport language_model_step(LanguageModel *m, const int *targets, int B, int T,
                               const TrainingPlan *plan, int step) {
    StepReport report = { .rate = learning_rate(plan, step) };
    int scored = scored_targets(targets, B * T);
    double share = scored > 0 ? 1.0 / scored : 0.0;
    memset(m->gradients, 0, m->list.doubles * sizeof *m->gradients);
    for (int b = 0; b < B; b++, targets += T) {
        shift_right(m->scratch.inputs, targets, T);
        language_model_forward(m, m->scratch.inputs, T);
        report.loss += share * language_model_loss(m, targets, T);
        language_model_backward(m, m->scratch.inputs, targets, T, share);
    }
    report.norm = global_norm(m->gradients, m->list.doubles);
    clip_by_global_norm(m->gradients, m->list.doubles, report.norm, plan->clip);
    update(m, plan, step);
    return report;
}
