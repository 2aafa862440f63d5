#include "chapters/07_language_model/sampling.h"
#include "chapters/07_language_model/toy_language.h"
#include "chapters/pages/figures.h"
#include "reference/numbers/random.h"

enum { T = TOY_T, V = TOY_V, CHECKS = 400 };

// Random settings, and the token that the chapter's code samples with them.
static json_t *check(const double *logits, int i) {
    double p[V], r[4];
    int order[V];
    for (int j = 0; j < 4; j++)
        r[j] = random_uniform(random_key(1, "checks"), (uint64_t)(4 * i + j));
    const SamplingRule rule = { .temperature = i % 8 == 0 ? 0.0 : 3.0 * r[0], .top_p = r[1] };
    int t = (int)(r[2] * T);
    json_t *out = json_object();
    json_add(&out, "t", json_integer(t));
    json_add(&out, "temperature", json_real(rule.temperature));
    json_add(&out, "top_p", json_real(rule.top_p));
    json_add(&out, "draw", json_real(r[3]));
    json_add(&out, "token",
             json_integer(sample_next_token(logits + t * V, V, &rule, r[3], order, p)));
    return out;
}

static json_t *strings(const char *const *texts, int count) {
    json_t *array = json_array();
    for (int i = 0; i < count; i++) json_add_item(&array, json_string(texts[i]));
    return array;
}

// The demo's sgatlin model reads the demo's sentence.
json_t *sampling_numbers(void) {
    enum { SEED = 1 };
    int targets[T], inputs[T];
    LanguageModel m;
    if (!toy_model_new(&m, FEED_FORWARD_SGATLIN, SEED)) return NULL;
    toy_model_train(&m, SEED, NULL);
    toy_sentence(targets, 4, 1, 0); // mia, blue, likes
    shift_right(inputs, targets, T);
    language_model_forward(&m, inputs, T);
    json_t *out = json_object(), *checks = json_array();
    for (int i = 0; i < CHECKS; i++) json_add_item(&checks, check(m.logits, i));
    json_add(&out, "words", strings(toy_words, V));
    json_add(&out, "inputs", json_integers(inputs, T));
    json_add(&out, "logits", json_reals(m.logits, (size_t)T * V));
    json_add(&out, "checks", checks);
    language_model_free(&m);
    return out;
}
