#include "visualizer/atlas.h"
#include "reference/circuits/neurons.h"
#include "reference/circuits/patch.h"
#include "reference/circuits/positions.h"
#include "reference/circuits/usage.h"
#include "reference/generate/story.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    POSITIONS = 12000, // of a recording, unless they take more memory than MOST_BYTES
    MOST_BYTES = 64 << 20,
    AT_ONCE = 512,     // positions that atlas_record adds
    TOLD_TOKENS = 200, // of a story that the model tells itself, at most
    MAP_TOKENS = 80,
    MAP_POINTS = 1500,
};

struct Atlas {
    const Model *model;
    const Tokenizer *tokenizer;
    const Lexicon *lexicon;
    Recording recording; // of a file, or of the memory below
    bool of_file;
    NeighbourIndex *index; // [L,C+1]; the last: of all channels. N = 0: not made yet
    Map *map;              // [L]; N = 0: not made yet
    int32_t **position;    // [L]: of the map's points
    int32_t *fires;        // [L,C,F,SCENE_WORDS]; UNKNOWN: not looked up yet

    // Of a recording that is being made.
    const TokenFile *valid;
    StoryRecorder recorder;
    GatingRecord made; // `limit` positions
    int limit, stories;
    size_t next; // story of `valid`, or seed
    int32_t *story, *position_in_story, *predictions, *tokens;
    float *probabilities;
};

enum { UNKNOWN = -2 };

static size_t index_count(const Atlas *atlas) {
    const GatingRecord *sizes = &atlas->recording.gatings;
    return (size_t)sizes->L * (size_t)(sizes->C + 1);
}

static size_t neuron_count(const GatingRecord *sizes) {
    return (size_t)sizes->L * (size_t)sizes->C * (size_t)sizes->F;
}

// Memory for what is looked up, once the recording's sizes are known.
static bool prepare(Atlas *atlas, Error *error) {
    const GatingRecord *sizes = &atlas->recording.gatings;
    size_t L = (size_t)sizes->L, fires = neuron_count(sizes) * SCENE_WORDS;
    atlas->index = calloc(index_count(atlas), sizeof *atlas->index);
    atlas->map = calloc(L, sizeof *atlas->map);
    atlas->position = calloc(L, sizeof *atlas->position);
    atlas->fires = malloc(fires * sizeof *atlas->fires);
    if (atlas->index == NULL || atlas->map == NULL || atlas->position == NULL ||
        atlas->fires == NULL)
        return fail(error, "out of memory for what was recorded");
    for (size_t i = 0; i < fires; i++) atlas->fires[i] = UNKNOWN;
    return true;
}

static Atlas *empty_atlas(const Checkpoint *checkpoint, const Lexicon *lexicon, Error *error) {
    Atlas *atlas = calloc(1, sizeof *atlas);
    if (atlas == NULL) {
        fail(error, "out of memory for a recording");
        return NULL;
    }
    atlas->model = &checkpoint->model;
    atlas->tokenizer = checkpoint->tokenizer;
    atlas->lexicon = lexicon;
    return atlas;
}

Atlas *atlas_open(const Checkpoint *checkpoint, const Lexicon *lexicon, const char *path,
                  Error *error) {
    Atlas *atlas = empty_atlas(checkpoint, lexicon, error);
    if (atlas == NULL) return NULL;
    atlas->of_file = recording_open(&atlas->recording, path, error);
    if (atlas->of_file &&
        recording_matches(&atlas->recording, atlas->model, atlas->tokenizer, error) &&
        prepare(atlas, error))
        return atlas;
    atlas_free(atlas);
    return NULL;
}

// ---- recording

// Positions to record: of stories cut at the context window.
static int positions_there(const TokenFile *valid, int limit, int max) {
    int64_t count = 0;
    for (size_t s = 0; s < valid->stories && count < limit; s++)
        count +=
            (int64_t)min_size((size_t)(valid->offset[s + 1] - valid->offset[s]) - 1, (size_t)max);
    return count < limit ? (int)count : limit;
}

static bool start_recording(Atlas *atlas, Error *error) {
    const Config *config = &atlas->model->config;
    GatingRecord sizes;
    int max = config->T - 1;
    if (!gating_record_sizes(&sizes, config, 1, error)) return false;
    if (max < 1) return fail(error, "a context window of one token has no circuits to record");
    double bytes = 8.0 * sizes.L * sizes.C * sizes.K;
    atlas->limit = (int)fmax(1, fmin(POSITIONS, MOST_BYTES / bytes));
    if (atlas->valid != NULL) atlas->limit = positions_there(atlas->valid, atlas->limit, max);
    if (atlas->limit < 1) return fail(error, "there are no tokens to record");
    size_t T = (size_t)atlas->limit, P = (size_t)recorded_predictions(config);
    atlas->story = malloc(T * sizeof *atlas->story);
    atlas->position_in_story = malloc(T * sizeof *atlas->position_in_story);
    atlas->predictions = malloc(T * P * sizeof *atlas->predictions);
    atlas->probabilities = malloc(T * P * sizeof *atlas->probabilities);
    atlas->tokens = malloc((size_t)max * sizeof *atlas->tokens);
    if (atlas->story == NULL || atlas->position_in_story == NULL || atlas->predictions == NULL ||
        atlas->probabilities == NULL || atlas->tokens == NULL)
        return fail(error, "out of memory for a recording of %d positions", atlas->limit);
    return gating_record_new(&atlas->made, config, atlas->limit, error) &&
           story_recorder_new(&atlas->recorder, atlas->model, max, error);
}

// A view of what was recorded so far.
static void show_made(Atlas *atlas, int T) {
    atlas->recording = (Recording){ .gatings = atlas->made,
                                    .stories = atlas->stories,
                                    .P = atlas->recorder.P,
                                    .story = atlas->story,
                                    .position = atlas->position_in_story,
                                    .predictions = atlas->predictions,
                                    .probabilities = atlas->probabilities };
    atlas->recording.gatings.T = T;
}

Atlas *atlas_new(const Checkpoint *checkpoint, const Lexicon *lexicon, const TokenFile *valid,
                 Error *error) {
    Atlas *atlas = empty_atlas(checkpoint, lexicon, error);
    if (atlas == NULL) return NULL;
    atlas->valid = valid;
    if (start_recording(atlas, error)) {
        show_made(atlas, 0);
        if (prepare(atlas, error)) return atlas;
    }
    atlas_free(atlas);
    return NULL;
}

// The next story of the file; returns its tokens.
static int file_story(Atlas *atlas) {
    const TokenFile *valid = atlas->valid;
    uint64_t first = valid->offset[atlas->next], size = valid->offset[atlas->next + 1] - 1 - first;
    int count = (int)min_size((size_t)size, (size_t)atlas->recorder.max);
    for (int t = 0; t < count; t++) atlas->tokens[t] = valid->token[first + (uint64_t)t];
    atlas->next++;
    return count;
}

// A story that the model tells; returns its tokens, -1: it cannot.
static int told_story(Atlas *atlas, Error *error) {
    Sampling sampling = { .temperature = 1 };
    int count = 0, most = min_int(atlas->recorder.max, TOLD_TOKENS);
    Story *story = story_new(atlas->model, atlas->tokenizer, &sampling, atlas->next++, error);
    bool ok = story != NULL && story_prompt(story, "", error);
    StoryStep step = STORY_TOKEN;
    while (ok && step == STORY_TOKEN && count < most) {
        const char *text;
        size_t size;
        step = story_next(story, &text, &size, error);
        if (step == STORY_TOKEN) atlas->tokens[count] = story_token(story, count);
        if (step == STORY_TOKEN) count++;
        ok = step != STORY_FAILED;
    }
    story_free(story);
    return ok ? count : -1;
}

// Copies the recorder's story to the positions from `first` on, of which there are `count`.
static void add_story(Atlas *atlas, int first, int count) {
    const GatingRecord *from = &atlas->recorder.record;
    GatingRecord *made = &atlas->made;
    size_t entry = gating_record_entry(made, first, 0, 0);
    size_t entries = gating_record_entry(made, count, 0, 0), P = (size_t)atlas->recorder.P;
    memcpy(made->index + entry, from->index, entries * sizeof *made->index);
    memcpy(made->score + entry, from->score, entries * sizeof *made->score);
    memcpy(made->tokens + first, from->tokens, (size_t)count * sizeof *made->tokens);
    memcpy(atlas->predictions + (size_t)first * P, atlas->recorder.predictions,
           (size_t)count * P * sizeof *atlas->predictions);
    memcpy(atlas->probabilities + (size_t)first * P, atlas->recorder.probabilities,
           (size_t)count * P * sizeof *atlas->probabilities);
    for (int t = 0; t < count; t++) {
        atlas->story[first + t] = atlas->stories;
        atlas->position_in_story[first + t] = t;
    }
    atlas->stories++;
}

bool atlas_record(Atlas *atlas, bool *done, Error *error) {
    enum { EMPTY_STORIES = 100 }; // a model that tells no more than these in a row is done
    int T = atlas->recording.gatings.T, target = min_int(atlas->limit, T + AT_ONCE);
    *done = atlas->of_file;
    for (int empty = 0; !*done && T < target;) {
        int count = atlas->valid != NULL ? file_story(atlas) : told_story(atlas, error);
        if (count < 0) return false;
        if (count > 0 && !story_recorder_run(&atlas->recorder, atlas->tokens, count, error))
            return false;
        count = min_int(count, atlas->limit - T);
        if (count > 0) add_story(atlas, T, count);
        T += count;
        empty = count > 0 ? 0 : empty + 1;
        *done = T == atlas->limit || (atlas->valid != NULL ? atlas->next == atlas->valid->stories
                                                           : empty == EMPTY_STORIES);
    }
    if (!atlas->of_file) show_made(atlas, T);
    return T > 0 || !*done || fail(error, "there are no tokens to record");
}

const Recording *atlas_recording(const Atlas *atlas) { return &atlas->recording; }

void atlas_free(Atlas *atlas) {
    if (atlas == NULL) return;
    const GatingRecord *sizes = &atlas->recording.gatings;
    for (size_t i = 0; atlas->index != NULL && i < index_count(atlas); i++)
        neighbour_index_free(&atlas->index[i]);
    for (int layer = 0; atlas->map != NULL && layer < sizes->L; layer++)
        map_free(&atlas->map[layer]);
    for (int layer = 0; atlas->position != NULL && layer < sizes->L; layer++)
        free(atlas->position[layer]);
    free(atlas->index);
    free(atlas->map);
    free(atlas->position);
    free(atlas->fires);
    free(atlas->story);
    free(atlas->position_in_story);
    free(atlas->predictions);
    free(atlas->probabilities);
    free(atlas->tokens);
    gating_record_free(&atlas->made);
    if (atlas->recorder.model != NULL) story_recorder_free(&atlas->recorder);
    if (atlas->of_file) recording_close(&atlas->recording);
    free(atlas);
}

// ---- looking things up

bool atlas_nearest(Neighbour *out, Atlas *atlas, int layer, int channel, const Circuits *queries,
                   int count, Error *error) {
    const GatingRecord *record = &atlas->recording.gatings;
    int number = layer * (record->C + 1) + (channel == ALL ? record->C : channel);
    NeighbourIndex *index = &atlas->index[number];
    Circuits circuits;
    if (index->N == 0) {
        if (!circuits_new(&circuits, record, layer, channel, error)) return false;
        bool ok = neighbour_index_new(index, &circuits, error);
        circuits_free(&circuits);
        if (!ok) return false;
    }
    return neighbours_find(out, index, queries, NULL, count, error);
}

// Moves the tokens that have a class to the front and returns how many there are.
static int classed_first(int32_t *tokens, int count, const Lexicon *lexicon) {
    int found = 0;
    for (int i = 0; i < count; i++) {
        if (lexicon_class(lexicon, tokens[i]) != NO_CLASS) tokens[found++] = tokens[i];
    }
    return found;
}

// position [*found]: the map's points, as many of each word as there are, up to an equal share.
// tokens [V] is scratch.
static bool choose_points(int32_t *position, int *found, int32_t *tokens, const Atlas *atlas,
                          Error *error) {
    const GatingRecord *record = &atlas->recording.gatings;
    int count;
    *found = 0;
    if (!frequent_tokens(tokens, &count, record, record->config.V, error)) return false;
    int classed = classed_first(tokens, count, atlas->lexicon);
    count = min_int(classed > 0 ? classed : count, MAP_TOKENS);
    for (int i = 0; i < count; i++) {
        int added;
        if (!token_positions(position + *found, &added, record, &tokens[i], 1, MAP_POINTS / count,
                             error))
            return false;
        *found += added;
    }
    return *found > 0 || fail(error, "the recording has no tokens of text");
}

static bool make_map(Atlas *atlas, int layer, int32_t *position, int found, Error *error) {
    GatingRecord points;
    Circuits circuits;
    if (!record_of_positions(&points, &atlas->recording.gatings, position, found, error))
        return false;
    bool ok = circuits_new(&circuits, &points, layer, ALL, error);
    gating_record_free(&points);
    return ok && map_new(&atlas->map[layer], &circuits, 1, error);
}

bool atlas_has_map(const Atlas *atlas, int layer) { return atlas->map[layer].N > 0; }

const Map *atlas_map(const int32_t **position, Atlas *atlas, int layer, Error *error) {
    if (!atlas_has_map(atlas, layer)) {
        int32_t *points = malloc(MAP_POINTS * sizeof *points);
        int32_t *tokens = malloc((size_t)atlas->model->config.V * sizeof *tokens);
        int found;
        bool ok = (points != NULL && tokens != NULL) || fail(error, "out of memory for a map");
        ok = ok && choose_points(points, &found, tokens, atlas, error) &&
             make_map(atlas, layer, points, found, error);
        free(tokens);
        free(atlas->position[layer]);
        atlas->position[layer] = points;
        if (!ok) return NULL;
    }
    *position = atlas->position[layer];
    return &atlas->map[layer];
}

bool atlas_fires(int32_t out[SCENE_WORDS], Atlas *atlas, int layer, int channel, int index,
                 Error *error) {
    const GatingRecord *sizes = &atlas->recording.gatings;
    size_t neuron = ((size_t)layer * (size_t)sizes->C + (size_t)channel) * (size_t)sizes->F;
    int32_t *fires = atlas->fires + (neuron + (size_t)index) * SCENE_WORDS;
    if (fires[0] == UNKNOWN) {
        NeuronCard card;
        if (!neuron_card(&card, &atlas->recording, layer, channel, index, error)) return false;
        for (int i = 0; i < SCENE_WORDS; i++)
            fires[i] = i < card.token_count ? card.tokens[i].token : -1;
    }
    memcpy(out, fires, SCENE_WORDS * sizeof *out);
    return true;
}

// ---- into a scene

bool atlas_show_usage(Scene *scene, const Atlas *atlas, Error *error) {
    const GatingRecord *record = &atlas->recording.gatings;
    SceneCircuits *circuits = &scene->circuits;
    Usage usage;
    if (!scene_recorded_neurons(scene)) return fail(error, "out of memory for the usage");
    if (!usage_of_record(&usage, record, error)) return false;
    bool ok = true;
    for (int layer = 0; ok && layer < record->L; layer++) {
        double gini = 0;
        ok = usage_gini(&gini, &usage, layer, error);
        circuits->gini[layer] = (float)gini;
        circuits->usage[layer] = (float)usage_layer_share(&usage, layer);
    }
    usage_free(&usage);
    memset(circuits->fired, 0, neuron_count(record) * sizeof *circuits->fired);
    for (int t = 0; t < record->T; t++) {
        for (int grid = 0; grid < record->L * record->C; grid++) {
            const int32_t *index =
                record->index + gating_record_entry(record, t, grid / record->C, grid % record->C);
            float *fired = circuits->fired + (size_t)grid * (size_t)record->F;
            for (int k = 0; k < record->K && index[k] != NO_EXPERT; k++)
                fired[index[k]] += 1.0f / (float)record->T;
        }
    }
    circuits->positions = record->T;
    circuits->stories = atlas->recording.stories;
    scene->version.circuits++;
    return ok;
}

bool atlas_show_map(Scene *scene, Atlas *atlas, int layer, Error *error) {
    const int32_t *position;
    const Map *map = atlas_map(&position, atlas, layer, error);
    if (map == NULL) return false;
    if (!scene_points(scene, map->N)) return fail(error, "out of memory for a map");
    for (size_t i = 0; i < (size_t)map->N; i++)
        scene->circuits.points[i] =
            (ScenePoint){ .x = map->xy[2 * i],
                          .y = map->xy[2 * i + 1],
                          .token = atlas->recording.gatings.tokens[position[i]],
                          .circuit = position[i] };
    scene->circuits.layer = layer;
    scene->circuits.note[0] = '\0';
    scene->version.circuits++;
    return true;
}

void atlas_show_neighbour(SceneNeighbour *out, const Atlas *atlas, int circuit, float distance) {
    const Recording *recording = &atlas->recording;
    int first, last;
    context_range(&first, &last, recording, circuit);
    *out = (SceneNeighbour){ .distance = distance,
                             .story = recording->story[circuit],
                             .position = recording->position[circuit],
                             .circuit = circuit };
    for (int i = 0; i < CONTEXT_ROW; i++) {
        int t = circuit - CONTEXT_TOKENS + i;
        out->context[i] = t >= first && t <= last ? recording->gatings.tokens[t] : -1;
    }
}

static void copy_values(int32_t out[SCENE_WORDS], const TokenValue *values, int count) {
    for (int i = 0; i < SCENE_WORDS; i++) out[i] = i < count ? values[i].token : -1;
}

static bool show_weights(SceneCard *card, const Model *model, Error *error) {
    NeuronWords words;
    if (!neuron_words(&words, model, card->layer, card->channel, card->index))
        return fail(error, "out of memory for a neuron");
    copy_values(card->reads, words.reads, words.count);
    copy_values(card->promotes, words.promotes, words.count);
    copy_values(card->suppresses, words.suppresses, words.count);
    return true;
}

static bool show_recorded(SceneCard *card, Atlas *atlas, Error *error) {
    NeuronCard full;
    if (!neuron_card(&full, &atlas->recording, card->layer, card->channel, card->index, error))
        return false;
    card->fired = full.fired;
    card->positions = full.positions;
    card->score = full.score;
    for (int i = 0; i < SCENE_WORDS; i++) {
        const CardToken *token = &full.tokens[i];
        card->fires[i] = i < full.token_count ? token->token : -1;
        card->fires_share[i] =
            i < full.token_count ? (float)token->fired / (float)token->seen : 0.0f;
    }
    card->context_count = min_int(full.context_count, 3);
    for (int i = 0; i < card->context_count; i++)
        atlas_show_neighbour(&card->contexts[i], atlas, full.contexts[i].at,
                             full.contexts[i].score);
    return true;
}

bool atlas_show_card(SceneCard *card, Atlas *atlas, const Model *model, Error *error) {
    card->has_weights = has_neurons(&model->config);
    card->recorded = atlas != NULL;
    return (!card->has_weights || show_weights(card, model, error)) &&
           (atlas == NULL || show_recorded(card, atlas, error));
}
