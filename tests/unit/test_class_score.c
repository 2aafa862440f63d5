// Scores against known classes: which points are drawn, labels and their control, circuits whose
// scores are known.
#include "reference/circuits/class_score.h"
#include "reference/circuits/layout_measures.h"
#include "reference/circuits/story_recorder.h"
#include "reference/data/special_tokens.h"
#include "reference/numbers/random.h"
#include "reference/numbers/sgemm.h"
#include "tests/harness/file_checks.h"
#include "tests/harness/random_circuits.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static Error error;
static Tokenizer *tokenizer;
static Classes classes;

// ---- a file of stories: the words of three classes, others, and the end

enum { WORDS = 6, STORIES = 9, STORY = 12, TOKENS = STORIES * STORY, MAX = STORY - 1 };
static int32_t words[WORDS]; // two of each class
static uint16_t tokens[TOKENS];
static uint64_t offsets[STORIES + 1];
static TokenFile file = { .path = "test.bin", .stories = STORIES, .tokens = TOKENS };

static bool is_word(const char *text, size_t size) {
    if (size < 3 || text[0] != ' ') return false;
    for (size_t i = 1; i < size; i++) {
        if (!isalpha((unsigned char)text[i])) return false;
    }
    return true;
}

static void find_words(void) {
    int found = 0;
    for (int v = TOKENIZER_SPECIALS; v < file.V && found < WORDS; v++) {
        size_t size;
        const char *text = tokenizer_token(tokenizer, (uint32_t)v, &size);
        if (is_word(text, size)) words[found++] = v;
    }
    ck_assert_int_eq(found, WORDS);
}

// Word 0 is everywhere, word 1 once, in the last place of a story, the others now and then.
static void fill_file(void) {
    for (int i = 0; i < TOKENS; i++) {
        int place = i % STORY;
        int32_t token = place % 2 == 0 ? words[0] : words[2 + i / 2 % 4];
        if (place == STORY - 1) token = TOKEN_END;
        if (i == 3 * STORY + MAX - 1) token = words[1];
        tokens[i] = (uint16_t)token;
    }
    for (int s = 0; s <= STORIES; s++) offsets[s] = (uint64_t)(s * STORY);
    file.token = tokens;
    file.offset = offsets;
}

static void write_classes(const char *path) {
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    fputs("word\tclass\n", out);
    for (int w = 0; w < WORDS; w++) {
        size_t size;
        const char *text = tokenizer_token(tokenizer, (uint32_t)words[w], &size);
        fprintf(out, "%.*s\tclass%d\n", (int)size - 1, text + 1, w / 2);
    }
    fclose(out);
}

static void set_up(void) {
    Scratch scratch = scratch_new("class_score");
    const char *path = scratch_path(&scratch, "classes.tsv");
    sgemm_setup();
    tokenizer = tokenizer_load("tests/golden/tokenizer/train_small_400.json", &error);
    ck_assert_ptr_nonnull(tokenizer);
    file.V = tokenizer_vocabulary(tokenizer);
    find_words();
    fill_file();
    write_classes(path);
    ck_assert_msg(classes_read(&classes, path, &error), "%s", error.text);
    scratch_remove(&scratch);
}

static void tear_down(void) {
    classes_free(&classes);
    tokenizer_free(tokenizer);
}

static ClassPoints points_of(int stories, int max, uint64_t seed) {
    ClassPoints points;
    ck_assert_msg(class_points_new(&points, &file, stories, max, &classes, tokenizer, seed, &error),
                  "%s", error.text);
    return points;
}

START_TEST(points_are_occurrences_at_most_twelve_of_a_word)
{
    ClassPoints points = points_of(STORIES, MAX, 1);
    int count[WORDS] = { 0 };
    for (int i = 0; i < points.N; i++) {
        ClassPoint point = points.items[i];
        ck_assert_int_eq(tokens[point.story * STORY + point.position], point.token);
        int w = 0;
        while (words[w] != point.token) w++;
        ck_assert_int_eq(point.label, w / 2);
        count[w]++;
        if (i > 0) { // in the order of the file, none twice
            ClassPoint before = points.items[i - 1];
            ck_assert(before.story < point.story ||
                      (before.story == point.story && before.position < point.position));
        }
    }
    ck_assert_int_eq(count[0], CLASS_OCCURRENCES);
    ck_assert_int_eq(count[1], 1);
    ck_assert(points.words == WORDS && points.labels == 3);
    class_points_free(&points);

    points = points_of(STORIES, MAX - 1, 1); // without the place of word 1
    ck_assert_int_eq(points.words, WORDS - 1);
    class_points_free(&points);
}
END_TEST

START_TEST(each_occurrence_is_drawn_as_often)
{
    enum { SEEDS = 600 };
    int drawn[TOKENS] = { 0 }, occurrences = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        ClassPoints points = points_of(STORIES, MAX, seed);
        for (int i = 0; i < points.N; i++)
            drawn[points.items[i].story * STORY + points.items[i].position]++;
        class_points_free(&points);
    }
    for (int i = 0; i < TOKENS; i++) occurrences += tokens[i] == words[0];
    double share = (double)CLASS_OCCURRENCES / occurrences;
    for (int i = 0; i < TOKENS; i++) {
        if (tokens[i] != words[0]) continue;
        // four standard deviations of 600 draws
        ck_assert_double_eq_tol(drawn[i], SEEDS * share, 4 * sqrt(SEEDS * share * (1 - share)));
    }
}
END_TEST

START_TEST(shuffled_words_have_one_class_each)
{
    ClassPoints points = points_of(STORIES, MAX, 1);
    int32_t *label = malloc((size_t)points.N * sizeof *label);
    ck_assert_ptr_nonnull(label);
    ck_assert(class_points_labels(label, &points, 0, &error));
    for (int i = 0; i < points.N; i++) ck_assert_int_eq(label[i], points.items[i].label);
    int changed = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        int32_t of_word[WORDS];
        int classes_left[3] = { 2, 2, 2 };
        memset(of_word, -1, sizeof of_word);
        ck_assert(class_points_labels(label, &points, seed, &error));
        for (int i = 0; i < points.N; i++) {
            int w = 0;
            while (words[w] != points.items[i].token) w++;
            if (of_word[w] < 0) classes_left[label[i]]--;
            ck_assert(of_word[w] < 0 || of_word[w] == label[i]);
            of_word[w] = label[i];
            changed += label[i] != points.items[i].label;
        }
        for (int c = 0; c < 3; c++) ck_assert_int_eq(classes_left[c], 0); // two words each, still
    }
    ck_assert_int_gt(changed, points.N); // of 20 times as many
    free(label);
    class_points_free(&points);
}
END_TEST

START_TEST(stories_without_two_classes_are_refused)
{
    ClassPoints points;
    ck_assert(!class_points_new(&points, &file, STORIES, 1, &classes, tokenizer, 1, &error));
    check_said(&error, "test.bin: has no words of two classes");
    ck_assert_ptr_null(points.items);
}
END_TEST

START_TEST(the_record_is_that_of_the_stories)
{
    Config kind = config_default(ffn_find("sgatlin"));
    Config config = tiny_config(&kind, file.V, STORY);
    TinyModel tiny = tiny_model(&config, 1, 3);
    ClassPoints points = points_of(STORIES, MAX, 1);
    GatingRecord record;
    StoryRecorder recorder;
    ck_assert_msg(class_points_record(&record, &points, &tiny.model, &file, &error), "%s",
                  error.text);
    ck_assert(story_recorder_new(&recorder, &tiny.model, MAX, &error));
    size_t size = gating_record_entry(&record, 1, 0, 0);
    for (int i = 0; i < points.N; i++) {
        int32_t story[MAX];
        ClassPoint point = points.items[i];
        for (int t = 0; t < MAX; t++) story[t] = tokens[point.story * STORY + t];
        ck_assert(story_recorder_run(&recorder, story, MAX, &error));
        ck_assert_int_eq(record.tokens[i], point.token);
        size_t from = (size_t)point.position * size;
        ck_assert_mem_eq(record.index + (size_t)i * size, recorder.record.index + from,
                         size * sizeof *record.index);
        for (size_t k = 0; k < size; k++) // passes of other lengths round differently
            ck_assert_double_eq_tol(record.score[(size_t)i * size + k],
                                    recorder.record.score[from + k], 1e-5);
    }
    story_recorder_free(&recorder);
    gating_record_free(&record);
    class_points_free(&points);
    tiny_free(&tiny);
}
END_TEST

// ---- scores of circuits that are made by hand

enum { N = 96, PER_WORD = 4, PER_CLASS = 32 }; // 24 words of 3 classes

// A record of one layer and channel with two entries per point: its class, or else its word, and
// a neuron that is its own.
static ClassScore score_of(bool knows_the_class) {
    static ClassPoint items[N];
    int32_t index[2 * N], label[N];
    float score[2 * N];
    for (int i = 0; i < N; i++) {
        items[i] = (ClassPoint){ 0, i, i / PER_WORD, i / PER_CLASS };
        label[i] = i / PER_CLASS;
        index[2 * i] = knows_the_class ? label[i] : i / PER_WORD;
        index[2 * i + 1] = N + i;
        score[2 * i] = 1;
        score[2 * i + 1] = 0.5f;
    }
    ClassPoints points = { items, N, 3, N / PER_WORD };
    GatingRecord record = {
        .T = N, .L = 1, .C = 1, .K = 2, .F = 2 * N, .index = index, .score = score
    };
    ClassScore out;
    ck_assert_msg(class_score(&out, &record, &points, label, 0, 0, &error), "%s", error.text);
    return out;
}

START_TEST(circuits_that_know_the_class_have_a_purity_of_one)
{
    ClassScore out = score_of(true);
    ck_assert_double_eq(out.purity, 1);
    ck_assert_double_eq(out.other_words, 1);
    // 1 - 1/1.25 to the own class, 1 to the others
    ck_assert_double_eq_tol(out.silhouette, 0.8, 1e-6);
}
END_TEST

// The three others of a word are near, and all further ones equally far: those with the lowest
// positions, of class 0.
START_TEST(circuits_that_know_the_word_alone_do_not)
{
    ClassScore out = score_of(false);
    int same = 0, other = 0;
    for (int i = 0; i < N; i++) {
        same += PER_WORD - 1 + (i < PER_CLASS ? CLASS_NEIGHBOURS - (PER_WORD - 1) : 0);
        other += i < PER_CLASS ? CLASS_NEIGHBOURS : 0;
    }
    ck_assert_double_eq_tol(out.purity, (double)same / (N * CLASS_NEIGHBOURS), 1e-12);
    ck_assert_double_eq_tol(out.other_words, (double)other / (N * CLASS_NEIGHBOURS), 1e-12);
    // own class: 3 of 31 at 0.2, the others at 1
    double own = (3 * 0.2 + 28) / 31;
    ck_assert_double_eq_tol(out.silhouette, 1 - own, 1e-6);
}
END_TEST

START_TEST(silhouettes_of_circuits_are_those_of_their_distances)
{
    enum { COUNT = 40, LABELS = 4, K = 5, F = 12 };
    Circuits circuits = random_circuits(COUNT, K, F, 7);
    static double dense[COUNT * F];
    NeighbourIndex index;
    int32_t label[COUNT];
    double sum = 0, value;
    int scored = 0;
    dense_circuits(dense, &circuits);
    for (int i = 0; i < COUNT; i++) label[i] = (int32_t)(random_bits(3, (uint64_t)i) % 5) - 1;
    for (int i = 0; i < COUNT; i++) {
        double mean[LABELS] = { 0 };
        int size[LABELS] = { 0 };
        if (label[i] < 0) continue;
        scored++;
        for (int j = 0; j < COUNT; j++) {
            double ab = 0, aa = 0, bb = 0;
            for (int f = 0; f < F; f++) {
                ab += dense[i * F + f] * dense[j * F + f];
                aa += dense[i * F + f] * dense[i * F + f];
                bb += dense[j * F + f] * dense[j * F + f];
            }
            if (j == i || label[j] < 0) continue;
            mean[label[j]] += aa * bb > 0 ? 1 - ab / sqrt(aa * bb) : 1;
            size[label[j]]++;
        }
        double own = mean[label[i]] / size[label[i]], other = INFINITY;
        for (int l = 0; l < LABELS; l++)
            if (l != label[i]) other = fmin(other, mean[l] / size[l]);
        sum += (other - own) / fmax(own, other);
    }
    ck_assert(neighbour_index_new(&index, &circuits, &error));
    ck_assert(circuit_silhouette(&value, &index, &circuits, label, LABELS, &error));
    ck_assert_double_eq_tol(value, sum / scored, 1e-9);
    neighbour_index_free(&index);
    circuits_free(&circuits);
}
END_TEST

int main(void) {
    const TestFixture corpus = { set_up, tear_down, .once = true };
    const TestRow tests[] = {
        { points_are_occurrences_at_most_twelve_of_a_word },
        { each_occurrence_is_drawn_as_often },
        { shuffled_words_have_one_class_each },
        { stories_without_two_classes_are_refused },
        { the_record_is_that_of_the_stories },
        { circuits_that_know_the_class_have_a_purity_of_one },
        { circuits_that_know_the_word_alone_do_not },
        { silhouettes_of_circuits_are_those_of_their_distances },
    };
    return run_tests_with(&corpus, "class_score", tests, COUNT_OF(tests));
}
