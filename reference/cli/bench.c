#include "reference/cli/bench_circuits.h"
#include "reference/cli/bench_table.h"
#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/ffn/ffn.h"
#include "reference/io/parse.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
    BenchSubject subject;
    const char *ffn;
    const Backend *backend; // of steps and generation; layers alone run on the CPU
    SetWords words;
    int threads, repetitions; // 0: the default
    bool json;
} Arguments;

enum { MAX_TOKENS = 1 << 24 };

static const struct argp_option options[] = {
    { "ffn", 'f', "KIND", 0,
      "only this kind of feed-forward layer: one of %kinds (default: all, interleaved)", 0 },
    { "set", 's', "NAME=VALUE", 0,
      "override default dimensions, as in --set D=128 K=8; N=2048 is short for B=1 T=2048", 0 },
    { "repetitions", 'r', "N", 0, "measured rounds (default: 7 for step, 3 for circuits, else 15)",
      0 },
    { 0 },
};

static void set_subject(const struct argp_state *state, Arguments *arguments, const char *word) {
    for (int i = BENCH_MACHINE; i <= BENCH_CIRCUITS; i++) {
        if (strcmp(word, bench_subject_names[i]) != 0) continue;
        if (arguments->subject != BENCH_EVERYTHING)
            argp_error(state, "%s: give only one of machine, layer, step, generate and circuits",
                       word);
        arguments->subject = (BenchSubject)i;
        return;
    }
    argp_error(state, "%s: expected machine, layer, step, generate or circuits", word);
}

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->json;
        state->child_inputs[1] = &arguments->threads;
        state->child_inputs[2] = &arguments->backend;
        break;
    case 'f': arguments->ffn = value; break;
    case 's': option_set(state, &arguments->words, value); break;
    case 'r':
        arguments->repetitions = (int)option_whole(state, "repetitions", value, 1, 10000);
        break;
    case ARGP_KEY_ARG:
        if (strchr(value, '=') != NULL) {
            option_set(state, &arguments->words, value);
        } else {
            set_subject(state, arguments, value);
        }
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// ---- sizes: by default the paper's TinyStories model with 8 rows of 256 tokens, or one stream of
// the demo's

// A SettingFunction for BenchSizes.
static bool set_size(void *sizes, const char *name, const char *value, Error *error) {
    BenchSizes *out = sizes;
    bool found, is_tokens = strcmp(name, "N") == 0;
    if (strcmp(name, "ffn") == 0)
        return fail(error, "ffn=%s: use --ffn %s to choose the kind of layer", value, value);
    if (strcmp(name, "B") == 0) {
        if (parse_int(value, &out->B) && out->B >= 1 && out->B <= MAX_TOKENS) return true;
        return fail(error, "B=%s: expected a whole number from 1 to %d", value, MAX_TOKENS);
    }
    if (is_tokens) out->B = 1;
    if (!config_set(&out->config, is_tokens ? "T" : name, value, &found, error)) return false;
    return found || fail(error, "%s=%s: unknown dimension %s", name, value, name);
}

static bool default_sizes(BenchSizes *out, const FfnKind *ffn, BenchSubject subject, Error *error) {
    bool generate = subject == BENCH_GENERATE;
    const Preset *preset = preset_find(generate ? "demo" : "tinystories", error);
    *out = (BenchSizes){ .B = generate ? 1 : 8 };
    if (preset == NULL || !preset_config(&out->config, preset, ffn, error)) return false;
    out->config.T = 256;
    return true;
}

// For a layer alone, the vocabulary, the heads and the number of layers are not checked.
static bool make_sizes(BenchSizes *out, const FfnKind *ffn, const SetWords *words,
                       BenchSubject subject, Error *error) {
    if (!default_sizes(out, ffn, subject, error)) return false;
    if (!set_words_each(words, set_size, out, error)) return false;
    bool valid = subject != BENCH_LAYER ? config_valid(&out->config, error)
                                        : ffn->valid == NULL || ffn->valid(&out->config, error);
    if (!valid) return false;
    if (out->config.V < 2)
        return fail(error, "V=%d: expected at least 2, as id 0 is the pad token", out->config.V);
    if (subject == BENCH_GENERATE && out->B != 1) {
        return fail(error, "B=%lld: generate measures one stream, B=1", (long long)out->B);
    }
    if (out->B * out->config.T > MAX_TOKENS) {
        return fail(error, "B=%lld T=%d: too many tokens, at most %d", (long long)out->B,
                    out->config.T, MAX_TOKENS);
    }
    return true;
}

static bool make_rows(BenchTable *table, const Arguments *arguments, Error *error) {
    const FfnKind *chosen = NULL;
    if (table->subject == BENCH_MACHINE) {
        if (arguments->ffn == NULL && arguments->words.count == 0) return true;
        return fail(error, "bench machine takes no --ffn or --set");
    }
    if (arguments->ffn != NULL) chosen = ffn_named(arguments->ffn, error);
    if (arguments->ffn != NULL && chosen == NULL) return false;
    for (int i = 0; ffn_kinds[i] != NULL && table->count < BENCH_KINDS; i++) {
        if (chosen != NULL && chosen != ffn_kinds[i]) continue;
        BenchRow *row = &table->rows[table->count++];
        if (!make_sizes(&row->sizes, ffn_kinds[i], &arguments->words, table->subject, error))
            return false;
    }
    return chosen == NULL || set_words_used(&arguments->words, &table->rows[0].sizes.config, error);
}

static bool open_row(BenchRow *row, BenchSubject subject, const Backend *backend, Error *error) {
    const Config *config = &row->sizes.config;
    int B = (int)row->sizes.B;
    if (subject == BENCH_LAYER) {
        row->counted = layer_counted(config, B);
        row->bench = (Bench){ .run = layer_subject_run, .context = &row->layer, .brief = true };
        return layer_subject_new(&row->layer, config, B, error);
    }
    if (subject == BENCH_GENERATE) {
        row->counted = generate_counted(config);
        row->bench = (Bench){ .run = generate_subject_run, .context = &row->generate };
        return generate_subject_new(&row->generate, backend, config, error);
    }
    row->counted = step_counted(config, B);
    row->bench = (Bench){ .run = step_subject_run, .context = &row->step };
    return step_subject_new(&row->step, backend, config, B, error);
}

// The machine's tables have the sizes of the last kind with one-neuron experts among the rows, or
// else of sgatlin in the paper's TinyStories model.
static bool open_machine(BenchTable *table, Error *error) {
    BenchSizes sizes;
    if (!make_sizes(&sizes, ffn_find("sgatlin"), &(SetWords){ 0 }, BENCH_MACHINE, error))
        return false;
    for (int i = 0; i < table->count; i++) {
        const FfnKind *ffn = table->rows[i].sizes.config.ffn;
        if (ffn->sparse && !ffn->ragged) sizes = table->rows[i].sizes;
    }
    return machine_new(&table->machine, &sizes.config, error);
}

static bool measure(BenchTable *table, const Backend *backend, Error *error) {
    Bench *benches[CEILINGS + BENCH_KINDS];
    int count = 0;
    if (table->ceilings && !open_machine(table, error)) return false;
    for (int i = 0; table->ceilings && i < CEILINGS; i++)
        benches[count++] = &table->machine.ceilings[i].bench;
    for (int i = 0; i < table->count; i++) {
        if (!open_row(&table->rows[i], table->subject, backend, error)) return false;
        benches[count++] = &table->rows[i].bench;
    }
    return bench_rounds(benches, count, table->repetitions, error);
}

static void bench_table_free(BenchTable *table) {
    for (int i = 0; i < table->count; i++) {
        ffn_layer_free(&table->rows[i].layer);
        step_subject_free(&table->rows[i].step);
        generate_subject_free(&table->rows[i].generate);
    }
    machine_free(&table->machine);
    free(table);
}

// ---- the command

static int bench(const char *command, const Arguments *arguments, BenchSubject subject) {
    Error error;
    BenchTable *table = calloc(1, sizeof *table);
    if (table == NULL) {
        fail(&error, "out of memory");
        return command_failed(command, &error);
    }
    table->subject = subject;
    table->ceilings = subject == BENCH_MACHINE || !arguments->json;
    table->repetitions = arguments->repetitions;
    if (table->repetitions == 0) table->repetitions = subject == BENCH_STEP ? 7 : 15;
    int status = 0;
    if (!make_rows(table, arguments, &error)) {
        status = command_misused(command, &error);
    } else if (!measure(table, arguments->backend, &error)) {
        status = command_failed(command, &error);
    } else if (!arguments->json) {
        bench_print_table(table);
    } else if (!bench_print_json(table, &error)) {
        status = command_failed(command, &error);
    }
    bench_table_free(table);
    return status;
}

int command_bench(int argc, char **argv) {
    static const struct argp_child children[] = { { &json_option, 0, NULL, 0 },
                                                  { &threads_option, 0, NULL, 0 },
                                                  { &device_option, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .children = children,
        .help_filter = option_help,
        .args_doc = "[machine|layer|step|generate|circuits]",
        .doc = "Measures how long a feed-forward layer, a training step of the whole model, the "
               "generation of a text, or searching and mapping circuits takes on this machine: "
               "medians over interleaved rounds; by default the first two. Without --json, the "
               "machine's own ceilings are measured in the same rounds as layers, steps and "
               "generation, and shown for comparison.\vWith --json, each kind of layer gives "
               "one object on a line of its "
               "own.\n\n"
               "The default sizes are those of the paper's TinyStories model, on 8 rows of 256 "
               "random tokens: D=256 F=1024 C=8 K=8 Dk=128 (moe: E=8 K=2), L=4 V=8192 Dh=64. For "
               "generate they are those of the preset demo, for one stream that fills the context "
               "window of 256 tokens. For circuits, --set N=100000 is how many are searched; a "
               "hundredth of them are queries, and a twentieth are mapped.",
    };
    Arguments arguments = { 0 };
    if (!options_parse(&argp, argc, argv, ARGP_IN_ORDER, &arguments)) return 1;
    program_start(arguments.threads, arguments.backend);
    int status = 0;
    if (arguments.subject == BENCH_CIRCUITS) {
        status = bench_circuits(argv[0], &arguments.words, arguments.ffn, arguments.repetitions,
                                arguments.json);
    } else if (arguments.subject != BENCH_EVERYTHING) {
        status = bench(argv[0], &arguments, arguments.subject);
    } else {
        status = bench(argv[0], &arguments, BENCH_LAYER);
        if (!arguments.json) printf("\n");
        if (status == 0) status = bench(argv[0], &arguments, BENCH_STEP);
    }
    set_words_free(&arguments.words);
    return status;
}
