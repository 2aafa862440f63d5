#include "chapters/07_language_model/toy_language.h"
#include "chapters/10_patching/patch.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"

double logit_without(const LanguageModel *m, int slot, int t, int token);

enum { MOST_NEURONS = 256 };

// A random model, whose norms scale too.
static LanguageModel random_model(void) {
    LanguageModel m;
    ck_assert(toy_model_new(&m, FEED_FORWARD_SGATLIN, 1));
    for (int i = 0; i < m.list.count; i++) {
        const Parameter *p = &m.list.items[i];
        for (size_t j = 0; p->deviation == 0.0 && j < p->count; j++)
            m.parameters[p->offset + j] += 0.3 * random_normal(random_key(2, p->name), j);
    }
    return m;
}

// For each neuron of the last layer: a second pass with its score set to 0.
START_TEST(it_is_the_logit_of_a_second_pass)
{
    enum { SLOTS = 16, TOKENS = 5 };
    LanguageModel m = random_model();
    const ModelSizes *s = &m.sizes;
    int inputs[TOY_T], targets[TOY_T], t = 4 + _i, last = s->L - 1;
    double predicted[SLOTS][TOKENS];
    int index[SLOTS];
    Snapshot silence;
    ck_assert_int_eq(s->C * s->K, SLOTS);
    ck_assert(snapshot_new(&silence, s));
    toy_sentence(targets, 4, 1, 0);
    shift_right(inputs, targets, TOY_T);
    language_model_forward(&m, inputs, TOY_T);
    snapshot_take(&silence, &m, t);
    for (int slot = 0; slot < SLOTS; slot++) {
        index[slot] = silence.index[last * SLOTS + slot];
        for (int v = 0; v < TOKENS; v++) predicted[slot][v] = logit_without(&m, slot, t, 7 * v);
    }
    snapshot_silence(&silence, s);
    for (int slot = 0; slot < SLOTS; slot++) {
        bool one[MOST_NEURONS] = { false };
        one[(last * s->C + slot / s->K) * s->F + index[slot]] = true;
        patched_forward(&m, inputs, TOY_T,
                        &(Patch){ .position = t, .source = &silence, .neurons = one });
        for (int v = 0; v < TOKENS; v++)
            expect_number("the logit", predicted[slot][v], m.logits[t * s->V + 7 * v], 1e-12);
    }
    snapshot_free(&silence);
    language_model_free(&m);
}
END_TEST

int main(void) {
    const TestRow tests[] = { { it_is_the_logit_of_a_second_pass, 3 } };
    return run_tests("10-1 without it", tests, COUNT_OF(tests));
}
