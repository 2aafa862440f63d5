#include "reference/circuits/fact_edit.h"
#include "reference/circuits/attribution.h"
#include "reference/circuits/neurons.h"
#include "reference/circuits/patch.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STEPS = 40 };
#define CLOSE       1e-3 // of the difference of the logits to the margin
#define LEAST_SHARE 1e-3 // of |w|, below which nothing is left to change

typedef struct {
    Model *model;
    const FactEdit *edit;
    FactEditResult *out;
    Activations *activations;
    float *saved;      // the parameters before
    size_t *rows;      // [n]: where `out` of each active neuron begins in the parameters
    int n, most;       // most: capacity of rows
    double *w, *a;     // [n]
    double *keys;      // [protect_count,n], of the protected prompts; an orthogonal basis of them
    double *u;         // [D]
    double *direction; // [D]
} Work;

static void work_free(Work *work) {
    model_activations_free(work->activations);
    free(work->saved);
    free(work->rows);
    free(work->w);
}

static bool work_new(Work *work, Error *error) {
    const FactEdit *edit = work->edit;
    const Config *config = &work->model->config;
    size_t D = (size_t)config->D, protect = (size_t)edit->protect_count;
    int T = edit->prompt->T;
    for (int i = 0; i < edit->protect_count; i++) T = max_int(T, edit->protect[i].T);
    Gating shape = ffn_gating(config, NULL, 1);
    work->most = shape.C * shape.K * config->L;
    size_t most = (size_t)work->most;
    work->activations = model_activations_new(config, 1, T, false, error);
    if (work->activations == NULL) return false;
    work->saved = malloc(work->model->tensors.floats * sizeof *work->saved);
    work->rows = malloc(most * sizeof *work->rows);
    work->w = malloc(((2 + protect) * most + 2 * D) * sizeof *work->w);
    if (work->saved == NULL || work->rows == NULL || work->w == NULL)
        return fail(error, "out of memory for an edit of %d neurons", work->most);
    work->a = work->w + most;
    work->keys = work->a + most;
    work->u = work->keys + protect * most;
    work->direction = work->u + D;
    memcpy(work->saved, work->model->parameters, work->model->tensors.floats * sizeof(float));
    return true;
}

static double inner(const double *a, const double *b, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

// The place of a neuron's row among the n rows; -1: it is none of them.
static int row_index(const Work *work, size_t row) {
    for (int i = 0; i < work->n; i++) {
        if (work->rows[i] == row) return i;
    }
    return -1;
}

// Adds up in weights [n] what `out` of each neuron is multiplied by at the last position of a
// prompt. With `list` the active neurons are those that will be changed.
static bool read_weights(double *weights, Work *work, const Prompt *prompt, bool list,
                         Error *error) {
    Attribution terms;
    Model *model = work->model;
    model_forward(model, work->activations, prompt->inputs, 1, prompt->T);
    if (!attribution_new(&terms, model, work->activations, prompt->inputs, prompt->T - 1,
                         MOST_LIKELY, error))
        return false;
    for (int i = 0; !list && i < work->n; i++) weights[i] = 0;
    for (int i = 0; i < terms.count; i++) {
        const Term *term = &terms.terms[i];
        if (term->kind != TERM_NEURON) continue;
        if (work->edit->layer != ALL && work->edit->layer != term->layer) continue;
        const float *out = neuron_of(model, term->layer, term->channel, term->index).out;
        size_t row = (size_t)(out - model->parameters);
        int at = row_index(work, row);
        if (at < 0 && list) {
            at = work->n++;
            work->rows[at] = row;
            weights[at] = 0;
        }
        if (at >= 0) weights[at] += term->weight;
    }
    attribution_free(&terms);
    return true;
}

// a = w without its part in the span of the protected prompts' weights (Gram and Schmidt, twice for
// the rounding).
static bool project(Work *work, Error *error) {
    int n = work->n, basis = 0;
    for (int p = 0; p < work->edit->protect_count; p++) {
        double *key = work->keys + (size_t)basis * (size_t)n;
        if (!read_weights(key, work, &work->edit->protect[p], false, error)) return false;
        double size = inner(key, key, n);
        for (int pass = 0; pass < 2; pass++) {
            for (int b = 0; b < basis; b++) {
                const double *other = work->keys + (size_t)b * (size_t)n;
                double share = inner(key, other, n);
                for (int i = 0; i < n; i++) key[i] -= share * other[i];
            }
        }
        double rest = sqrt(inner(key, key, n));
        if (!(rest > 1e-6 * sqrt(size))) continue;
        for (int i = 0; i < n; i++) key[i] /= rest;
        basis++;
    }
    memcpy(work->a, work->w, (size_t)n * sizeof *work->a);
    for (int pass = 0; pass < 2; pass++) {
        for (int b = 0; b < basis; b++) {
            const double *key = work->keys + (size_t)b * (size_t)n;
            double share = inner(work->a, key, n);
            for (int i = 0; i < n; i++) work->a[i] -= share * key[i];
        }
    }
    return true;
}

// The difference of the logits at the prompt, and u, of the last pass over it.
static double difference(Work *work) {
    const FactEdit *edit = work->edit;
    int D = work->model->config.D, last = edit->prompt->T - 1;
    const float *residual =
        model_after_ffn(work->activations, work->model->config.L - 1) + (size_t)last * (size_t)D;
    logit_direction(work->u, work->model, work->activations, last, edit->to);
    logit_direction(work->direction, work->model, work->activations, last, edit->from);
    double sum = 0;
    for (int d = 0; d < D; d++) {
        work->u[d] -= work->direction[d];
        sum += residual[d] * work->u[d];
    }
    return sum;
}

static void change_rows(Work *work, double step) {
    int D = work->model->config.D;
    double factor = step / (inner(work->a, work->w, work->n) * inner(work->u, work->u, D));
    for (int i = 0; i < work->n; i++) {
        float *out = work->model->parameters + work->rows[i];
        for (int d = 0; d < D; d++) out[d] += (float)(factor * work->a[i] * work->u[d]);
    }
}

static bool check_share(Work *work, int step, Error *error) {
    double w = inner(work->w, work->w, work->n), a = inner(work->a, work->a, work->n);
    double share = w > 0 ? sqrt(a / w) : 0;
    if (step == 0) work->out->share = share;
    if (share > LEAST_SHARE) return true;
    return fail(error, w > 0 ? "the protected prompts have the same neurons in the same "
                               "proportions: protect fewer, or edit more layers"
                             : "no neuron of the layer is active at the prompt");
}

// Steps until the difference is reached. Neurons are listed at the first step.
static bool take_steps(Work *work, Error *error) {
    FactEditResult *out = work->out;
    const Prompt *prompt = work->edit->prompt;
    double missing = INFINITY, share = 1; // what a step takes of what is missing
    for (int step = 0; step <= MAX_STEPS; step++) {
        if (step > 0 && !read_weights(work->w, work, prompt, false, error)) return false;
        if (step == 0 && !read_weights(work->w, work, prompt, true, error)) return false;
        out->after = difference(work);
        if (step == 0) out->before = out->after;
        if (out->after > work->edit->margin - CLOSE) return true;
        if (!project(work, error) || !check_share(work, step, error)) return false;
        if (fabs(work->edit->margin - out->after) > 0.9 * fabs(missing)) share /= 2;
        missing = work->edit->margin - out->after;
        change_rows(work, share * missing);
        out->steps = step + 1;
    }
    return fail(error,
                "after %d steps the difference of the logits is %.3g instead of %.3g: edit "
                "another layer",
                MAX_STEPS, out->after, work->edit->margin);
}

static void measure_change(Work *work) {
    double change = 0, size = 0;
    for (int i = 0; i < work->n; i++) {
        for (size_t d = 0; d < (size_t)work->model->config.D; d++) {
            double before = work->saved[work->rows[i] + d],
                   moved = work->model->parameters[work->rows[i] + d] - before;
            change += moved * moved;
            size += before * before;
        }
    }
    work->out->neurons = work->n;
    work->out->change = sqrt(change);
    work->out->size = sqrt(size);
}

bool fact_edit(FactEditResult *out, Model *model, const FactEdit *edit, Error *error) {
    *out = (FactEditResult){ .steps = 0 };
    if (!has_neurons(&model->config))
        return fail(error, "ffn=%s has no neurons to edit; train peer or sgatlin",
                    model->config.ffn->name);
    Work work = { .model = model, .edit = edit, .out = out };
    bool ready = work_new(&work, error), ok = ready && take_steps(&work, error);
    if (ok) measure_change(&work);
    if (ready && !ok) memcpy(model->parameters, work.saved, model->tensors.floats * sizeof(float));
    work_free(&work);
    return ok;
}
