#include "tests/golden/golden_chapter_model.h"
#include "reference/ffn/ffn.h"
#include "tests/chain/chapter_ffn.h"
#include <stdlib.h>
#include <string.h>

static const Tolerance TIGHT = { .relative = 1e-10 };

ModelSizes chapter_sizes(const Config *c) {
    ModelSizes sizes = { .V = c->V,
                         .T = c->T,
                         .D = c->D,
                         .L = c->L,
                         .Dh = c->Dh,
                         .F = c->F,
                         .E = c->E,
                         .C = c->C,
                         .K = c->K,
                         .Dk = c->Dk };
    // chapter 07's mixture has token choice alone
    bool others = c->ffn->ragged && c->routing != ROUTING_TOKEN;
    Sgatlin neurons = chapter_sgatlin(c);
    sizes.router = neurons.router;
    sizes.activation = neurons.activation;
    while (sizes.ffn < FEED_FORWARD_KINDS &&
           (others || strcmp(feed_forward_kinds[sizes.ffn].name, c->ffn->name) != 0)) {
        sizes.ffn++;
    }
    return sizes;
}

typedef struct {
    GoldenFile *golden;
    LanguageModel model;
    int B, T, steps;
    int32_t *tokens;                 // [steps,B,T]
    double *logits, *stream, *score; // of all rows together: [N,V]; [2·L,N,D]; [L,N,C,K]
    int32_t *index;                  // [L,N,C,K]
    double *loss, *norm, *rate;      // [steps]
} Run;

static Shape shape_of(const Parameter *parameter) {
    Shape shape = { { 0 } };
    for (int i = 0; i < parameter->rank; i++) shape.size[i] = parameter->shape[i];
    return shape;
}

static bool take_memory(Run *run) {
    const ModelSizes *s = &run->model.sizes;
    size_t N = (size_t)run->B * run->T, steps = (size_t)run->steps,
           choices = N * s->L * s->C * s->K;
    run->tokens = malloc((steps * N + choices) * sizeof *run->tokens);
    run->logits =
        malloc((N * s->V + 2 * N * s->L * s->D + choices + 3 * steps) * sizeof *run->logits);
    if (!run->tokens || !run->logits)
        return golden_problem(run->golden, "no memory for its numbers");
    run->index = run->tokens + steps * N;
    run->stream = run->logits + N * s->V;
    run->score = run->stream + 2 * N * s->L * s->D;
    run->loss = run->score + choices;
    run->norm = run->loss + steps;
    run->rate = run->norm + steps;
    return true;
}

static bool read_file(Run *run) {
    GoldenFile *golden = run->golden;
    for (int i = 0; i < run->model.list.count; i++) {
        const Parameter *parameter = &run->model.list.items[i];
        const double *values = golden_input(golden, parameter->name, shape_of(parameter));
        if (values)
            memcpy(run->model.parameters + parameter->offset, values,
                   parameter->count * sizeof *values);
    }
    Shape shape = { { run->steps, run->B, run->T } };
    if (!golden_input_ints(golden, "tokens", shape, run->tokens)) return false;
    int V = run->model.sizes.V;
    for (size_t i = 0; i < (size_t)run->steps * run->B * run->T; i++) {
        if (run->tokens[i] < 0 || run->tokens[i] >= V)
            return golden_problem(golden, "tokens[%zu] is %d, expected below V = %d", i,
                                  run->tokens[i], V);
    }
    return golden->problems == 0;
}

// The model keeps one row at a time: copies what row b left.
static void keep_row(Run *run, int b) {
    const LanguageModel *m = &run->model;
    const ModelSizes *s = &m->sizes;
    size_t N = (size_t)run->B * run->T, at = (size_t)b * run->T, T = (size_t)run->T,
           CK = (size_t)s->C * s->K;
    memcpy(run->logits + at * s->V, m->logits, T * s->V * sizeof *m->logits);
    for (int l = 0; l < s->L; l++) {
        const double *after = l + 1 < s->L ? m->layers[l + 1].residual : m->residual;
        double *middle = run->stream + (2 * l * N + at) * s->D;
        memcpy(middle, m->layers[l].residual_mid, T * s->D * sizeof *middle);
        memcpy(middle + N * s->D, after, T * s->D * sizeof *middle);
        for (size_t t = 0; CK > 0 && t < T; t++) {
            TokenGating chosen = token_gating(&m->layers[l].ffn[t], s);
            memcpy(run->score + (l * N + at + t) * CK, chosen.score, CK * sizeof *run->score);
            memcpy(run->index + (l * N + at + t) * CK, chosen.index, CK * sizeof *run->index);
        }
    }
}

static void check_layers(Run *run) {
    const ModelSizes *s = &run->model.sizes;
    size_t N = (size_t)run->B * run->T, CK = (size_t)s->C * s->K;
    Shape stream = { { run->B, run->T, s->D } }, choice = { { run->B, run->T, s->C, s->K } };
    char name[64];
    for (int l = 0; l < s->L; l++) {
        const double *middle = run->stream + 2 * l * N * s->D;
        snprintf(name, sizeof name, "layers.%d.after_attention", l);
        golden_compare(run->golden, "after_attention", name, stream, middle, TIGHT);
        snprintf(name, sizeof name, "layers.%d.after_ffn", l);
        golden_compare(run->golden, "after_ffn", name, stream, middle + N * s->D, TIGHT);
        if (CK == 0) continue;
        snprintf(name, sizeof name, "layers.%d.gating.scores", l);
        golden_compare(run->golden, "gating.scores", name, choice, run->score + l * N * CK, TIGHT);
        snprintf(name, sizeof name, "layers.%d.gating.indices", l);
        golden_compare_ints(run->golden, "gating.indices", name, choice, run->index + l * N * CK);
    }
}

static void check_block(Run *run, const char *group, const char *prefix, const double *block) {
    char name[96];
    for (int i = 0; i < run->model.list.count; i++) {
        const Parameter *parameter = &run->model.list.items[i];
        snprintf(name, sizeof name, "%s%s", prefix, parameter->name);
        golden_compare(run->golden, group, name, shape_of(parameter), block + parameter->offset,
                       TIGHT);
    }
}

static void check_first_batch(Run *run) {
    LanguageModel *m = &run->model;
    double share = 1.0 / scored_targets(run->tokens, run->B * run->T);
    for (int b = 0; b < run->B; b++) {
        const int *targets = run->tokens + (size_t)b * run->T;
        shift_right(m->scratch.inputs, targets, run->T);
        language_model_forward(m, m->scratch.inputs, run->T);
        keep_row(run, b);
        language_model_backward(m, m->scratch.inputs, targets, run->T, share);
    }
    golden_compare(run->golden, "logits", "logits", (Shape){ { run->B, run->T, m->sizes.V } },
                   run->logits, TIGHT);
    check_layers(run);
    check_block(run, "grad", "grad.", m->gradients);
}

static void check_steps(Run *run) {
    GoldenFile *golden = run->golden;
    TrainingPlan plan = { .peak = golden_number(golden, "peak", 0, 1),
                          .warmup = (int)golden_number(golden, "warmup", 0, 1e6),
                          .constant = (int)golden_number(golden, "const", 0, 1e6),
                          .decay = (int)golden_number(golden, "decay", 0, 1e6),
                          .clip = golden_number(golden, "clip", 0, 1e6),
                          .weight_decay = golden_number(golden, "weight_decay", 0, 1) };
    if (golden->problems) return;
    for (int step = 0; step < run->steps; step++) {
        const int *targets = run->tokens + (size_t)step * run->B * run->T;
        StepReport report = language_model_step(&run->model, targets, run->B, run->T, &plan, step);
        run->loss[step] = report.loss;
        run->norm[step] = report.gradient_norm;
        run->rate[step] = report.learning_rate;
        if (step + 1 == 3) check_block(run, "after_3", "after_3.", run->model.parameters);
        if (step + 1 == 10) check_block(run, "after_10", "after_10.", run->model.parameters);
    }
    Shape shape = { { run->steps } };
    golden_compare(golden, "loss", "loss", shape, run->loss, TIGHT);
    golden_compare(golden, "grad_norm", "grad_norm", shape, run->norm, TIGHT);
    golden_compare(golden, "learning_rate", "learning_rate", shape, run->rate, TIGHT);
}

void golden_check_chapter_model(GoldenFile *golden) {
    Run run = { .golden = golden, .B = golden->B, .T = golden->config.T };
    ModelSizes sizes = chapter_sizes(&golden->config);
    // Stated for float programs; of no use here, but a file without them is not whole.
    golden_number(golden, "float32_logits_error", 0, 1e-5);
    golden_number(golden, "float32_parameter_error", 0, 1e-5);
    run.steps = (int)golden_number(golden, "steps", 0, 1000);
    const char *problem = model_sizes_problem(&sizes);
    if (problem != NULL) golden_problem(golden, "its sizes make no model: %s", problem);
    if (golden->problems) return;
    if (!language_model_new(&run.model, &sizes)) {
        golden_problem(golden, "no memory for its model");
        return;
    }
    if (take_memory(&run) && read_file(&run)) {
        check_first_batch(&run);
        check_steps(&run);
    }
    free(run.tokens);
    free(run.logits);
    language_model_free(&run.model);
}
