#include "visualizer/scene.h"
#include "reference/numbers/array.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- memory

typedef struct {
    void **array;
    size_t size; // of an element
} Grown;

// Grows arrays that share a capacity. Where memory runs out some are larger than it says, which
// harms nothing.
static bool grow(const Grown *arrays, int count, size_t *capacity, size_t needed) {
    size_t larger = *capacity;
    for (int i = 0; i < count; i++) {
        if (arrays[i].size == 0) continue;
        larger = *capacity;
        void *moved = array_grow(*arrays[i].array, &larger, needed, arrays[i].size);
        if (moved == NULL && needed > 0) return false;
        *arrays[i].array = moved;
    }
    *capacity = larger;
    return true;
}

// Entries of a token in story.index and story.score.
static size_t token_entries(const SceneModel *model) {
    return (size_t)model->L * (size_t)model->C * (size_t)model->K;
}

static size_t neuron_count(const SceneModel *model) {
    return (size_t)model->L * (size_t)model->C * (size_t)model->F;
}

bool scene_tokens(Scene *scene, int count) {
    SceneStory *story = &scene->story;
    size_t entries = token_entries(&scene->model);
    const Grown arrays[] = {
        { (void **)&story->tokens, sizeof *story->tokens },
        { (void **)&story->index, entries * sizeof *story->index },
        { (void **)&story->score, entries * sizeof *story->score },
        { (void **)&story->unlike, (size_t)scene->model.L * sizeof *story->unlike },
    };
    bool ok = grow(arrays, 4, &scene->capacity.tokens, (size_t)count);
    if (ok) story->count = count;
    return ok;
}

bool scene_before(Scene *scene, int count) {
    SceneStory *story = &scene->story;
    const Grown array = { (void **)&story->before, sizeof *story->before };
    bool ok = grow(&array, 1, &scene->capacity.before, (size_t)count);
    if (ok) story->before_count = count;
    return ok;
}

bool scene_key_scores(Scene *scene, int keys) {
    SceneFocus *focus = &scene->focus;
    const Grown array = { (void **)&focus->key_scores, sizeof *focus->key_scores };
    size_t needed = (size_t)scene->model.L * (size_t)keys;
    bool ok = grow(&array, 1, &scene->capacity.key_scores, needed);
    if (ok) focus->keys = keys;
    return ok;
}

bool scene_points(Scene *scene, int count) {
    SceneCircuits *circuits = &scene->circuits;
    const Grown array = { (void **)&circuits->points, sizeof *circuits->points };
    bool ok = grow(&array, 1, &scene->capacity.points, (size_t)count);
    if (ok) circuits->count = count;
    return ok;
}

bool scene_recorded_neurons(Scene *scene) {
    SceneCircuits *circuits = &scene->circuits;
    const Grown neurons = { (void **)&circuits->fired, sizeof *circuits->fired };
    const Grown layers[] = {
        { (void **)&circuits->usage, sizeof *circuits->usage },
        { (void **)&circuits->gini, sizeof *circuits->gini },
    };
    return grow(&neurons, 1, &scene->capacity.neurons, neuron_count(&scene->model)) &&
           grow(layers, 2, &scene->capacity.layers, (size_t)scene->model.L);
}

bool scene_losses(Scene *scene, int train_count, int valid_count) {
    SceneTraining *training = &scene->training;
    const Grown train[] = {
        { (void **)&training->train_steps, sizeof *training->train_steps },
        { (void **)&training->train_losses, sizeof *training->train_losses },
    };
    const Grown valid[] = {
        { (void **)&training->valid_steps, sizeof *training->valid_steps },
        { (void **)&training->valid_losses, sizeof *training->valid_losses },
    };
    bool ok = grow(train, 2, &scene->capacity.train, (size_t)train_count) &&
              grow(valid, 2, &scene->capacity.valid, (size_t)valid_count);
    if (ok) training->train_count = train_count;
    if (ok) training->valid_count = valid_count;
    return ok;
}

bool scene_trained_neurons(Scene *scene) {
    const Grown array = { (void **)&scene->training.fired, sizeof *scene->training.fired };
    return grow(&array, 1, &scene->capacity.train_neurons, neuron_count(&scene->model));
}

void scene_free(Scene *scene) {
    free(scene->story.tokens);
    free(scene->story.index);
    free(scene->story.score);
    free(scene->story.unlike);
    free(scene->story.before);
    free(scene->focus.key_scores);
    free(scene->circuits.points);
    free(scene->circuits.fired);
    free(scene->circuits.usage);
    free(scene->circuits.gini);
    free(scene->training.train_steps);
    free(scene->training.train_losses);
    free(scene->training.valid_steps);
    free(scene->training.valid_losses);
    free(scene->training.fired);
    memset(scene, 0, sizeof *scene);
}

void scene_set_model(Scene *scene, const SceneModel *model) {
    Scene old = *scene;
    scene_free(scene);
    scene->model = *model;
    scene->version = old.version;
    scene->version.model++;
    scene->version.told++;
    scene->version.focus++;
    scene->version.circuits++;
    scene->version.training++;
    scene->focus.token = scene->circuits.layer = scene->card.index = scene->hover.index = -1;
}

// ---- copying

// memcpy of `count` elements from number `first` on; arrays may be NULL where there are none.
static void copy(void *to, const void *from, size_t first, size_t count, size_t size) {
    if (count > first && from != NULL)
        memcpy((char *)to + first * size, (const char *)from + first * size,
               (count - first) * size);
}

static bool copy_model(Scene *to, const Scene *from) {
    // Arrays of the old model's sizes are of no use for the new one.
    if (to->version.model != from->version.model) {
        scene_free(to);
        to->model = from->model;
    }
    return true;
}

static bool copy_story(Scene *to, const Scene *from) {
    bool grown = to->version.told == from->version.told && to->story.count <= from->story.count;
    size_t first = grown ? (size_t)to->story.count : 0, count = (size_t)from->story.count;
    if (!scene_tokens(to, from->story.count) || !scene_before(to, from->story.before_count))
        return false;
    size_t entries = token_entries(&from->model), L = (size_t)from->model.L;
    SceneStory own = to->story;
    to->story = from->story;
    to->story.tokens = own.tokens;
    to->story.index = own.index;
    to->story.score = own.score;
    to->story.unlike = own.unlike;
    to->story.before = own.before;
    copy(own.tokens, from->story.tokens, first, count, sizeof *own.tokens);
    copy(own.index, from->story.index, first, count, entries * sizeof *own.index);
    copy(own.score, from->story.score, first, count, entries * sizeof *own.score);
    copy(own.unlike, from->story.unlike, first, count, L * sizeof *own.unlike);
    copy(own.before, from->story.before, 0, (size_t)from->story.before_count, sizeof *own.before);
    return true;
}

static bool copy_focus(Scene *to, const Scene *from) {
    if (to->version.focus == from->version.focus) return true;
    if (!scene_key_scores(to, from->focus.keys)) return false;
    float *own = to->focus.key_scores;
    to->focus = from->focus;
    to->focus.key_scores = own;
    copy(own, from->focus.key_scores, 0, (size_t)from->model.L * (size_t)from->focus.keys,
         sizeof *own);
    return true;
}

static bool copy_circuits(Scene *to, const Scene *from) {
    if (to->version.circuits == from->version.circuits) return true;
    bool neurons = from->circuits.fired != NULL;
    if (!scene_points(to, from->circuits.count) || (neurons && !scene_recorded_neurons(to)))
        return false;
    SceneCircuits own = to->circuits;
    to->circuits = from->circuits;
    to->circuits.points = own.points;
    to->circuits.fired = own.fired;
    to->circuits.usage = own.usage;
    to->circuits.gini = own.gini;
    copy(own.points, from->circuits.points, 0, (size_t)from->circuits.count, sizeof *own.points);
    copy(own.fired, from->circuits.fired, 0, neuron_count(&from->model), sizeof *own.fired);
    copy(own.usage, from->circuits.usage, 0, (size_t)from->model.L, sizeof *own.usage);
    copy(own.gini, from->circuits.gini, 0, (size_t)from->model.L, sizeof *own.gini);
    return true;
}

static bool copy_training(Scene *to, const Scene *from) {
    if (to->version.training == from->version.training) return true;
    const SceneTraining *training = &from->training;
    bool neurons = training->fired != NULL;
    if (!scene_losses(to, training->train_count, training->valid_count) ||
        (neurons && !scene_trained_neurons(to)))
        return false;
    SceneTraining own = to->training;
    to->training = *training;
    to->training.train_steps = own.train_steps;
    to->training.train_losses = own.train_losses;
    to->training.valid_steps = own.valid_steps;
    to->training.valid_losses = own.valid_losses;
    to->training.fired = own.fired;
    size_t trained = (size_t)training->train_count, validated = (size_t)training->valid_count;
    copy(own.train_steps, training->train_steps, 0, trained, sizeof(double));
    copy(own.train_losses, training->train_losses, 0, trained, sizeof(double));
    copy(own.valid_steps, training->valid_steps, 0, validated, sizeof(double));
    copy(own.valid_losses, training->valid_losses, 0, validated, sizeof(double));
    copy(own.fired, training->fired, 0, neuron_count(&from->model), sizeof *own.fired);
    return true;
}

bool scene_copy(Scene *to, const Scene *from) {
    bool ok = copy_model(to, from) && copy_story(to, from) && copy_focus(to, from) &&
              copy_circuits(to, from) && copy_training(to, from);
    if (ok) {
        to->model = from->model;
        to->card = from->card;
        to->hover = from->hover;
        memcpy(to->note, from->note, sizeof to->note);
        to->version = from->version;
    } else {
        scene_free(to); // half a copy is of no use; the next one starts over
    }
    return ok;
}

int scene_grid(const SceneModel *model) {
    int n = 0;
    while ((int64_t)n * n < model->F) n++;
    return n;
}
