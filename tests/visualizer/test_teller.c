// The model's side without a window: the story and its gatings are those of the reference, the same
// calls give the same scenes, and patches change what they should.
#include "reference/circuits/story_recorder.h"
#include "reference/data/special_tokens.h"
#include "reference/generate/story.h"
#include "reference/train/checkpoint.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_run.h"
#include "visualizer/teller.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { T = 64 };
static const char *const kinds[] = { "sgatlin", "peer", "moe", "mlp" };
enum { KINDS = 4, SPARSE = 3 };

static Teller *open_teller(const TinyRun *run) {
    Error error = { "" };
    TellerOptions options = {
        .checkpoint = run->run, .prompt = "The dog was", .seed = 5, .temperature = 1, .speed = 10
    };
    Teller *teller = teller_new(&options, &error);
    ck_assert_msg(teller != NULL, "%s", error.text);
    return teller;
}

// Answers the requests at a time, and does all that is due then.
static void advance_to(Teller *teller, double now, const RequestList *requests) {
    RequestList none = { .count = 0 };
    bool changed;
    double due = teller_advance(teller, now, requests, &changed);
    for (int i = 0; due <= now; i++) {
        ck_assert_int_lt(i, 10000);
        due = teller_advance(teller, now, &none, &changed);
    }
    ck_assert_str_eq(teller_scene(teller)->note, "");
}

// As time passes, frame by frame, from one time to another.
static void pass_time(Teller *teller, double from, double to) {
    RequestList none = { .count = 0 };
    for (double now = from; now < to; now += 0.05) advance_to(teller, now, &none);
}

static void ask(Teller *teller, double now, RequestKind kind, int index, double value) {
    RequestList requests = { .count = 0 };
    Request *request = request_add(&requests, kind);
    request->index = index;
    request->value = value;
    advance_to(teller, now, &requests);
}

START_TEST(a_scene_has_the_story_of_its_seed)
{
    TinyRun run;
    Checkpoint checkpoint;
    Error error = { "" };
    tiny_run_new(&run, kinds[_i], T);
    Teller *teller = open_teller(&run);
    pass_time(teller, 0, 2.04); // a token from .5 on, ten each second
    const Scene *scene = teller_scene(teller);
    ck_assert(checkpoint_open(&checkpoint, run.run, &error));
    Story *story = story_new(&checkpoint.model, checkpoint.tokenizer,
                             &(Sampling){ .temperature = 1 }, 5, &error);
    ck_assert(story != NULL && story_prompt(story, "The dog was", &error));
    int prompt = (int)story_position(story);
    ck_assert_int_eq(scene->story.prompt, prompt);
    ck_assert_int_eq(scene->story.count, prompt + 16);
    for (int t = prompt; t < scene->story.count; t++) {
        const char *text;
        size_t size;
        ck_assert_int_eq(story_next(story, &text, &size, &error), STORY_TOKEN);
        ck_assert_int_eq(scene->story.tokens[t].id, story_token(story, t));
        ck_assert(scene->story.tokens[t].probability > 0 && scene->story.tokens[t].time >= 0.5);
    }
    ck_assert(isnan(scene->story.tokens[0].probability));
    story_free(story);
    checkpoint_close(&checkpoint);
    teller_free(teller);
    tiny_run_remove(&run);
}
END_TEST

// What is recorded while the story is told is what a pass over all of it chooses.
START_TEST(gatings_are_those_of_a_pass)
{
    TinyRun run;
    Checkpoint checkpoint;
    StoryRecorder recorder;
    Error error = { "" };
    tiny_run_new(&run, kinds[_i], T);
    Teller *teller = open_teller(&run);
    pass_time(teller, 0, 2);
    const Scene *scene = teller_scene(teller);
    const SceneStory *story = &scene->story;
    ck_assert(checkpoint_open(&checkpoint, run.run, &error));
    ck_assert(story_recorder_new(&recorder, &checkpoint.model, T - 1, &error));
    int32_t ids[T];
    for (int t = 0; t < story->count; t++) ids[t] = story->tokens[t].id;
    ck_assert_msg(story_recorder_run(&recorder, ids, story->count, &error), "%s", error.text);
    size_t entries = scene_entry(scene, story->count, 0, 0);
    ck_assert_uint_gt(entries, 0);
    ck_assert_mem_eq(story->index, recorder.record.index, entries * sizeof *story->index);
    for (size_t i = 0; i < entries; i++) // one by one rounds differently than together
        ck_assert_float_le(fabsf(story->score[i] - recorder.record.score[i]), 1e-5f);
    int last = story->count - 1;
    ck_assert_int_eq(scene->focus.token, last);
    const int32_t *predictions = recorder.predictions + (size_t)last * (size_t)recorder.P;
    ck_assert_int_eq(scene->focus.bets[0].token, predictions[0]);
    story_recorder_free(&recorder);
    checkpoint_close(&checkpoint);
    teller_free(teller);
    tiny_run_remove(&run);
}
END_TEST

// With the recording: neighbours, a path on the map, usage, and how unlike each token is.
START_TEST(recorded_circuits_are_compared)
{
    TinyRun run;
    tiny_run_new(&run, kinds[_i], T);
    Teller *teller = open_teller(&run);
    pass_time(teller, 0, 2);
    const Scene *scene = teller_scene(teller);
    ck_assert_str_eq(scene->circuits.note, "");
    ck_assert_int_eq(scene->circuits.stories, 3);
    ck_assert_int_gt(scene->circuits.count, 3);
    ck_assert_int_eq(scene->model.lexicon->class_count, 2);
    ck_assert_int_gt(scene->focus.neighbour_count, 0);
    ck_assert_int_gt(scene->focus.path_count, 0);
    ck_assert(fabs(scene->focus.total - scene->focus.logit) < 1e-3);
    for (int i = 1; i < scene->focus.neighbour_count; i++)
        ck_assert(scene->focus.neighbours[i].distance >= scene->focus.neighbours[i - 1].distance);
    for (int i = 0; i < scene->story.count * scene->model.L; i++)
        ck_assert(scene->story.unlike[i] >= 0 && scene->story.unlike[i] <= 2);
    double fired = 0;
    for (int f = 0; f < scene->model.F; f++) fired += (double)scene->circuits.fired[f];
    if (!scene->model.ragged) ck_assert(fabs(fired - scene->model.K) < 1e-3);
    teller_free(teller);
    tiny_run_remove(&run);
}
END_TEST

static int same_until(const Scene *scene) {
    const SceneStory *story = &scene->story;
    int t = 0;
    while (t < story->count && t < story->before_count &&
           story->tokens[t].id == story->before[t].id)
        t++;
    return t;
}

// Another circuit at a token changes what follows and nothing before; restoring tells the story as
// it was.
START_TEST(a_patch_changes_what_follows)
{
    TinyRun run;
    tiny_run_new(&run, kinds[_i], T);
    Teller *teller = open_teller(&run);
    const Scene *scene = teller_scene(teller);
    pass_time(teller, 0, 3);
    int count = scene->story.count, changed = 0;
    int32_t ids[T];
    for (int t = 0; t < count; t++) ids[t] = scene->story.tokens[t].id;
    for (int circuit = 0; circuit < 8; circuit++) {
        ask(teller, 3, REQUEST_PATCH, 3, circuit);
        ck_assert_int_eq(scene->story.count, 4);
        ck_assert_int_ge(scene->story.before_count, count);
        ck_assert_ptr_nonnull(strstr(scene->story.patch, "the circuit of"));
        pass_time(teller, 3, 5);
        ck_assert_int_ge(same_until(scene), 4);
        ck_assert_int_eq(scene->story.fork, same_until(scene));
        changed += same_until(scene) < scene->story.count;
        int shown = scene->story.count < count ? scene->story.count : count;
        ask(teller, 3, REQUEST_RESTORE, 0, 0);
        ck_assert_int_eq(scene->story.before_count, 0);
        for (int t = 0; t < shown; t++) ck_assert_int_eq(scene->story.tokens[t].id, ids[t]);
        pass_time(teller, 3, 6);
        ck_assert_int_ge(scene->story.count, count);
    }
    ck_assert_int_gt(changed, 0);
    teller_free(teller);
    tiny_run_remove(&run);
}
END_TEST

START_TEST(a_circuit_that_turns_the_story_is_found)
{
    TinyRun run;
    tiny_run_new(&run, kinds[_i], T);
    Teller *teller = open_teller(&run);
    const Scene *scene = teller_scene(teller);
    pass_time(teller, 0, 2);
    ask(teller, 2, REQUEST_PATCH, 3, ANY_CIRCUIT);
    ck_assert_int_eq(scene->story.count, 4);
    ck_assert_int_gt(scene->story.before_count, 20);
    pass_time(teller, 2, 5);
    ck_assert_int_ge(same_until(scene), 4);
    ck_assert_int_lt(same_until(scene), 4 + 12);
    teller_free(teller);
    tiny_run_remove(&run);
}
END_TEST

// The words of the neuron that is pointed at: tokens at which it fired in the recording.
START_TEST(a_neuron_that_is_pointed_at_is_named)
{
    TinyRun run;
    tiny_run_new(&run, kinds[_i], T);
    Teller *teller = open_teller(&run);
    const Scene *scene = teller_scene(teller);
    pass_time(teller, 0, 1);
    int32_t neuron = scene->story.index[scene_entry(scene, 2, 0, 0)];
    ask(teller, 1, REQUEST_HOVER, neuron, 0);
    ck_assert_int_eq(scene->hover.index, neuron);
    ck_assert_int_ge(scene->hover.fires[0], 0);
    ask(teller, 1, REQUEST_HOVER, scene->model.F, 0);
    ck_assert_int_eq(scene->hover.index, -1);
    teller_free(teller);
    tiny_run_remove(&run);
}
END_TEST

START_TEST(a_paused_story_waits_and_takes_steps)
{
    TinyRun run;
    tiny_run_new(&run, "sgatlin", T);
    Teller *teller = open_teller(&run);
    const Scene *scene = teller_scene(teller);
    pass_time(teller, 0, 1);
    int count = scene->story.count;
    ask(teller, 1, REQUEST_PAUSE, 0, 1);
    pass_time(teller, 1, 9);
    ck_assert_int_eq(scene->story.count, count);
    ck_assert_int_eq(scene->story.state, STORY_PAUSED);
    ask(teller, 9, REQUEST_STEP, 0, 0);
    ck_assert_int_eq(scene->story.count, count + 1);
    ask(teller, 9, REQUEST_FOCUS, 1, 0);
    ck_assert_int_eq(scene->focus.token, 1);
    ask(teller, 9, REQUEST_PAUSE, 0, 0);
    pass_time(teller, 9, 10);
    ck_assert_int_gt(scene->story.count, count + 1);
    ck_assert_int_eq(scene->focus.token, 1); // selected
    teller_free(teller);
    tiny_run_remove(&run);
}
END_TEST

START_TEST(requests_that_make_no_sense_change_nothing)
{
    TinyRun run;
    tiny_run_new(&run, kinds[_i], T);
    Teller *teller = open_teller(&run);
    const Scene *scene = teller_scene(teller);
    pass_time(teller, 0, 1);
    uint64_t told = scene->version.told;
    static const int numbers[] = { -7, 1000000, INT32_MAX, INT32_MIN };
    for (int i = 0; i < COUNT_OF(numbers); i++) {
        RequestList requests = { .count = 0 };
        for (int kind = REQUEST_FOCUS; kind <= REQUEST_SILENCE; kind++) {
            Request *request = request_add(&requests, (RequestKind)kind);
            request->index = request->layer = request->channel = numbers[i];
            request->value = numbers[i];
        }
        advance_to(teller, 1, &requests);
        ck_assert_uint_eq(scene->version.told, told);
        ck_assert_int_eq(scene->card.index, -1);
    }
    ask(teller, 1, REQUEST_PROMPT, 0, 0); // an empty one
    pass_time(teller, 1, 2);
    ck_assert_int_eq(scene->story.prompt, 0);
    ck_assert_int_gt(scene->story.count, 0);
    teller_free(teller);
    tiny_run_remove(&run);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { a_scene_has_the_story_of_its_seed, KINDS },
        { gatings_are_those_of_a_pass, SPARSE },
        { recorded_circuits_are_compared, SPARSE },
        { a_patch_changes_what_follows, SPARSE },
        { a_circuit_that_turns_the_story_is_found, SPARSE },
        { a_neuron_that_is_pointed_at_is_named, SPARSE },
        { a_paused_story_waits_and_takes_steps },
        { requests_that_make_no_sense_change_nothing, KINDS },
    };
    return run_tests("teller", tests, COUNT_OF(tests));
}
