#include "reference/data/batches.h"
#include "reference/data/tokenizer.h"
#include "reference/numbers/random.h"
#include "reference/train/evaluate.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

enum { V = 19, T = 7, STORIES = 9, MAX_ROWS = 20 };

// A small model with random weights, and a file of stories of 0 to 16 tokens.
typedef struct {
    Scratch scratch;
    Config config;
    TokenFile file;
    Evaluator evaluator;
    int32_t inputs[MAX_ROWS * T], targets[MAX_ROWS * T];
} Fixture;

static void setup(Fixture *f) {
    Error error = { "" };
    f->scratch = scratch_new("evaluate");
    const char *path = scratch_path(&f->scratch, "valid.bin");
    TokenWriter *writer = token_writer_open(path, V, 1, &error);
    ck_assert_msg(writer != NULL, "%s", error.text);
    for (int s = 0; s < STORIES; s++) {
        uint32_t ids[2 * STORIES];
        for (int i = 0; i < 2 * s; i++)
            ids[i] = 2 + (uint32_t)random_below(4, (uint64_t)(s * 100 + i), V - 2);
        ck_assert(token_writer_story(writer, ids, (size_t)(2 * s), &error));
    }
    ck_assert_msg(token_writer_commit(writer, &error), "%s", error.text);
    ck_assert_msg(token_file_open(&f->file, path, &error), "%s", error.text);
    Config config = { .ffn = ffn_find("sgatlin"),
                      .V = V,
                      .T = T,
                      .D = 6,
                      .L = 2,
                      .Dh = 2,
                      .F = 9,
                      .C = 2,
                      .K = 3,
                      .Dk = 5 };
    Model model;
    ck_assert_msg(model_new(&model, &config, &error), "%s", error.text);
    tensors_init(&model.tensors, model.parameters, 1);
    f->config = config;
    f->evaluator = (Evaluator){ .backend = &cpu_backend,
                                .device = cpu_backend.open(&model, NULL, MAX_ROWS, 0,
                                                           DEVICE_EVALUATES, &error),
                                .config = &f->config,
                                .file = &f->file,
                                .inputs = f->inputs,
                                .targets = f->targets };
    ck_assert_msg(f->evaluator.device != NULL, "%s", error.text);
}

static void teardown(Fixture *f) {
    cpu_backend.close(f->evaluator.device);
    token_file_close(&f->file);
    scratch_remove(&f->scratch);
}

START_TEST(every_token_counts_once_in_batches_of_any_size)
{
    Fixture f;
    setup(&f);
    double first = 0;
    for (int B = 1; B <= MAX_ROWS; B++) {
        Evaluation evaluation = { 0 };
        f.evaluator.B = B;
        while (evaluate_batch(&evaluation, &f.evaluator)) {}
        ck_assert_int_eq(evaluation.scored, (int64_t)f.file.tokens);
        if (B == 1) first = evaluation_loss(&evaluation);
        // measured: equal; a BLAS may sum in another order for another number of rows
        ck_assert_double_eq_tol(evaluation_loss(&evaluation), first, 1e-6);
    }
    ck_assert_double_eq_tol(first, log(V), 1.0); // untrained: close to uniform
    teardown(&f);
}
END_TEST

START_TEST(a_dump_agrees_with_itself)
{
    Fixture f;
    setup(&f);
    Error error = { "" };
    const char *path = scratch_path(&f.scratch, "dump.safetensors");
    f.evaluator.B = 3;
    ck_assert_msg(evaluate_dump(path, &f.evaluator, &error), "%s", error.text);
    Safetensors dump;
    ck_assert_msg(safetensors_open(&dump, path, &error), "%s", error.text);
    Config config;
    ck_assert_msg(ffn_config_from_metadata(&config, &dump, &error), "%s", error.text);
    ck_assert(config_equal(&config, &f.config));
    static float logits[3 * T * V];
    static int32_t inputs[3 * T], targets[3 * T];
    const SafeTensor *tensor = safetensors_find(&dump, "logits");
    ck_assert(tensor != NULL && tensor->rank == 3 && tensor->count == 3 * T * V &&
              tensor->shape[2] == V);
    safetensor_to_floats(logits, tensor);
    safetensor_to_ints(inputs, safetensors_find(&dump, "inputs"));
    safetensor_to_ints(targets, safetensors_find(&dump, "targets"));
    double sum = 0;
    int scored = 0;
    for (int i = 0; i < 3 * T; i++) {
        ck_assert_int_eq(inputs[i], i % T == 0 ? TOKEN_END : targets[i - 1]);
        if (targets[i] == TOKEN_PAD) continue;
        double total = 0;
        for (int v = 0; v < V; v++) total += exp((double)logits[i * V + v]);
        sum += log(total) - (double)logits[i * V + targets[i]];
        scored++;
    }
    float loss;
    safetensor_to_floats(&loss, safetensors_find(&dump, "loss"));
    ck_assert_int_eq(scored, 3 * T);
    // measured 5e-9; the rounding of a float of this size is 1.2e-7
    ck_assert_double_eq_tol(loss, sum / scored, 1e-6);
    safetensors_close(&dump);
    teardown(&f);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { every_token_counts_once_in_batches_of_any_size },
        { a_dump_agrees_with_itself },
    };
    return run_tests("evaluate", tests, COUNT_OF(tests));
}
