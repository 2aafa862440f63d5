// build/chapter-07 trains three very small models on sentences whose lowest possible loss is known,
// and shows what one of them attends to; --picture ATTENTION LOSS draws the lesson's pictures.
#include "chapters/demo.h"
#include "chapters/07_language_model/language_model.h"
#include "chapters/07_language_model/sampling.h"
#include "reference/draw/chart.h"
#include "reference/draw/paint.h"
#include "reference/io/error.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

// ---- the language: "mia has a red ball . she likes the red ball ." and 149 more

enum { NAMES = 6, COLORS = 5, THINGS = 5, SENTENCES = NAMES * COLORS * THINGS };
enum { PAD, END, NAME, COLOR = NAME + NAMES, THING = COLOR + COLORS, HAS = THING + THINGS };
enum { A = HAS + 1, STOP, HE, SHE, LIKES, THE, V };
static const char *const words[V] = { "<pad>", "<end>", "tom",   "ben",   "leo", "mia", "ann",
                                      "eva",   "red",   "blue",  "green", "big", "new", "ball",
                                      "kite",  "hat",   "cat",   "boat",  "has", "a",   ".",
                                      "he",    "she",   "likes", "the" };

enum { T = 13, B = 8, STEPS = 300, EVERY = 20, POINTS = STEPS / EVERY + 1 };

static void write_sentence(int tokens[T], int i) {
    int name = i % NAMES, color = COLOR + i / NAMES % COLORS, thing = THING + i / NAMES / COLORS;
    int sentence[T] = { NAME + name, HAS, A,     color, thing, STOP, name < 3 ? HE : SHE,
                        LIKES,       THE, color, thing, STOP,  END };
    memcpy(tokens, sentence, sizeof sentence);
}

// Name, color and thing are random; everything else follows from them.
static double lowest_loss(void) { return (log(NAMES) + log(COLORS) + log(THINGS)) / T; }

// ---- training

enum { MODELS = 3 };
static const ModelSizes sizes[MODELS] = {
    { .ffn = FEED_FORWARD_MLP, .V = V, .T = T, .D = 24, .L = 2, .Dh = 12, .F = 48 },
    { .ffn = FEED_FORWARD_GLU, .V = V, .T = T, .D = 24, .L = 2, .Dh = 12, .F = 32 },
    { .ffn = FEED_FORWARD_SGATLIN,
      .V = V,
      .T = T,
      .D = 24,
      .L = 2,
      .Dh = 12,
      .F = 36,
      .C = 2,
      .K = 4,
      .Dk = 8 },
};
static const TrainingPlan plan = {
    .peak = 0.01, .warmup = 20, .constant = 220, .decay = 60, .clip = 1.0, .weight_decay = 1e-3
};

static void initialise(LanguageModel *m) {
    for (int i = 0; i < m->list.count; i++) {
        const Parameter *p = &m->list.items[i];
        uint64_t key = random_key(1, p->name);
        for (size_t j = 0; j < p->count; j++) {
            m->parameters[p->offset + j] = p->mean + p->deviation * random_normal(key, j);
        }
    }
}

// Mean loss over all sentences.
static double mean_loss(LanguageModel *m) {
    int targets[T], inputs[T];
    double sum = 0.0;
    for (int i = 0; i < SENTENCES; i++) {
        write_sentence(targets, i);
        shift_right(inputs, targets, T);
        language_model_forward(m, inputs, T);
        sum += language_model_loss(m, targets, T);
    }
    return sum / (SENTENCES * T);
}

static void train(LanguageModel *m, double loss[POINTS]) {
    int targets[B * T];
    uint64_t key = random_key(2, "sentences");
    for (int step = 0; step < STEPS; step++) {
        if (step % EVERY == 0) loss[step / EVERY] = mean_loss(m);
        for (int b = 0; b < B; b++) {
            write_sentence(targets + b * T,
                           (int)random_below(key, (uint64_t)step * B + b, SENTENCES));
        }
        language_model_step(m, targets, B, T, &plan, step);
    }
    loss[POINTS - 1] = mean_loss(m);
}

static void print_losses(double loss[MODELS][POINTS]) {
    static const int shown[] = { 0, 20, 40, 100, 200, 300 };
    printf("Loss over all %d sentences, in nats per word (uniform guess: %.3f, lowest possible: "
           "%.3f)\n\n",
           SENTENCES, log(V), lowest_loss());
    printf(" step      mlp      glu  sgatlin\n");
    for (int i = 0; i < COUNT_OF(shown); i++) {
        printf("%5d", shown[i]);
        for (int model = 0; model < MODELS; model++) printf("%9.3f", loss[model][shown[i] / EVERY]);
        printf("\n");
    }
    printf("\nPerplexity, e^loss:");
    for (int model = 0; model < MODELS; model++) {
        printf("  %s %.2f", feed_forward_kinds[sizes[model].ffn].name,
               exp(loss[model][POINTS - 1]));
    }
    printf("  (lowest possible %.2f)\n", exp(lowest_loss()));
}

// ---- sampling and attention

static void print_sampled(LanguageModel *m, uint64_t line) {
    int inputs[T] = { END }, order[V];
    double p[V];
    SamplingRule rule = { .temperature = 0.8 };
    for (int t = 0; t < T; t++) {
        language_model_forward(m, inputs, t + 1); // recomputes everything; a KV cache would not
        double draw = random_uniform(random_key(3, "draws"), line * T + t);
        int token = sample_next_token(m->logits + (size_t)t * V, V, &rule, draw, order, p);
        if (token == END) break;
        printf(" %s", words[token]);
        if (t + 1 < T) inputs[t + 1] = token;
    }
    printf("\n");
}

static const double *attention_weights(const LanguageModel *m, int layer, int head, int t) {
    return m->layers[layer].attention.weights + ((size_t)head * T + t) * T;
}

// The head and the earlier word with the largest attention weight for word t.
static void print_attention(const LanguageModel *m, const int *inputs, int t, const char *next) {
    int layer = 0, head = 0, s = 0, H = m->sizes.D / m->sizes.Dh;
    for (int l = 0; l < m->sizes.L; l++) {
        for (int h = 0; h < H; h++) {
            for (int i = 0; i < t; i++) {
                if (attention_weights(m, l, h, t)[i] <= attention_weights(m, layer, head, t)[s])
                    continue;
                layer = l;
                head = h;
                s = i;
            }
        }
    }
    printf("  before %-6s layer %d, head %d attends from \"%s\" (%d) to \"%s\" (%d): %.2f\n", next,
           layer + 1, head + 1, words[inputs[t]], t, words[inputs[s]], s,
           attention_weights(m, layer, head, t)[s]);
}

static void read_example(LanguageModel *m, int inputs[T]) {
    int targets[T];
    write_sentence(targets, 3 + NAMES * 1); // mia, blue, ball
    shift_right(inputs, targets, T);
    language_model_forward(m, inputs, T);
}

// ---- pictures

enum { CELL = 20, LABEL = 60, GRID = T * CELL, WIDE = LABEL + GRID + 36, HIGH = GRID + 112 };

static void draw_weights(DrawList *list, const LanguageModel *m, int layer, int head, float x,
                         float y) {
    float values[T * T];
    for (int t = 0; t < T; t++) {
        for (int s = 0; s < T; s++)
            values[t * T + s] = s <= t ? (float)attention_weights(m, layer, head, t)[s] : NAN;
    }
    draw_cells(list, (Rect){ x, y, GRID, GRID }, T, T, values, 0, 1);
}

static void draw_panel(DrawList *list, const LanguageModel *m, const int *inputs, int layer,
                       int head, float x, float y) {
    char title[40];
    snprintf(title, sizeof title, "layer %d, head %d", layer + 1, head + 1);
    draw_text(list, x, y - 26, TEXT_NORMAL, COLOR_TEXT, title);
    draw_weights(list, m, layer, head, x, y);
    for (int t = 0; t < T; t++) {
        const char *word = words[inputs[t]];
        float offset = (float)(t * CELL);
        draw_text_right(list, x - 8, y + offset + 1, TEXT_SMALL, COLOR_TEXT, word);
        for (int c = 0; word[c] != '\0' && c < 5; c++) { // the column's word, downwards
            draw_text_center(list, x + offset + CELL / 2.0f, y + GRID + 3 + 12 * (float)c, 11,
                             COLOR_DIM, (char[]){ word[c], '\0' });
        }
    }
}

static bool draw_attention(const char *path, const LanguageModel *m, const int *inputs,
                           Error *error) {
    int H = m->sizes.D / m->sizes.Dh;
    DrawList list = draw_new(H * WIDE + 24, m->sizes.L * HIGH + 50, font_find());
    draw_round_rect(&list, (Rect){ 8, 8, (float)list.width - 16, (float)list.height - 16 }, 6,
                    COLOR_PANEL);
    draw_text(&list, 24, 18, TEXT_SMALL, COLOR_DIM,
              "row: the word that attends · column: the word attended to");
    for (int l = 0; l < m->sizes.L; l++) {
        for (int h = 0; h < H; h++)
            draw_panel(&list, m, inputs, l, h, 24 + LABEL + (float)(h * WIDE),
                       76 + (float)(l * HIGH));
    }
    bool ok = paint_png(&list, path, error);
    draw_free(&list);
    return ok;
}

static bool draw_losses(const char *path, double loss[MODELS][POINTS], Error *error) {
    double steps[POINTS];
    Series series[MODELS];
    Baseline lowest = { "the lowest possible", lowest_loss() };
    for (int i = 0; i < POINTS; i++) steps[i] = i * EVERY;
    for (int model = 0; model < MODELS; model++) {
        series[model] = (Series){ feed_forward_kinds[sizes[model].ffn].name, color_class(model),
                                  steps, loss[model], POINTS };
    }
    Chart chart = { .title = "Three feed-forward layers in the same model",
                    .x_label = "step",
                    .y_label = "loss, nats per word",
                    .series = series,
                    .series_count = MODELS,
                    .baselines = &lowest,
                    .baseline_count = 1 };
    return chart_write_png(&chart, path, error);
}

// ---- the parts together

static bool show(char **pictures, Error *error) {
    double loss[MODELS][POINTS];
    LanguageModel m = { 0 };
    for (int model = 0; model < MODELS; model++) {
        language_model_free(&m);
        if (!language_model_new(&m, &sizes[model]))
            return fail(error, "not enough memory for the model");
        initialise(&m);
        train(&m, loss[model]);
    }
    int inputs[T];
    print_losses(loss);
    printf("\nThe sgatlin model (%zu parameters) writes\n", m.list.doubles);
    for (uint64_t line = 0; line < 3; line++) print_sampled(&m, line);
    read_example(&m, inputs);
    printf("\nWhat it attends to in: mia has a blue ball . she likes the blue ball .\n");
    print_attention(&m, inputs, 6, "\"she\"");
    print_attention(&m, inputs, 9, "\"blue\"");
    print_attention(&m, inputs, 10, "\"ball\"");
    bool ok = pictures[0] == NULL || (draw_attention(pictures[0], &m, inputs, error) &&
                                      draw_losses(pictures[1], loss, error));
    language_model_free(&m);
    return ok;
}

static const DemoPart parts[] = {
    { "", "trains three models, and shows what one of them attends to", 0, show },
    { "--picture", "the same, and draws attention and losses", 2, show },
};

int main(int count, char **arguments) {
    return demo_main("chapter-07", parts, COUNT_OF(parts), count, arguments);
}
