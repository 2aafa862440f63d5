#include "chapters/07_language_model/toy_language.h"
#include "chapters/10_patching/logit_terms.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"
#include <math.h>

int input_terms(LogitTerm *out, const LanguageModel *m, int l, int slot, int t);

enum { MOST_TERMS = 64 };

// A random model, whose norms scale too, after a sentence.
static LanguageModel random_model(void) {
    LanguageModel m;
    int inputs[TOY_T], targets[TOY_T];
    ck_assert(toy_model_new(&m, FEED_FORWARD_SGATLIN, 1));
    for (int i = 0; i < m.list.count; i++) {
        const Parameter *p = &m.list.items[i];
        for (size_t j = 0; p->deviation == 0.0 && j < p->count; j++)
            m.parameters[p->offset + j] += 0.3 * random_normal(random_key(2, p->name), j);
    }
    toy_sentence(targets, 4, 1, 0);
    shift_right(inputs, targets, TOY_T);
    language_model_forward(&m, inputs, TOY_T);
    return m;
}

// in·x of every neuron: z of the forward pass.
START_TEST(the_terms_add_up_to_the_input)
{
    LanguageModel m = random_model();
    const ModelSizes *s = &m.sizes;
    LogitTerm terms[MOST_TERMS];
    ck_assert_int_le(logit_terms_count(s), MOST_TERMS);
    for (int l = 0; l < s->L; l++) {
        for (int slot = 0; slot < s->C * s->K; slot++) {
            int count = input_terms(terms, &m, l, slot, 4);
            expect_number("terms", count, 1 + (l + 1) * (s->D / s->Dh) + l * s->C * s->K, 0);
            expect_number("the sum of the terms", sum_of_terms(terms, count),
                          m.layers[l].ffn[4].sgatlin.z[slot], 1e-12);
        }
    }
    language_model_free(&m);
}
END_TEST

// The embedding's term by hand, and that the parts are those before the neuron.
START_TEST(each_term_is_of_its_part)
{
    LanguageModel m = random_model();
    const ModelSizes *s = &m.sizes;
    LogitTerm terms[MOST_TERMS];
    int t = 4, slot = 9, l = 1, count = input_terms(terms, &m, l, slot, t);
    const double *x = m.layers[l].normed_mid + t * s->D,
                 *stream = m.layers[l].residual_mid + t * s->D;
    int neuron = slot / s->K * s->F + m.layers[l].ffn[t].sgatlin.index[slot];
    const double *in = m.w.layers[l].ffn.sgatlin.in + neuron * s->D;
    double expected = 0.0;
    for (int d = 0; d < s->D; d++) // x / stream is what the norm multiplies by
        expected += in[d] * x[d] / stream[d] * m.layers[0].residual[t * s->D + d];
    ck_assert_msg(terms[0].part == PART_EMBEDDING, "the first term is not the embedding's");
    expect_number("the embedding's term", terms[0].value, expected, 1e-9);
    for (int i = 1; i < count; i++) {
        ck_assert_msg(terms[i].part == PART_HEAD ||
                          (terms[i].part == PART_NEURON && terms[i].layer < l),
                      "term %d is neither a head's nor an earlier neuron's", i);
        ck_assert_msg(fabs(terms[i].value) > 0.0, "term %d is %g", i, terms[i].value);
    }
    language_model_free(&m);
}
END_TEST

int main(void) {
    const TestRow tests[] = { { the_terms_add_up_to_the_input }, { each_term_is_of_its_part } };
    return run_tests("10-3 who feeds it", tests, COUNT_OF(tests));
}
