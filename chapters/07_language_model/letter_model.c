#include "chapters/07_language_model/letter_model.h"
#include "chapters/07_language_model/sampling.h"
#include "chapters/07_language_model/toy_language.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/random.h"
#include <string.h>

enum { T = LETTER_T, B = LETTER_B, MAX_V = 256 + LETTER_TOKEN };

bool letter_model_new(LanguageModel *out, FeedForwardKind kind, const Alphabet *alphabet,
                      uint64_t seed) {
    ModelSizes s = {
        .ffn = kind, .V = LETTER_TOKEN + alphabet->V, .T = T, .D = 24, .L = 2, .Dh = 12
    };
    if (kind == FEED_FORWARD_MLP) s.F = 96;
    if (kind == FEED_FORWARD_GLU) s.F = 64;
    if (kind == FEED_FORWARD_SGATLIN) s.F = 64, s.C = 2, s.K = 8, s.Dk = 16;
    return random_model_new(out, &s, seed);
}

static void read_tokens(int *tokens, const Alphabet *alphabet, const char *letters, int count) {
    for (int t = 0; t < count; t++)
        tokens[t] = LETTER_TOKEN + alphabet->numbers[(unsigned char)letters[t]];
}

void letter_model_train(LanguageModel *m, const Alphabet *alphabet, const char *text, int steps,
                        uint64_t seed) {
    const TrainingPlan plan = { .peak = 0.01,
                                .warmup = 20,
                                .constant = steps / 2,
                                .decay = steps - steps / 2 - 20,
                                .clip = 1.0,
                                .weight_decay = 1e-3 };
    const char *letters = text + TEXT_START;
    uint64_t key = random_key(seed, "places"), places = strlen(letters) - T + 1;
    int targets[B * T];
    for (int step = 0; step < steps; step++) {
        for (int b = 0; b < B; b++) {
            uint64_t place = random_below(key, (uint64_t)step * B + b, places);
            read_tokens(targets + b * T, alphabet, letters + place, T);
        }
        language_model_step(m, targets, B, T, &plan, step);
    }
}

double letter_model_loss(LanguageModel *m, const Alphabet *alphabet, const char *text) {
    const char *letters = text + TEXT_START;
    size_t length = strlen(letters);
    int inputs[T], targets[T];
    double sum = 0.0;
    for (size_t next = 0; next < length; next += T / 2) { // scores T/2 letters from here on
        int context = next == 0 ? 0 : T / 2;
        int count = (int)min_size(length - next, T / 2) + context;
        read_tokens(targets, alphabet, letters + next - context, count);
        shift_right(inputs, targets, count);
        language_model_forward(m, inputs, count);
        for (int t = 0; t < context; t++) targets[t] = TOKEN_PAD;
        sum += language_model_loss(m, targets, count);
    }
    return sum / (double)length;
}

void letter_model_write(char *out, int count, LanguageModel *m, const Alphabet *alphabet,
                        uint64_t seed) {
    const SamplingRule rule = { .temperature = 1.0 };
    const uint64_t key = random_key(seed, "draws");
    int inputs[T] = { TOKEN_END }, order[MAX_V], seen = 1; // of inputs
    double p[MAX_V];
    for (int i = 0; i < count; i++) {
        language_model_forward(m, inputs, seen);
        const double *logits = m->logits + (size_t)(seen - 1) * m->sizes.V;
        int token = sample_next_token(logits, m->sizes.V, &rule, random_uniform(key, (uint64_t)i),
                                      order, p);
        if (token == TOKEN_END) token = LETTER_TOKEN; // it never learned to end
        out[i] = alphabet->letters[token - LETTER_TOKEN];
        if (seen == T) memmove(inputs + 1, inputs + 2, (T - 2) * sizeof *inputs);
        if (seen < T) seen++;
        inputs[seen - 1] = token;
    }
    out[count] = '\0';
}
