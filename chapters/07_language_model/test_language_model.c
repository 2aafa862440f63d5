// The whole model: the paper's numbers, finite differences, and causality.
#include "chapters/07_language_model/language_model.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void randomize(LanguageModel *m) {
    for (int i = 0; i < m->list.count; i++) {
        const Parameter *p = &m->list.items[i];
        uint64_t key = random_key(11, p->name);
        for (size_t j = 0; j < p->count; j++) {
            // norms and biases must not be exactly 1 and 0
            double deviation = p->deviation > 0.0 ? p->deviation : 0.3;
            m->parameters[p->offset + j] = p->mean + deviation * random_normal(key, j);
        }
    }
}

static LanguageModel model_of(ModelSizes sizes) {
    LanguageModel m;
    ck_assert_msg(model_sizes_problem(&sizes) == NULL, "%s", model_sizes_problem(&sizes));
    ck_assert(language_model_new(&m, &sizes));
    randomize(&m);
    return m;
}

// Odd sizes, three heads.
static ModelSizes tiny_sizes(FeedForwardKind kind) {
    ModelSizes sizes = {
        .ffn = kind, .V = 13, .T = 5, .D = 6, .L = 2, .Dh = 2, .F = 9, .C = 2, .K = 2, .Dk = 3
    };
    sizes.E = 3;
    return sizes;
}

// ---- the paper's numbers

typedef struct {
    Safetensors file;
    LanguageModel model;
    int B, T, steps, used; // used: tensors of the file that were compared or read
    int *tokens;           // [steps,B,T]
} Golden;

static const char *const golden_files[] = { "mlp", "glu", "moe", "peer", "sgatlin" };

static double number(const Golden *g, const char *key) {
    const char *text = safetensors_metadata(&g->file, key);
    ck_assert_msg(text != NULL, "the golden file has no %s", key);
    return atof(text);
}

static int dimension(const Golden *g, const char *key) {
    return safetensors_metadata(&g->file, key) ? (int)number(g, key) : 0;
}

static const SafeTensor *tensor_of(Golden *g, const char *name, size_t count) {
    const SafeTensor *tensor = safetensors_find(&g->file, name);
    ck_assert_msg(tensor != NULL, "%s is not in the golden file", name);
    ck_assert_uint_eq(tensor->count, count);
    g->used++;
    return tensor;
}

static void compare_golden(Golden *g, const char *name, const double *actual, size_t count) {
    double *expected = new_doubles(count);
    safetensor_to_doubles(expected, tensor_of(g, name, count));
    expect(name, actual, expected, count, 1e-10);
    free(expected);
}

static void compare_golden_ints(Golden *g, const char *name, const int *actual, size_t count) {
    int32_t *expected = malloc(count * sizeof *expected);
    ck_assert_ptr_nonnull(expected);
    safetensor_to_ints(expected, tensor_of(g, name, count));
    Difference difference;
    ck_assert_msg(compare_ints(&difference, name, actual, count, expected, count), "%s",
                  difference.problem);
    free(expected);
}

static void compare_blocks(Golden *g, const char *prefix, const double *block) {
    char name[96];
    for (int i = 0; i < g->model.list.count; i++) {
        const Parameter *p = &g->model.list.items[i];
        snprintf(name, sizeof name, "%s%s", prefix, p->name);
        compare_golden(g, name, block + p->offset, p->count);
    }
}

static Golden golden_open_file(const char *kind) {
    Golden g = { 0 };
    char path[64];
    Error error;
    snprintf(path, sizeof path, "tests/golden/model/%s.safetensors", kind);
    ck_assert_msg(safetensors_open(&g.file, path, &error), "%s", error.text);
    ModelSizes sizes = { .V = dimension(&g, "V"),
                         .T = dimension(&g, "T"),
                         .D = dimension(&g, "D"),
                         .L = dimension(&g, "L"),
                         .Dh = dimension(&g, "Dh"),
                         .F = dimension(&g, "F"),
                         .E = dimension(&g, "E"),
                         .C = dimension(&g, "C"),
                         .K = dimension(&g, "K"),
                         .Dk = dimension(&g, "Dk") };
    for (int i = 0; i < FEED_FORWARD_KINDS; i++) {
        if (strcmp(feed_forward_kinds[i].name, safetensors_metadata(&g.file, "ffn")) == 0)
            sizes.ffn = i;
    }
    ck_assert_str_eq(feed_forward_kinds[sizes.ffn].name, kind);
    g.model = model_of(sizes);
    g.B = dimension(&g, "B");
    g.T = sizes.T;
    g.steps = dimension(&g, "steps");
    for (int i = 0; i < g.model.list.count; i++) {
        const Parameter *p = &g.model.list.items[i];
        safetensor_to_doubles(g.model.parameters + p->offset, tensor_of(&g, p->name, p->count));
    }
    size_t tokens = (size_t)g.steps * g.B * g.T;
    g.tokens = malloc(tokens * sizeof *g.tokens);
    ck_assert_ptr_nonnull(g.tokens);
    safetensor_to_ints(g.tokens, tensor_of(&g, "tokens", tokens));
    return g;
}

static void golden_close_file(Golden *g) {
    free(g->tokens);
    language_model_free(&g->model);
    safetensors_close(&g->file);
}

// The results of all rows of a batch; the model itself only has those of the last one.
typedef struct {
    double *logits;    // [B,T,V]
    double *residuals; // [L,2,B,T,D], after attention and after ffn
    double *scores;    // [L,B,T,C,K]
    int *indices;      // [L,B,T,C,K]
} BatchRecord;

static BatchRecord record_new(const Golden *g) {
    const ModelSizes *s = &g->model.sizes;
    size_t N = (size_t)g->B * g->T, entries = N * s->L * s->C * s->K + 1;
    BatchRecord r = { .logits = malloc(N * s->V * sizeof *r.logits),
                      .residuals = malloc(N * 2 * s->L * s->D * sizeof *r.residuals),
                      .scores = malloc(entries * sizeof *r.scores),
                      .indices = malloc(entries * sizeof *r.indices) };
    ck_assert(r.logits && r.residuals && r.scores && r.indices);
    return r;
}

static void record_row(BatchRecord *r, const Golden *g, int b) {
    const ModelSizes *s = &g->model.sizes;
    size_t N = (size_t)g->B * g->T, first = (size_t)b * g->T, row = (size_t)g->T * s->D,
           CK = (size_t)s->C * s->K;
    memcpy(r->logits + first * s->V, g->model.logits, (size_t)g->T * s->V * sizeof *r->logits);
    for (int l = 0; l < s->L; l++) {
        const LayerSaved *saved = &g->model.layers[l];
        const double *after = l + 1 < s->L ? saved[1].residual : g->model.residual;
        memcpy(r->residuals + (2 * l * N + first) * s->D, saved->residual_mid, row * sizeof *after);
        memcpy(r->residuals + ((2 * l + 1) * N + first) * s->D, after, row * sizeof *after);
        for (int t = 0; CK > 0 && t < g->T; t++) {
            TokenGating gating = token_gating(&saved->ffn[t], s);
            memcpy(r->scores + (l * N + first + t) * CK, gating.score, CK * sizeof *r->scores);
            memcpy(r->indices + (l * N + first + t) * CK, gating.index, CK * sizeof *r->indices);
        }
    }
}

static void compare_record(Golden *g, const BatchRecord *r) {
    const ModelSizes *s = &g->model.sizes;
    size_t N = (size_t)g->B * g->T, CK = (size_t)s->C * s->K;
    char name[64];
    compare_golden(g, "logits", r->logits, N * s->V);
    for (int l = 0; l < s->L; l++) {
        snprintf(name, sizeof name, "layers.%d.after_attention", l);
        compare_golden(g, name, r->residuals + 2 * l * N * s->D, N * s->D);
        snprintf(name, sizeof name, "layers.%d.after_ffn", l);
        compare_golden(g, name, r->residuals + (2 * l + 1) * N * s->D, N * s->D);
        if (CK == 0) continue;
        snprintf(name, sizeof name, "layers.%d.gating.scores", l);
        compare_golden(g, name, r->scores + l * N * CK, N * CK);
        snprintf(name, sizeof name, "layers.%d.gating.indices", l);
        compare_golden_ints(g, name, r->indices + l * N * CK, N * CK);
    }
}

static void check_first_batch(Golden *g) {
    BatchRecord record = record_new(g);
    int *inputs = g->model.scratch.inputs, scored = scored_targets(g->tokens, g->B * g->T);
    for (int b = 0; b < g->B; b++) {
        const int *targets = g->tokens + (size_t)b * g->T;
        shift_right(inputs, targets, g->T);
        language_model_forward(&g->model, inputs, g->T);
        record_row(&record, g, b);
        language_model_backward(&g->model, inputs, targets, g->T, 1.0 / scored);
    }
    compare_record(g, &record);
    compare_blocks(g, "grad.", g->model.gradients);
    free(record.logits);
    free(record.residuals);
    free(record.scores);
    free(record.indices);
}

static void check_steps(Golden *g) {
    TrainingPlan plan = { .peak = number(g, "peak"),
                          .warmup = dimension(g, "warmup"),
                          .constant = dimension(g, "const"),
                          .decay = dimension(g, "decay"),
                          .clip = number(g, "clip"),
                          .weight_decay = number(g, "weight_decay") };
    double loss[16], gradient_norm[16], learning_rate[16];
    ck_assert_int_eq(g->steps, 10);
    for (int step = 0; step < g->steps; step++) {
        const int *targets = g->tokens + (size_t)step * g->B * g->T;
        StepReport report = language_model_step(&g->model, targets, g->B, g->T, &plan, step);
        loss[step] = report.loss;
        gradient_norm[step] = report.gradient_norm;
        learning_rate[step] = report.learning_rate;
        if (step + 1 == 3) compare_blocks(g, "after_3.", g->model.parameters);
        if (step + 1 == 10) compare_blocks(g, "after_10.", g->model.parameters);
    }
    compare_golden(g, "loss", loss, 10);
    compare_golden(g, "grad_norm", gradient_norm, 10);
    compare_golden(g, "learning_rate", learning_rate, 10);
}

START_TEST(the_papers_numbers)
{
    Golden g = golden_open_file(golden_files[_i]);
    check_first_batch(&g);
    check_steps(&g);
    ck_assert_msg(g.used == g.file.count, "%d of the file's %d tensors were used", g.used,
                  g.file.count);
    golden_close_file(&g);
}
END_TEST

// ---- finite differences

static const int two_rows[] = { 5, 2, 7, 2, 12, /* */ 3, 3, 9, 0, 0 }; // [2,5]; 0 is padding

static double batch_loss(void *context) {
    LanguageModel *m = context;
    double sum = 0.0;
    int T = m->sizes.T;
    for (int b = 0; b < 2; b++) {
        shift_right(m->scratch.inputs, two_rows + b * T, T);
        language_model_forward(m, m->scratch.inputs, T);
        sum += language_model_loss(m, two_rows + b * T, T);
    }
    return sum / scored_targets(two_rows, 2 * T);
}

static void batch_gradients(LanguageModel *m) {
    int T = m->sizes.T;
    for (int b = 0; b < 2; b++) {
        shift_right(m->scratch.inputs, two_rows + b * T, T);
        language_model_forward(m, m->scratch.inputs, T);
        language_model_backward(m, m->scratch.inputs, two_rows + b * T, T,
                                1.0 / scored_targets(two_rows, 10));
    }
}

// Every kind, and of sgatlin every router and activation: the gradient of each parameter of a tiny
// model, compared with finite differences.
typedef struct {
    FeedForwardKind kind;
    SgatlinRouter router;
    SgatlinActivation activation;
    int F;
} Variant;
static const Variant variants[] = {
    { FEED_FORWARD_MLP, 0, 0, 5 },
    { FEED_FORWARD_GLU, 0, 0, 5 },
    { FEED_FORWARD_MOE, 0, 0, 5 },
    { FEED_FORWARD_PEER, 0, 0, 9 },
    { FEED_FORWARD_SGATLIN, PRODUCT_DENSE, IDENTITY, 9 },
    { FEED_FORWARD_SGATLIN, PRODUCT_KEY_VALUE, RELU, 9 },
    { FEED_FORWARD_SGATLIN, DENSE, GELU, 5 },
    { FEED_FORWARD_SGATLIN, KEY_VALUE, SWISH, 5 },
    { FEED_FORWARD_NONE, 0, 0, 0 },
};

START_TEST(gradients_are_slopes)
{
    const Variant *variant = &variants[_i];
    ModelSizes sizes = tiny_sizes(variant->kind);
    sizes.router = variant->router;
    sizes.activation = variant->activation;
    sizes.F = variant->F;
    LanguageModel m = model_of(sizes);
    batch_gradients(&m);
    const Slopes slopes = { .loss = batch_loss, .context = &m };
    for (int i = 0; i < m.list.count; i++) {
        const Parameter *p = &m.list.items[i];
        if (variant->kind == FEED_FORWARD_NONE && strstr(p->name, "ffn_norm")) {
            ck_assert_double_eq(global_norm(m.gradients + p->offset, p->count), 0.0);
            continue; // what it scales is not used
        }
        expect_slopes(p->name, m.parameters + p->offset, m.gradients + p->offset, p->count,
                      &slopes);
    }
    language_model_free(&m);
}
END_TEST

// ---- causality and padding

// Changing an input changes no logits of earlier tokens, bit for bit, and those of all later ones.
START_TEST(no_token_sees_the_future)
{
    ModelSizes sizes = tiny_sizes((FeedForwardKind)_i);
    LanguageModel m = model_of(sizes);
    int T = sizes.T, inputs[] = { 1, 4, 7, 2, 9 };
    size_t bytes = (size_t)T * sizes.V * sizeof *m.logits;
    double *before = malloc(bytes);
    ck_assert_ptr_nonnull(before);
    language_model_forward(&m, inputs, T);
    memcpy(before, m.logits, bytes);
    for (int changed = 0; changed < T; changed++) {
        int original = inputs[changed];
        inputs[changed] = 11;
        language_model_forward(&m, inputs, T);
        for (int t = 0; t < T; t++) {
            size_t row = (size_t)t * sizes.V;
            bool equal =
                memcmp(before + row, m.logits + row, (size_t)sizes.V * sizeof *before) == 0;
            ck_assert_msg(equal == (t < changed), "input %d changed, logits %d", changed, t);
        }
        inputs[changed] = original;
    }
    language_model_forward(&m, inputs, 2); // a shorter row gives the same as a prefix
    ck_assert(memcmp(before, m.logits, 2 * (size_t)sizes.V * sizeof *before) == 0);
    free(before);
    language_model_free(&m);
}
END_TEST

// ---- the hook

typedef struct {
    int calls, T;
    double added; // to the first number of the last token
} HookCalls;

static void count_and_add(void *context, double *sublayer_out, const LanguageModel *m, int layer,
                          Sublayer sublayer, int T) {
    HookCalls *calls = context;
    ck_assert_int_eq(layer, calls->calls / 2);
    ck_assert_int_eq(sublayer, calls->calls % 2 == 0 ? SUBLAYER_ATTENTION : SUBLAYER_FFN);
    ck_assert_int_eq(T, calls->T);
    sublayer_out[(size_t)(T - 1) * m->sizes.D] += calls->added;
    calls->calls++;
}

// It sees each sublayer once, in their order; what it adds is in the residual stream.
START_TEST(the_hook_changes_what_a_sublayer_adds)
{
    ModelSizes sizes = tiny_sizes((FeedForwardKind)_i);
    LanguageModel m = model_of(sizes);
    int inputs[] = { 1, 4, 7, 2 }, T = 4;
    size_t D = (size_t)sizes.D, last = (size_t)(T - 1) * D, bytes = T * D * sizeof(double);
    double *attention = malloc(bytes); // [T,D]: the stream after it
    ck_assert_ptr_nonnull(attention);
    language_model_forward(&m, inputs, T);
    memcpy(attention, m.layers[0].residual_mid, bytes);
    double before = m.layers[1].residual[last];
    HookCalls calls = { .T = T, .added = 0.5 };
    m.hook = (SublayerHook){ count_and_add, &calls };
    language_model_forward(&m, inputs, T);
    ck_assert_int_eq(calls.calls, 2 * sizes.L);
    ck_assert_double_eq_tol(m.layers[0].residual_mid[last], attention[last] + 0.5, 1e-12);
    attention[last] = m.layers[0].residual_mid[last];
    ck_assert_mem_eq(m.layers[0].residual_mid, attention, bytes);
    ck_assert(fabs(m.layers[1].residual[last] - before) > 0.1);
    calls = (HookCalls){ .T = T };
    language_model_forward(&m, inputs, T);
    ck_assert_double_eq(m.layers[1].residual[last], before);
    free(attention);
    language_model_free(&m);
}
END_TEST

// Padding is not a target: it contributes neither loss nor gradient.
START_TEST(padding_is_not_scored)
{
    LanguageModel m = model_of(tiny_sizes(FEED_FORWARD_MLP));
    static const int inputs[] = { 1, 4, 7, 2, 9 }, padding[5] = { 0 };
    language_model_forward(&m, inputs, 5);
    ck_assert_double_eq(language_model_loss(&m, padding, 5), 0.0);
    language_model_backward(&m, inputs, padding, 5, 1.0);
    ck_assert_double_eq(global_norm(m.gradients, m.list.doubles), 0.0);
    TrainingPlan plan = { .peak = 0.1, .constant = 1, .clip = 1.0 };
    StepReport report = language_model_step(&m, padding, 1, 5, &plan, 0);
    ck_assert_double_eq(report.loss, 0.0);
    ck_assert_double_eq(report.gradient_norm, 0.0);
    language_model_free(&m);
}
END_TEST

START_TEST(invalid_sizes_are_reported)
{
    for (int i = 0; i < 10; i++) {
        ModelSizes s = tiny_sizes(FEED_FORWARD_SGATLIN);
        int *wrong[] = { &s.V, &s.T, &s.D, &s.L, &s.F, &s.Dh, &s.C, &s.K, &s.Dk, (int *)&s.ffn };
        ck_assert_ptr_null(model_sizes_problem(&s));
        *wrong[i] = i == 9 ? 99 : 0;
        ck_assert_ptr_nonnull(model_sizes_problem(&s));
        LanguageModel m;
        ck_assert(!language_model_new(&m, &s));
    }
    ModelSizes odd_head = tiny_sizes(FEED_FORWARD_MLP),
               no_square = tiny_sizes(FEED_FORWARD_SGATLIN), many = no_square, flat = many,
               few = tiny_sizes(FEED_FORWARD_MOE), none = few, peer_flat;
    odd_head.Dh = 3;
    no_square.F = 10;
    many.K = 4; // √9 = 3
    peer_flat = tiny_sizes(FEED_FORWARD_PEER);
    peer_flat.router = DENSE; // ignored: peer has only one router
    peer_flat.F = 10;
    flat.router = DENSE;
    flat.F = 10;
    flat.K = 10;
    few.E = 1;
    none.K = 0;
    ck_assert_ptr_nonnull(model_sizes_problem(&odd_head));
    ck_assert_ptr_nonnull(model_sizes_problem(&no_square));
    ck_assert_ptr_nonnull(model_sizes_problem(&many));
    ck_assert_ptr_nonnull(model_sizes_problem(&few));
    ck_assert_ptr_nonnull(model_sizes_problem(&none));
    ck_assert_ptr_nonnull(model_sizes_problem(&peer_flat));
    ck_assert_ptr_null(model_sizes_problem(&flat));
}
END_TEST

// "none" has no parameters, and leaves the residual stream as it is.
START_TEST(no_layer_contributes_nothing)
{
    ModelSizes sizes = tiny_sizes(FEED_FORWARD_NONE);
    sizes.F = 0;
    LanguageModel m = model_of(sizes);
    for (int i = 0; i < m.list.count; i++)
        ck_assert_ptr_null(strstr(m.list.items[i].name, ".ffn."));
    language_model_forward(&m, (int[]){ 1, 4, 7 }, 3);
    ck_assert(memcmp(m.layers[0].residual_mid, m.layers[1].residual,
                     3 * (size_t)sizes.D * sizeof *m.residual) == 0);
    ck_assert_int_eq(token_gating(&m.layers[0].ffn[0], &sizes).count, 0);
    language_model_free(&m);
}
END_TEST

// In a new model every logit of the all-zero embedding is 0, so the loss is ln V; and its
// parameters have names.
START_TEST(a_new_model_is_uniform)
{
    ModelSizes sizes = tiny_sizes(FEED_FORWARD_MLP);
    LanguageModel m;
    ck_assert(language_model_new(&m, &sizes));
    ck_assert_ptr_nonnull(parameter_find(&m.list, "layers.1.attention.query_norm"));
    ck_assert_ptr_nonnull(parameter_find(&m.list, "layers.0.ffn.up"));
    ck_assert_ptr_null(parameter_find(&m.list, "layers.2.ffn.up"));
    language_model_forward(&m, (int[]){ 1, 2 }, 2);
    ck_assert_double_eq_tol(language_model_loss(&m, (int[]){ 3, 4 }, 2), 2 * log(sizes.V), 1e-12);
    language_model_free(&m);
    language_model_free(&m); // twice is harmless
}
END_TEST

// Two rows, again and again, until the model has memorised them.
START_TEST(it_memorises_two_rows)
{
    ModelSizes sizes = tiny_sizes((FeedForwardKind)_i);
    LanguageModel m = model_of(sizes);
    TrainingPlan plan = { .peak = 0.03, .warmup = 5, .constant = 80, .decay = 15, .clip = 1.0 };
    StepReport report = { 0 };
    for (int step = 0; step < 100; step++) {
        report = language_model_step(&m, two_rows, 2, sizes.T, &plan, step);
        if (step == 0) ck_assert(report.loss > 2.0);
    }
    // The first tokens, 5 and 3, cannot be predicted: two of eight targets cost ln 2 each, which is
    // the lowest possible loss.
    ck_assert_msg(report.loss >= 2 * log(2) / 8 && report.loss < 0.3, "%.4f", report.loss);
    language_model_free(&m);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { the_papers_numbers, COUNT_OF(golden_files) },
        { gradients_are_slopes, COUNT_OF(variants) },
        { no_token_sees_the_future, FEED_FORWARD_KINDS },
        { the_hook_changes_what_a_sublayer_adds, FEED_FORWARD_KINDS },
        { padding_is_not_scored },
        { invalid_sizes_are_reported },
        { no_layer_contributes_nothing },
        { a_new_model_is_uniform },
        { it_memorises_two_rows, FEED_FORWARD_KINDS },
    };
    return run_tests("07 language model", tests, COUNT_OF(tests));
}
