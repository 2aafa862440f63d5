// Trains very small models on sentences whose lowest possible loss is known, and on letters for the
// scoreboard.
#include "chapters/demo.h"
#include "chapters/00_text/letter_scores.h"
#include "chapters/07_language_model/letter_model.h"
#include "chapters/07_language_model/loss.h"
#include "chapters/07_language_model/pictures.h"
#include "chapters/07_language_model/sampling.h"
#include "chapters/07_language_model/toy_language.h"
#include "chapters/diagram.h"
#include "chapters/scoreboard.h"
#include "reference/draw/chart.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODELS = 4, SGATLIN = 2, T = TOY_T, V = TOY_V, SEED = 1 };
static const FeedForwardKind kinds[MODELS] = { FEED_FORWARD_MLP, FEED_FORWARD_GLU,
                                               FEED_FORWARD_SGATLIN, FEED_FORWARD_NONE };

static void print_losses(double loss[MODELS][TOY_POINTS], const double fact[MODELS]) {
    static const int shown[] = { 0, 20, 40, 100, 200, 400, 600, 800, 1000 };
    printf("Loss over all %d sentences, in nats per word (uniform guess: %.3f, without the facts: "
           "%.3f,\nlowest possible: %.3f)\n\n step",
           TOY_SENTENCES, log(V), toy_lowest_loss_without_facts(), toy_lowest_loss());
    for (int model = 0; model < MODELS; model++)
        printf("%9s", feed_forward_kinds[kinds[model]].name);
    printf("\n");
    for (int i = 0; i < COUNT_OF(shown); i++) {
        printf("%5d", shown[i]);
        for (int model = 0; model < MODELS; model++)
            printf("%9.3f", loss[model][shown[i] / TOY_EVERY]);
        printf("\n");
    }
    printf("\nPerplexity, e^loss:");
    for (int model = 0; model < MODELS; model++) {
        printf("  %s %.2f", feed_forward_kinds[kinds[model]].name,
               exp(loss[model][TOY_POINTS - 1]));
    }
    printf("  (lowest possible %.2f)\nThe thing, first named: ", exp(toy_lowest_loss()));
    for (int model = 0; model < MODELS; model++)
        printf("  %s %.2f", feed_forward_kinds[kinds[model]].name, fact[model]);
    printf("  nats (a guess: %.2f)\n", log(TOY_THINGS));
}

// ---- sampling and attention

static void print_sampled(LanguageModel *m, uint64_t line) {
    int inputs[T] = { TOKEN_END }, order[V];
    double p[V];
    SamplingRule rule = { .temperature = 0.8 };
    for (int t = 0; t < T; t++) {
        language_model_forward(m, inputs, t + 1); // recomputes everything; a KV cache would not
        double draw = random_uniform(random_key(3, "draws"), line * T + t);
        int token = sample_next_token(m->logits + (size_t)t * V, V, &rule, draw, order, p);
        if (token == TOKEN_END) break;
        printf(" %s", toy_words[token]);
        if (t + 1 < T) inputs[t + 1] = token;
    }
    printf("\n");
}

// The models have one head per layer.
static const double *attention_weights(const LanguageModel *m, int layer, int t) {
    return m->layers[layer].attention.weights + (size_t)t * T;
}

static void read_example(LanguageModel *m, int inputs[T], int targets[T]) {
    toy_sentence(targets, 4, 1, 0); // mia, blue, likes
    shift_right(inputs, targets, T);
    language_model_forward(m, inputs, T);
}

// From word t to word s, the mean over all sentences.
static double mean_attention(LanguageModel *m, int layer, int t, int s) {
    int targets[T], inputs[T];
    double sum = 0.0;
    for (int i = 0; i < TOY_SENTENCES; i++) {
        toy_sentence_number(targets, i);
        shift_right(inputs, targets, T);
        language_model_forward(m, inputs, T);
        sum += attention_weights(m, layer, t)[s];
    }
    return sum / TOY_SENTENCES;
}

// The layer and the earlier word with the largest attention weight for word t of the example.
static void print_attention(LanguageModel *m, int t, const char *next) {
    int inputs[T], targets[T], layer = 0, s = 0;
    read_example(m, inputs, targets);
    for (int l = 0; l < m->sizes.L; l++) {
        for (int i = 0; i < t; i++) {
            if (attention_weights(m, l, t)[i] <= attention_weights(m, layer, t)[s]) continue;
            layer = l;
            s = i;
        }
    }
    printf("  before %-6s layer %d attends from \"%s\" (%d) to \"%s\" (%d): %.2f", next, layer + 1,
           toy_words[inputs[t]], t, toy_words[inputs[s]], s, attention_weights(m, layer, t)[s]);
    printf("; in all sentences %.2f\n", mean_attention(m, layer, t, s));
}

// ---- pictures

enum { CELL = 28, LABEL = 72, GRID = T * CELL, WIDE = LABEL + GRID + 30, TOP = 140 };

static void draw_weights(DrawList *list, const LanguageModel *m, int layer, float x, float y) {
    float values[T * T];
    for (int t = 0; t < T; t++) {
        for (int s = 0; s < T; s++)
            values[t * T + s] = s <= t ? (float)attention_weights(m, layer, t)[s] : NAN;
    }
    draw_cells(list, (Rect){ x, y, GRID, GRID }, T, T, values, 0, 1);
}

static void draw_panel(DrawList *list, const LanguageModel *m, const int *inputs, int layer,
                       float x, float y) {
    char title[40];
    snprintf(title, sizeof title, "layer %d", layer + 1);
    draw_text(list, x, y - 32, DIAGRAM_TEXT, COLOR_TEXT, title);
    draw_weights(list, m, layer, x, y);
    for (int t = 0; t < T; t++) {
        const char *word = toy_words[inputs[t]];
        float offset = (float)(t * CELL);
        draw_text_right(list, x - 8, y + offset + 3, DIAGRAM_NOTE, COLOR_TEXT, word);
        for (int c = 0; word[c] != '\0' && c < 5; c++) { // the column's word, downwards
            draw_text_center(list, x + offset + CELL / 2.0f, y + GRID + 4 + 16 * (float)c,
                             TEXT_NORMAL, COLOR_DIM, (char[]){ word[c], '\0' });
        }
    }
}

// A frame around the weight of word s for word t, with its number in the lesson's caption.
static void mark_weight(DrawList *list, int layer, int t, int s, const char *number) {
    const float x = DIAGRAM_LEFT + LABEL + (float)(layer * WIDE + s * CELL), y = TOP + t * CELL;
    draw_frame(list, (Rect){ x - 2, y - 2, CELL + 3, CELL + 3 }, 3, 0xffffff);
    draw_text(list, x + CELL + 7, y + 1, DIAGRAM_TEXT, 0xffffff, number);
}

static bool draw_attention(const char *path, const LanguageModel *m, const int *inputs,
                           Error *error) {
    DrawList list =
        diagram_new(m->sizes.L * WIDE + 64, TOP + GRID + 130, "Which word attends to which",
                    "row: the word that attends; column: the word attended to");
    for (int l = 0; l < m->sizes.L; l++)
        draw_panel(&list, m, inputs, l, DIAGRAM_LEFT + LABEL + (float)(l * WIDE), TOP);
    mark_weight(&list, 0, 4, 1, "1");
    mark_weight(&list, 0, 9, 4, "2");
    mark_weight(&list, 1, 10, 5, "3");
    diagram_scale(&list, DIAGRAM_LEFT + LABEL + WIDE + 60, TOP + GRID + 92, "weight 0", "1");
    return diagram_write(&list, path, error);
}

static bool draw_losses(const char *path, double loss[MODELS][TOY_POINTS], Error *error) {
    double steps[TOY_POINTS];
    Series series[MODELS];
    Baseline levels[] = { { "without the facts", toy_lowest_loss_without_facts() },
                          { "the lowest possible", toy_lowest_loss() } };
    const int first = 100 / TOY_EVERY; // before step 100 the curves fall from 4, side by side
    for (int i = 0; i < TOY_POINTS; i++) steps[i] = i * TOY_EVERY;
    for (int model = 0; model < MODELS; model++) {
        series[model] = (Series){ feed_forward_kinds[kinds[model]].name, color_class(model),
                                  steps + first, loss[model] + first, TOY_POINTS - first };
    }
    Chart chart = { .title = "Three feed-forward layers, and none, in the same model",
                    .x_label = "step",
                    .y_label = "loss, nats per word",
                    .series = series,
                    .series_count = MODELS,
                    .baselines = levels,
                    .baseline_count = COUNT_OF(levels) };
    return chart_write_png(&chart, path, error);
}

// ---- the parts together

// Trains a model of each kind; *sgatlin is the one that is shown.
static bool train_all(LanguageModel *sgatlin, double loss[MODELS][TOY_POINTS], double fact[MODELS],
                      Error *error) {
    for (int model = 0; model < MODELS; model++) {
        LanguageModel other, *m = model == SGATLIN ? sgatlin : &other;
        if (!toy_model_new(m, kinds[model], SEED)) {
            language_model_free(sgatlin);
            return fail(error, "not enough memory for the model");
        }
        toy_model_train(m, SEED, loss[model]);
        fact[model] = toy_fact_loss(m);
        if (model != SGATLIN) language_model_free(m);
    }
    return true;
}

static bool show_learn(const char *picture, Error *error) {
    double loss[MODELS][TOY_POINTS], fact[MODELS];
    LanguageModel m = { 0 };
    if (!train_all(&m, loss, fact, error)) return false;
    print_losses(loss, fact);
    printf("\nThe sgatlin model (%zu parameters) writes\n", m.list.doubles);
    for (uint64_t line = 0; line < 3; line++) print_sampled(&m, line);
    printf("\nWhat it attends to in: mia has a blue hat . she likes the blue hat .\n");
    print_attention(&m, 4, "\"hat\"");
    print_attention(&m, 6, "\"she\"");
    print_attention(&m, 9, "\"blue\"");
    print_attention(&m, 10, "\"hat\"");
    language_model_free(&m);
    return picture == NULL || draw_losses(picture, loss, error);
}

static bool show_attention(const char *picture, Error *error) {
    LanguageModel m;
    int inputs[T], targets[T];
    if (!toy_model_new(&m, kinds[SGATLIN], SEED)) return fail(error, "no memory for the model");
    toy_model_train(&m, SEED, NULL);
    read_example(&m, inputs, targets);
    bool ok = draw_attention(picture, &m, inputs, error);
    language_model_free(&m);
    return ok;
}

// ---- before any training

static void print_guesses(LanguageModel *m) {
    int inputs[T], targets[T];
    double p[V];
    read_example(m, inputs, targets);
    printf("The sgatlin model before its first step\n  after  comes       p   -ln p\n");
    for (int t = 0; t < T; t++) {
        double loss = cross_entropy(p, m->logits + (size_t)t * V, targets[t], V);
        printf("  %-6s %-6s %.4f  %6.3f\n", toy_words[inputs[t]], toy_words[targets[t]],
               p[targets[t]], loss);
    }
    printf("  mean                  %6.3f\n", language_model_loss(m, targets, T) / T);
    printf("  of all %d sentences  %6.3f\n", TOY_SENTENCES, toy_model_loss(m));
    printf("  of a uniform guess    %6.3f\n", log(V));
}

static bool show_untrained(const char *picture, Error *error) {
    (void)picture;
    LanguageModel m;
    if (!toy_model_new(&m, FEED_FORWARD_SGATLIN, SEED))
        return fail(error, "no memory for the model");
    print_guesses(&m);
    printf("It writes\n");
    for (uint64_t line = 0; line < 3; line++) print_sampled(&m, line);
    language_model_free(&m);
    return true;
}

// ---- steps: plain ones, as in chapter 01, beside AdamW's

static double root_mean_square(const double *x, size_t count) {
    return global_norm(x, count) / sqrt((double)count);
}

static void print_gradients(LanguageModel *m) {
    static const int words[] = { TOY_STOP, TOY_THING + 4 };
    int targets[TOY_B * T];
    toy_sentences(targets, SEED, 0);
    language_model_gradient(m, targets, TOY_B, T);
    printf("The gradient before the first step, root mean square\n");
    for (int i = 0; i < m->list.count; i++) {
        const Parameter *p = &m->list.items[i];
        if (strcmp(p->name, "output_norm") == 0 || strstr(p->name, ".query_norm") != NULL)
            printf("  %-30s %.4f\n", p->name, root_mean_square(m->gradients + p->offset, p->count));
    }
    for (int i = 0; i < COUNT_OF(words); i++) {
        printf("  embedding of %-17s %.4f\n", toy_words[words[i]],
               root_mean_square(m->dw.embedding + (size_t)words[i] * TOY_D, TOY_D));
    }
}

typedef enum { PLAIN, ADAMW, ADAMW_WARMUP, ADAMW_FALL, ADAMW_CONSTANT, STEP_KINDS } StepKind;

// The training of toy_model_train, with another peak of the learning rate, and with plain steps or
// AdamW's. The last three kinds have only a part of the schedule: its warm-up, its fall, neither.
// All clip the gradient.
static void train_at(LanguageModel *m, double peak, StepKind kind) {
    TrainingPlan plan = toy_plan;
    plan.peak = peak;
    if (kind == ADAMW_FALL || kind == ADAMW_CONSTANT) plan.warmup = 0;
    if (kind == ADAMW_WARMUP || kind == ADAMW_CONSTANT) plan.decay = 0;
    plan.constant = TOY_STEPS - plan.warmup - plan.decay;
    int targets[TOY_B * T];
    for (int step = 0; step < TOY_STEPS; step++) {
        toy_sentences(targets, SEED, step);
        if (kind != PLAIN) {
            language_model_step(m, targets, TOY_B, T, &plan, step);
            continue;
        }
        language_model_gradient(m, targets, TOY_B, T);
        double norm = global_norm(m->gradients, m->list.doubles), rate = learning_rate(&plan, step);
        clip_by_global_norm(m->gradients, m->list.doubles, norm, plan.clip);
        for (size_t i = 0; i < m->list.doubles; i++) m->parameters[i] -= rate * m->gradients[i];
    }
}

static bool show_steps(const char *picture, Error *error) {
    (void)picture;
    static const double rates[] = { 0.001, 0.01, 0.1, 1 };
    static const int widths[STEP_KINDS] = { 9, 9, 14, 11, 10 }; // of the columns
    LanguageModel m;
    if (!toy_model_new(&m, FEED_FORWARD_MLP, SEED)) return fail(error, "no memory for the model");
    print_gradients(&m);
    language_model_free(&m);
    printf("\nThe mlp model's loss after %d steps\n", TOY_STEPS);
    printf("  rate    plain    AdamW  warm-up only  fall only  constant\n");
    for (int i = 0; i < COUNT_OF(rates); i++) {
        printf("%6g", rates[i]);
        for (int kind = 0; kind < STEP_KINDS; kind++) {
            if (!toy_model_new(&m, FEED_FORWARD_MLP, SEED))
                return fail(error, "no memory for the model");
            train_at(&m, rates[i], (StepKind)kind);
            printf("%*.3f", widths[kind], toy_model_loss(&m));
            language_model_free(&m);
        }
        printf("\n");
    }
    return true;
}

// ---- the scoreboard: the letters of chapter 00

enum { WRITTEN = 2 * LETTERS_PER_LINE };

// Trains a model of each kind on the letters of `counted`, and lets it write; the losses are those
// on `held_out`.
static bool train_letters(double loss[MODELS], char written[MODELS][WRITTEN + 1],
                          const Alphabet *alphabet, const char *counted, const char *held_out,
                          Error *error) {
    for (int model = 0; model < MODELS; model++) {
        LanguageModel m;
        if (!letter_model_new(&m, kinds[model], alphabet, SEED))
            return fail(error, "not enough memory for the model");
        letter_model_train(&m, alphabet, counted, LETTER_STEPS, SEED);
        loss[model] = letter_model_loss(&m, alphabet, held_out);
        letter_model_write(written[model], WRITTEN, &m, alphabet, SEED);
        language_model_free(&m);
    }
    return true;
}

static bool show_scores(const Alphabet *alphabet, const char *counted, const char *held_out,
                        const char *picture, Error *error) {
    enum { LAYERS = MODELS - 1, SCORES = TABLE_SCORES + MODELS }; // the last kind is none
    static const char *const names[MODELS] = { "transformer with mlp", "transformer with glu",
                                               "transformer with sgatlin",
                                               "transformer without the layer" };
    double loss[MODELS];
    char written[MODELS][WRITTEN + 1];
    Score scores[SCORES];
    if (!table_scores(scores, alphabet, counted, held_out))
        return fail(error, "not enough memory for the tables");
    if (!train_letters(loss, written, alphabet, counted, held_out, error)) return false;
    scores[TABLE_SCORES] = (Score){ .chapter = "07", .name = names[LAYERS], .loss = loss[LAYERS] };
    for (int i = 0; i < LAYERS; i++)
        scores[TABLE_SCORES + 1 + i] =
            (Score){ .chapter = "07", .name = names[i], .loss = loss[i] };
    const Scoreboard board = { LETTERS_TASK, "07", scores, SCORES };
    if (!scoreboard_show(&board, 1, picture, error)) return false;
    for (int model = 0; model < MODELS; model++) {
        printf("\n%s writes\n", feed_forward_kinds[kinds[model]].name);
        print_letters(written[model]);
    }
    return true;
}

static bool show_scoreboard(const char *picture, Error *error) {
    char *counted = stories_text(COUNTED_FIRST, COUNTED_STORIES);
    char *held_out = stories_text(HELD_OUT_FIRST, HELD_OUT_STORIES);
    Alphabet alphabet;
    bool ok = counted != NULL && held_out != NULL;
    if (!ok) fail(error, "not enough memory for the stories");
    if (ok) {
        alphabet_of(&alphabet, (const char *const[]){ counted, held_out }, 2);
        ok = show_scores(&alphabet, counted, held_out, picture, error);
    }
    free(counted);
    free(held_out);
    return ok;
}

static const DemoPart parts[] = {
    { "untrained", "what a model says before its first step", NO_PICTURE, show_untrained },
    { "model", "the parts of the model", ONLY_PICTURE, model_picture },
    { "pair", "attention between two words, with numbers", ONLY_PICTURE, pair_picture },
    { "rope", "the rotations of RoPE", ONLY_PICTURE, rope_picture },
    { "steps", "plain steps beside AdamW's, at several learning rates", NO_PICTURE, show_steps },
    { "learn", "four models learn, and what one of them attends to", WITH_PICTURE, show_learn },
    { "attention", "the sgatlin model's attention between all words", ONLY_PICTURE,
      show_attention },
    { "scoreboard", "models of letters, and the tables of chapter 00", WITH_PICTURE,
      show_scoreboard },
};

int main(int count, char **arguments) {
    return demo_main("chapter-07", parts, COUNT_OF(parts), count, arguments);
}
