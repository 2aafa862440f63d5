// Reads the circuits of chapter 07's sgatlin model, each measure beside its controls.
#include "chapters/demo.h"
#include "chapters/09_circuits/cka.h"
#include "chapters/09_circuits/gating_picture.h"
#include "chapters/09_circuits/map.h"
#include "chapters/09_circuits/map_picture.h"
#include "chapters/09_circuits/map_quality.h"
#include "chapters/09_circuits/neighbours.h"
#include "chapters/09_circuits/toy_study.h"
#include "chapters/09_circuits/usage.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 3, LAYERS = TOY_L };

// ---- one word

enum { NEAREST = 3 };

// The nearest contexts of i, of different facts: found [NEAREST].
static void nearest_facts(int found[NEAREST], double distance[NEAREST], ToyStudy *s, int layer,
                          int i) {
    Space space = gating_space(s, layer);
    compare_context(s, &space, i);
    for (int n = 0; n < NEAREST; n++) {
        for (int j = 0; j < s->N; j++) {
            const Context *last = &s->contexts[n == 0 ? i : found[n - 1]];
            if (same_fact(&s->contexts[j], last)) s->cosines[j] = NAN;
        }
        nearest(&found[n], &distance[n], s->cosines, -1, s->N, 1);
    }
}

static void print_neurons(const ToyStudy *s, int layer, int i) {
    const ContextRecording *r = &s->recording;
    size_t row = ((size_t)layer * s->N + i) * s->entries;
    for (int c = 0; c < r->C; c++) {
        printf("  channel %d:", c + 1);
        for (size_t e = row + (size_t)c * r->K; e < row + (size_t)(c + 1) * r->K; e++)
            printf("  %2d: %4.1f", r->indices[e], r->scores[e]);
        printf("\n");
    }
}

// Of all contexts like "mia has a [blue]": how often the nearest of another fact is followed by the
// same thing.
static int followed_alike(ToyStudy *s, int layer) {
    int alike = 0;
    for (int fact = 0; fact < TOY_NAMES * TOY_COLORS; fact++) {
        int found[NEAREST], i = find_context(s->contexts, TOY_NAME + fact % TOY_NAMES,
                                             TOY_COLOR + fact / TOY_NAMES, 4);
        double distance[NEAREST];
        nearest_facts(found, distance, s, layer, i);
        alike += s->contexts[found[0]].next == s->contexts[i].next;
    }
    return alike;
}

static void print_layer(ToyStudy *s, int layer, int i) {
    int found[NEAREST];
    double distance[NEAREST];
    char words[CONTEXT_TEXT];
    printf("\nLayer %d: its neurons and their scores\n", layer + 1);
    print_neurons(s, layer, i);
    nearest_facts(found, distance, s, layer, i);
    for (int n = 0; n < NEAREST; n++) {
        describe_context(words, &s->contexts[found[n]]);
        printf("  %s %.3f  %s\n", n == 0 ? "most alike:" : "           ", distance[n], words);
    }
    printf("  followed by the same word, of the 64 like it: %d\n", followed_alike(s, layer));
}

// The gatings of context i in all layers and channels: scores and indices [LAYERS,C,K].
static void collect_gatings(double *scores, int *indices, const ToyStudy *s, int i) {
    size_t entries = (size_t)s->entries;
    for (int layer = 0; layer < LAYERS; layer++) {
        size_t from = ((size_t)layer * s->N + i) * entries, to = (size_t)layer * entries;
        memcpy(scores + to, s->recording.scores + from, entries * sizeof *scores);
        memcpy(indices + to, s->recording.indices + from, entries * sizeof *indices);
    }
}

static bool draw_word(const char *path, ToyStudy *s, int i, Error *error) {
    static const char *const columns[TOY_L * TOY_C] = { "layer 1, channel 1", "layer 1, channel 2",
                                                        "layer 2, channel 1",
                                                        "layer 2, channel 2" };
    enum { ROWS = 1 + NEAREST, GATINGS = TOY_L * TOY_C };
    int shown[ROWS] = { i }, indices[ROWS][GATINGS * TOY_K];
    double distance[NEAREST], scores[ROWS][GATINGS * TOY_K];
    char titles[ROWS][CONTEXT_TEXT];
    GatingRow rows[ROWS];
    nearest_facts(shown + 1, distance, s, 1, i);
    for (int row = 0; row < ROWS; row++) {
        collect_gatings(scores[row], indices[row], s, shown[row]);
        describe_context(titles[row], &s->contexts[shown[row]]);
        rows[row] = (GatingRow){ titles[row], scores[row], indices[row] };
    }
    return gating_picture_write(path, rows, ROWS, columns, GATINGS, s->recording.K,
                                (int)lround(sqrt(s->recording.F)), 4.0, error);
}

static bool show_word(const char *picture, Error *error) {
    ToyStudy s;
    char words[CONTEXT_TEXT];
    if (!toy_study_open(&s, 1, error)) return false;
    int i = find_context(s.contexts, TOY_NAME + 4, TOY_COLOR + 1, 4); // mia, blue
    describe_context(words, &s.contexts[i]);
    printf("%s\n", words);
    for (int layer = 0; layer < LAYERS; layer++) print_layer(&s, layer, i);
    bool ok = picture == NULL || draw_word(picture, &s, i, error);
    toy_study_close(&s);
    return ok;
}

// ---- neighbours

enum { GATING, RESIDUAL, ROUTER, ANY, SPACES };
static const char *const space_names[SPACES] = { "gating", "residual stream", "random router",
                                                 "any other context" };

// What a context has in common with another one.
enum { WORD, PREVIOUS, NEXT, NAME, COLOR, FEATURES };

static void add_features(double sum[FEATURES], const Context *a, const Context *b, double weight) {
    int i[TOY_T], j[TOY_T];
    context_words(i, a);
    context_words(j, b);
    sum[WORD] += weight * (a->word == b->word);
    sum[PREVIOUS] += weight * (a->previous == b->previous);
    sum[NEXT] += weight * (a->next >= 0 && a->next == b->next);
    sum[NAME] += weight * (i[1] == j[1]);
    sum[COLOR] += weight * (i[4] == j[4]);
}

// Among which contexts the nearest is looked for, and for which.
typedef enum { ALL, ANOTHER_PREVIOUS, FACTS, QUESTIONS } Question;

static bool asks_for_fact(const Context *c) { return c->position == 4; } // "mia has a [blue]"

static bool allowed(const Context *c, const Context *other, Question question) {
    if (question == ANOTHER_PREVIOUS) return c->previous != other->previous;
    return question == ALL || asks_for_fact(other);
}

// The features of context i and its nearest (of s->cosines), or the mean over all that it might be.
static void add_neighbour(double sum[FEATURES], ToyStudy *s, int i, Question question, bool any) {
    const Context *c = &s->contexts[i];
    int found, count = 0;
    double distance;
    for (int j = 0; j < s->N; j++) {
        if (j == i || !allowed(c, &s->contexts[j], question))
            s->cosines[j] = NAN;
        else
            count++;
    }
    nearest(&found, &distance, s->cosines, -1, s->N, 1);
    if (!any) add_features(sum, c, &s->contexts[found], 1.0);
    for (int j = 0; any && j < s->N; j++) {
        if (!isnan(s->cosines[j])) add_features(sum, c, &s->contexts[j], 1.0 / count);
    }
}

// share [FEATURES]; next only of the contexts whose next word is determined, or is a fact.
static void ask(double share[FEATURES], ToyStudy *s, const Space *space, Question question,
                bool any) {
    int count = 0, determined = 0;
    for (int f = 0; f < FEATURES; f++) share[f] = 0.0;
    for (int i = 0; i < s->N; i++) {
        if (question == FACTS && !asks_for_fact(&s->contexts[i])) continue;
        count++;
        determined += s->contexts[i].next >= 0;
        compare_context(s, space, i);
        add_neighbour(share, s, i, question, any);
    }
    for (int f = 0; f < FEATURES; f++) share[f] /= f == NEXT ? determined : count;
}

static bool space_of(Space *out, ToyStudy *s, int layer, int space, uint64_t seed, Error *error) {
    *out = space == RESIDUAL ? residual_space(s, layer) : gating_space(s, layer);
    return space != ROUTER || route_at_random(out, s, layer, seed, error);
}

typedef double Shares[SEEDS][LAYERS][SPACES][QUESTIONS][FEATURES];

static bool ask_all(Shares shares, Error *error) {
    bool ok = true;
    for (int seed = 0; ok && seed < SEEDS; seed++) {
        ToyStudy s;
        if (!toy_study_open(&s, (uint64_t)seed + 1, error)) return false;
        for (int layer = 0; ok && layer < LAYERS; layer++) {
            for (int i = 0; ok && i < SPACES; i++) {
                Space space;
                ok = space_of(&space, &s, layer, i, (uint64_t)seed + 1, error);
                for (Question q = ALL; ok && q < QUESTIONS; q++)
                    ask(shares[seed][layer][i][q], &s, &space, q, i == ANY);
            }
        }
        toy_study_close(&s);
    }
    return ok;
}

// One number per start, in percent.
static void print_cell(Shares shares, int layer, int space, Question question, int feature) {
    printf(" ");
    for (int seed = 0; seed < SEEDS; seed++)
        printf("%4.0f", 100.0 * shares[seed][layer][space][question][feature]);
}

static void print_rows(Shares shares, const Question *questions, const int *features, int count) {
    for (int layer = 0; layer < LAYERS; layer++) {
        for (int space = 0; space < SPACES; space++) {
            if (space == ANY && layer + 1 < LAYERS) continue;
            if (space == GATING) printf("layer %d\n", layer + 1);
            printf("  %-17s", space_names[space]);
            for (int i = 0; i < count; i++)
                print_cell(shares, layer, space, questions[i], features[i]);
            printf("\n");
        }
    }
}

static bool show_neighbours(const char *picture, Error *error) {
    (void)picture;
    Shares shares;
    if (!ask_all(shares, error)) return false;
    printf("The nearest context has the same ..., percent of the contexts, three models\n\n"
           "                                                       of another previous word\n"
           "                           word     previous         next         word         next\n");
    print_rows(shares, (Question[]){ ALL, ALL, ALL, ANOTHER_PREVIOUS, ANOTHER_PREVIOUS },
               (int[]){ WORD, PREVIOUS, NEXT, WORD, NEXT }, 5);
    printf("\nThe 64 contexts like \"mia has a [blue]\" among each other\n\n"
           "                           name       color   next: thing\n");
    print_rows(shares, (Question[]){ FACTS, FACTS, FACTS }, (int[]){ NAME, COLOR, NEXT }, 3);
    return true;
}

// ---- usage and co-activation

enum { RECORDED, UNTRAINED, SHUFFLED, VARIANTS };
static const char *const variant_names[VARIANTS] = { "trained", "random router",
                                                     "sub-keys shuffled" };

// Memory for the measures of one channel.
typedef struct {
    int *indices, *tokens, *counts, *sorted; // [N,K], [N], [F], [F]
    bool *fired;                             // [V,F]
    double *share;                           // [F,F]
} Usage;

static void usage_free(Usage *u) {
    free(u->indices);
    free(u->fired);
    free(u->share);
}

static bool usage_new(Usage *u, const ToyStudy *s) {
    size_t N = (size_t)s->N, K = (size_t)s->recording.K, F = (size_t)s->recording.F;
    *u = (Usage){ .indices = malloc((N * K + N + 2 * F) * sizeof *u->indices),
                  .fired = malloc(TOY_V * F * sizeof *u->fired),
                  .share = malloc(F * F * sizeof *u->share) };
    if (!u->indices || !u->fired || !u->share) {
        usage_free(u);
        return false;
    }
    u->tokens = u->indices + N * K;
    u->counts = u->tokens + N;
    u->sorted = u->counts + F;
    return true;
}

static void print_usage(const Usage *u, const ToyStudy *s) {
    int N = s->N, K = s->recording.K, F = s->recording.F, n = (int)lround(sqrt(F));
    firing_counts(u->counts, u->indices, N, K, F);
    printf("%6.2f%8.2f", used_share(u->counts, F), gini(u->sorted, u->counts, F));
    firing_counts_by_token(u->counts, u->fired, u->indices, u->tokens, N, K, F, TOY_V);
    coactivation(u->share, u->indices, N, K, F);
    printf("%8.2f%12.2f%10.2f\n", gini(u->sorted, u->counts, F), partners_on_a_sub_key(u->share, n),
           strongest_partner(u->share, F));
}

static bool print_channel(Usage *u, ToyStudy *s, int layer, int channel, Error *error) {
    int K = s->recording.K, F = s->recording.F;
    for (int gating = 0; gating < VARIANTS; gating++) {
        Space space;
        if (!space_of(&space, s, layer, gating == UNTRAINED ? ROUTER : GATING, 1, error))
            return false;
        for (int i = 0; i < s->N; i++) {
            for (int k = 0; k < K; k++)
                u->indices[i * K + k] =
                    space.indices[i * space.width + channel * K + k] - channel * F;
        }
        if (gating == SHUFFLED) shuffle_sub_keys(u->indices, s->N, K, (int)lround(sqrt(F)));
        if (gating == RECORDED) printf("layer %d, channel %d\n", layer + 1, channel + 1);
        printf("  %-18s", variant_names[gating]);
        print_usage(u, s);
    }
    return true;
}

static bool show_usage(const char *picture, Error *error) {
    (void)picture;
    ToyStudy s;
    Usage u;
    if (!toy_study_open(&s, 1, error)) return false;
    bool ok = usage_new(&u, &s) || fail(error, "no memory for counts");
    int words[TOY_V] = { 0 }, sorted[TOY_V];
    for (int i = 0; ok && i < s.N; i++) {
        u.tokens[i] = s.contexts[i].word;
        words[u.tokens[i]]++;
    }
    printf("                      used    Gini  Gini of   partners on  strongest\n"
           "                                    words     a sub-key    partner\n");
    for (int layer = 0; ok && layer < LAYERS; layer++) {
        for (int c = 0; ok && c < s.recording.C; c++) ok = print_channel(&u, &s, layer, c, error);
    }
    int n = (int)lround(sqrt(s.recording.F));
    printf("\nif partners were any neurons                      %.2f      %.2f\n"
           "Gini of the words themselves: %.2f\n",
           2.0 * (n - 1) / (n * n - 1), 1.0 / (n * n - 1),
           gini(sorted, words + TOKEN_END, TOY_V - TOKEN_END));
    if (ok) usage_free(&u);
    toy_study_close(&s);
    return ok;
}

// ---- CKA

typedef struct {
    double *a, *b, *means, *rows, *scores,
        *dense;   // [N,N], [N,N], [2,N], [N,D], [N,entries], [neurons]
    int *indices; // [N,entries]
} Cka;

static void cka_free(Cka *c) {
    free(c->a);
    free(c->indices);
}

static bool cka_new(Cka *c, const ToyStudy *s) {
    size_t N = (size_t)s->N, D = (size_t)s->recording.D, entries = N * s->entries;
    *c = (Cka){ .a = malloc((2 * N * N + 2 * N + N * D + entries + s->neurons) * sizeof *c->a),
                .indices = malloc(entries * sizeof *c->indices) };
    if (!c->a || !c->indices) {
        cka_free(c);
        return false;
    }
    c->b = c->a + N * N;
    c->means = c->b + N * N;
    c->rows = c->means + 2 * N;
    c->scores = c->rows + N * D;
    c->dense = c->scores + entries;
    return true;
}

enum { AS_IT_IS, SHUFFLED_WORDS, SHUFFLED_CONTEXTS, RANDOM_NEURONS, RANDOM_ROUTER, TRIALS };
static const char *const trial_names[TRIALS] = { "as it is", "words shuffled", "contexts shuffled",
                                                 "random neurons", "random router" };
enum { SHUFFLES = 10 };

// rows [N,D]: the embedding of each context's word, or of the one that takes its place.
static void embed_contexts(Cka *c, const ToyStudy *s, const int *contexts, int N, int trial,
                           uint64_t key) {
    int words[TOY_V], places[TOY_SENTENCES * TOY_T], D = s->recording.D;
    shuffle(words, TOY_V, key);
    shuffle(places, N, key);
    for (int i = 0; i < N; i++) {
        int word = s->contexts[contexts[trial == SHUFFLED_CONTEXTS ? places[i] : i]].word;
        if (trial == SHUFFLED_WORDS) word = words[word];
        memcpy(c->rows + (size_t)i * D, s->model.w.embedding + (size_t)word * D,
               (size_t)D * sizeof *c->rows);
    }
}

static void choose_neurons(int *indices, const ToyStudy *s, uint64_t key) {
    int order[TOY_F], K = s->recording.K, F = s->recording.F;
    for (int channel = 0; channel < s->recording.C; channel++) {
        shuffle(order, F, random_bits(key, (uint64_t)channel));
        for (int k = 0; k < K; k++) indices[channel * K + k] = channel * F + order[k];
    }
}

// Biased and unbiased CKA of the embeddings and layer 1's gatings of some contexts.
static bool run_trial(double value[2], Cka *c, ToyStudy *s, const int *contexts, int N, int trial,
                      uint64_t key, Error *error) {
    Space space = gating_space(s, 0);
    if (trial == RANDOM_ROUTER && !route_at_random(&space, s, 0, key, error)) return false;
    size_t entries = (size_t)s->entries;
    for (int i = 0; i < N; i++) {
        size_t from = (size_t)contexts[i] * entries, to = (size_t)i * entries;
        memcpy(c->scores + to, space.values + from, entries * sizeof *c->scores);
        memcpy(c->indices + to, space.indices + from, entries * sizeof *c->indices);
        if (trial == RANDOM_NEURONS)
            choose_neurons(c->indices + to, s, random_bits(key, (uint64_t)i));
    }
    embed_contexts(c, s, contexts, N, trial, key);
    gram_sparse(c->a, c->dense, c->scores, c->indices, N, s->entries, s->neurons);
    gram_dense(c->b, c->rows, N, s->recording.D);
    value[0] = linear_cka(c->means, c->a, c->b, N);
    value[1] = linear_cka_unbiased(c->means, c->a, c->b, N);
    return true;
}

static bool print_trials(Cka *c, ToyStudy *s, const int *contexts, int N, Error *error) {
    for (int trial = 0; trial < TRIALS; trial++) {
        int runs = trial == AS_IT_IS ? 1 : SHUFFLES;
        double value[2], mean[2] = { 0, 0 };
        for (int run = 0; run < runs; run++) {
            uint64_t key = random_key((uint64_t)run + 1, trial_names[trial]);
            if (!run_trial(value, c, s, contexts, N, trial, key, error)) return false;
            mean[0] += value[0] / runs;
            mean[1] += value[1] / runs;
        }
        printf("  %-20s%8.3f%10.3f\n", trial_names[trial], mean[0], mean[1]);
    }
    return true;
}

static bool show_cka(const char *picture, Error *error) {
    (void)picture;
    ToyStudy s;
    Cka c;
    int contexts[TOY_SENTENCES * TOY_T], N = 0;
    bool seen[TOY_V] = { false };
    if (!toy_study_open(&s, 1, error)) return false;
    bool ok = cka_new(&c, &s) || fail(error, "no memory for the pairs of %d contexts", s.N);
    for (int i = 0; i < s.N; i++) {
        if (!seen[s.contexts[i].word]) contexts[N++] = i;
        seen[s.contexts[i].word] = true;
    }
    printf("Linear CKA of embeddings and layer 1's gatings\n"
           "                        biased  unbiased\n%d contexts, one per word\n",
           N);
    ok = ok && print_trials(&c, &s, contexts, N, error);
    for (int i = 0; i < s.N; i++) contexts[i] = i;
    printf("all %d contexts\n", s.N);
    ok = ok && print_trials(&c, &s, contexts, s.N, error);
    if (ok) cka_free(&c);
    toy_study_close(&s);
    return ok;
}

// ---- the map

// Kinds of words, for the colors.
enum {
    KIND_NAME,
    KIND_COLOR,
    KIND_THING,
    KIND_VERB,
    KIND_HAS,
    KIND_STOP,
    KIND_HE,
    KIND_THE,
    KINDS
};
static const char *const kind_names[KINDS] = { "name",   "color", "thing",   "verb",
                                               "has, a", ".",     "he, she", "the" };

static int kind_of_word(int word) {
    if (word < TOY_COLOR) return KIND_NAME; // and <end>
    if (word < TOY_THING) return KIND_COLOR;
    if (word < TOY_VERB) return KIND_THING;
    if (word < TOY_HAS) return KIND_VERB;
    if (word < TOY_STOP) return KIND_HAS;
    if (word == TOY_STOP) return KIND_STOP;
    return word == TOY_THE ? KIND_THE : KIND_HE;
}

// The maps, and memory to measure them.
enum { MAPS = 1 + SEEDS + 1 }; // layer 1, layer 2 from three starts, and with a random router
typedef struct {
    double *y, *scratch;                          // [MAPS,N,2], [N + MAP_NEIGHBOURS]
    int *words, *shuffled, *classes, *neighbours; // [N], [N], [2,N], [N,MAP_NEIGHBOURS]
} Maps;

static void maps_free(Maps *m) {
    free(m->y);
    free(m->words);
}

static bool maps_new(Maps *m, const ToyStudy *s) {
    size_t N = (size_t)s->N;
    int order[TOY_SENTENCES * TOY_T];
    *m = (Maps){ .y = malloc((2 * MAPS * N + N + MAP_NEIGHBOURS) * sizeof *m->y),
                 .words = malloc((4 + MAP_NEIGHBOURS) * N * sizeof *m->words) };
    if (!m->y || !m->words) {
        maps_free(m);
        return false;
    }
    m->scratch = m->y + 2 * MAPS * N;
    m->shuffled = m->words + N;
    m->classes = m->shuffled + N;
    m->neighbours = m->classes + 2 * N;
    shuffle(order, s->N, random_key(1, "labels"));
    for (int i = 0; i < s->N; i++) {
        m->words[i] = s->contexts[i].word;
        m->shuffled[i] = s->contexts[order[i]].word;
        m->classes[i] = kind_of_word(m->words[i]);
        m->classes[s->N + i] = kind_of_word(m->shuffled[i]);
    }
    return true;
}

static void print_map(const Maps *m, const MapGraph *graph, const double *y) {
    int N = graph->N, k = MAP_NEIGHBOURS, counts[TOY_V];
    double sums[TOY_V];
    map_neighbours(m->neighbours, m->scratch, y, N, k);
    printf("%9.3f%12.2f%7.2f%10.2f%11.2f%10.2f\n",
           trustworthiness(m->neighbours, graph->cosines, N, k),
           purity(graph->neighbours, m->words, N, k), purity(m->neighbours, m->words, N, k),
           purity(m->neighbours, m->shuffled, N, k),
           silhouette(sums, counts, y, m->words, N, TOY_V),
           silhouette(sums, counts, y, m->shuffled, N, TOY_V));
}

// `seeds` maps of a space, from y on.
static bool make_maps(double *y, const char *name, const Maps *m, const ToyStudy *s,
                      const Space *space, int seeds, Error *error) {
    MapGraph graph;
    bool ok = map_graph_new(&graph, space->values, space->indices, s->N, s->entries, s->neurons);
    for (int seed = 0; ok && seed < seeds; seed++, y += 2 * s->N) {
        ok = map_layout(y, &graph, (uint64_t)seed + 1);
        if (!ok) break;
        printf("%-14s%d", name, seed + 1);
        print_map(m, &graph, y);
    }
    map_graph_free(&graph);
    return ok || fail(error, "no memory for a map of %d contexts", s->N);
}

static bool draw_maps(const char *path, const Maps *m, int N, Error *error) {
    static const char *const titles[] = { "layer 1",
                                          "layer 2",
                                          "layer 2, colors shuffled",
                                          "layer 2, another start",
                                          "layer 2, a third start",
                                          "layer 2, random router" };
    static const int maps[] = { 0, 1, 1, 2, 3, MAPS - 1 };
    MapPanel panels[COUNT_OF(maps)];
    for (int p = 0; p < COUNT_OF(maps); p++) {
        panels[p] = (MapPanel){ titles[p], m->y + (size_t)maps[p] * N * 2,
                                p == 2 ? m->classes + N : m->classes };
    }
    return map_picture_write(path, panels, COUNT_OF(panels), N, kind_names, KINDS, error);
}

static bool show_map(const char *picture, Error *error) {
    ToyStudy s;
    Maps m;
    Space router;
    if (!toy_study_open(&s, 1, error)) return false;
    if (!maps_new(&m, &s)) {
        toy_study_close(&s);
        return fail(error, "no memory for maps");
    }
    printf("                      same word, 14 nearest in        silhouette\n"
           "                trust  gatings    map  shuffled      words  shuffled\n");
    const Space first = gating_space(&s, 0), second = gating_space(&s, 1);
    double *y = m.y;
    size_t map = 2 * (size_t)s.N;
    bool ok = make_maps(y, "layer 1", &m, &s, &first, 1, error) &&
              make_maps(y + map, "layer 2", &m, &s, &second, SEEDS, error) &&
              route_at_random(&router, &s, 1, 1, error) &&
              make_maps(y + (1 + SEEDS) * map, "random router", &m, &s, &router, 1, error) &&
              (picture == NULL || draw_maps(picture, &m, s.N, error));
    maps_free(&m);
    toy_study_close(&s);
    return ok;
}

static const DemoPart parts[] = {
    { "word", "a word, its neurons, and the contexts with similar ones", WITH_PICTURE, show_word },
    { "neighbours", "what contexts with similar neurons share", NO_PICTURE, show_neighbours },
    { "usage", "which neurons fire, and which together", NO_PICTURE, show_usage },
    { "cka", "whether embeddings and gatings agree about what is alike", NO_PICTURE, show_cka },
    { "map", "maps of the gatings, and how far to trust them", WITH_PICTURE, show_map },
};

int main(int count, char **arguments) {
    return demo_main("chapter-09", parts, COUNT_OF(parts), count, arguments);
}
