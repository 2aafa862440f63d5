// Files of gatings: round trips, the model they belong to, damage, and files of other programs.
#include "reference/circuits/recording_file.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/sgemm.h"
#include "tests/harness/file_checks.h"
#include "tests/harness/layer.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Two stories, of 5 and 2 tokens.
enum { V = 11, T = 6, POSITIONS = 7, P = RECORDED_PREDICTIONS };
static const int32_t stories[POSITIONS] = { 2, 10, 3, 4, 2, 7, 7 };
static const int story_of[POSITIONS] = { 0, 0, 0, 0, 0, 1, 1 };
static const int position_of[POSITIONS] = { 0, 1, 2, 3, 4, 0, 1 };

static Tokenizer *tokenizer, *other_tokenizer;
static Error error;

static TinyModel model_of(int variant, uint64_t seed) {
    Config kind;
    ck_assert(layer_variant(variant, &kind, NULL));
    Config config = tiny_config(&kind, V, T);
    return tiny_model(&config, 1, seed);
}

static int first_sparse(void) {
    Config kind;
    int variant = 0;
    while (layer_variant(variant, &kind, NULL) && !kind.ffn->sparse) variant++;
    return variant;
}

static void add(RecordingWriter *writer, StoryRecorder *recorder, int first, int count) {
    ck_assert(story_recorder_run(recorder, stories + first, count, &error));
    ck_assert_msg(recording_writer_add(writer, recorder, &error), "%s", error.text);
}

static void write_recording(const char *path, const TinyModel *tiny) {
    StoryRecorder recorder;
    ck_assert(story_recorder_new(&recorder, &tiny->model, 5, &error));
    RecordingWriter *writer =
        recording_writer_open(path, &tiny->model, tokenizer, POSITIONS, &error);
    ck_assert_msg(writer != NULL, "%s", error.text);
    add(writer, &recorder, 0, 5);
    add(writer, &recorder, 5, 2);
    ck_assert(!path_exists(path));
    ck_assert_msg(recording_writer_commit(writer, &error), "%s", error.text);
    story_recorder_free(&recorder);
}

// What the recording has of a story is what the recorder has.
static void check_story(const Recording *recording, StoryRecorder *recorder, int first, int count) {
    const GatingRecord *gatings = &recording->gatings, *story = &recorder->record;
    ck_assert(story_recorder_run(recorder, stories + first, count, &error));
    size_t from = gating_record_entry(gatings, first, 0, 0);
    size_t entries = gating_record_entry(story, count, 0, 0), floats = entries * sizeof(float);
    size_t predicted = (size_t)count * P * sizeof(float);
    ck_assert_mem_eq(gatings->index + from, story->index, floats);
    ck_assert_mem_eq(gatings->score + from, story->score, floats);
    ck_assert_mem_eq(recording->predictions + first * P, recorder->predictions, predicted);
    ck_assert_mem_eq(recording->probabilities + first * P, recorder->probabilities, predicted);
}

START_TEST(a_file_gives_back_the_stories)
{
    Scratch scratch = scratch_new("recording");
    const char *path = scratch_path(&scratch, "gatings.safetensors");
    TinyModel tiny = model_of(_i, 5);
    Recording recording;
    StoryRecorder recorder;
    write_recording(path, &tiny);
    ck_assert_msg(recording_open(&recording, path, &error), "%s", error.text);
    ck_assert_msg(recording_matches(&recording, &tiny.model, tokenizer, &error), "%s", error.text);
    const GatingRecord *gatings = &recording.gatings;
    ck_assert(config_equal(&gatings->config, &tiny.model.config));
    ck_assert(gatings->T == POSITIONS && recording.stories == 2 && recording.P == P);
    ck_assert_mem_eq(gatings->tokens, stories, sizeof stories);
    ck_assert_mem_eq(recording.story, story_of, sizeof story_of);
    ck_assert_mem_eq(recording.position, position_of, sizeof position_of);
    ck_assert(story_recorder_new(&recorder, &tiny.model, 5, &error));
    check_story(&recording, &recorder, 0, 5);
    check_story(&recording, &recorder, 5, 2);
    story_recorder_free(&recorder);
    recording_close(&recording);
    tiny_free(&tiny);
    scratch_remove(&scratch);
}
END_TEST

START_TEST(it_belongs_to_one_model_and_tokenizer)
{
    Scratch scratch = scratch_new("recording");
    const char *path = scratch_path(&scratch, "gatings.safetensors");
    TinyModel tiny = model_of(first_sparse(), 5), other = model_of(first_sparse(), 6);
    Recording recording;
    write_recording(path, &tiny);
    ck_assert(recording_open(&recording, path, &error));
    ck_assert(!recording_matches(&recording, &other.model, tokenizer, &error));
    check_said(&error, "gatings.safetensors: was recorded with another model; make a recording");
    ck_assert(!recording_matches(&recording, &tiny.model, other_tokenizer, &error));
    check_said(&error, "another tokenizer");
    recording_close(&recording);
    tiny_free(&tiny);
    tiny_free(&other);
    scratch_remove(&scratch);
}
END_TEST

// ---- writing

START_TEST(a_wrong_recording_is_not_written)
{
    Scratch scratch = scratch_new("recording");
    const char *path = scratch_path(&scratch, "gatings.safetensors");
    TinyModel tiny = model_of(layer_variants() - 1, 5);
    StoryRecorder recorder;
    ck_assert(story_recorder_new(&recorder, &tiny.model, 5, &error));
    RecordingWriter *writer = recording_writer_open(path, &tiny.model, tokenizer, 4, &error);
    ck_assert_ptr_nonnull(writer);
    ck_assert(story_recorder_run(&recorder, stories, 5, &error));
    ck_assert(!recording_writer_add(writer, &recorder, &error));
    check_said(&error, "more than 4 positions");
    ck_assert(story_recorder_run(&recorder, stories, 3, &error));
    recorder.record.index[3] = recorder.record.F;
    ck_assert(!recording_writer_add(writer, &recorder, &error));
    check_said(&error, "index[3]");
    recorder.record.index[3] = 0;
    recorder.record.index[2] = 1;
    recorder.probabilities[2] = 1.5f;
    ck_assert(!recording_writer_add(writer, &recorder, &error));
    check_said(&error, "probabilities[2]");
    ck_assert(story_recorder_run(&recorder, stories, 3, &error));
    ck_assert(recording_writer_add(writer, &recorder, &error));
    ck_assert(!recording_writer_commit(writer, &error));
    check_said(&error, "3 positions, expected 4");
    ck_assert_int_eq(count_entries(scratch.path), 0);
    story_recorder_free(&recorder);
    tiny_free(&tiny);
    TinyModel dense = model_of(0, 5);
    ck_assert_ptr_null(recording_writer_open(path, &dense.model, tokenizer, 4, &error));
    check_said(&error, "ffn=mlp");
    tiny_free(&dense);
    scratch_remove(&scratch);
}
END_TEST

// ---- damage

// The error names the file, and nothing is left to free.
static void check_refused(const char *path, const char *what, const char *message) {
    Recording recording;
    ck_assert_msg(!recording_open(&recording, path, &error), "%s was read", what);
    ck_assert_msg(strstr(error.text, path) != NULL && strstr(error.text, message) != NULL, "%s: %s",
                  what, error.text);
    ck_assert(recording.file.tensors == NULL && recording.gatings.T == 0);
}

START_TEST(a_damaged_file_is_refused)
{
    Scratch scratch = scratch_new("recording");
    const char *path = scratch_path(&scratch, "gatings.safetensors");
    const char *damaged = scratch_path(&scratch, "damaged.safetensors");
    TinyModel tiny = model_of(layer_variants() - 1, 5);
    write_recording(path, &tiny);
    MappedFile file;
    ck_assert(file_map(&file, path, &error));
    unsigned char *bytes = malloc(file.size);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, file.bytes, file.size);
    char what[64];
    for (size_t cut = 0; cut < file.size; cut++) {
        write_bytes(damaged, bytes, cut);
        snprintf(what, sizeof what, "the first %zu of %zu bytes", cut, file.size);
        check_refused(damaged, what, "");
    }
    for (size_t i = 0; i < file.size; i++) {
        bytes[i] ^= (unsigned char)(1 << i % 8);
        write_bytes(damaged, bytes, file.size);
        snprintf(what, sizeof what, "byte %zu of %zu flipped", i, file.size);
        check_refused(damaged, what, "");
        bytes[i] ^= (unsigned char)(1 << i % 8);
    }
    free(bytes);
    file_unmap(&file);
    tiny_free(&tiny);
    scratch_remove(&scratch);
}
END_TEST

// ---- recordings of other programs, with one fault each

enum { L = 2, C = 2, K = 2, ENTRIES = POSITIONS * L * C * K, PREDICTED = POSITIONS * P };
enum { TOKENS, STORY, POSITION, INDEX, SCORE, PREDICTIONS, PROBABILITIES, TENSORS };

// The contents of a file, to change before it is written.
typedef struct {
    int32_t tokens[POSITIONS], story[POSITIONS], position[POSITIONS];
    int32_t index[ENTRIES], predictions[PREDICTED];
    float score[ENTRIES], probabilities[PREDICTED];
    SafeTensor tensors[TENSORS + 1];
    int tensor_count, metadata_count;
    Setting settings[CONFIG_SETTINGS];
    Metadata metadata[CONFIG_SETTINGS + 2];
} Foreign;

static void fill(Foreign *f) {
    Config kind = config_default(ffn_find("sgatlin")), config = tiny_config(&kind, V, T);
    *f = (Foreign){ .tensor_count = TENSORS };
    memcpy(f->tokens, stories, sizeof stories);
    memcpy(f->story, story_of, sizeof story_of);
    memcpy(f->position, position_of, sizeof position_of);
    for (int i = 0; i < ENTRIES; i++) f->index[i] = i % K;
    SafeTensor tensors[TENSORS] = {
        { "tokens", DTYPE_I32, 1, { POSITIONS }, POSITIONS, f->tokens },
        { "story", DTYPE_I32, 1, { POSITIONS }, POSITIONS, f->story },
        { "position", DTYPE_I32, 1, { POSITIONS }, POSITIONS, f->position },
        { "index", DTYPE_I32, 4, { POSITIONS, L, C, K }, ENTRIES, f->index },
        { "score", DTYPE_F32, 4, { POSITIONS, L, C, K }, ENTRIES, f->score },
        { "predictions", DTYPE_I32, 2, { POSITIONS, P }, PREDICTED, f->predictions },
        { "probabilities", DTYPE_F32, 2, { POSITIONS, P }, PREDICTED, f->probabilities },
    };
    memcpy(f->tensors, tensors, sizeof tensors);
    int count = config_settings(&config, f->settings);
    for (int i = 0; i < count; i++)
        f->metadata[i] = (Metadata){ f->settings[i].name, f->settings[i].value };
    f->metadata[count++] = (Metadata){ "model_hash", "0123456789abcdef" };
    f->metadata[count++] = (Metadata){ "tokenizer_hash", "0123456789abcdef" };
    f->metadata_count = count;
}

static Metadata *metadata_of(Foreign *f, const char *key) {
    int i = 0;
    while (strcmp(f->metadata[i].key, key) != 0) i++;
    return &f->metadata[i];
}

static void no_fault(Foreign *f) { (void)f; }
static void no_score(Foreign *f) { f->tensors[SCORE] = f->tensors[--f->tensor_count]; }
static void no_tokens(Foreign *f) { f->tensors[TOKENS].name = "ids"; }
static void one_more(Foreign *f) {
    f->tensors[TENSORS] = f->tensors[TOKENS];
    f->tensors[f->tensor_count++].name = "more";
}
static void other_dtype(Foreign *f) { f->tensors[INDEX].dtype = DTYPE_F32; }
static void other_rank(Foreign *f) {
    f->tensors[SCORE].rank = 1;
    f->tensors[SCORE].shape[0] = ENTRIES;
}
static void other_shape(Foreign *f) {
    f->tensors[INDEX].shape[1] = 1;
    f->tensors[INDEX].shape[2] = 4;
}
static void other_length(Foreign *f) {
    f->tensors[STORY].shape[0] = POSITIONS - 1;
    f->tensors[STORY].count = POSITIONS - 1;
}
static void dense(Foreign *f) { metadata_of(f, "ffn")->value = "mlp"; }
static void no_kind(Foreign *f) { metadata_of(f, "ffn")->key = "kind"; }
static void no_hash(Foreign *f) { metadata_of(f, "model_hash")->key = "hash"; }
static void short_hash(Foreign *f) { metadata_of(f, "tokenizer_hash")->value = "12"; }
static void large_index(Foreign *f) { f->index[ENTRIES - 1] = 9; }
static void negative_index(Foreign *f) { f->index[ENTRIES - 1] = -2; }
static void a_gap(Foreign *f) { f->index[0] = NO_EXPERT; }
static void twice(Foreign *f) { f->index[1] = 0; }
static void infinite(Foreign *f) { f->score[3] = (float)INFINITY; }
static void large_token(Foreign *f) { f->tokens[5] = V; }
static void negative_token(Foreign *f) { f->tokens[5] = -1; }
static void late_story(Foreign *f) {
    for (int t = 0; t < POSITIONS; t++) f->story[t]++;
}
static void late_position(Foreign *f) { f->position[0] = 1; }
static void a_jump(Foreign *f) { f->position[4] = 5; }
static void same_story(Foreign *f) { f->story[5] = f->story[6] = 0; }
static void large_prediction(Foreign *f) { f->predictions[2] = V; }
static void certain(Foreign *f) { f->probabilities[2] = 1.25f; }
static void unknown(Foreign *f) { f->probabilities[2] = (float)NAN; }

static const struct {
    const char *what, *message; // NULL: is read
    void (*plant)(Foreign *f);
} faults[] = {
    { "a file without faults", NULL, no_fault },
    { "a file without scores", "no tensor 'score'", no_score },
    { "a file without tokens", "not a recording", no_tokens },
    { "one tensor more", "8 tensors", one_more },
    { "indices in floats", "'index'", other_dtype },
    { "flat scores", "'score'", other_rank },
    { "another number of layers", "'index'", other_shape },
    { "fewer tokens", "'story'", other_length },
    { "a dense model's metadata", "mlp", dense },
    { "no kind in the metadata", "ffn", no_kind },
    { "no hash of the model", "no model_hash", no_hash },
    { "a short hash of the tokenizer", "no tokenizer_hash", short_hash },
    { "an index of F", "index[55] is 9", large_index },
    { "an index of -2", "index[55] is -2", negative_index },
    { "an expert after none", "index[1]", a_gap },
    { "the same expert twice", "index[1] is 0 again", twice },
    { "an infinite score", "score[3] is not finite", infinite },
    { "a token of V", "tokens[5] is 11", large_token },
    { "a token of -1", "tokens[5] is -1", negative_token },
    { "stories from 1 on", "token 0 is at position 0 of story 1", late_story },
    { "a story without a beginning", "token 0 is at position 1", late_position },
    { "a position left out", "token 4 is at position 5", a_jump },
    { "two beginnings of one story", "token 5 is at position 0 of story 0", same_story },
    { "a prediction of V", "predictions[2] is 11", large_prediction },
    { "a probability above 1", "probabilities[2] is 1.25", certain },
    { "a probability that is NaN", "probabilities[2]", unknown },
};

START_TEST(a_foreign_file_is_read_or_refused)
{
    Scratch scratch = scratch_new("recording");
    const char *path = scratch_path(&scratch, "foreign.safetensors");
    Foreign f;
    fill(&f);
    faults[_i].plant(&f);
    ck_assert_msg(safetensors_write(path, f.tensors, f.tensor_count, f.metadata, f.metadata_count,
                                    &error),
                  "%s", error.text);
    if (faults[_i].message != NULL) {
        check_refused(path, faults[_i].what, faults[_i].message);
    } else {
        Recording recording;
        ck_assert_msg(recording_open(&recording, path, &error), "%s", error.text);
        recording_close(&recording);
    }
    scratch_remove(&scratch);
}
END_TEST

static void load_tokenizers(void) {
    sgemm_setup();
    parallel_set_threads(1);
    tokenizer = tokenizer_load("tests/golden/tokenizer/train_small_400.json", &error);
    other_tokenizer = tokenizer_load("tests/golden/tokenizer/partial_160.json", &error);
    ck_assert(tokenizer != NULL && other_tokenizer != NULL);
}

static void free_tokenizers(void) {
    tokenizer_free(tokenizer);
    tokenizer_free(other_tokenizer);
}

int main(void) {
    int variants = layer_variants(), first = first_sparse();
    const TestFixture tokenizers = { load_tokenizers, free_tokenizers, .once = true };
    const TestRow tests[] = {
        { a_file_gives_back_the_stories, variants - first, .first = first },
        { it_belongs_to_one_model_and_tokenizer },
        { a_wrong_recording_is_not_written },
        { a_damaged_file_is_refused },
        { a_foreign_file_is_read_or_refused, COUNT_OF(faults) },
    };
    return run_tests_with(&tokenizers, "recording_file", tests, COUNT_OF(tests));
}
