#include "reference/circuits/fact_terms.h"
#include "reference/circuits/attribution.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/random.h"
#include <math.h>

// The sum of the largest terms of neurons or experts.
static double sum_largest(const Attribution *attribution) {
    double largest[FACT_NEURONS + 1], sum = 0;
    int found = 0;
    for (int i = 0; i < attribution->count; i++) {
        const Term *term = &attribution->terms[i];
        if (term->kind != TERM_NEURON && term->kind != TERM_EXPERT) continue;
        int place = min_int(found++, FACT_NEURONS);
        for (; place > 0 && term->value > largest[place - 1]; place--)
            largest[place] = largest[place - 1];
        largest[place] = term->value;
    }
    for (int i = 0; i < min_int(found, FACT_NEURONS); i++) sum += largest[i];
    return sum;
}

static bool add_terms(double *logit, double *largest, const Model *model, Activations *activations,
                      const Prompt *prompt, int32_t token, Error *error) {
    Attribution attribution;
    if (!attribution_new(&attribution, model, activations, prompt->inputs, prompt->T - 1, token,
                         error))
        return false;
    *logit += attribution.prediction.logit;
    *largest += sum_largest(&attribution);
    attribution_free(&attribution);
    return true;
}

// A question other than q whose answer is wrong for it; q where all answers are right.
static int other_question(const Question *questions, int count, int q, uint64_t key) {
    int first = (int)random_below(key, (uint64_t)q, (uint64_t)count);
    for (int i = 0; i < count; i++) {
        int other = (first + i) % count;
        if (!is_answer(&questions[q], questions[other].answers[0])) return other;
    }
    return q;
}

bool fact_terms(FactTerms *out, const Model *model, const Question *questions, int count,
                uint64_t seed, Error *error) {
    int T = 0;
    uint64_t key = random_key(seed, "wrong answers");
    for (int q = 0; q < count; q++) T = max_int(T, questions[q].prompt.T);
    Activations *activations = model_activations_new(&model->config, 1, T, false, error);
    if (activations == NULL) return false;
    FactTerms sum = { 0 };
    bool ok = true;
    for (int q = 0; ok && q < count; q++) {
        const Prompt *prompt = &questions[q].prompt;
        int32_t wrong = questions[other_question(questions, count, q, key)].answers[0];
        model_forward(model, activations, prompt->inputs, 1, prompt->T);
        ok = add_terms(&sum.logit, &sum.largest, model, activations, prompt,
                       questions[q].answers[0], error) &&
             add_terms(&sum.wrong_logit, &sum.wrong_largest, model, activations, prompt, wrong,
                       error);
    }
    model_activations_free(activations);
    *out = (FactTerms){ sum.logit / count, sum.largest / count, sum.wrong_logit / count,
                        sum.wrong_largest / count };
    return ok;
}
