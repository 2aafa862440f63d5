#include "reference/numbers/array.h"
#include "reference/numbers/minmax.h"
#include "visualizer/teller_parts.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double SHOWN_ENDED = 6;   // seconds before another story is told
static const double LOOK_EVERY = 0.5;  // seconds, at a run that is being trained
static const double MAX_LAG = 0.5;     // seconds that tokens may be late and still be made up for
static const double FOCUS_EVERY = 0.1; // seconds at least, while words come faster

// ---- opening

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
    teller->watch = run_watch_new(options->checkpoint, options->training != NULL);
    teller->look = options->watch ? 0 : INFINITY;
    if (open_model(teller, options->checkpoint, error) && teller_start_story(teller, 0, error))
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

static bool another(Teller *teller, double now, Error *error) {
    teller->seed++;
    teller->token = LATEST;
    teller_forget(teller);
    return teller_start_story(teller, now, error);
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
        teller_forget(teller);
        return teller_start_story(teller, now, error);
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
    case REQUEST_PATCH:
        return teller_patch_token(teller, request->index, (int)request->value, now, error);
    case REQUEST_SILENCE:
        return teller_silence(teller, request->layer, request->channel, request->index, now, error);
    case REQUEST_RESTORE: return teller_restore(teller, now, error);
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
           focus_compute(&teller->scene, teller->model->focus, patch, teller_ready_atlas(teller),
                         token, teller->layer, teller->channel, error);
}

static bool record(Teller *teller, Error *error) {
    if (!atlas_record(teller->model->atlas, &teller->model->recorded, error)) return false;
    if (!teller->model->recorded) return true;
    teller->focus_due = teller->card_due = true;
    return atlas_show_usage(&teller->scene, teller->model->atlas, error);
}

static bool map_due(const Teller *teller) {
    return teller_ready_atlas(teller) != NULL && !teller->map_failed &&
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
             teller_start_story(teller, now, &error);
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
        return atlas_show_card(&teller->scene.card, teller_ready_atlas(teller),
                               &teller->model->checkpoint.model, error);
    }
    if (token_due(teller, now)) {
        teller->step = false;
        teller->next = fmax(teller->next + 1 / teller->options.speed, now - MAX_LAG);
        return teller_tell(teller, now, error);
    }
    if (teller->model->atlas != NULL && !teller->model->recorded) {
        Error why;
        if (!record(teller, &why)) lose_atlas(teller, &why);
        return true;
    }
    if (teller_ready_atlas(teller) != NULL && teller->unlike < teller->scene.story.count)
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
