#include "reference/cli/bench_table.h"
#include "reference/config/config_json.h"
#include "reference/ffn/ffn.h"
#include "reference/io/json.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/sgemm.h"
#include <stdlib.h>
#include <string.h>

static const char *const part_names[][BENCH_PARTS] = {
    [BENCH_LAYER] = { "forward", "backward" },
    [BENCH_STEP] = { "forward", "backward", "update" },
    [BENCH_GENERATE] = { NULL },
};
static const char *const whole_names[] = { "", "", "both", "step", "generate" };
const char *const bench_subject_names[] = {
    "", "machine", "layer", "step", "generate", "circuits"
};

// Dimensions of the model that a layer alone does not use.
static const char *const model_settings[] = { "V", "L", "Dh" };
enum { MODEL_SETTINGS = sizeof model_settings / sizeof model_settings[0] };

static bool is_model_setting(const char *name) {
    for (int i = 0; i < MODEL_SETTINGS; i++) {
        if (strcmp(model_settings[i], name) == 0) return true;
    }
    return false;
}

// The settings that a row uses.
static int row_settings(const BenchTable *table, const BenchRow *row,
                        Setting out[CONFIG_SETTINGS]) {
    Setting all[CONFIG_SETTINGS];
    int count = 0, found = config_settings(&row->sizes.config, all);
    for (int i = 0; i < found; i++) {
        if (table->subject != BENCH_LAYER || !is_model_setting(all[i].name)) out[count++] = all[i];
    }
    return count;
}

// ---- text

static void print_machine(const BenchTable *table) {
    printf("%-36s %8s %8s    %d rounds, threads=%d\n", "machine", "median", "best",
           table->repetitions, parallel_threads());
    for (int i = 0; i < CEILINGS; i++) {
        const Ceiling *ceiling = &table->machine.ceilings[i];
        const Summary *summary = &ceiling->bench.whole;
        printf("%-36s %8.1f %8.1f %s\n", ceiling->name, ceiling_rate(ceiling, summary->median),
               ceiling_rate(ceiling, summary->min), ceiling->unit);
    }
}

static double median_rate(const BenchTable *table, int ceiling) {
    const Ceiling *measured = &table->machine.ceilings[ceiling];
    return 1e9 * ceiling_rate(measured, measured->bench.whole.median);
}

// The time that the counted work would take at the ceilings measured in the same rounds.
static double seconds_at_ceilings(const BenchTable *table, const CountedWork *counted) {
    double product_flops = counted->flops - counted->gathered_bytes / 2;
    return product_flops / median_rate(table, CEILING_MATMUL) +
           counted->gathered_bytes / median_rate(table, CEILING_CHANNEL) +
           counted->update_bytes / median_rate(table, CEILING_COPY);
}

static void print_summary(const Summary *summary) {
    char text[64];
    snprintf(text, sizeof text, "%.1f (%.1f-%.1f)", 1e3 * summary->median, 1e3 * summary->min,
             1e3 * summary->max);
    printf(" %22s", text);
}

// tokens/s of generation, and how fast that reads what each token needs.
static void print_reading(const BenchRow *row) {
    double seconds = row->bench.whole.median, T = row->sizes.config.T;
    printf(" %9.0f %9.2f %8.1f\n", T / seconds, 1e-6 * row->counted.read_bytes / T,
           1e-9 * row->counted.read_bytes / seconds);
}

static void print_row(const BenchTable *table, const BenchRow *row) {
    const char *const *parts = part_names[table->subject];
    const Bench *bench = &row->bench;
    double seconds = bench->whole.median, rate = row->counted.flops / seconds;
    printf("%-8s", row->sizes.config.ffn->name);
    for (int part = 0; part < BENCH_PARTS && parts[part] != NULL; part++)
        print_summary(&bench->parts[part]);
    print_summary(&bench->whole);
    if (table->subject == BENCH_GENERATE) {
        print_reading(row);
        return;
    }
    printf(" %9.0f %8.1f %8.0f%% %10.0f%%\n", (double)row->sizes.B * row->sizes.config.T / seconds,
           1e-9 * rate, 100 * rate / median_rate(table, CEILING_MATMUL),
           100 * seconds_at_ceilings(table, &row->counted) / seconds);
}

static void print_legend(BenchSubject subject) {
    if (subject == BENCH_GENERATE) {
        printf(
            "\nOne stream, from nothing to a full context window, with sampling.\n"
            "MB/token: the weights that a token reads, and on average the keys and values.\n"
            "GB/s: the rate of reading them; compare it with the memory and the tables above.\n");
        return;
    }
    bool step = subject == BENCH_STEP;
    printf("\nFLOPs are counted, not measured: the sgatlin paper's count, backward as twice "
           "forward%s.\n"
           "of matmul: GFLOP/s as a share of the machine's matrix product above.\n"
           "of ceilings: the time that the counted work would take if each part ran at its ceiling "
           "above\n(matrix products; rows gathered from one channel's table%s), as a share of the "
           "measured time.\n",
           step ? ", with the logits" : "", step ? "; the optimizer's update as a copy" : "");
}

void bench_print_table(const BenchTable *table) {
    print_machine(table);
    if (table->count == 0) return;
    const char *const *parts = part_names[table->subject];
    printf("\n");
    for (int i = 0; i < table->count; i++) {
        Setting settings[CONFIG_SETTINGS];
        int count = row_settings(table, &table->rows[i], settings);
        printf("%s", bench_subject_names[table->subject]);
        for (int s = 0; s < count; s++) printf(" %s=%s", settings[s].name, settings[s].value);
        printf(" B=%lld\n", (long long)table->rows[i].sizes.B);
    }
    printf("%-8s", "ms");
    for (int part = 0; part < BENCH_PARTS && parts[part] != NULL; part++)
        printf(" %22s", parts[part]);
    printf(" %22s %9s", "all", "tokens/s");
    if (table->subject == BENCH_GENERATE) {
        printf(" %9s %8s\n", "MB/token", "GB/s");
    } else {
        printf(" %8s %9s %11s\n", "GFLOP/s", "of matmul", "of ceilings");
    }
    for (int i = 0; i < table->count; i++) print_row(table, &table->rows[i]);
    print_legend(table->subject);
}

// ---- JSON

// Adds `value` as the field whose name is `name` followed by `suffix`.
static void add(json_t **object, const char *name, const char *suffix, json_t *value) {
    char field[64];
    snprintf(field, sizeof field, "%.40s%.20s", name, suffix);
    json_add(object, field, value);
}

static void add_summary(json_t **object, const char *part, const Summary *summary) {
    char field[64];
    snprintf(field, sizeof field, "ms_%.40s", part);
    json_add(object, field, json_real(1e3 * summary->median));
    add(object, field, "_min", json_real(1e3 * summary->min));
    add(object, field, "_max", json_real(1e3 * summary->max));
}

static void add_environment(json_t **object, const BenchTable *table) {
    const char *waiting = getenv("OMP_WAIT_POLICY");
    json_add(object, "threads", json_integer(parallel_threads()));
    json_add(object, "repetitions", json_integer(table->repetitions));
    json_add(object, "blas", json_string(sgemm_library()));
    json_add(object, "core", json_string(sgemm_core()));
    json_add(object, "wait_policy", json_string(waiting != NULL ? waiting : ""));
}

static json_t *row_json(const BenchTable *table, const BenchRow *row) {
    const char *const *parts = part_names[table->subject];
    const Bench *bench = &row->bench;
    json_t *object = json_object(), *settings = config_to_json(&row->sizes.config);
    for (int i = 0; table->subject == BENCH_LAYER && i < MODEL_SETTINGS; i++)
        json_object_del(settings, model_settings[i]);
    json_add(&object, "bench", json_string(bench_subject_names[table->subject]));
    json_add_all(&object, settings);
    double tokens = (double)row->sizes.B * row->sizes.config.T;
    json_add(&object, "B", json_integer(row->sizes.B));
    json_add(&object, "N", json_integer((json_int_t)tokens));
    for (int part = 0; part < BENCH_PARTS && parts[part] != NULL; part++) {
        add_summary(&object, parts[part], &bench->parts[part]);
    }
    add_summary(&object, whole_names[table->subject], &bench->whole);
    json_add(&object, "tokens_per_s", json_real(tokens / bench->whole.median));
    json_add(&object, "flops", json_integer((json_int_t)row->counted.flops));
    json_add(&object, "gathered_bytes", json_integer((json_int_t)row->counted.gathered_bytes));
    json_add(&object, "gflops", json_real(1e-9 * row->counted.flops / bench->whole.median));
    if (table->subject == BENCH_GENERATE) {
        json_add(&object, "read_bytes", json_integer((json_int_t)row->counted.read_bytes));
        json_add(&object, "read_gbs",
                 json_real(1e-9 * row->counted.read_bytes / bench->whole.median));
    }
    add_environment(&object, table);
    return object;
}

static json_t *machine_json(const BenchTable *table) {
    json_t *object = json_object();
    json_add(&object, "bench", json_string(bench_subject_names[BENCH_MACHINE]));
    for (int i = 0; i < CEILINGS; i++) {
        const Ceiling *ceiling = &table->machine.ceilings[i];
        const Summary *summary = &ceiling->bench.whole;
        json_add(&object, ceiling->field, json_real(ceiling_rate(ceiling, summary->median)));
        add(&object, ceiling->field, "_min", json_real(ceiling_rate(ceiling, summary->max)));
        add(&object, ceiling->field, "_max", json_real(ceiling_rate(ceiling, summary->min)));
        if (ceiling->rows == 0) continue;
        add(&object, ceiling->field, "_table_bytes",
            json_integer((json_int_t)4 * ceiling->rows * table->machine.D));
    }
    add_environment(&object, table);
    return object;
}

bool bench_print_json(const BenchTable *table, Error *error) {
    int lines = table->subject == BENCH_MACHINE ? 1 : table->count;
    for (int i = 0; i < lines; i++) {
        json_t *object = table->subject == BENCH_MACHINE ? machine_json(table)
                                                         : row_json(table, &table->rows[i]);
        bool ok = object != NULL && json_dumpf(object, stdout, JSON_REAL_PRECISION(6)) == 0;
        json_decref(object);
        if (!ok) return ferror(stdout) || fail(error, "out of memory");
        putchar('\n');
    }
    return true;
}
