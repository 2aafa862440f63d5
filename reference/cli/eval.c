#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/data/baselines.h"
#include "reference/data/corpus.h"
#include "reference/ffn/ffn.h"
#include "reference/io/files.h"
#include "reference/io/json.h"
#include "reference/train/checkpoint.h"
#include "reference/train/evaluate.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *checkpoint, *data, *dump, *baselines;
    const Backend *backend;
    int B, threads;
    bool json;
} Arguments;

enum { KEY_DUMP = 1000, KEY_BASELINES };

static const struct argp_option options[] = {
    { "data", 'd', "FILE", 0, "token file to evaluate, such as DIR/valid.bin", 0 },
    { "dump", KEY_DUMP, "FILE", 0,
      "write the inputs, targets, logits and loss of the first batch as safetensors", 0 },
    { "baselines", KEY_BASELINES, "TRAIN", 0,
      "also print the losses of unigrams and trigrams counted on this token file", 0 },
    { "batch", 'b', "N", 0, "rows per batch (default 8)", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->checkpoint;
        state->child_inputs[1] = &arguments->json;
        state->child_inputs[2] = &arguments->threads;
        state->child_inputs[3] = &arguments->backend;
        break;
    case 'd': arguments->data = value; break;
    case 'b': arguments->B = (int)option_whole(state, "batch", value, 1, 65536); break;
    case KEY_DUMP: arguments->dump = value; break;
    case KEY_BASELINES: arguments->baselines = value; break;
    case ARGP_KEY_ARG: argp_error(state, "%s: unexpected argument", value); break;
    case ARGP_KEY_END:
        if (arguments->data == NULL) argp_error(state, "expected --data FILE");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// What an evaluation needs.
typedef struct {
    Checkpoint checkpoint; // without its model, which the device has
    Config config;
    TokenFile file;
    Evaluator evaluator;
} Work;

static void work_free(Work *work) {
    Evaluator *evaluator = &work->evaluator;
    free(evaluator->inputs);
    free(evaluator->targets);
    if (evaluator->device != NULL) evaluator->backend->close(evaluator->device);
    if (work->file.path != NULL) token_file_close(&work->file);
    checkpoint_close(&work->checkpoint);
}

static bool open_file(Work *work, const char *path, Error *error) {
    if (!token_file_open(&work->file, path, error)) {
        work->file = (TokenFile){ 0 };
        return false;
    }
    if (!token_file_matches(&work->file, work->checkpoint.tokenizer, work->checkpoint.path, error))
        return false;
    return work->file.tokens > 0 || fail(error, "%s: contains no tokens", path);
}

static bool open_evaluator(Work *work, const Backend *backend, int B, Error *error) {
    size_t size = (size_t)B * (size_t)work->config.T * sizeof(int32_t);
    work->evaluator = (Evaluator){ .backend = backend,
                                   .config = &work->config,
                                   .file = &work->file,
                                   .B = B,
                                   .inputs = malloc(size),
                                   .targets = malloc(size) };
    Evaluator *evaluator = &work->evaluator;
    if (evaluator->inputs == NULL || evaluator->targets == NULL)
        return fail(error, "out of memory; reduce --batch");
    evaluator->device = backend->open(&work->checkpoint.model, NULL, B, 0, DEVICE_EVALUATES, error);
    return evaluator->device != NULL;
}

static bool work_open(Work *work, const Arguments *arguments, Error *error) {
    *work = (Work){ 0 };
    if (!path_is_new(arguments->dump, error) ||
        !checkpoint_open(&work->checkpoint, arguments->checkpoint, error))
        return false;
    work->config = work->checkpoint.model.config;
    return open_file(work, arguments->data, error) &&
           open_evaluator(work, arguments->backend, arguments->B, error);
}

static bool measure_baselines(Baselines *out, const Work *work, const char *path, Error *error) {
    TokenFile train;
    if (!token_file_open(&train, path, error)) return false;
    bool ok =
        token_file_matches(&train, work->checkpoint.tokenizer, work->checkpoint.path, error) &&
        baselines_measure(out, &train, &work->file, error);
    token_file_close(&train);
    return ok;
}

static bool print_json(const Evaluation *evaluation, const Work *work, const Baselines *baselines,
                       Error *error) {
    double loss = evaluation_loss(evaluation);
    json_t *object = json_object();
    json_add(&object, "checkpoint", json_string(work->checkpoint.path));
    json_add(&object, "loss", json_real(loss));
    json_add(&object, "perplexity", json_real(exp(loss)));
    json_add(&object, "tokens", json_integer(evaluation->scored));
    if (baselines != NULL) {
        json_add(&object, "unigram", json_real(baselines->unigram));
        json_add(&object, "trigram", json_real(baselines->trigram));
    }
    bool ok = object != NULL && json_dumpf(object, stdout, JSON_REAL_PRECISION(10)) == 0;
    if (ok) putchar('\n');
    json_decref(object);
    return ok || ferror(stdout) || fail(error, "the loss %g cannot be written as JSON", loss);
}

static void print_text(const Evaluation *evaluation, const Baselines *baselines) {
    double loss = evaluation_loss(evaluation);
    printf("loss        %.4f nats per token\n", loss);
    printf("perplexity  %.3f\n", exp(loss));
    printf("tokens      %lld\n", (long long)evaluation->scored);
    if (baselines == NULL) return;
    printf("unigram     %.4f\n", baselines->unigram);
    printf("trigram     %.4f\n", baselines->trigram);
}

// Warns about losses that depend on more than the model and a token's past.
static void warn_causality(const Config *config, int B) {
    Causality causality = ffn_causality(config);
    if (mixes_batch_rows(causality)) {
        fprintf(stderr,
                "sgatlin eval: with %s, experts choose among the rows of a batch; the loss "
                "depends on the batch size (--batch %d)\n",
                routing_words(config), B);
    }
    if (!is_causal(causality)) {
        fprintf(stderr,
                "sgatlin eval: the loss is optimistic: with %s, routing sees later tokens "
                "(not causal)\n",
                routing_words(config));
    }
}

static bool evaluate(Work *work, const Arguments *arguments, Error *error) {
    Evaluation evaluation = { 0 };
    Baselines baselines;
    warn_causality(&work->config, work->evaluator.B);
    while (evaluate_batch(&evaluation, &work->evaluator)) {}
    if (!isfinite(evaluation.sum))
        return fail(error, "%s: the loss is not finite", work->checkpoint.path);
    if (arguments->dump != NULL && !evaluate_dump(arguments->dump, &work->evaluator, error))
        return false;
    if (arguments->baselines != NULL &&
        !measure_baselines(&baselines, work, arguments->baselines, error))
        return false;
    const Baselines *measured = arguments->baselines != NULL ? &baselines : NULL;
    if (arguments->json) return print_json(&evaluation, work, measured, error);
    print_text(&evaluation, measured);
    return true;
}

int command_eval(int argc, char **argv) {
    static const struct argp_child children[] = {
        { &checkpoint_option, 0, NULL, 0 },
        { &json_option, 0, NULL, 0 },
        { &threads_option, 0, NULL, 0 },
        { &device_option, 0, NULL, 0 },
        { 0 },
    };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .children = children,
        .doc = "Prints the loss and perplexity on a token file. Every token is scored once, with "
               "the stories in file order.\vFor a mixture of experts that chooses among the rows "
               "of a batch (--routing expert, or unified with --pool step) the loss depends on "
               "--batch.",
    };
    Arguments arguments = { .B = 8 };
    if (!options_parse(&argp, argc, argv, 0, &arguments)) return 1;
    program_start(arguments.threads, arguments.backend);
    Error error;
    Work work;
    bool ok = work_open(&work, &arguments, &error) && evaluate(&work, &arguments, &error);
    work_free(&work);
    return ok ? 0 : command_failed(argv[0], &error);
}
