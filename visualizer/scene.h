#ifndef VISUALIZER_SCENE_H
#define VISUALIZER_SCENE_H
#include "reference/circuits/attribution.h"
#include "reference/circuits/context.h"
#include "reference/circuits/recording.h"
#include "visualizer/lexicon.h"

// Everything that can be shown, as values: the model's thread fills its own Scene and hands it over
// whole (scene_exchange.h); what is drawn is a function of a Scene, a View (view.h) and nothing
// else.
//
// Layers, channels, neurons and tokens count from 0, also on the screen.

enum {
    SCENE_TEXT = 256,      // bytes of a line
    SCENE_TIME = 24,       // bytes of a date and a time
    SCENE_BETS = 8,        // most likely next tokens
    SCENE_NEIGHBOURS = 16, // nearest circuits
    SCENE_TERMS = 16,      // of an attribution
    SCENE_WORDS = 6,       // of a card
    SCENE_PATH = 24,       // latest tokens on the map
    CONTEXT_ROW = 2 * CONTEXT_TOKENS + 1,
};

// ---- the model

typedef struct {
    Config config;
    bool sparse, neurons; // has a gating; has one-neuron experts (neurons.h)
    bool product_keys;    // router scores are two strips of n per channel
    bool ragged;          // a token has any number of experts: C = 1, K = E
    int L, C, K, F;       // of its gating; 0 where the kind is dense
    double parameters;
    char name[SCENE_TEXT];  // of the run
    int64_t step;           // of the checkpoint
    const Lexicon *lexicon; // owned by the model's thread, valid to the end of the program
} SceneModel;

// ---- the story

typedef struct {
    int32_t id;
    float probability; // that it had; NAN: of the prompt
    double time;       // when it was told, on the clock of View.now; -INFINITY: before
} SceneToken;

typedef enum {
    STORY_WAITING, // for a prompt, or for the model to be ready
    STORY_TELLING,
    STORY_PAUSED,
    STORY_ENDED, // TOKEN_END, or the tokens that it may have
} StoryState;

typedef struct {
    StoryState state;
    int count, prompt;  // tokens, and how many of them were given
    SceneToken *tokens; // [count]
    int32_t *index;     // [count,L,C,K], as in a GatingRecord
    float *score;       // [count,L,C,K]
    float *unlike;      // [count,L]: distance to the nearest recorded circuit; NAN: unknown
    int window;         // the first token that the model still sees
    double speed;       // tokens per second, as told lately

    // The story as it was before the last patch: tokens [before_count], equal up to `fork`.
    SceneToken *before;
    int before_count, fork;                      // before_count 0: nothing was patched
    int patched, patched_layer, patched_channel; // where; layer and channel may be ALL
    char patch[SCENE_TEXT];                      // what was put there, in words; "" : nothing
} SceneStory;

// ---- the selected token

typedef struct {
    int32_t token;
    float probability;
} SceneBet;

typedef struct {
    float distance;
    int32_t context[CONTEXT_ROW]; // -1: none; the token itself is in the middle
    int story, position, circuit; // circuit: its position in the recording
} SceneNeighbour;

typedef struct {
    TermKind kind;
    int layer, head, channel, index;
    float value;
    int32_t fires[SCENE_WORDS], writes[SCENE_WORDS]; // of a neuron; -1: no more
} SceneTerm;

// A neuron's card: what it reads and writes, and when it fires.
typedef struct {
    int layer, channel, index; // index -1: no neuron is selected
    bool has_weights;          // reads, promotes and suppresses are known
    bool recorded;             // the rest is
    int32_t reads[SCENE_WORDS], promotes[SCENE_WORDS], suppresses[SCENE_WORDS]; // -1: no more
    int32_t fires[SCENE_WORDS];     // the tokens at which it fires most often
    float fires_share[SCENE_WORDS]; // at how many of them
    SceneNeighbour contexts[3];     // with the highest scores, which are in `distance`
    int context_count;
    int fired, positions; // in the recording
    double score;         // mean, where it fired
} SceneCard;

// The tokens at which the neuron that is pointed at fires most often.
typedef struct {
    int layer, channel, index;  // index -1: none
    int32_t fires[SCENE_WORDS]; // -1: no more
} SceneHover;

// What was computed for the selected token, layer and channel. Where the selection of the View is
// another one already, this is about to follow.
typedef struct {
    int token, layer, channel; // token -1: nothing is selected
    int bet_count;
    SceneBet bets[SCENE_BETS];
    int keys;          // router scores per layer; 0: unknown
    float *key_scores; // [L,keys]: of each layer as in Gating.key_scores: [2,C,n], [C,F] or [E]
    int neighbour_count;
    SceneNeighbour neighbours[SCENE_NEIGHBOURS];
    int term_count, terms_left; // shown, and how many there are besides
    SceneTerm terms[SCENE_TERMS];
    int32_t term_token; // whose logit it is: the most likely one, or the one that was told
    double logit, total, rest;
    int path_count;
    struct {
        int token; // of the story
        float x, y;
    } path[SCENE_PATH]; // on the map; the newest is last
} SceneFocus;

// ---- recorded circuits

typedef struct {
    float x, y;
    int32_t token;
    int circuit; // its position in the recording
} ScenePoint;

typedef struct {
    int layer;             // whose map it is; -1: none
    char note[SCENE_TEXT]; // why there is none (yet): "" where there is one
    int count;
    ScenePoint *points;     // [count]
    int positions, stories; // of the recording; 0: there is none
    float *fired; // [L,C,F]: the share of positions at which each neuron fired; NULL: unknown
    float *usage; // [L]: the share of neurons that fired at all
    float *gini;  // [L]
} SceneCircuits;

// ---- training

typedef enum { NOT_TRAINING, WATCHING, TRAINING } TrainMode;

typedef struct {
    TrainMode mode;
    bool running, finished, diverged, paused;
    char stopped[SCENE_TIME]; // when the last line was written of a run that ended too early
    int64_t step, steps;
    double tokens_per_second, seconds_left; // NAN: unknown
    double learning_rate;
    double unigram, trigram;            // baselines; NAN: unknown
    double *train_steps, *train_losses; // [train_count]
    double *valid_steps, *valid_losses; // [valid_count]
    int train_count, valid_count;
    float *fired; // [L,C,F]: the share of recent tokens at which each neuron fired; NULL: unknown
} SceneTraining;

typedef struct {
    SceneModel model;
    SceneStory story;
    SceneFocus focus;
    SceneCard card;
    SceneHover hover;
    SceneCircuits circuits;
    SceneTraining training;
    char note[SCENE_TEXT]; // what is wrong, or what is awaited; "": nothing

    // Changed by whoever changes the part; scene_copy copies what differs. `told` is of the story's
    // first tokens: while it is the same, tokens are only added.
    struct {
        uint64_t told, model, focus, circuits, training;
    } version;
    // Memory: see scene.c.
    struct {
        size_t tokens, before, key_scores, points, neurons, layers, train, valid, train_neurons;
    } capacity;
} Scene;

void scene_free(Scene *scene); // of one that began as {0}

// Another model: all parts are empty, and their versions new.
void scene_set_model(Scene *scene, const SceneModel *model);

// Memory for a part; what is there stays. false: out of memory.
bool scene_tokens(Scene *scene, int count); // sets story.count and, for new tokens, nothing else
bool scene_before(Scene *scene, int count); // before_count is set too, and so on
bool scene_key_scores(Scene *scene, int keys);
bool scene_points(Scene *scene, int count);
bool scene_recorded_neurons(Scene *scene); // fired, usage, gini: of the model's sizes
bool scene_losses(Scene *scene, int train_count, int valid_count);
bool scene_trained_neurons(Scene *scene);

// Makes *to equal to *from, copying only what changed since. Allocates only where a part has grown.
bool scene_copy(Scene *to, const Scene *from);

// The first entry of a token's channel in story.index and story.score.
static inline size_t scene_entry(const Scene *scene, int token, int layer, int channel) {
    const SceneModel *model = &scene->model;
    return (((size_t)token * (size_t)model->L + (size_t)layer) * (size_t)model->C +
            (size_t)channel) *
           (size_t)model->K;
}

// Product keys or not: the side of the grid that a channel's neurons are drawn in, n² >= F.
int scene_grid(const SceneModel *model);
#endif
