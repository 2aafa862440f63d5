// The comparison of decoders accepts a reader that agrees, and refuses each planted bug.
#include "reference/check/decoder_agree.h"
#include "reference/numbers/sgemm.h"
#include "tests/harness/layer.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <stdlib.h>
#include <string.h>

enum { V = 29, T = 9 };

static bool compare(ReaderOpen *reader, const Config *config, BackendErrors *errors, Error *error) {
    Backend backend = cpu_backend;
    backend.reader = reader;
    BackendComparison comparison = { .actual = &backend,
                                     .expected = &cpu_backend,
                                     .config = config,
                                     .seed = 1,
                                     .tolerances.forward = { .relative = 1e-5 } };
    *errors = (BackendErrors){ 0 };
    return decoders_agree(errors, &comparison, error);
}

START_TEST(a_reader_agrees_with_itself)
{
    Config kind;
    BackendErrors errors;
    Error error = { "" };
    ck_assert(layer_variant(_i, &kind, NULL));
    Config config = tiny_config(&kind, V, T);
    ck_assert_msg(compare(cpu_reader, &config, &errors, &error), "%s", error.text);
    ck_assert(errors.forward == 0.0 && errors.other_choices == 0);
    ck_assert(config.ffn->sparse == (errors.rows > 0));
}
END_TEST

// ---- planted bugs: the CPU's reader with one function that is wrong

typedef struct {
    Reader cpu;
    HookList hooks; // the caller's
    float scores[64];
} Wrong;

static void wrong_free(void *context) {
    Wrong *wrong = context;
    reader_free(&wrong->cpu);
    free(wrong);
}
static void cpu_read(void *context, const int32_t *tokens, int n, int cached) {
    Wrong *wrong = context;
    wrong->cpu.read(wrong->cpu.context, tokens, n, cached);
}
static void cpu_logits(void *context, float *out, int first, int rows) {
    Wrong *wrong = context;
    wrong->cpu.logits(wrong->cpu.context, out, first, rows);
}
static void cpu_hooks(void *context, const HookList *hooks) {
    Wrong *wrong = context;
    wrong->cpu.hooks(wrong->cpu.context, hooks);
}

static void read_without_cache(void *context, const int32_t *tokens, int n, int cached) {
    (void)cached;
    cpu_read(context, tokens, n, 0);
}
static void read_an_earlier_place(void *context, const int32_t *tokens, int n, int cached) {
    cpu_read(context, tokens, n, cached > 0 ? cached - 1 : 0);
}
static void logits_of_the_first_token(void *context, float *out, int first, int rows) {
    (void)first;
    cpu_logits(context, out, 0, rows);
}
static void no_hooks(void *context, const HookList *hooks) {
    (void)hooks;
    cpu_hooks(context, NULL);
}
static void another_score(void *unused, const GatingEvent *event) {
    (void)unused;
    event->gating->score[0] *= 1.001f;
}
static void hooks_after_another(void *context, const HookList *hooks) {
    HookList all = one_hook(another_score, NULL);
    for (int i = 0; i < hooks->count; i++)
        hooks_add(&all, hooks->hooks[i].call, hooks->hooks[i].context);
    cpu_hooks(context, &all);
}
// Calls the hooks, and then restores what they have replaced.
static void restore(void *context, const GatingEvent *event) {
    Wrong *wrong = context;
    Gating *gating = event->gating;
    size_t entries = gating_entries(gating);
    ck_assert(entries <= sizeof wrong->scores / sizeof *wrong->scores);
    gating->score[0] *= 0.5f; // what the patch has to repair
    memcpy(wrong->scores, gating->score, entries * sizeof *wrong->scores);
    gating->score[0] *= 2.0f;
    hooks_call(&wrong->hooks, event);
    memcpy(gating->score, wrong->scores, entries * sizeof *wrong->scores);
}
static void hooks_that_cannot_patch(void *context, const HookList *hooks) {
    Wrong *wrong = context;
    wrong->hooks = *hooks;
    HookList one = one_hook(restore, wrong);
    cpu_hooks(context, &one);
}

static bool wrong_reader(Reader *out, const Model *model, int tokens, ReaderUse use, Error *error,
                         Reader functions) {
    Wrong *wrong = calloc(1, sizeof *wrong);
    ck_assert_ptr_nonnull(wrong);
    ck_assert(cpu_reader(&wrong->cpu, model, tokens, use, error));
    *out = functions;
    out->context = wrong;
    out->free = wrong_free;
    return true;
}
#define WRONG(name, read, logits, hooks)                                                         \
    static bool name(Reader *out, const Model *model, int tokens, ReaderUse use, Error *error) { \
        Reader functions = { NULL, read, logits, hooks, NULL };                                  \
        return wrong_reader(out, model, tokens, use, error, functions);                          \
    }
WRONG(without_cache, read_without_cache, cpu_logits, cpu_hooks)
WRONG(an_earlier_place, read_an_earlier_place, cpu_logits, cpu_hooks)
WRONG(the_first_token, cpu_read, logits_of_the_first_token, cpu_hooks)
WRONG(without_hooks, cpu_read, cpu_logits, no_hooks)
WRONG(changed_scores, cpu_read, cpu_logits, hooks_after_another)
WRONG(without_patches, cpu_read, cpu_logits, hooks_that_cannot_patch)

static const struct {
    ReaderOpen *reader;
    const char *kind, *said;
} bugs[] = {
    { without_cache, "mlp", "decoded logits[" },
    { an_earlier_place, "mlp", "decoded logits[" },
    { the_first_token, "glu", "decoded logits[" },
    { without_hooks, "sgatlin", "recorded tokens[" },
    { changed_scores, "peer", "recorded scores[" },
    { without_patches, "sgatlin", "recorded scores[" },
};

START_TEST(planted_bugs_are_refused)
{
    Config kind = config_default(ffn_find(bugs[_i].kind));
    Config config = tiny_config(&kind, V, T);
    BackendErrors errors;
    Error error = { "" };
    ck_assert(!compare(bugs[_i].reader, &config, &errors, &error));
    ck_assert_msg(strstr(error.text, bugs[_i].said) != NULL, "%s", error.text);
}
END_TEST

int main(void) {
    sgemm_setup();
    const TestRow tests[] = {
        { a_reader_agrees_with_itself, layer_variants() },
        { planted_bugs_are_refused, COUNT_OF(bugs) },
    };
    return run_tests("decoder_agree", tests, COUNT_OF(tests));
}
