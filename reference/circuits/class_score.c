#include "reference/circuits/class_score.h"
#include "reference/circuits/layout_measures.h"
#include "reference/circuits/random_neurons.h"
#include "reference/circuits/story_recorder.h"
#include "reference/data/special_tokens.h"
#include "reference/numbers/minmax.h"
#include <stdlib.h>
#include <string.h>

// ---- the points

// Called for every occurrence of a word of a class in the stories, in their order.
typedef void Visit(void *context, ClassPoint point);

static void each_occurrence(const TokenFile *file, int stories, int max, const int32_t *class_of,
                            Visit *visit, void *context) {
    for (int32_t s = 0; s < stories; s++) {
        int count = (int)min_size((size_t)(file->offset[s + 1] - file->offset[s]), (size_t)max);
        for (int32_t t = 0; t < count; t++) {
            int32_t token = file->token[file->offset[s] + (uint64_t)t];
            if (class_of[token] != NO_CLASS)
                visit(context, (ClassPoint){ s, t, token, class_of[token] });
        }
    }
}

// Selection sampling (Knuth, algorithm S): each set of `needed` of the `left` occurrences of a word
// is equally likely, in one pass and in their order.
typedef struct {
    ClassPoints *points;
    int32_t *left, *needed; // [V]
    uint64_t key, draws;
} Draw;

static void count(void *context, ClassPoint point) {
    Draw *draw = context;
    draw->left[point.token]++;
}

static void draw_point(void *context, ClassPoint point) {
    Draw *draw = context;
    int32_t *left = &draw->left[point.token], *needed = &draw->needed[point.token];
    if (random_below(draw->key, draw->draws++, (uint64_t)*left) < (uint64_t)*needed) {
        draw->points->items[draw->points->N++] = point;
        --*needed;
    }
    --*left;
}

// Returns how many points there will be.
static size_t plan_draw(Draw *draw, int V) {
    size_t points = 0;
    for (int v = 0; v < V; v++) {
        draw->needed[v] = min_int(draw->left[v], CLASS_OCCURRENCES);
        points += (size_t)draw->needed[v];
        draw->points->words += draw->left[v] > 0;
    }
    return points;
}

static bool draw_points(ClassPoints *out, const TokenFile *file, int stories, int max,
                        const int32_t *class_of, uint64_t seed) {
    Draw draw = { .points = out, .key = random_key(seed, "occurrences") };
    draw.left = calloc((size_t)file->V, sizeof *draw.left);
    draw.needed = calloc((size_t)file->V, sizeof *draw.needed);
    bool ok = draw.left != NULL && draw.needed != NULL;
    if (ok) {
        each_occurrence(file, stories, max, class_of, count, &draw);
        out->items = malloc((plan_draw(&draw, file->V) + 1) * sizeof *out->items);
        ok = out->items != NULL;
    }
    if (ok) each_occurrence(file, stories, max, class_of, draw_point, &draw);
    free(draw.left);
    free(draw.needed);
    return ok;
}

static bool has_two_classes(const ClassPoints *points) {
    for (int i = 1; i < points->N; i++) {
        if (points->items[i].label != points->items[0].label) return true;
    }
    return false;
}

bool class_points_new(ClassPoints *out, const TokenFile *file, int stories, int max,
                      const Classes *classes, const Tokenizer *tokenizer, uint64_t seed,
                      Error *error) {
    *out = (ClassPoints){ .labels = (int)classes->names.count };
    int32_t *class_of = malloc((size_t)file->V * sizeof *class_of);
    if (class_of == NULL) return fail(error, "out of memory for %d tokens", file->V);
    for (int v = 0; v < file->V; v++)
        class_of[v] =
            v < TOKENIZER_SPECIALS ? NO_CLASS : class_of_token(classes, tokenizer, (uint32_t)v);
    bool ok = draw_points(out, file, stories, max, class_of, seed) ||
              fail(error, "out of memory for the words of %d stories", stories);
    free(class_of);
    ok = ok && (has_two_classes(out) ||
                fail(error,
                     "%s: has no words of two classes that are one token each; use more "
                     "stories, a larger vocabulary or other classes",
                     file->path));
    if (!ok) class_points_free(out);
    return ok;
}

void class_points_free(ClassPoints *points) {
    free(points->items);
    *points = (ClassPoints){ .N = 0 };
}

static void copy_position(GatingRecord *out, int n, const GatingRecord *from, int t) {
    size_t size = gating_record_entry(from, 1, 0, 0), to = gating_record_entry(out, n, 0, 0),
           entry = gating_record_entry(from, t, 0, 0);
    out->tokens[n] = from->tokens[t];
    memcpy(out->index + to, from->index + entry, size * sizeof *out->index);
    memcpy(out->score + to, from->score + entry, size * sizeof *out->score);
}

// Records each story that has points up to its last one.
static bool record_stories(GatingRecord *out, StoryRecorder *recorder, int32_t *tokens,
                           const ClassPoints *points, const TokenFile *file, Error *error) {
    for (int first = 0, next; first < points->N; first = next) {
        int32_t story = points->items[first].story;
        for (next = first; next < points->N && points->items[next].story == story;) next++;
        int size = points->items[next - 1].position + 1;
        for (int t = 0; t < size; t++) tokens[t] = file->token[file->offset[story] + (uint64_t)t];
        if (!story_recorder_run(recorder, tokens, size, error)) return false;
        for (int i = first; i < next; i++)
            copy_position(out, i, &recorder->record, points->items[i].position);
    }
    return true;
}

bool class_points_record(GatingRecord *out, const ClassPoints *points, const Model *model,
                         const TokenFile *file, Error *error) {
    StoryRecorder recorder;
    int max = 0;
    for (int i = 0; i < points->N; i++) max = max_int(max, points->items[i].position + 1);
    if (!gating_record_new(out, &model->config, points->N, error)) return false;
    bool ok = story_recorder_new(&recorder, model, max, error);
    if (ok) {
        int32_t *tokens = malloc((size_t)max * sizeof *tokens);
        ok = tokens != NULL || fail(error, "out of memory for a story of %d tokens", max);
        ok = ok && record_stories(out, &recorder, tokens, points, file, error);
        free(tokens);
        story_recorder_free(&recorder);
    }
    if (!ok) gating_record_free(out);
    return ok;
}

// ---- labels

static int by_token(const void *a, const void *b) {
    const ClassPoint *x = a, *y = b;
    return (x->token > y->token) - (x->token < y->token);
}

bool class_points_labels(int32_t *label, const ClassPoints *points, uint64_t seed, Error *error) {
    for (int i = 0; i < points->N; i++) label[i] = points->items[i].label;
    if (seed == 0) return true;
    ClassPoint *words = malloc((size_t)points->N * sizeof *words); // one point of each
    int32_t *order = calloc((size_t)points->words, sizeof *order);
    bool ok = words != NULL && order != NULL;
    if (ok) {
        int count = 0;
        memcpy(words, points->items, (size_t)points->N * sizeof *words);
        qsort(words, (size_t)points->N, sizeof *words, by_token);
        for (int i = 0; i < points->N; i++) {
            if (count == 0 || words[i].token != words[count - 1].token) words[count++] = words[i];
        }
        random_order(order, count, random_key(seed, "classes"));
        for (int i = 0; i < points->N; i++) {
            const ClassPoint *word =
                bsearch(&points->items[i], words, (size_t)count, sizeof *words, by_token);
            label[i] = words[order[word - words]].label;
        }
    }
    free(words);
    free(order);
    return ok || fail(error, "out of memory for shuffling the classes");
}

// ---- scores

// Moves the nearest circuits of other words to the front of each row, CLASS_NEIGHBOURS of them.
static void take_other_words(Neighbour *out, const Neighbour *nearest, const ClassPoints *points,
                             int count) {
    for (int i = 0; i < points->N; i++) {
        const Neighbour *row = nearest + (size_t)i * (size_t)count;
        Neighbour *taken = out + (size_t)i * CLASS_NEIGHBOURS;
        int found = 0;
        for (int n = 0; n < count && found < CLASS_NEIGHBOURS; n++) {
            if (row[n].circuit == NO_CIRCUIT ||
                points->items[row[n].circuit].token == points->items[i].token)
                continue;
            taken[found++] = row[n];
        }
        for (; found < CLASS_NEIGHBOURS; found++) taken[found] = (Neighbour){ NO_CIRCUIT, 0 };
    }
}

static void take_first(Neighbour *out, const Neighbour *nearest, int N, int count) {
    for (int i = 0; i < N; i++)
        memcpy(out + (size_t)i * CLASS_NEIGHBOURS, nearest + (size_t)i * (size_t)count,
               CLASS_NEIGHBOURS * sizeof *out);
}

// A word has at most CLASS_OCCURRENCES - 1 others among the nearest.
static bool score(ClassScore *out, const Circuits *circuits, const NeighbourIndex *index,
                  const ClassPoints *points, const int32_t *label, Error *error) {
    enum { COUNT = CLASS_NEIGHBOURS + CLASS_OCCURRENCES - 1 };
    size_t N = (size_t)points->N;
    int32_t *self = malloc(N * sizeof *self);
    Neighbour *nearest = malloc(N * COUNT * sizeof *nearest);
    Neighbour *taken = malloc(N * CLASS_NEIGHBOURS * sizeof *taken);
    bool ok = (self != NULL && nearest != NULL && taken != NULL) ||
              fail(error, "out of memory for the neighbours of %zu circuits", N);
    for (int i = 0; ok && i < points->N; i++) self[i] = i;
    ok = ok && neighbours_find(nearest, index, circuits, self, COUNT, error);
    if (ok) {
        take_first(taken, nearest, points->N, COUNT);
        out->purity = neighbour_purity(taken, label, points->N, CLASS_NEIGHBOURS);
        take_other_words(taken, nearest, points, COUNT);
        out->other_words = neighbour_purity(taken, label, points->N, CLASS_NEIGHBOURS);
    }
    free(self);
    free(nearest);
    free(taken);
    return ok &&
           circuit_silhouette(&out->silhouette, index, circuits, label, points->labels, error);
}

bool class_score(ClassScore *out, const GatingRecord *record, const ClassPoints *points,
                 const int32_t *label, int layer, int channel, Error *error) {
    Circuits circuits;
    NeighbourIndex index;
    if (!circuits_new(&circuits, record, layer, channel, error)) return false;
    bool ok = neighbour_index_new(&index, &circuits, error);
    if (ok) {
        ok = score(out, &circuits, &index, points, label, error);
        neighbour_index_free(&index);
    }
    circuits_free(&circuits);
    return ok;
}
