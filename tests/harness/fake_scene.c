#include "tests/harness/fake_scene.h"
#include "reference/circuits/neurons.h"
#include "reference/ffn/ffn.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/random.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANIMAL, PERSON, PLACE, FEELING, THING, NAMED_CLASSES };
static const char *const class_names[NAMED_CLASSES] = { "animal", "person", "place", "feeling",
                                                        "thing" };
#define LONG "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
static const struct {
    const char *text;
    bool space;
    int class;
} words[] = {
    { "", false, NO_CLASS },     { "<|endoftext|>", false, NO_CLASS },
    { "Once", true, NO_CLASS },  { "upon", true, NO_CLASS },
    { "a", true, NO_CLASS },     { "time", true, NO_CLASS },
    { "there", true, NO_CLASS }, { "was", true, NO_CLASS },
    { "small", true, FEELING },  { "dog", true, ANIMAL },
    { "named", true, NO_CLASS }, { "Tim", true, PERSON },
    { ".", false, NO_CLASS },    { "The", true, NO_CLASS },
    { "turtle", true, ANIMAL },  { "slow", true, FEELING },
    { ",", false, NO_CLASS },    { "but", true, NO_CLASS },
    { "the", true, NO_CLASS },   { "wind", true, THING },
    { "strong", true, FEELING }, { "ran", true, NO_CLASS },
    { "to", true, NO_CLASS },    { "lake", true, PLACE },
    { "and", true, NO_CLASS },   { "ful", false, NO_CLASS },
    { "boat", true, THING },     { "naïve", true, FEELING },
    { "“", true, NO_CLASS },     { "\n", false, NO_CLASS },
    { "I", true, PERSON },       { LONG, true, PLACE },
    { "island", true, PLACE },
};
enum { WORDS = sizeof words / sizeof words[0], LONG_WORD = WORDS - 2 };

static Lexicon *fake_lexicon(const FakeScene *fake) {
    Lexicon *lexicon = calloc(1, sizeof *lexicon);
    ck_assert_ptr_nonnull(lexicon);
    size_t size = 0, used = 0;
    for (int i = 0; i < WORDS; i++) size += strlen(words[i].text) + 1;
    *lexicon = (Lexicon){ .V = WORDS,
                          .text = malloc(size),
                          .start = malloc(WORDS * sizeof(uint32_t)),
                          .space = malloc(WORDS * sizeof(bool)),
                          .class = malloc(WORDS) };
    ck_assert(lexicon->text != NULL && lexicon->start != NULL);
    ck_assert(lexicon->space != NULL && lexicon->class != NULL);
    for (int i = 0; i < WORDS; i++) {
        strcpy(lexicon->text + used, words[i].text);
        lexicon->start[i] = (uint32_t)used;
        lexicon->space[i] = words[i].space;
        lexicon->class[i] = (int8_t)(fake->no_classes ? NO_CLASS : words[i].class);
        used += strlen(words[i].text) + 1;
    }
    lexicon->class_count = fake->no_classes ? 0 : NAMED_CLASSES;
    for (int i = 0; i < NAMED_CLASSES; i++) strcpy(lexicon->class_name[i], class_names[i]);
    return lexicon;
}

// ---- random numbers

typedef struct {
    uint64_t key, next;
} Draws;

static float draw(Draws *draws) { return (float)random_uniform(draws->key, draws->next++); }
static int draw_below(Draws *draws, int limit) {
    return (int)random_below(draws->key, draws->next++, (uint64_t)limit);
}

static int32_t draw_word(Draws *draws, const FakeScene *fake) {
    int32_t word = 2 + draw_below(draws, WORDS - 2);
    return word == LONG_WORD && !fake->long_words ? 9 : word;
}

static void draw_words(int32_t *out, int count, Draws *draws, const FakeScene *fake) {
    for (int i = 0; i < count; i++) out[i] = draw_word(draws, fake);
}

// ---- the parts

static void fake_model(Scene *scene, const FakeScene *fake) {
    SceneModel *model = &scene->model;
    const FfnKind *kind = ffn_find(fake->kind != NULL ? fake->kind : "sgatlin");
    ck_assert_ptr_nonnull(kind);
    int n = fake->n > 0 ? fake->n : 16;
    model->config = config_default(kind);
    model->config.V = WORDS;
    model->config.T = 64;
    model->config.L = fake->L > 0 ? fake->L : 4;
    model->sparse = kind->sparse;
    model->ragged = kind->ragged;
    model->neurons = has_neurons(&model->config);
    model->product_keys = kind->sparse && !kind->ragged;
    if (kind->sparse) {
        model->L = model->config.L;
        model->C = kind->ragged ? 1 : fake->C > 0 ? fake->C : 4;
        model->F = kind->ragged ? n : n * n;
        model->K = kind->ragged ? n : min_int(fake->K > 0 ? fake->K : 8, model->F);
    }
    model->parameters = 2.4e6;
    model->step = 1200;
    strcpy(model->name, "runs/demo");
    model->lexicon = fake_lexicon(fake);
}

// What one channel of one token chose: rows and columns that repeat, as product keys make them.
static void fake_gating(int32_t *index, float *score, const Scene *scene, const FakeScene *fake,
                        Draws *draws) {
    const SceneModel *model = &scene->model;
    int n = scene_grid(model), chosen = model->ragged ? 1 + draw_below(draws, 3) : model->K;
    int used = 0;
    (void)fake;
    for (int k = 0; k < model->K; k++) {
        index[k] = NO_EXPERT;
        score[k] = 0;
    }
    while (used < chosen) {
        int32_t neuron = model->ragged || draw(draws) < 0.4f
                             ? draw_below(draws, model->F)
                             : (draw_below(draws, n) / 3 * 3) % n * n + draw_below(draws, n);
        bool there = neuron >= model->F;
        for (int k = 0; k < used; k++) there |= index[k] == neuron;
        if (there) continue;
        index[used] = neuron;
        score[used] = 1 - (float)used / (float)(2 * chosen);
        used++;
    }
}

static void fake_story(Scene *scene, const FakeScene *fake, Draws *draws) {
    const SceneModel *model = &scene->model;
    SceneStory *story = &scene->story;
    ck_assert(scene_tokens(scene, fake->tokens > 0 ? fake->tokens : 60));
    story->state = STORY_TELLING;
    story->prompt = min_int(4, story->count);
    story->speed = 4;
    for (int t = 0; t < story->count; t++) {
        story->tokens[t] = (SceneToken){
            .id = t < 4 ? 2 + t : draw_word(draws, fake),
            .probability = t < story->prompt ? NAN : draw(draws),
            .time = 10 - 0.25 * (story->count - t),
        };
        for (int layer = 0; layer < model->L; layer++) {
            story->unlike[(size_t)t * (size_t)model->L + (size_t)layer] =
                fake->no_recording ? NAN : 0.6f * draw(draws);
            for (int channel = 0; channel < model->C; channel++) {
                size_t entry = scene_entry(scene, t, layer, channel);
                fake_gating(story->index + entry, story->score + entry, scene, fake, draws);
            }
        }
    }
    if (!fake->patched) return;
    ck_assert(scene_before(scene, story->count));
    memcpy(story->before, story->tokens, (size_t)story->count * sizeof *story->before);
    story->fork = story->count * 2 / 3;
    story->patched = story->fork - 1;
    story->patched_layer = story->patched_channel = -1;
    strcpy(story->patch, "the circuit of “horse” at “turtle”");
    for (int t = story->fork; t < story->count; t++) story->tokens[t].id = draw_word(draws, fake);
}

static void fake_neighbour(SceneNeighbour *out, int rank, Draws *draws, const FakeScene *fake) {
    *out = (SceneNeighbour){ .distance = 0.04f * (float)(rank + 1),
                             .story = draw_below(draws, 200),
                             .position = draw_below(draws, 60),
                             .circuit = draw_below(draws, 9000) };
    draw_words(out->context, CONTEXT_ROW, draws, fake);
    for (int i = 0; i < rank % 4; i++) out->context[i] = -1;
}

static void fake_focus(Scene *scene, const FakeScene *fake, Draws *draws) {
    const SceneModel *model = &scene->model;
    SceneFocus *focus = &scene->focus;
    focus->token = scene->story.count - 1;
    focus->layer = model->L > 2 ? 2 : 0;
    focus->channel = model->C > 1 ? 1 : 0;
    focus->bet_count = SCENE_BETS;
    for (int i = 0; i < SCENE_BETS; i++)
        focus->bets[i] = (SceneBet){ draw_word(draws, fake), 0.45f / (float)((i + 1) * (i + 1)) };
    int n = scene_grid(model);
    if (model->sparse) ck_assert(scene_key_scores(scene, model->ragged ? n : 2 * model->C * n));
    for (int i = 0; i < focus->keys * model->L; i++) focus->key_scores[i] = draw(draws) * 4 - 2;
    focus->neighbour_count = fake->no_recording || !model->sparse ? 0 : SCENE_NEIGHBOURS;
    for (int i = 0; i < focus->neighbour_count; i++)
        fake_neighbour(&focus->neighbours[i], i, draws, fake);
    focus->term_token = focus->bets[0].token;
    focus->logit = focus->total = 9.5;
    focus->rest = 1.25;
    focus->term_count = model->sparse ? SCENE_TERMS : 0;
    focus->terms_left = 150;
    for (int i = 0; i < focus->term_count; i++) {
        SceneTerm *term = &focus->terms[i];
        TermKind kind = i == 0          ? TERM_EMBEDDING
                        : i % 3 == 1    ? TERM_HEAD
                        : model->ragged ? TERM_EXPERT
                                        : TERM_NEURON;
        *term = (SceneTerm){ .kind = kind,
                             .layer = draw_below(draws, model->L),
                             .head = draw_below(draws, 4),
                             .channel = draw_below(draws, model->C),
                             .index = draw_below(draws, model->F),
                             .value = (i % 4 == 3 ? -3.0f : 3.0f) / (float)(i + 1) };
        draw_words(term->fires, SCENE_WORDS, draws, fake);
        draw_words(term->writes, SCENE_WORDS, draws, fake);
    }
    focus->path_count = fake->no_recording ? 0 : min_int(8, scene->story.count);
    for (int i = 0; i < focus->path_count; i++) {
        focus->path[i].token = scene->story.count - focus->path_count + i;
        focus->path[i].x = 10 * draw(draws);
        focus->path[i].y = 10 * draw(draws);
    }
}

static void fake_circuits(Scene *scene, const FakeScene *fake, Draws *draws) {
    const SceneModel *model = &scene->model;
    SceneCircuits *circuits = &scene->circuits;
    circuits->layer = -1;
    if (fake->no_recording || !model->sparse) {
        strcpy(circuits->note, "no recording: give one with --recording FILE");
        return;
    }
    ck_assert(scene_points(scene, 600) && scene_recorded_neurons(scene));
    circuits->layer = scene->focus.layer;
    circuits->positions = 9000;
    circuits->stories = 200;
    for (int i = 0; i < circuits->count; i++) {
        int32_t token = draw_word(draws, fake);
        int group = words[token].class + 1;
        circuits->points[i] = (ScenePoint){
            .x = 2 * (float)(group % 3) * 2 + draw(draws) + draw(draws),
            .y = 3 * (float)(group / 3) * 2 + draw(draws) + draw(draws),
            .token = token,
            .circuit = i,
        };
    }
    for (int layer = 0; layer < model->L; layer++) {
        circuits->usage[layer] = 0.99f - 0.01f * (float)layer;
        circuits->gini[layer] = 0.5f + 0.02f * (float)layer;
    }
    for (int i = 0; i < model->L * model->C * model->F; i++)
        circuits->fired[i] = draw(draws) < 0.02f ? 0 : 0.06f * draw(draws) * draw(draws);
}

static void fake_card(Scene *scene, const FakeScene *fake, Draws *draws) {
    SceneCard *card = &scene->card;
    card->layer = scene->focus.layer;
    card->channel = scene->focus.channel;
    card->index = scene->model.sparse ? scene->model.F / 2 : -1;
    card->has_weights = scene->model.neurons;
    card->recorded = !fake->no_recording;
    draw_words(card->reads, SCENE_WORDS, draws, fake);
    draw_words(card->promotes, SCENE_WORDS, draws, fake);
    draw_words(card->suppresses, SCENE_WORDS, draws, fake);
    draw_words(card->fires, SCENE_WORDS, draws, fake);
    for (int i = 0; i < SCENE_WORDS; i++) card->fires_share[i] = 1 - 0.15f * (float)i;
    card->context_count = 3;
    for (int i = 0; i < 3; i++) fake_neighbour(&card->contexts[i], i, draws, fake);
    card->fired = 321;
    card->positions = 9000;
    card->score = 1.75;
}

static void fake_training(Scene *scene, Draws *draws) {
    SceneTraining *training = &scene->training;
    ck_assert(scene_losses(scene, 60, 6) && scene_trained_neurons(scene));
    training->mode = TRAINING;
    training->running = true;
    training->step = 600;
    training->steps = 1200;
    training->tokens_per_second = 9500;
    training->seconds_left = 130;
    training->learning_rate = 1e-3;
    training->unigram = 5.32;
    training->trigram = 1.1;
    for (int i = 0; i < 60; i++) {
        training->train_steps[i] = 10 * (i + 1);
        training->train_losses[i] = 0.4 + 6 * exp(-0.1 * i);
    }
    for (int i = 0; i < 6; i++) {
        training->valid_steps[i] = 100 * (i + 1);
        training->valid_losses[i] = 0.45 + 6 * exp(-i - 1);
    }
    for (int i = 0; i < scene->model.L * scene->model.C * scene->model.F; i++)
        training->fired[i] = 0.06f * draw(draws) * draw(draws);
}

void fake_scene(Scene *out, const FakeScene *fake) {
    Draws draws = { random_key(1, "fake scene"), 0 };
    memset(out, 0, sizeof *out);
    out->version.told = out->version.model = out->version.focus = out->version.circuits =
        out->version.training = 1;
    fake_model(out, fake);
    fake_story(out, fake, &draws);
    fake_focus(out, fake, &draws);
    fake_circuits(out, fake, &draws);
    fake_card(out, fake, &draws);
    out->hover.index = -1;
    if (fake->training) fake_training(out, &draws);
}

void fake_scene_free(Scene *scene) {
    Lexicon *lexicon = (Lexicon *)(uintptr_t)scene->model.lexicon;
    lexicon_free(lexicon);
    free(lexicon);
    scene_free(scene);
}
