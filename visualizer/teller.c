#include "visualizer/teller.h"
#include "reference/generate/story.h"
#include "reference/numbers/array.h"
#include "reference/numbers/minmax.h"
#include "visualizer/run_watch.h"
#include "visualizer/teller_model.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_TOKENS = 10000, // of a story
    MAX_EDITS = 64,
    AHEAD = 60, // tokens that a story has after the place of a patch, to compare with
};
static const double SHOWN_ENDED = 6;   // seconds before another story is told
static const double LOOK_EVERY = 0.5;  // seconds, at a run that is being trained
static const double MAX_LAG = 0.5;     // seconds that tokens may be late and still be made up for
static const double FOCUS_EVERY = 0.1; // seconds at least, while words come faster

struct Teller {
    TellerOptions options;
    TellerModel *model;
    RunWatch watch;
    double look;        // when to look at the run; INFINITY: never
    bool look_failed;   // the scene's note says why
    Lexicon **lexicons; // [lexicon_count]: of earlier models, which scenes may still point to
    size_t lexicon_count, lexicon_capacity;
    Scene scene;
    Story *story;
    uint64_t seed;
    char *prompt;
    GatingRecord record; // a view of the scene's story, for the recording hook
    int32_t *ids;        // [ids_capacity]: the record's tokens
    size_t ids_capacity;
    GatingEdit edits[MAX_EDITS];
    GatingPatch patch; // of the edits
    Sampling sampling;

    bool paused, step;  // tells nothing; tells one token all the same
    double next, ended; // when the next token is due; when the story ended
    int unlike;         // tokens of the story whose `unlike` is known

    int token, layer, channel; // selected; LATEST: the newest token
    bool focus_due, card_due;  // scene.focus, scene.card are of another selection
    double focused;            // when the focus was computed
    bool map_failed;
};

// ---- opening

static void set_hooks(Teller *teller) {
    HookList hooks = one_hook(gating_patch_hook, &teller->patch);
    hooks_add(&hooks, gating_record_hook, &teller->record);
    story_hooks(teller->story, teller->scene.model.sparse ? &hooks : NULL);
}

// Memory for `count` tokens of the scene's story; what is new is empty.
static bool make_space(Teller *teller, int count) {
    Scene *scene = &teller->scene;
    int old = scene->story.count;
    int32_t *ids =
        array_grow(teller->ids, &teller->ids_capacity, (size_t)count, sizeof *teller->ids);
    if (ids != NULL) teller->ids = ids;
    if ((ids == NULL && count > 0) || !scene_tokens(scene, count)) return false;
    for (size_t i = scene_entry(scene, old, 0, 0); i < scene_entry(scene, count, 0, 0); i++) {
        scene->story.index[i] = NO_EXPERT;
        scene->story.score[i] = 0;
    }
    size_t L = (size_t)scene->model.L;
    for (size_t i = (size_t)old * L; i < (size_t)count * L; i++) scene->story.unlike[i] = NAN;
    teller->record.T = count;
    teller->record.tokens = teller->ids;
    teller->record.index = scene->story.index;
    teller->record.score = scene->story.score;
    return true;
}

static bool start_story(Teller *teller, double now, Error *error) {
    Scene *scene = &teller->scene;
    story_free(teller->story);
    scene->version.told++;
    scene->story.count = scene->story.prompt = scene->story.window = 0;
    scene->focus.token = -1;
    scene->version.focus++;
    teller->unlike = 0;
    teller->story = story_new(&teller->model->checkpoint.model, teller->model->checkpoint.tokenizer,
                              &teller->sampling, teller->seed, error);
    if (teller->story == NULL) return false;
    // The hook records as many tokens as there is memory for, so the prompt is counted first.
    TokenList tokens = { 0 };
    bool ok = tokenizer_encode(teller->model->checkpoint.tokenizer, teller->prompt,
                               strlen(teller->prompt), false, &tokens) &&
              make_space(teller, (int)min_size(tokens.count, MAX_TOKENS));
    free(tokens.ids);
    if (!ok) return fail(error, "out of memory for the prompt");
    set_hooks(teller);
    if (!story_prompt(teller->story, teller->prompt, error)) return false;
    int count = (int)story_position(teller->story);
    if (!make_space(teller, min_int(count, MAX_TOKENS)))
        return fail(error, "out of memory for the prompt");
    for (int t = 0; t < scene->story.count; t++)
        scene->story.tokens[t] =
            (SceneToken){ .id = story_token(teller->story, t), .probability = NAN, .time = now };
    scene->story.prompt = scene->story.count;
    scene->story.window = (int)story_dropped(teller->story);
    scene->story.state = STORY_TELLING;
    if (!teller->look_failed) scene->note[0] = '\0';
    teller->next = now + 0.5;
    teller->focus_due = true;
    return true;
}

// Remembers the lexicon of the model that is replaced, unless the new one has the same.
static bool retire_lexicon(Teller *teller, const TellerModel *next, Error *error) {
    if (teller->model == NULL || teller->model->lexicon == next->lexicon) return true;
    Lexicon **grown = array_grow(teller->lexicons, &teller->lexicon_capacity,
                                 teller->lexicon_count + 1, sizeof(Lexicon *));
    if (grown == NULL) return fail(error, "out of memory for the tokens");
    teller->lexicons = grown;
    teller->lexicons[teller->lexicon_count++] = teller->model->lexicon;
    return true;
}

// Opens a checkpoint in the place of the one that is open, if one is; on failure that stays.
static bool open_model(Teller *teller, const char *path, Error *error) {
    Scene *scene = &teller->scene;
    char note[SCENE_TEXT];
    SceneModel shown;
    TellerModel *next =
        teller_model_open(path, teller->options.recording, teller->model, note, error);
    if (next == NULL) return false;
    if (!retire_lexicon(teller, next, error)) {
        teller_model_close(next); // its lexicon is lost with the memory that ran out
        return false;
    }
    story_free(teller->story);
    teller->story = NULL;
    teller_model_close(teller->model);
    teller->model = next;
    teller_model_show(&shown, next, teller->options.checkpoint);
    scene_set_model(scene, &shown);
    teller->watch.log_size = -1;
    teller->patch.count = 0;
    teller->map_failed = false;
    teller->layer = max_int(0, min_int(teller->layer, scene->model.L - 1));
    teller->channel = max_int(0, min_int(teller->channel, scene->model.C - 1));
    snprintf(scene->circuits.note, SCENE_TEXT, "%s", next->atlas != NULL ? "recording …" : note);
    return !scene->model.sparse ||
           gating_record_sizes(&teller->record, &scene->model.config, 0, error);
}

static bool set_prompt(Teller *teller, const char *text, Error *error) {
    char *copy = strdup(text);
    if (copy == NULL) return fail(error, "out of memory for the prompt");
    free(teller->prompt);
    teller->prompt = copy;
    return true;
}

Teller *teller_new(const TellerOptions *options, Error *error) {
    Teller *teller = calloc(1, sizeof *teller);
    if (teller == NULL) {
        fail(error, "out of memory");
        return NULL;
    }
    teller->options = *options;
    teller->seed = options->seed;
    teller->sampling = (Sampling){ .temperature = options->temperature };
    teller->token = LATEST;
    teller->patch.edits = teller->edits;
    if (!set_prompt(teller, options->prompt != NULL ? options->prompt : "Once upon a time",
                    error)) {
        teller_free(teller);
        return NULL;
    }
    teller->watch = run_watch_new(options->checkpoint);
    teller->look = options->watch ? 0 : INFINITY;
    if (open_model(teller, options->checkpoint, error) && start_story(teller, 0, error))
        return teller;
    teller_free(teller);
    return NULL;
}

static void free_lexicon(Lexicon *lexicon) {
    lexicon_free(lexicon);
    free(lexicon);
}

void teller_free(Teller *teller) {
    if (teller == NULL) return;
    story_free(teller->story);
    if (teller->model != NULL) free_lexicon(teller->model->lexicon);
    teller_model_close(teller->model);
    for (size_t i = 0; i < teller->lexicon_count; i++) free_lexicon(teller->lexicons[i]);
    free(teller->lexicons);
    run_watch_free(&teller->watch);
    scene_free(&teller->scene);
    free(teller->ids);
    free(teller->prompt);
    free(teller);
}

const Scene *teller_scene(const Teller *teller) { return &teller->scene; }

// ---- telling

static Atlas *ready_atlas(const Teller *teller) {
    return teller->model->recorded ? teller->model->atlas : NULL;
}

static void end_story(Teller *teller, double now) {
    teller->scene.story.state = STORY_ENDED;
    teller->ended = now;
}

// Samples a token, which the model reads at the next call only.
static bool sample(Teller *teller, double now, Error *error) {
    const char *text;
    size_t size;
    StoryStep step = story_next(teller->story, &text, &size, error);
    if (step == STORY_END) end_story(teller, now);
    return step != STORY_FAILED;
}

// Tells one token: the one that was sampled last, which the model reads now, so that every token of
// the scene has its gatings.
static bool tell(Teller *teller, double now, Error *error) {
    SceneStory *story = &teller->scene.story;
    if (story->count >= MAX_TOKENS) end_story(teller, now);
    if (story->state == STORY_ENDED) return true;
    if (story_position(teller->story) == story->count && !sample(teller, now, error)) return false;
    if (story->state == STORY_ENDED) return true;
    int t = story->count;
    SceneToken token = { .id = story_token(teller->story, t), .time = now };
    token.probability =
        (float)prediction_of(story_logits(teller->story), token.id, teller->scene.model.config.V)
            .probability;
    if (!make_space(teller, t + 1)) return fail(error, "out of memory for a story");
    if (!sample(teller, now, error)) return false;
    story->tokens[t] = token;
    story->window = (int)story_dropped(teller->story);
    if (story->fork == t && t < story->before_count && story->before[t].id == token.id)
        story->fork++;
    teller->focus_due |= teller->token == LATEST || teller->token == t - 1;
    if (ready_atlas(teller) == NULL || teller->unlike < t) return true; // compare_tokens is to come
    teller->unlike = t + 1;
    return focus_unlike(&teller->scene, teller->model->atlas, t, t + 1, error);
}

// Tells without waiting until the story has `count` tokens or ends.
static bool tell_until(Teller *teller, int count, Error *error) {
    SceneStory *story = &teller->scene.story;
    while (story->count < count && story->state != STORY_ENDED) {
        if (!tell(teller, -INFINITY, error)) return false;
    }
    return true;
}

// ---- another end

// Remembers the story as it is, to show it beside the one that follows, equal up to `fork`.
static bool remember(Teller *teller, int fork, Error *error) {
    SceneStory *story = &teller->scene.story;
    if (!scene_before(&teller->scene, story->count)) return fail(error, "out of memory");
    memcpy(story->before, story->tokens, (size_t)story->count * sizeof *story->before);
    story->fork = fork;
    return true;
}

static void forget(Teller *teller) {
    teller->patch.count = 0;
    teller->scene.story.before_count = 0;
    teller->scene.story.patch[0] = '\0';
}

// Goes back to the story's first `count` tokens and reads the last of them again.
static void rewind_story(Teller *teller, int count, double now) {
    Scene *scene = &teller->scene;
    scene->version.told++;
    scene->story.count = count;
    scene->story.state = STORY_TELLING;
    story_rewind(teller->story, count);
    scene->story.window = (int)story_dropped(teller->story);
    teller->unlike = min_int(teller->unlike, count - 1);
    teller->next = now + 0.5;
    teller->focus_due = true;
}

static void show_words(char out[SCENE_TEXT], const char *format, const char *one,
                       const char *other) {
    snprintf(out, SCENE_TEXT, "%s “%.60s”%s%.60s%s", format, one, other != NULL ? " at “" : "",
             other != NULL ? other : "", other != NULL ? "”" : "");
}

// Of the story that follows token `token` with the edits as they are: how many tokens are those of
// the story before, up to `most`.
static bool equal_tokens(int *out, Teller *teller, int token, int most, Error *error) {
    const SceneStory *story = &teller->scene.story;
    *out = 0;
    story_rewind(teller->story, token + 1);
    for (int t = token + 1; t < story->before_count && *out < most; t++, (*out)++) {
        const char *text;
        size_t size;
        if (story_next(teller->story, &text, &size, error) == STORY_FAILED) return false;
        if (story_token(teller->story, t) != story->before[t].id) break;
    }
    return true;
}

// Whether a recorded circuit is tried for a token, at first one of a word of the same class.
static bool may_turn(const Teller *teller, int token, int circuit, bool same_class) {
    const Lexicon *lexicon = teller->model->lexicon;
    int32_t own = teller->scene.story.tokens[token].id;
    int32_t other = atlas_recording(teller->model->atlas)->gatings.tokens[circuit];
    int class = lexicon_class(lexicon, other);
    return other != own && class != NO_CLASS &&
           (class == lexicon_class(lexicon, own)) == same_class;
}

// Sets the last edit to a circuit that soon turns the story, found by trying some. Where none does,
// it is the last that was tried.
static bool find_turn(Teller *teller, int token, Error *error) {
    enum { TRIED = 24, SOON = 12 }; // circuits of each kind; tokens
    GatingEdit *edit = &teller->edits[teller->patch.count - 1];
    int T = atlas_recording(teller->model->atlas)->gatings.T;
    bool turned = false;
    for (int kind = 0; kind < 2; kind++) {
        for (int i = 0, count = 0; i < T && count < TRIED && !turned; i++) {
            int circuit = (int)((int64_t)i * 7919 % T), equal; // spread over the recording
            if (!may_turn(teller, token, circuit, kind == 0)) continue;
            count++;
            edit->source_position = circuit;
            if (!equal_tokens(&equal, teller, token, SOON, error)) return false;
            turned = equal < SOON;
        }
    }
    return true;
}

// Puts a recorded circuit in at a token, in all layers, and tells the story from there.
// ANY_CIRCUIT: one that turns the story.
static bool patch_token(Teller *teller, int token, int circuit, double now, Error *error) {
    SceneStory *story = &teller->scene.story;
    const Lexicon *lexicon = teller->model->lexicon;
    if (!teller->model->recorded || token < 0 || token >= story->count) return true;
    const Recording *recording = atlas_recording(teller->model->atlas);
    bool any = circuit == ANY_CIRCUIT;
    if (!any && (circuit < 0 || circuit >= recording->gatings.T)) return true;
    if (teller->patch.count == MAX_EDITS) return true;
    // Its continuation without the patch, to compare with.
    if (!tell_until(teller, token + 1 + AHEAD, error) || !remember(teller, token + 1, error))
        return false;
    GatingEdit *edit = &teller->edits[teller->patch.count++];
    *edit = (GatingEdit){ .layer = ALL,
                          .position = token,
                          .channel = ALL,
                          .source = &recording->gatings,
                          .source_position = any ? 0 : circuit,
                          .scale = 1 };
    if (any && !find_turn(teller, token, error)) return false;
    story->patched = token;
    show_words(story->patch, "the circuit of",
               lexicon_text(lexicon, recording->gatings.tokens[edit->source_position]),
               lexicon_text(lexicon, story->tokens[token].id));
    rewind_story(teller, token + 1, now);
    return true;
}

// Tells the story again from its prompt, with the edits as they are now, up to where it was.
static bool tell_again(Teller *teller, double now, Error *error) {
    int count = teller->scene.story.count, fork = teller->scene.story.prompt;
    if (!remember(teller, fork, error) || !start_story(teller, now, error)) return false;
    return tell_until(teller, count, error);
}

static bool silence(Teller *teller, int layer, int channel, int index, double now, Error *error) {
    const SceneModel *model = &teller->scene.model;
    if (layer < 0 || layer >= model->L || channel < 0 || channel >= model->C || index < 0 ||
        index >= model->F || teller->patch.count == MAX_EDITS)
        return true;
    teller->edits[teller->patch.count++] = (GatingEdit){
        .layer = layer, .position = ALL, .channel = channel, .single = true, .index = index
    };
    snprintf(teller->scene.story.patch, SCENE_TEXT, "without neuron %d of layer %d, channel %d",
             index, layer, channel);
    teller->scene.story.patched = -1;
    return tell_again(teller, now, error);
}

static bool restore(Teller *teller, double now, Error *error) {
    if (teller->patch.count == 0) return true;
    int count = teller->scene.story.count;
    forget(teller);
    return start_story(teller, now, error) && tell_until(teller, count, error);
}

static bool another(Teller *teller, double now, Error *error) {
    teller->seed++;
    teller->token = LATEST;
    forget(teller);
    return start_story(teller, now, error);
}

// ---- requests

static void select_token(Teller *teller, const Request *request) {
    const SceneModel *model = &teller->scene.model;
    teller->token = request->index < 0 ? LATEST : request->index;
    teller->layer = max_int(0, min_int(request->layer, model->L - 1));
    teller->channel = max_int(0, min_int(request->channel, model->C - 1));
    teller->focus_due = true;
}

static bool has_neuron(const Teller *teller, const Request *request) {
    const SceneModel *model = &teller->scene.model;
    return request->layer >= 0 && request->layer < model->L && request->channel >= 0 &&
           request->channel < model->C && request->index >= 0 && request->index < model->F;
}

static void select_neuron(Teller *teller, const Request *request) {
    bool there = has_neuron(teller, request);
    teller->scene.card = (SceneCard){ .layer = request->layer,
                                      .channel = request->channel,
                                      .index = there ? request->index : -1 };
    teller->card_due = there;
}

static void hover_neuron(Teller *teller, const Request *request) {
    SceneHover hover = { request->layer, request->channel, request->index, { 0 } };
    bool ready = has_neuron(teller, request) && teller->model->recorded;
    if (!ready || !atlas_fires(hover.fires, teller->model->atlas, hover.layer, hover.channel,
                               hover.index, NULL))
        hover.index = -1;
    teller->scene.hover = hover;
}

static void pause(Teller *teller, bool paused, double now) {
    SceneStory *story = &teller->scene.story;
    teller->paused = paused;
    if (story->state == STORY_TELLING || story->state == STORY_PAUSED)
        story->state = paused ? STORY_PAUSED : STORY_TELLING;
    teller->next = now;
}

static bool answer(Teller *teller, const Request *request, double now, Error *error) {
    switch (request->kind) {
    case REQUEST_PROMPT:
        if (!set_prompt(teller, request->text, error)) return false;
        teller->token = LATEST;
        forget(teller);
        return start_story(teller, now, error);
    case REQUEST_ANOTHER: return another(teller, now, error);
    case REQUEST_PAUSE:
        if (teller->options.training != NULL)
            training_pause(teller->options.training, request->value != 0);
        pause(teller, request->value != 0, now);
        return true;
    case REQUEST_SPEED:
        teller->options.speed = request->value;
        teller->next = fmin(teller->next, now + 1 / request->value);
        return true;
    case REQUEST_STEP:
        if (teller->options.training != NULL) training_step(teller->options.training);
        teller->step = true;
        return true;
    case REQUEST_FOCUS: select_token(teller, request); return true;
    case REQUEST_NEURON: select_neuron(teller, request); return true;
    case REQUEST_HOVER: hover_neuron(teller, request); return true;
    case REQUEST_PATCH: return patch_token(teller, request->index, (int)request->value, now, error);
    case REQUEST_SILENCE:
        return silence(teller, request->layer, request->channel, request->index, now, error);
    case REQUEST_RESTORE: return restore(teller, now, error);
    case REQUEST_QUIT: return true;
    }
    return true;
}

// ---- what is due

// The token that the focus is of; -1: none.
static int focus_token(const Teller *teller) {
    int last = teller->scene.story.count - 1;
    return teller->token == LATEST ? last : min_int(teller->token, last);
}

static bool token_due(const Teller *teller, double now) {
    StoryState state = teller->scene.story.state;
    if (state == STORY_PAUSED) return teller->step;
    return state == STORY_TELLING && now >= teller->next;
}

static bool compute_focus(Teller *teller, double now, Error *error) {
    teller->focus_due = false;
    teller->focused = now;
    int token = focus_token(teller);
    const GatingPatch *patch = teller->patch.count > 0 ? &teller->patch : NULL;
    return token < 0 ||
           focus_compute(&teller->scene, teller->model->focus, patch, ready_atlas(teller), token,
                         teller->layer, teller->channel, error);
}

static bool record(Teller *teller, Error *error) {
    if (!atlas_record(teller->model->atlas, &teller->model->recorded, error)) return false;
    if (!teller->model->recorded) return true;
    teller->focus_due = teller->card_due = true;
    return atlas_show_usage(&teller->scene, teller->model->atlas, error);
}

static bool map_due(const Teller *teller) {
    return ready_atlas(teller) != NULL && !teller->map_failed &&
           teller->scene.circuits.layer != teller->layer;
}

// Without circuits the story is told all the same.
static void lose_atlas(Teller *teller, const Error *error) {
    atlas_free(teller->model->atlas);
    teller->model->atlas = NULL;
    teller->model->recorded = false;
    snprintf(teller->scene.circuits.note, SCENE_TEXT, "%.*s", SCENE_TEXT - 1, error->text);
    teller->scene.version.circuits++;
}

static void show_map(Teller *teller) {
    Error error = { "" };
    teller->map_failed =
        !atlas_show_map(&teller->scene, teller->model->atlas, teller->layer, &error);
    teller->focus_due = true; // the path on it
    if (!teller->map_failed) return;
    snprintf(teller->scene.circuits.note, SCENE_TEXT, "%.*s", SCENE_TEXT - 1, error.text);
    teller->scene.version.circuits++;
}

// Tokens that were told before there were circuits to compare them with.
static bool compare_tokens(Teller *teller, Error *error) {
    enum { AT_ONCE = 16 };
    int first = teller->unlike;
    teller->unlike = min_int(teller->scene.story.count, first + AT_ONCE);
    teller->scene.version.told++; // they were copied without
    return focus_unlike(&teller->scene, teller->model->atlas, first, teller->unlike, error);
}

// Looks at the run that is being trained. A newer checkpoint tells the story from its prompt on.
// Whether there was something new.
static bool look(Teller *teller, double now) {
    Error error = { "" };
    Scene *scene = &teller->scene;
    uint64_t version = scene->version.training;
    bool newer = false, had_failed = teller->look_failed;
    bool ok = run_watch_look(&teller->watch, scene, &newer, &error);
    if (ok && newer && teller->watch.checkpoint != NULL) {
        ok = open_model(teller, teller->watch.checkpoint, &error) &&
             start_story(teller, now, &error);
        if (!ok) teller->watch.identity = 0; // again at the next look
        ok = ok && run_watch_look(&teller->watch, scene, &newer, &error);
    }
    if (!ok || had_failed) snprintf(scene->note, SCENE_TEXT, "%.*s", SCENE_TEXT - 1, error.text);
    teller->look_failed = !ok;
    if (teller->options.training != NULL) training_show(teller->options.training, scene);
    teller->look = now + LOOK_EVERY;
    return newer || !ok || had_failed || scene->version.training != version;
}

// One piece of work; *worked: there was some.
static bool work(Teller *teller, double now, bool *worked, Error *error) {
    bool follows = teller->token == LATEST;
    *worked = true;
    if (now >= teller->look && look(teller, now)) return true;
    if (teller->focus_due &&
        !(follows && token_due(teller, now) && now - teller->focused < FOCUS_EVERY))
        return compute_focus(teller, now, error);
    if (teller->card_due && (teller->model->atlas == NULL || teller->model->recorded)) {
        teller->card_due = false;
        if (teller->scene.card.index < 0) return true;
        return atlas_show_card(&teller->scene.card, ready_atlas(teller),
                               &teller->model->checkpoint.model, error);
    }
    if (token_due(teller, now)) {
        teller->step = false;
        teller->next = fmax(teller->next + 1 / teller->options.speed, now - MAX_LAG);
        return tell(teller, now, error);
    }
    if (teller->model->atlas != NULL && !teller->model->recorded) {
        Error why;
        if (!record(teller, &why)) lose_atlas(teller, &why);
        return true;
    }
    if (ready_atlas(teller) != NULL && teller->unlike < teller->scene.story.count)
        return compare_tokens(teller, error);
    if (map_due(teller)) {
        show_map(teller);
        return true;
    }
    bool alone = follows && teller->scene.card.index < 0 && !teller->paused;
    if (teller->scene.story.state == STORY_ENDED && alone && now >= teller->ended + SHOWN_ENDED)
        return another(teller, now, error);
    *worked = false;
    return true;
}

static double next_time(const Teller *teller) {
    bool alone = teller->token == LATEST && teller->scene.card.index < 0 && !teller->paused;
    switch (teller->scene.story.state) {
    case STORY_TELLING: return fmin(teller->look, teller->next);
    case STORY_ENDED: return fmin(teller->look, alone ? teller->ended + SHOWN_ENDED : INFINITY);
    default: return teller->look;
    }
}

double teller_advance(Teller *teller, double now, const RequestList *requests, bool *changed) {
    Error error = { "" };
    bool worked = false, ok = true;
    *changed = requests->count > 0;
    for (int i = 0; ok && i < requests->count; i++)
        ok = answer(teller, &requests->items[i], now, &error);
    ok = ok && work(teller, now, &worked, &error);
    *changed |= worked || !ok;
    if (ok) return worked ? now : next_time(teller);
    snprintf(teller->scene.note, sizeof teller->scene.note, "%.*s", SCENE_TEXT - 1, error.text);
    teller->scene.story.state = STORY_WAITING;
    return INFINITY;
}
