#include "chapters/10_patching/logit_terms.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"
#include <math.h>

void split_head(double *out, const LanguageModel *m, int l, int h, int t, const double *direction);

enum { V = 11, T = 6, D = 6, DH = 2, H = D / DH, L = 2, F = 5 };
static const int inputs[T] = { 1, 3, 9, 4, 4, 7 };

static LanguageModel random_model(void) {
    const ModelSizes sizes = {
        .ffn = FEED_FORWARD_MLP, .V = V, .T = T, .D = D, .L = L, .Dh = DH, .F = F
    };
    LanguageModel m;
    ck_assert(language_model_new(&m, &sizes));
    for (size_t i = 0; i < m.list.doubles; i++) m.parameters[i] += 0.4 * random_normal(3, i);
    language_model_forward(&m, inputs, T);
    return m;
}

static void draw(double direction[D]) {
    for (uint64_t d = 0; d < D; d++) direction[d] = random_normal(4, d);
}

// The head's term as logit_terms has it, for every head and position.
START_TEST(the_parts_add_up_to_the_heads_term)
{
    LanguageModel m = random_model();
    double direction[D], parts[T];
    LogitTerm terms[1 + L * (H + F)];
    draw(direction);
    for (int t = 0; t < T; t++) {
        logit_terms(terms, &m, t, direction);
        for (int i = 0; i < logit_terms_count(&m.sizes); i++) {
            if (terms[i].part != PART_HEAD) continue;
            double sum = 0.0;
            split_head(parts, &m, terms[i].layer, terms[i].index, t, direction);
            for (int s = 0; s <= t; s++) sum += parts[s];
            expect_number("the sum over the words", sum, terms[i].value, 1e-12);
        }
    }
    language_model_free(&m);
}
END_TEST

// Each part is proportional to its word's attention weight: three times the weight of word 2, and
// only that part is three times as large.
START_TEST(each_part_belongs_to_its_word)
{
    LanguageModel m = random_model();
    double direction[D], parts[T], again[T];
    int l = 1, h = 2, t = 4, changed = 2;
    draw(direction);
    split_head(parts, &m, l, h, t, direction);
    m.layers[l].attention.weights[(h * T + t) * T + changed] *= 3.0;
    split_head(again, &m, l, h, t, direction);
    parts[changed] *= 3.0;
    expect_within("out", again, parts, (size_t)t + 1, (Tolerance){ .absolute = 1e-12 });
    ck_assert_msg(fabs(parts[changed]) > 1e-6, "out[%d] is %g, expected not 0", changed,
                  parts[changed]);
    language_model_free(&m);
}
END_TEST

int main(void) {
    const TestRow tests[] = { { the_parts_add_up_to_the_heads_term },
                              { each_part_belongs_to_its_word } };
    return run_tests("10-2 whose word", tests, COUNT_OF(tests));
}
