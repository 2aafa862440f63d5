// The experiments of the lesson.
#include "chapters/demo.h"
#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/03_who_chooses/routed_scores.h"
#include "chapters/03_who_chooses/routing.h"
#include "chapters/diagram.h"
#include "reference/draw/paint.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const rule_names[ROUTING_KINDS] = { "token choice", "expert choice",
                                                       "unified, sequence", "unified, step" };

// ---- rules: one small table, four rules

enum { SMALL_B = 2, SMALL_T = 2, SMALL_E = 3, SMALL = SMALL_B * SMALL_T * SMALL_E };

// chosen [N,E]: true where the gating has an entry.
static void mark_chosen(bool *chosen, const MoeGating *gating, int E) {
    for (int i = 0; i < gating->N * E; i++) chosen[i] = false;
    for (int t = 0; t < gating->N; t++) {
        for (int i = gating->start[t]; i < gating->start[t + 1]; i++)
            chosen[t * E + gating->index[i]] = true;
    }
}

static bool show_rules(const char *picture, Error *error) {
    (void)picture, (void)error;
    const double score[SMALL] = { 9, 8, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2 };
    bool chosen[ROUTING_KINDS][SMALL];
    printf("%-17s", "one per token");
    for (int kind = 0; kind < ROUTING_KINDS; kind++) {
        int ints[3 * SMALL], start[SMALL_B * SMALL_T + 1], index[SMALL];
        double scratch[SMALL], weight[SMALL];
        MoeGating gating = { .start = start, .index = index, .weight = weight };
        const RoutingRule rule = { .kind = (RoutingKind)kind, .budget = 1.0 };
        const RoutingTable table = { SMALL_B, SMALL_T, SMALL_E, score, NULL };
        route_tokens(&gating, scratch, ints, &table, &rule);
        mark_chosen(chosen[kind], &gating, SMALL_E);
        printf("%20s", rule_names[kind]);
    }
    for (int t = 0; t < SMALL_B * SMALL_T; t++) {
        printf("\nsequence %d, t = %d", t / SMALL_T, t % SMALL_T);
        for (int kind = 0; kind < ROUTING_KINDS; kind++) {
            printf("%8s", "");
            for (int i = t * SMALL_E; i < (t + 1) * SMALL_E; i++)
                printf("  %c%g", chosen[kind][i] ? '*' : ' ', score[i]);
        }
    }
    printf("\n");
    return true;
}

// ---- a model that predicts the next word from the current and the previous one

enum { MAX_D = 16, MAX_WORDS = 128, MAX_TOKENS = 256, NO_WORD = -1 };
enum { CURRENT, PREVIOUS, OUT, ROUTER, UP, UP_BIAS, DOWN, DOWN_BIAS, WEIGHTS };

// x = the current word's row of one table and the previous word's row of another, side by side;
// logits = (x + layer(x)) · out.
typedef struct {
    RoutedMoe layer;
    int V;
    // current [V,D/2], previous [V,D/2], out [D,V], and the layer's; their gradients
    double *block, *weights[WEIGHTS], *gradients[WEIGHTS];
    size_t count[WEIGHTS], parameters; // doubles, of each and of all
    double *x, *y, *dx, *dy;           // [B,T,D] each
    double *scratch, *saved;           // the layer's
    int *ints;
    RoutedTokens tokens;
} Model;

static void model_free(Model *model) {
    free(model->block);
    free(model->ints);
    *model = (Model){ 0 };
}

static void draw_weights(Model *model, uint64_t seed) {
    double in = 1.0 / sqrt(model->layer.m.D), hidden = 1.0 / sqrt(model->layer.m.F);
    const double deviation[WEIGHTS] = {
        [CURRENT] = 1, [PREVIOUS] = 1, [OUT] = in, [ROUTER] = in, [UP] = in, [DOWN] = hidden
    };
    for (int i = 0; i < WEIGHTS; i++) {
        uint64_t key = random_key(seed * WEIGHTS + (uint64_t)i, "weight");
        for (size_t j = 0; j < model->count[i]; j++)
            model->weights[i][j] = deviation[i] * random_normal(key, j);
    }
}

static double *take(double **from, size_t count) {
    double *taken = *from;
    *from += count;
    return taken;
}

// For batches of at most B sequences of at most T words. All gradients are 0.
static bool model_new(Model *out, const RoutedMoe *layer, int V, int B, int T, Error *error) {
    size_t D = (size_t)layer->m.D, F = (size_t)layer->m.F, E = (size_t)layer->m.E,
           rows = (size_t)B * T * D, half = (size_t)V * D / 2;
    *out = (Model){ .layer = *layer,
                    .V = V,
                    .count = { half, half, D * V, D * E, E * D * 2 * F, E * 2 * F, E * F * D,
                               E * D } };
    for (int i = 0; i < WEIGHTS; i++) out->parameters += out->count[i];
    size_t scratch = routed_scratch(layer, B, T), saved = routed_tokens_doubles(layer, B, T);
    out->block = calloc(2 * out->parameters + 4 * rows + scratch + saved, sizeof *out->block);
    out->ints = calloc(routed_tokens_ints(layer, B, T), sizeof *out->ints);
    if (out->block == NULL || out->ints == NULL) {
        model_free(out);
        return fail(error, "no memory for a model of %d words", V);
    }
    double *next = out->block;
    for (int i = 0; i < WEIGHTS; i++) out->weights[i] = take(&next, out->count[i]);
    for (int i = 0; i < WEIGHTS; i++) out->gradients[i] = take(&next, out->count[i]);
    out->x = take(&next, rows);
    out->y = take(&next, rows);
    out->dx = take(&next, rows);
    out->dy = take(&next, rows);
    out->scratch = take(&next, scratch);
    out->saved = take(&next, saved);
    return true;
}

static MoeWeights layer_weights(double *const *t) {
    return (MoeWeights){ .router = t[ROUTER],
                         .experts = { t[UP], t[UP_BIAS], t[DOWN], t[DOWN_BIAS] } };
}

// Word t of sequence b. A text is sequences of `stride` words each; they start with word 0 and are
// padded with NO_WORD.
static int word_at(const int *text, int stride, int b, int t) {
    int word = t < 0 ? 0 : text[b * stride + t];
    return word == NO_WORD ? 0 : word;
}

// The layer on words 0 .. T-1 of B sequences. A word without a next one is padding.
static void model_forward(Model *model, const int *text, int stride, int B, int T) {
    int D = model->layer.m.D, half = D / 2;
    bool pad[MAX_TOKENS];
    for (int i = 0; i < B * T; i++) {
        int b = i / T, t = i % T;
        size_t bytes = (size_t)half * sizeof(double);
        pad[i] = text[b * stride + t + 1] == NO_WORD;
        const double *current = model->weights[CURRENT] + word_at(text, stride, b, t) * half;
        const double *previous = model->weights[PREVIOUS] + word_at(text, stride, b, t - 1) * half;
        memcpy(model->x + i * D, current, bytes);
        memcpy(model->x + i * D + half, previous, bytes);
    }
    MoeWeights w = layer_weights(model->weights);
    model->tokens = routed_tokens(model->saved, model->ints, &model->layer, B, T);
    routed_forward(model->y, &model->tokens, model->x, pad, &w, &model->layer, B, T);
}

// The loss of one word. If `weight` is not 0, also the gradients of weight · loss; that of x +
// layer(x) is written to dy.
static double word_loss(Model *model, int token, int target, double weight) {
    int D = model->layer.m.D, V = model->V;
    double h[MAX_D], p[MAX_WORDS];
    for (int d = 0; d < D; d++) h[d] = model->x[token * D + d] + model->y[token * D + d];
    linear(p, h, model->weights[OUT], D, V);
    double logit = p[target], loss = softmax_row(p, p, V) - logit;
    if (weight == 0.0) return loss;
    for (int v = 0; v < V; v++) p[v] = weight * (p[v] - (v == target));
    linear_backward(model->dy + token * D, model->gradients[OUT], p, h, model->weights[OUT], D, V);
    return loss;
}

static void model_backward(Model *model, const int *text, int stride, int B, int T) {
    int D = model->layer.m.D, half = D / 2;
    MoeWeights w = layer_weights(model->weights), dw = layer_weights(model->gradients);
    double **gradients = model->gradients;
    routed_backward(model->dx, &dw, model->scratch, model->dy, &model->tokens, model->x, &w,
                    &model->layer);
    for (int i = 0; i < B * T; i++) {
        double *current = gradients[CURRENT] + word_at(text, stride, i / T, i % T) * half;
        double *previous = gradients[PREVIOUS] + word_at(text, stride, i / T, i % T - 1) * half;
        for (int d = 0; d < half; d++) {
            current[d] += model->dx[i * D + d] + model->dy[i * D + d];
            previous[d] += model->dx[i * D + half + d] + model->dy[i * D + half + d];
        }
    }
}

// The sum of the losses of words 1 .. T of B sequences, computed in parallel, as in training. If
// `weight` is not 0, also the gradients of weight · sum.
static double parallel_loss(Model *model, const int *text, int stride, int B, int T,
                            double weight) {
    double sum = 0.0;
    model_forward(model, text, stride, B, T);
    for (int i = 0; i < B * T * model->layer.m.D; i++) model->dy[i] = 0.0;
    for (int i = 0; i < B * T; i++) {
        int target = text[i / T * stride + i % T + 1];
        if (target != NO_WORD) sum += word_loss(model, i, target, weight);
    }
    if (weight != 0.0) model_backward(model, text, stride, B, T);
    return sum;
}

// The same word by word, as in generation: later words do not exist yet.
static double word_by_word_loss(Model *model, const int *text, int stride, int B, int T) {
    double sum = 0.0;
    for (int b = 0; b < B; b++) {
        const int *own = text + b * stride;
        for (int t = 0; t < T && own[t + 1] != NO_WORD; t++) {
            model_forward(model, own, stride, 1, t + 1);
            sum += word_loss(model, t, own[t + 1], 0.0);
        }
    }
    return sum;
}

static void step(Model *model, double learning_rate) {
    double *w = model->block, *gradient = w + model->parameters;
    for (size_t i = 0; i < model->parameters; i++) {
        w[i] -= learning_rate * gradient[i];
        gradient[i] = 0.0;
    }
}

typedef struct {
    double parallel, word_by_word; // nats per word
} Losses;

// ---- coins: unpredictable by design

enum { COINS = 6, COIN_WORDS = 3, ROW = COINS + 1, PLAYERS = 8, THROWS = PLAYERS * COINS };
enum { GAMES = 100, STARTS = 3, COIN_STEPS = 3000 };

// Word 0, then words 1 and 2 at random.
static void throw_coins(int *text, uint64_t key) {
    for (int i = 0; i < PLAYERS * ROW; i++)
        text[i] = i % ROW == 0 ? 0 : 1 + (int)random_below(key, (uint64_t)i, 2);
}

// All rows in one batch, or each alone, so that an expert chooses among one row of coins.
static double coins_loss(Model *model, const int *text, bool together, double weight) {
    if (together) return parallel_loss(model, text, ROW, PLAYERS, COINS, weight);
    double sum = 0.0;
    for (int b = 0; b < PLAYERS; b++)
        sum += parallel_loss(model, text + b * ROW, ROW, 1, COINS, weight);
    return sum;
}

static bool coin_losses(Losses *out, const RoutingRule *rule, bool together, uint64_t seed,
                        Error *error) {
    const RoutedMoe layer = { .m = { .D = 8, .F = 8, .E = 4 }, .rule = *rule };
    int text[PLAYERS * ROW];
    Model model;
    if (!model_new(&model, &layer, COIN_WORDS, PLAYERS, COINS, error)) return false;
    draw_weights(&model, seed);
    for (int s = 0; s < COIN_STEPS; s++) { // new coins at each step: nothing to memorise
        throw_coins(text, random_key((uint64_t)s, "learn"));
        coins_loss(&model, text, together, 1.0 / THROWS);
        step(&model, 0.3 * (1.0 - (double)s / COIN_STEPS));
    }
    *out = (Losses){ 0 };
    for (int s = 0; s < GAMES; s++) {
        throw_coins(text, random_key((uint64_t)s, "play"));
        out->parallel += coins_loss(&model, text, together, 0.0) / (GAMES * THROWS);
        out->word_by_word +=
            word_by_word_loss(&model, text, ROW, PLAYERS, COINS) / (GAMES * THROWS);
    }
    model_free(&model);
    return true;
}

static bool show_coins(const char *picture, Error *error) {
    (void)picture;
    static const struct {
        const char *name;
        RoutingRule rule;
        bool together;
    } rules[] = {
        { "token choice", { TOKEN_CHOICE, 1.5, 0.0 }, true },
        { "expert choice, 6 coins", { EXPERT_CHOICE, 1.5, 0.0 }, false },
        { "expert choice, 8 x 6 coins", { EXPERT_CHOICE, 1.5, 0.0 }, true },
        { "unified, sequence", { UNIFIED_SEQUENCE, 1.5, 0.5 }, true },
        { "unified, step", { UNIFIED_STEP, 1.5, 0.5 }, true },
    };
    printf("Loss per coin, in nats, from three starts; without seeing the future at least ln 2 = "
           "%.3f\n\n",
           log(2));
    printf("%-28s%-24s%s\n", "", "all six at once", "coin by coin");
    for (int r = 0; r < COUNT_OF(rules); r++) {
        Losses losses[STARTS];
        for (int i = 0; i < STARTS; i++) {
            if (!coin_losses(&losses[i], &rules[r].rule, rules[r].together, (uint64_t)i, error))
                return false;
        }
        printf("%-28s", rules[r].name);
        for (int i = 0; i < STARTS; i++) printf("%.3f  ", losses[i].parallel);
        for (int i = 0; i < STARTS; i++) printf("  %.3f", losses[i].word_by_word);
        printf("\n");
    }
    return true;
}

// ---- sentence

static const char *const story[] = {
    "the old cat sleeps by the warm fire",
    "a grey mouse lives under the stairs",
    "the dog barks at the grey cat",
    "the cat dreams of a fat fish",
    "my sister feeds the small dog",
    "the boy throws a red ball into the river",
    "a fat fish swims in the cold river",
    "the girl reads a book by the warm fire",
    "my brother sleeps under the old tree",
    "the mouse eats a piece of bread",
    "the old man walks to the river",
    "a small bird sings in the tall tree",
    "the dog runs to the boy",
    "my mother bakes bread for my brother",
    "the girl gives the dog a bone",
    "the mouse runs from the cat",
    "the old woman feeds the small birds",
    "my father reads a book in the garden",
    "the birds fly over the cold river",
    "the boy climbs into the tall tree",
    "the cat sees a bird in the garden",
    "my sister sings to the old cat",
    "the dog sleeps by the door",
    "a red ball rolls under the stairs",
    "the old man gives the girl a red book",
    "the small mouse dreams of bread",
    "my mother walks to the garden with my sister",
    "the fish sees the boy and swims into the cold water",
    "the girl throws a piece of bread to the birds",
    "my father sleeps in the garden under the tall tree",
    "the cat runs from the dog and climbs into the old tree",
    "the boy and the girl walk by the river",
    "the dog dreams of a bone and barks",
    "a bird eats the bread and sings",
    "the old woman reads by the fire and sleeps",
    "the mouse sees the cat and runs under the stairs",
};
static const char sentence[] = "the old dog sees a small bird in the garden and dreams of bread";

enum { SENTENCES = COUNT_OF(story), LINE = 16, TOKENS = LINE - 1, BATCH = 6, MAX_LETTERS = 16 };
enum { EXPERTS = 6, BOOK_STEPS = 800 };

typedef struct {
    char word[MAX_WORDS][MAX_LETTERS];
    int V;
    int text[SENTENCES][LINE], own[LINE]; // the story, and `sentence`
} Book;

static int word_number(Book *book, const char *word, size_t length) {
    for (int v = 0; v < book->V; v++) {
        if (strlen(book->word[v]) == length && memcmp(book->word[v], word, length) == 0) return v;
    }
    memcpy(book->word[book->V], word, length);
    book->word[book->V][length] = '\0';
    return book->V++;
}

// Word 0, the words of the line, word 0 again, then NO_WORD.
static void read_line(int text[LINE], Book *book, const char *line) {
    int t = 0;
    text[t++] = 0;
    while (*line != '\0') {
        size_t length = strcspn(line, " ");
        text[t++] = word_number(book, line, length);
        line += length + strspn(line + length, " ");
    }
    text[t++] = 0;
    while (t < LINE) text[t++] = NO_WORD;
}

static Book read_book(void) {
    Book book = { .word = { "." }, .V = 1 };
    for (int i = 0; i < SENTENCES; i++) read_line(book.text[i], &book, story[i]);
    read_line(book.own, &book, sentence);
    return book;
}

// Each step is one batch of random sentences of the book.
static void train(Model *model, const Book *book, int steps) {
    for (int s = 0; s < steps; s++) {
        int text[BATCH * LINE], words = 0;
        for (uint64_t b = 0; b < BATCH; b++) {
            uint64_t line = random_below(random_key((uint64_t)s, "line"), b, SENTENCES);
            memcpy(text + b * LINE, book->text[line], sizeof book->text[line]);
            for (int t = 1; t < LINE; t++) words += book->text[line][t] != NO_WORD;
        }
        parallel_loss(model, text, LINE, BATCH, TOKENS, 1.0 / words);
        step(model, 0.3 * (1.0 - (double)s / steps));
    }
}

// Adds weight · the losses per word of the training sentences. token_choice: word by word, but each
// word takes its own best experts.
static void add_losses(Losses *sum, double *token_choice, Model *model, const Book *book,
                       double weight) {
    const RoutingRule rule = model->layer.rule;
    int words = 0;
    for (int i = 0; i < SENTENCES * LINE; i++)
        words += i % LINE > 0 && book->text[i / LINE][i % LINE] != NO_WORD;
    weight /= words;
    for (int i = 0; i < SENTENCES; i += BATCH) {
        sum->parallel += weight * parallel_loss(model, book->text[i], LINE, BATCH, TOKENS, 0.0);
        sum->word_by_word += weight * word_by_word_loss(model, book->text[i], LINE, BATCH, TOKENS);
        model->layer.rule.kind = TOKEN_CHOICE;
        *token_choice += weight * word_by_word_loss(model, book->text[i], LINE, BATCH, TOKENS);
        model->layer.rule = rule;
    }
}

static const RoutingRule two_each[ROUTING_KINDS] = { { TOKEN_CHOICE, 2, 0 },
                                                     { EXPERT_CHOICE, 2, 0 },
                                                     { UNIFIED_SEQUENCE, 2, 0.5 },
                                                     { UNIFIED_STEP, 2, 0.5 } };

static bool trained_model(Model *out, RoutingKind kind, uint64_t seed, const Book *book, int steps,
                          Error *error) {
    const RoutedMoe layer = { .m = { .D = MAX_D, .F = 12, .E = EXPERTS }, .rule = two_each[kind] };
    if (!model_new(out, &layer, book->V, BATCH, TOKENS, error)) return false;
    draw_weights(out, seed);
    train(out, book, steps);
    return true;
}

static bool print_losses(const Book *book, Error *error) {
    printf("Loss per word, in nats, mean of three starts\n\n");
    printf("%-20s%-18s%-15s%s\n", "", "whole sentences", "word by word",
           "the same, each word its own best 2");
    for (int kind = 0; kind < ROUTING_KINDS; kind++) {
        Losses mean = { 0 };
        double token_choice = 0.0;
        for (int i = 0; i < STARTS; i++) {
            Model model;
            if (!trained_model(&model, (RoutingKind)kind, (uint64_t)i, book, BOOK_STEPS, error))
                return false;
            add_losses(&mean, &token_choice, &model, book, 1.0 / STARTS);
            model_free(&model);
        }
        printf("%-20s%.2f%14s%.2f%11s%.2f\n", rule_names[kind], mean.parallel, "",
               mean.word_by_word, "", token_choice);
    }
    return true;
}

// ---- one table of scores, routed by the first three rules

enum { PANELS = 3, ROWS = 15, CELLS = ROWS * EXPERTS };

typedef struct {
    double score[PANELS][CELLS];
    bool chosen[PANELS][CELLS];
} Tables;

// The sentence was not trained on. The model was trained with token choice; all three rules get its
// logits.
static bool fill_tables(Tables *out, const Book *book, Error *error) {
    Model model;
    if (!trained_model(&model, TOKEN_CHOICE, 0, book, BOOK_STEPS, error)) return false;
    model_forward(&model, book->own, LINE, 1, ROWS);
    RoutedTokens *tokens = &model.tokens;
    MoeTokens *moe = &tokens->moe;
    for (int rule = 0; rule < PANELS; rule++) {
        unified_scores(out->score[rule], moe->logits, moe->p, two_each[rule].alpha, ROWS, EXPERTS);
        const RoutingTable table = { 1, ROWS, EXPERTS, out->score[rule], NULL };
        route_tokens(&moe->gating, tokens->pool, tokens->ints, &table, &two_each[rule]);
        mark_chosen(out->chosen[rule], &moe->gating, EXPERTS);
    }
    model_free(&model);
    return true;
}

static int count_row(const bool *chosen, int t) {
    int count = 0;
    for (int e = 0; e < EXPERTS; e++) count += chosen[t * EXPERTS + e];
    return count;
}

static int count_column(const bool *chosen, int e) {
    int count = 0;
    for (int t = 0; t < ROWS; t++) count += chosen[t * EXPERTS + e];
    return count;
}

static void print_tables(const Tables *tables, const Book *book) {
    printf("\nHow many of %d experts each word gets, by the same scores\n\n%-22s", EXPERTS, "");
    for (int t = 0; t < ROWS; t++) printf(" %s", book->word[book->own[t]]);
    for (int rule = 0; rule < PANELS; rule++) {
        printf("\n%-22s", rule_names[rule]);
        for (int t = 0; t < ROWS; t++) {
            printf(" %*d", (int)strlen(book->word[book->own[t]]),
                   count_row(tables->chosen[rule], t));
        }
    }
    printf("\n\nHow many words each expert gets\n");
    for (int rule = 0; rule < PANELS; rule++) {
        printf("\n%-22s", rule_names[rule]);
        for (int e = 0; e < EXPERTS; e++) printf(" %d", count_column(tables->chosen[rule], e));
    }
    printf("\n");
}

// ---- the picture

enum { WIDE = 36, HIGH = 26, LEFT = 110, TOP = 84, PANEL = EXPERTS * WIDE + 74 };

static void draw_number(DrawList *list, float center, float y, int number) {
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    draw_text_center(list, center, y, TEXT_SMALL, COLOR_DIM, text);
}

static void draw_chosen(DrawList *list, const bool *chosen, float left) {
    for (int cell = 0; cell < CELLS; cell++) {
        float x = left + (float)(cell % EXPERTS * WIDE), y = TOP + (float)(cell / EXPERTS * HIGH);
        if (chosen[cell]) draw_frame(list, (Rect){ x, y, WIDE - 1, HIGH - 1 }, 3, 0xffffff);
    }
}

static void draw_table(DrawList *list, const Tables *tables, int rule, float left) {
    float values[CELLS];
    for (int cell = 0; cell < CELLS; cell++) values[cell] = (float)tables->score[rule][cell];
    draw_text(list, left, 26, TEXT_LARGE, COLOR_TEXT, rule_names[rule]);
    draw_cells(list, (Rect){ left, TOP, EXPERTS * WIDE, ROWS * HIGH }, ROWS, EXPERTS, values, 0, 1);
    draw_chosen(list, tables->chosen[rule], left);
    for (int t = 0; t < ROWS; t++) {
        draw_number(list, left + EXPERTS * WIDE + 16, TOP + (float)t * HIGH + 4,
                    count_row(tables->chosen[rule], t));
    }
    for (int e = 0; e < EXPERTS; e++) {
        float center = left + (float)e * WIDE + WIDE / 2.0f;
        draw_number(list, center, TOP - 22, e);
        draw_number(list, center, TOP + ROWS * HIGH + 6, count_column(tables->chosen[rule], e));
    }
}

static bool draw(const char *path, const Tables *tables, const Book *book, Error *error) {
    DrawList list = draw_new(LEFT + PANELS * PANEL, TOP + ROWS * HIGH + 84, font_find());
    draw_round_rect(&list, (Rect){ 8, 8, (float)list.width - 16, (float)list.height - 16 }, 6,
                    COLOR_PANEL);
    for (int t = 0; t < ROWS; t++) {
        const char *word = t == 0 ? "(start)" : book->word[book->own[t]];
        draw_text_right(&list, LEFT - 14, TOP + (float)t * HIGH + 3, TEXT_NORMAL, COLOR_TEXT, word);
    }
    for (int rule = 0; rule < PANELS; rule++)
        draw_table(&list, tables, rule, LEFT + (float)rule * PANEL);
    draw_text(&list, LEFT, TOP + ROWS * HIGH + 38, DIAGRAM_NOTE, COLOR_DIM,
              "white: chosen; right: experts per word; below: words per expert");
    diagram_scale(&list, LEFT + 2 * PANEL, TOP + ROWS * HIGH + 38, "score 0", "1");
    bool ok = paint_png(&list, path, error);
    draw_free(&list);
    return ok;
}

static bool show_sentence(const char *picture, Error *error) {
    Book book = read_book();
    Tables tables;
    if (!print_losses(&book, error) || !fill_tables(&tables, &book, error)) return false;
    print_tables(&tables, &book);
    return picture == NULL || draw(picture, &tables, &book, error);
}

// ---- starts: token choice and the sequence pool from six random starts

enum { MORE_STARTS = 6 };

static bool print_starts(RoutingKind kind, int steps, const Book *book, Error *error) {
    Losses mean = { 0 };
    printf("%-18s %5d  ", rule_names[kind], steps);
    for (int i = 0; i < MORE_STARTS; i++) {
        Model model;
        Losses own = { 0 };
        double token_choice = 0.0;
        if (!trained_model(&model, kind, (uint64_t)i, book, steps, error)) return false;
        add_losses(&own, &token_choice, &model, book, 1.0);
        model_free(&model);
        printf(" %.2f", own.parallel);
        mean.parallel += own.parallel / MORE_STARTS;
        mean.word_by_word += own.word_by_word / MORE_STARTS;
    }
    printf("   %.2f          %.2f\n", mean.parallel, mean.word_by_word);
    return true;
}

static bool show_starts(const char *picture, Error *error) {
    (void)picture;
    Book book = read_book();
    printf("rule               steps   whole sentences, six starts     mean  word by word\n");
    for (int steps = BOOK_STEPS; steps <= 1200; steps += 400) {
        if (!print_starts(TOKEN_CHOICE, steps, &book, error) ||
            !print_starts(UNIFIED_SEQUENCE, steps, &book, error))
            return false;
    }
    return true;
}

static bool show_scoreboard(const char *picture, Error *error) {
    Learner learners[MAX_LEARNERS];
    return tasks_show("03", learners, routed_learners(learners), picture, error);
}

static const DemoPart parts[] = {
    { "rules", "a small table, routed in four ways", NO_PICTURE, show_rules },
    { "coins", "small models that can see the future", NO_PICTURE, show_coins },
    { "sentence", "which experts the words of a sentence get", WITH_PICTURE, show_sentence },
    { "starts", "token choice and the sequence pool from six starts", NO_PICTURE, show_starts },
    { "scoreboard", "the layers so far learn two tasks", WITH_PICTURE, show_scoreboard },
};

int main(int count, char **arguments) {
    return demo_main("chapter-03", parts, COUNT_OF(parts), count, arguments);
}
