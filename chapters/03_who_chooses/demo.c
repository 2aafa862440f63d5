// build/chapter-03 PART [PICTURE.png]: the experiments of the lesson. `rules` chooses from a small
// table in four ways, `coins` lets small models see what they must not see, `sentence` shows who
// gets whom in a sentence, and draws it.
#include "reference/support/demo.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/03_who_chooses/choice.h"
#include "reference/draw/paint.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const rule_names[CUTS] = { "token choice", "expert choice", "unified, sequence",
                                              "unified, step" };

// ---- rules: one small table, four choices

enum { SMALL_B = 2, SMALL_T = 2, SMALL_E = 3, SMALL = SMALL_B * SMALL_T * SMALL_E };

// A table of 0 and 1: what the list of a gating holds.
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
    bool chosen[CUTS][SMALL];
    printf("%-17s", "one a token");
    for (int cut = 0; cut < CUTS; cut++) {
        int ints[3 * SMALL], start[SMALL_B * SMALL_T + 1], index[SMALL];
        double room[SMALL], weight[SMALL];
        MoeGating gating = { .start = start, .index = index, .weight = weight };
        const ChoosingRule rule = { .cut = (Cut)cut, .budget = 1.0 };
        choose(&gating, room, ints, score, NULL, &rule, SMALL_B, SMALL_T, SMALL_E);
        mark_chosen(chosen[cut], &gating, SMALL_E);
        printf("%20s", rule_names[cut]);
    }
    for (int t = 0; t < SMALL_B * SMALL_T; t++) {
        printf("\nsequence %d, t = %d", t / SMALL_T, t % SMALL_T);
        for (int cut = 0; cut < CUTS; cut++) {
            printf("%8s", "");
            for (int i = t * SMALL_E; i < (t + 1) * SMALL_E; i++)
                printf("  %c%g", chosen[cut][i] ? '*' : ' ', score[i]);
        }
    }
    printf("\n");
    return true;
}

// ---- a model that says what comes next, from the word that is there and the one before it

enum { WIDEST = 16, MOST_WORDS = 128, MOST_TOKENS = 256, NOTHING = -1 };
enum { NOW, BEFORE, OUT, ROUTER, UP, UP_BIAS, DOWN, DOWN_BIAS, WEIGHTS };

// x = the row of `now` for the word, then that of `before` for the one before it; logits = (x +
// layer(x)) · out.
typedef struct {
    ChoosingRule rule;
    Moe m;
    int V;
    // [V,D/2], [V,D/2], [D,V], and the layer's; their gradients
    double *block, *at[WEIGHTS], *d[WEIGHTS];
    size_t count[WEIGHTS], weights;        // doubles, of each and of all
    double *x, *y, *dx, *dy, *room, *kept; // [B,T,D] four times; the layer's
    int *ints;
    ChosenTokens tokens;
} Model;

static void model_free(Model *model) {
    free(model->block);
    free(model->ints);
    *model = (Model){ 0 };
}

static void draw_weights(Model *model, uint64_t seed) {
    double in = 1.0 / sqrt(model->m.D), hidden = 1.0 / sqrt(model->m.F);
    const double spread[WEIGHTS] = {
        [NOW] = 1, [BEFORE] = 1, [OUT] = in, [ROUTER] = in, [UP] = in, [DOWN] = hidden
    };
    for (int i = 0; i < WEIGHTS; i++) {
        uint64_t key = random_key(seed * WEIGHTS + (uint64_t)i, "weight");
        for (size_t j = 0; j < model->count[i]; j++)
            model->at[i][j] = spread[i] * random_normal(key, j);
    }
}

static double *take(double **from, size_t count) {
    double *at = *from;
    *from += count;
    return at;
}

// For batches of at most B sequences of at most T words; with gradients of 0.
static bool model_new(Model *out, const ChoosingRule *rule, const Moe *m, int V, int B, int T,
                      Error *error) {
    size_t D = (size_t)m->D, F = (size_t)m->F, E = (size_t)m->E, rows = (size_t)B * T * D,
           half = (size_t)V * D / 2;
    *out = (Model){ .rule = *rule,
                    .m = *m,
                    .V = V,
                    .count = { half, half, D * V, D * E, E * D * 2 * F, E * 2 * F, E * F * D,
                               E * D } };
    for (int i = 0; i < WEIGHTS; i++) out->weights += out->count[i];
    size_t room = chosen_room(rule, m, B, T), kept = chosen_tokens_doubles(rule, m, B, T);
    out->block = calloc(2 * out->weights + 4 * rows + room + kept, sizeof *out->block);
    out->ints = calloc(chosen_tokens_ints(rule, m, B, T), sizeof *out->ints);
    if (out->block == NULL || out->ints == NULL) {
        model_free(out);
        return fail(error, "no memory for a model of %d words", V);
    }
    double *next = out->block;
    for (int i = 0; i < WEIGHTS; i++) out->at[i] = take(&next, out->count[i]);
    for (int i = 0; i < WEIGHTS; i++) out->d[i] = take(&next, out->count[i]);
    out->x = take(&next, rows);
    out->y = take(&next, rows);
    out->dx = take(&next, rows);
    out->dy = take(&next, rows);
    out->room = take(&next, room);
    out->kept = take(&next, kept);
    return true;
}

static MoeWeights layer_weights(double *const *at) {
    return (MoeWeights){ .router = at[ROUTER],
                         .up = at[UP],
                         .up_bias = at[UP_BIAS],
                         .down = at[DOWN],
                         .down_bias = at[DOWN_BIAS] };
}

// A text is sequences of `stride` words, each from word 0 on and filled up with NOTHING: the word
// of sequence b at t.
static int word_at(const int *text, int stride, int b, int t) {
    int word = t < 0 ? 0 : text[b * stride + t];
    return word == NOTHING ? 0 : word;
}

// The layer on words 0 .. T-1 of B sequences. A word that has no next one is filling.
static void model_forward(Model *model, const int *text, int stride, int B, int T) {
    int D = model->m.D, half = D / 2;
    bool pad[MOST_TOKENS];
    for (int i = 0; i < B * T; i++) {
        int b = i / T, t = i % T;
        size_t bytes = (size_t)half * sizeof(double);
        pad[i] = text[b * stride + t + 1] == NOTHING;
        memcpy(model->x + i * D, model->at[NOW] + word_at(text, stride, b, t) * half, bytes);
        memcpy(model->x + i * D + half, model->at[BEFORE] + word_at(text, stride, b, t - 1) * half,
               bytes);
    }
    MoeWeights w = layer_weights(model->at);
    model->tokens = chosen_tokens(model->kept, model->ints, &model->rule, &model->m, B, T);
    chosen_forward(model->y, &model->tokens, model->x, pad, &w, &model->rule, &model->m, B, T);
}

// The loss of one word; where `share` is not 0 its gradients too, with that of x + layer(x) written
// to dy.
static double word_loss(Model *model, int token, int target, double share) {
    int D = model->m.D, V = model->V;
    double h[WIDEST], p[MOST_WORDS];
    for (int d = 0; d < D; d++) h[d] = model->x[token * D + d] + model->y[token * D + d];
    linear(p, h, model->at[OUT], D, V);
    double logit = p[target], loss = softmax(p, p, V) - logit;
    if (share == 0.0) return loss;
    for (int v = 0; v < V; v++) p[v] = share * (p[v] - (v == target));
    linear_backward(model->dy + token * D, model->d[OUT], p, h, model->at[OUT], D, V);
    return loss;
}

static void model_backward(Model *model, const int *text, int stride, int B, int T) {
    int D = model->m.D, half = D / 2;
    MoeWeights w = layer_weights(model->at), dw = layer_weights(model->d);
    chosen_backward(model->dx, &dw, model->room, model->dy, &model->tokens, model->x, &w,
                    &model->rule, &model->m);
    for (int i = 0; i < B * T; i++) {
        double *now = model->d[NOW] + word_at(text, stride, i / T, i % T) * half;
        double *before = model->d[BEFORE] + word_at(text, stride, i / T, i % T - 1) * half;
        for (int d = 0; d < half; d++) {
            now[d] += model->dx[i * D + d] + model->dy[i * D + d];
            before[d] += model->dx[i * D + half + d] + model->dy[i * D + half + d];
        }
    }
}

// The losses of words 1 .. T of B sequences, added up, all of them in sight at once: as in
// training.
static double loss_in_sight(Model *model, const int *text, int stride, int B, int T, double share) {
    double sum = 0.0;
    model_forward(model, text, stride, B, T);
    for (int i = 0; i < B * T * model->m.D; i++) model->dy[i] = 0.0;
    for (int i = 0; i < B * T; i++) {
        int target = text[i / T * stride + i % T + 1];
        if (target != NOTHING) sum += word_loss(model, i, target, share);
    }
    if (share != 0.0) model_backward(model, text, stride, B, T);
    return sum;
}

// The same word after word: what is not written yet is not there.
static double loss_word_by_word(Model *model, const int *text, int stride, int B, int T) {
    double sum = 0.0;
    for (int b = 0; b < B; b++) {
        const int *own = text + b * stride;
        for (int t = 0; t < T && own[t + 1] != NOTHING; t++) {
            model_forward(model, own, stride, 1, t + 1);
            sum += word_loss(model, t, own[t + 1], 0.0);
        }
    }
    return sum;
}

static void step(Model *model, double rate) {
    double *w = model->block, *gradient = w + model->weights;
    for (size_t i = 0; i < model->weights; i++) {
        w[i] -= rate * gradient[i];
        gradient[i] = 0.0;
    }
}

typedef struct {
    double in_sight, word_by_word; // nats a word
} Losses;

// ---- coins: what nobody can know

enum { COINS = 6, COIN_WORDS = 3, ROW = COINS + 1, PLAYERS = 8, THROWN = PLAYERS * COINS };
enum { GAMES = 100, STARTS = 3, COIN_STEPS = 3000 };

static void throw_coins(int *text, uint64_t key) { // word 0, and then words 1 and 2
    for (int i = 0; i < PLAYERS * ROW; i++)
        text[i] = i % ROW == 0 ? 0 : 1 + (int)random_below(key, (uint64_t)i, 2);
}

// All rows in one batch, or each alone, so that a column of expert choice is one row of coins.
static double coins_loss(Model *model, const int *text, bool together, double share) {
    if (together) return loss_in_sight(model, text, ROW, PLAYERS, COINS, share);
    double sum = 0.0;
    for (int b = 0; b < PLAYERS; b++)
        sum += loss_in_sight(model, text + b * ROW, ROW, 1, COINS, share);
    return sum;
}

static bool play(Losses *out, const ChoosingRule *rule, bool together, uint64_t seed,
                 Error *error) {
    const Moe m = { .D = 8, .F = 8, .E = 4 };
    int text[PLAYERS * ROW];
    Model model;
    if (!model_new(&model, rule, &m, COIN_WORDS, PLAYERS, COINS, error)) return false;
    draw_weights(&model, seed);
    for (int s = 0; s < COIN_STEPS; s++) { // new coins at each step: there is nothing to remember
        throw_coins(text, random_key((uint64_t)s, "learn"));
        coins_loss(&model, text, together, 1.0 / THROWN);
        step(&model, 0.3 * (1.0 - (double)s / COIN_STEPS));
    }
    *out = (Losses){ 0 };
    for (int s = 0; s < GAMES; s++) {
        throw_coins(text, random_key((uint64_t)s, "play"));
        out->in_sight += coins_loss(&model, text, together, 0.0) / (GAMES * THROWN);
        out->word_by_word +=
            loss_word_by_word(&model, text, ROW, PLAYERS, COINS) / (GAMES * THROWN);
    }
    model_free(&model);
    return true;
}

static bool show_coins(const char *picture, Error *error) {
    (void)picture;
    static const struct {
        const char *name;
        ChoosingRule rule;
        bool together;
    } rules[] = {
        { "token choice", { CUT_ROWS, 1.5, 0.0 }, true },
        { "expert choice, 6 coins", { CUT_COLUMNS, 1.5, 0.0 }, false },
        { "expert choice, 8 x 6 coins", { CUT_COLUMNS, 1.5, 0.0 }, true },
        { "unified, sequence", { CUT_SEQUENCES, 1.5, 0.5 }, true },
        { "unified, step", { CUT_STEPS, 1.5, 0.5 }, true },
    };
    printf("Loss a coin, in nats, from three starts; who cannot see the future loses ln 2 = %.3f "
           "or more\n\n",
           log(2));
    printf("%-28s%-24s%s\n", "", "all six in sight", "coin by coin");
    for (size_t r = 0; r < sizeof rules / sizeof rules[0]; r++) {
        Losses losses[STARTS];
        for (int i = 0; i < STARTS; i++) {
            if (!play(&losses[i], &rules[r].rule, rules[r].together, (uint64_t)i, error))
                return false;
        }
        printf("%-28s", rules[r].name);
        for (int i = 0; i < STARTS; i++) printf("%.3f  ", losses[i].in_sight);
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

enum {
    SENTENCES = sizeof story / sizeof story[0],
    LINE = 16,
    TOKENS = LINE - 1,
    TOGETHER = 6,
    LETTERS = 16
};
enum { EXPERTS = 6, BOOK_STEPS = 800 };

typedef struct {
    char word[MOST_WORDS][LETTERS];
    int V;
    int text[SENTENCES][LINE], own[LINE]; // the story, and `sentence`
} Book;

static int number_of(Book *book, const char *word, size_t length) {
    for (int v = 0; v < book->V; v++) {
        if (strlen(book->word[v]) == length && memcmp(book->word[v], word, length) == 0) return v;
    }
    memcpy(book->word[book->V], word, length);
    book->word[book->V][length] = '\0';
    return book->V++;
}

// Word 0, the line's words, word 0 again, and NOTHING behind it.
static void read_line(int text[LINE], Book *book, const char *line) {
    int t = 0;
    text[t++] = 0;
    while (*line != '\0') {
        size_t length = strcspn(line, " ");
        text[t++] = number_of(book, line, length);
        line += length + strspn(line + length, " ");
    }
    text[t++] = 0;
    while (t < LINE) text[t++] = NOTHING;
}

static Book read_book(void) {
    Book book = { .word = { "." }, .V = 1 };
    for (int i = 0; i < SENTENCES; i++) read_line(book.text[i], &book, story[i]);
    read_line(book.own, &book, sentence);
    return book;
}

// Some sentences of the book at each step, and the model goes over them in one batch.
static void learn(Model *model, const Book *book) {
    for (int s = 0; s < BOOK_STEPS; s++) {
        int text[TOGETHER * LINE], words = 0;
        for (uint64_t b = 0; b < TOGETHER; b++) {
            uint64_t line = random_below(random_key((uint64_t)s, "line"), b, SENTENCES);
            memcpy(text + b * LINE, book->text[line], sizeof book->text[line]);
            for (int t = 1; t < LINE; t++) words += book->text[line][t] != NOTHING;
        }
        loss_in_sight(model, text, LINE, TOGETHER, TOKENS, 1.0 / words);
        step(model, 0.3 * (1.0 - (double)s / BOOK_STEPS));
    }
}

// Adds the losses a word of the sentences that were learned; by_rows: written, but each word takes
// its own best experts.
static void add_losses(Losses *sum, double *by_rows, Model *model, const Book *book, double share) {
    const ChoosingRule rule = model->rule;
    int words = 0;
    for (int i = 0; i < SENTENCES * LINE; i++)
        words += i % LINE > 0 && book->text[i / LINE][i % LINE] != NOTHING;
    share /= words;
    for (int i = 0; i < SENTENCES; i += TOGETHER) {
        sum->in_sight += share * loss_in_sight(model, book->text[i], LINE, TOGETHER, TOKENS, 0.0);
        sum->word_by_word +=
            share * loss_word_by_word(model, book->text[i], LINE, TOGETHER, TOKENS);
        model->rule.cut = CUT_ROWS;
        *by_rows += share * loss_word_by_word(model, book->text[i], LINE, TOGETHER, TOKENS);
        model->rule = rule;
    }
}

static const ChoosingRule two_each[CUTS] = {
    { CUT_ROWS, 2, 0 }, { CUT_COLUMNS, 2, 0 }, { CUT_SEQUENCES, 2, 0.5 }, { CUT_STEPS, 2, 0.5 }
};

static bool learned_model(Model *out, const ChoosingRule *rule, uint64_t seed, const Book *book,
                          Error *error) {
    const Moe m = { .D = WIDEST, .F = 12, .E = EXPERTS };
    if (!model_new(out, rule, &m, book->V, TOGETHER, TOKENS, error)) return false;
    draw_weights(out, seed);
    learn(out, book);
    return true;
}

static bool print_losses(const Book *book, Error *error) {
    printf("Loss a word, in nats, mean of three starts\n\n");
    printf("%-20s%-18s%-15s%s\n", "", "whole sentences", "word by word",
           "the same, each its own best 2");
    for (int cut = 0; cut < CUTS; cut++) {
        Losses mean = { 0 };
        double by_rows = 0.0;
        for (int i = 0; i < STARTS; i++) {
            Model model;
            if (!learned_model(&model, &two_each[cut], (uint64_t)i, book, error)) return false;
            add_losses(&mean, &by_rows, &model, book, 1.0 / STARTS);
            model_free(&model);
        }
        printf("%-20s%.2f%14s%.2f%11s%.2f\n", rule_names[cut], mean.in_sight, "", mean.word_by_word,
               "", by_rows);
    }
    return true;
}

// ---- one table of scores, chosen from by the first three rules

enum { PANELS = 3, ROWS = 15, CELLS = ROWS * EXPERTS };

typedef struct {
    double score[PANELS][CELLS];
    bool chosen[PANELS][CELLS];
} Tables;

// The sentence was not among those learned. The model learned with token choice; all three rules
// have its logits.
static bool fill_tables(Tables *out, const Book *book, Error *error) {
    Model model;
    if (!learned_model(&model, &two_each[CUT_ROWS], 0, book, error)) return false;
    model_forward(&model, book->own, LINE, 1, ROWS);
    ChosenTokens *tokens = &model.tokens;
    for (int rule = 0; rule < PANELS; rule++) {
        unified_scores(out->score[rule], tokens->logits, tokens->p, two_each[rule].alpha, ROWS,
                       EXPERTS);
        choose(&tokens->gating, tokens->room, tokens->ints, out->score[rule], NULL, &two_each[rule],
               1, ROWS, EXPERTS);
        mark_chosen(out->chosen[rule], &tokens->gating, EXPERTS);
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

static void draw_number(DrawList *list, float middle, float y, int number) {
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    draw_text_center(list, middle, y, TEXT_SMALL, COLOR_DIM, text);
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
        float middle = left + (float)e * WIDE + WIDE / 2.0f;
        draw_number(list, middle, TOP - 22, e);
        draw_number(list, middle, TOP + ROWS * HIGH + 6, count_column(tables->chosen[rule], e));
    }
}

static bool draw(const char *path, const Tables *tables, const Book *book, Error *error) {
    DrawList list = draw_new(LEFT + PANELS * PANEL, TOP + ROWS * HIGH + 74, font_find());
    draw_round_rect(&list, (Rect){ 8, 8, (float)list.width - 16, (float)list.height - 16 }, 6,
                    COLOR_PANEL);
    for (int t = 0; t < ROWS; t++) {
        const char *word = t == 0 ? "(start)" : book->word[book->own[t]];
        draw_text_right(&list, LEFT - 14, TOP + (float)t * HIGH + 3, TEXT_NORMAL, COLOR_TEXT, word);
    }
    for (int rule = 0; rule < PANELS; rule++)
        draw_table(&list, tables, rule, LEFT + (float)rule * PANEL);
    draw_text(
        &list, LEFT, TOP + ROWS * HIGH + 36, TEXT_SMALL, COLOR_DIM,
        "white: chosen · above: the expert · right: experts per word · below: words per expert");
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

static const DemoPart parts[] = {
    { "rules", "a small table, chosen from in four ways", show_rules, false },
    { "coins", "small models that see what they must not see", show_coins, false },
    { "sentence", "who gets whom in a sentence", show_sentence, true },
};

int main(int count, char **arguments) {
    return demo_main("chapter-03", parts, (int)(sizeof parts / sizeof parts[0]), count, arguments);
}
