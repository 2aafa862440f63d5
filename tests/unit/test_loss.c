// The model's loss, and its gradients over micro-batches, for every layer built in.
#include "reference/check/compare.h"
#include "reference/data/special_tokens.h"
#include "reference/model/loss.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/sgemm.h"
#include "tests/harness/layer.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// Mean of logsumexp - logit over the targets that are not padding, in double, from the logits.
static double loss_from(const float *logits, const int32_t *targets, int N, int V, int *scored) {
    double total = 0.0;
    *scored = 0;
    for (int t = 0; t < N; t++) {
        const float *row = logits + (size_t)t * V;
        if (targets[t] == TOKEN_PAD) continue;
        double max = row[0], sum = 0.0;
        for (int v = 1; v < V; v++) max = fmax(max, row[v]);
        for (int v = 0; v < V; v++) sum += exp(row[v] - max);
        total += max + log(sum) - row[targets[t]];
        ++*scored;
    }
    return *scored ? total / *scored : 0.0;
}

START_TEST(the_loss_is_that_of_the_logits)
{
    static const struct {
        int V, B, T;
    } sizes[] = { { 3, 1, 1 }, { 11, 2, 5 }, { 1003, 1, 37 }, { 257, 5, 51 }, { 40, 2, 129 } };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int V = sizes[i].V, N = sizes[i].B * sizes[i].T, scored;
        TinyModel tiny = tiny_variant(_i, V, sizes[i].B, sizes[i].T, NULL);
        double loss = tiny_loss(&tiny);
        float *logits = tiny_logits(&tiny);
        double expected = loss_from(logits, tiny.targets, N, V, &scored);
        ck_assert_int_eq(tiny_scored(&tiny), scored);
        ck_assert_double_eq_tol(loss, expected, 2e-6); // measured 2e-7
        ck_assert(tiny_backward(&tiny) == loss);
        // The last row alone has the logits that it has among all.
        float *last = malloc((size_t)V * sizeof *last);
        ck_assert_ptr_nonnull(last);
        model_logits(&tiny.model, tiny.activations, N - 1, 1, last);
        for (int v = 0; v < V; v++)
            ck_assert_float_eq_tol(last[v], logits[(size_t)(N - 1) * V + v], 1e-5f);
        free(last);
        free(logits);
        tiny_free(&tiny);
    }
}
END_TEST

START_TEST(without_scored_targets_the_loss_is_0)
{
    TinyModel tiny = tiny_variant(_i, 11, 2, 5, NULL);
    for (int i = 0; i < 10; i++) tiny.targets[i] = TOKEN_PAD;
    ck_assert_int_eq(tiny_scored(&tiny), 0);
    ck_assert_double_eq(tiny_loss(&tiny), 0.0);
    ck_assert_double_eq(tiny_backward(&tiny), 0.0);
    for (int i = 0; i < tiny.model.tensors.count; i++) {
        const Tensor *tensor = &tiny.model.tensors.items[i];
        for (size_t j = 0; j < tensor->count; j++)
            ck_assert_float_eq(tiny.gradients[tensor->offset + j], 0.0f);
    }
    tiny_free(&tiny);
}
END_TEST

// ---- micro-batches

// The variants whose rows do not share experts.
enum { MAX_VARIANTS = 64 };
static int separate[MAX_VARIANTS], separate_count;

static void find_separate(void) {
    Config config;
    for (int i = 0; i < MAX_VARIANTS && layer_variant(i, &config, NULL); i++) {
        if (!mixes_batch_rows(ffn_causality(&config))) separate[separate_count++] = i;
    }
}

// Backward of rows [first, first + rows), with the divisor of all rows; adds the gradients to sum.
static double micro_batch(TinyModel *tiny, int first, int rows, float *sum) {
    const int32_t *inputs = tiny->inputs + first * tiny->T,
                  *targets = tiny->targets + first * tiny->T;
    model_forward(&tiny->model, tiny->activations, inputs, rows, tiny->T);
    double loss = model_backward(&tiny->model, tiny->activations, inputs, targets,
                                 tiny_scored(tiny), tiny->gradients);
    for (size_t i = 0; i < tiny->model.tensors.floats; i++) sum[i] += tiny->gradients[i];
    return loss;
}

// Rows 0 and 1, then row 2, which has fewer targets: loss and gradients are those of the batch.
START_TEST(micro_batches_add_up)
{
    TinyModel tiny = tiny_variant(separate[_i], 29, 3, 7, NULL);
    const Tensors *tensors = &tiny.model.tensors;
    float *sum = calloc(tensors->floats, sizeof *sum);
    double *whole = malloc(tensors->floats * sizeof *whole);
    ck_assert(sum != NULL && whole != NULL);
    double loss = tiny_backward(&tiny);
    for (size_t i = 0; i < tensors->floats; i++) whole[i] = tiny.gradients[i];
    ck_assert_double_eq_tol(micro_batch(&tiny, 0, 2, sum) + micro_batch(&tiny, 2, 1, sum), loss,
                            1e-6);
    for (int i = 0; i < tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i];
        Difference difference;
        // measured 6.2e-6 of the tensor's rms
        bool same = compare_floats(&difference, tensor->name, sum + tensor->offset, tensor->count,
                                   (Values){ whole + tensor->offset, tensor->count },
                                   (Tolerance){ .relative = 2.5e-5 });
        if (getenv("MEASURE"))
            fprintf(stderr, "micro-batches %.1e\n", difference.worst / difference.rms);
        ck_assert_msg(same, "%s", difference.problem);
    }
    free(whole);
    free(sum);
    tiny_free(&tiny);
}
END_TEST

int main(void) {
    sgemm_setup();
    parallel_set_threads(1);
    find_separate();
    const TestRow tests[] = {
        { the_loss_is_that_of_the_logits, layer_variants() },
        { without_scored_targets_the_loss_is_0, layer_variants() },
        { micro_batches_add_up, separate_count },
    };
    return run_tests("loss", tests, COUNT_OF(tests));
}
