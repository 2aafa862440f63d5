#include "reference/cli/backends.h"
#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/data/baselines.h"
#include "reference/data/corpus.h"
#include "reference/ffn/ffn.h"
#include "reference/io/files.h"
#include "reference/train/checkpoint.h"
#include "reference/train/evaluate.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *checkpoint, *data, *dump, *baselines, *device;
    int B, threads;
    bool json;
} Arguments;

enum { KEY_JSON = 1000, KEY_DUMP, KEY_BASELINES, KEY_DEVICE, KEY_THREADS };

static const struct argp_option options[] = {
    { "checkpoint", 'c', "RUN", 0, "a run's folder or one checkpoint's", 0 },
    { "data", 'd', "FILE", 0, "token file, as DIR/valid.bin", 0 },
    { "json", KEY_JSON, NULL, 0, "one JSON object on stdout", 0 },
    { "dump", KEY_DUMP, "FILE", 0,
      "write the first batch's inputs, targets, logits and loss as safetensors", 0 },
    { "baselines", KEY_BASELINES, "TRAIN", 0, "also what counting on this token file achieves", 0 },
    { "batch", 'b', "N", 0, "rows scored at once (default 8)", 0 },
    { "device", KEY_DEVICE, "NAME", 0, "where to run: cpu (default)", 0 },
    { "threads", KEY_THREADS, "N", 0, "threads (default: all)", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    switch (key) {
    case 'c': arguments->checkpoint = value; break;
    case 'd': arguments->data = value; break;
    case 'b': arguments->B = (int)option_whole(state, "batch", value, 1, 65536); break;
    case KEY_JSON: arguments->json = true; break;
    case KEY_DUMP: arguments->dump = value; break;
    case KEY_DEVICE: arguments->device = value; break;
    case KEY_BASELINES: arguments->baselines = value; break;
    case KEY_THREADS:
        arguments->threads = (int)option_whole(state, "threads", value, 1, 1024);
        break;
    case ARGP_KEY_ARG: argp_error(state, "%s: wanted no further arguments", value); break;
    case ARGP_KEY_END:
        if (arguments->checkpoint == NULL || arguments->data == NULL) {
            argp_error(state, "wanted --checkpoint RUN and --data FILE");
        }
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// What one evaluation works with.
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
    return work->file.tokens > 0 || fail(error, "%s: holds no tokens, nothing to measure on", path);
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
        return fail(error, "out of memory; a smaller --batch needs less");
    evaluator->device = backend->open(&work->checkpoint.model, NULL, B, DEVICE_EVALUATES, error);
    return evaluator->device != NULL;
}

static bool work_open(Work *work, const Backend *backend, const Arguments *arguments,
                      Error *error) {
    *work = (Work){ 0 };
    if (arguments->dump != NULL && path_exists(arguments->dump)) {
        return fail(error, "%s: is already there, and was not touched; name another file",
                    arguments->dump);
    }
    if (!checkpoint_open(&work->checkpoint, arguments->checkpoint, error)) return false;
    work->config = work->checkpoint.model.config;
    return open_file(work, arguments->data, error) &&
           open_evaluator(work, backend, arguments->B, error);
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
    return ok || ferror(stdout) || fail(error, "the loss %g cannot be put into JSON", loss);
}

static void print_plain(const Evaluation *evaluation, const Baselines *baselines) {
    double loss = evaluation_loss(evaluation);
    printf("loss        %.4f nats a token\nperplexity  %.3f\ntokens      %lld\n", loss, exp(loss),
           (long long)evaluation->scored);
    if (baselines != NULL) {
        printf("unigram     %.4f\ntrigram     %.4f\n", baselines->unigram, baselines->trigram);
    }
}

// Where tokens share a pool of experts, a loss is that of the tokens it was measured with.
static void tell_causality(const Config *config, int B) {
    Causality causality = ffn_causality(config);
    if (mixes_batch_rows(causality)) {
        fprintf(stderr,
                "sgatlin eval: with %s the experts choose among the rows of a batch: this is the "
                "loss at --batch %d, and "
                "another size gives another\n",
                routing_words(config), B);
    }
    if (!is_causal(causality)) {
        fprintf(stderr,
                "sgatlin eval: with %s a token's experts depend on later tokens too: this loss "
                "knows something of what "
                "it foretells\n",
                routing_words(config));
    }
}

static bool evaluate(Work *work, const Arguments *arguments, Error *error) {
    Evaluation evaluation = { 0 };
    Baselines baselines;
    tell_causality(&work->config, work->evaluator.B);
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
    print_plain(&evaluation, measured);
    return true;
}

int command_eval(int argc, char **argv) {
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Loss and perplexity on a token file: every token scored once, stories "
               "in file order.\vA mixture of experts that chooses among the rows of a "
               "batch (--routing expert; unified with --pool step) has another loss at "
               "another --batch."
    };
    Arguments arguments = { .B = 8 };
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) return 2;
    Error error;
    const Backend *backend = backend_find(arguments.device, &error);
    if (backend == NULL) return command_misused(argv[0], &error);
    program_start(arguments.threads);
    Work work;
    bool ok = work_open(&work, backend, &arguments, &error) && evaluate(&work, &arguments, &error);
    work_free(&work);
    return ok ? 0 : command_failed(argv[0], &error);
}
