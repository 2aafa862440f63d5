#include "visualizer/focus.h"
#include "reference/data/special_tokens.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct Focus {
    const Model *model;
    Activations *activations; // for T tokens
    int32_t *inputs;          // [T]
    float *logits;            // [V]
    float *key_scores;        // [T,keys]
    int keys;                 // router scores of a token in a layer; 0: dense
};

Focus *focus_new(const Model *model, Error *error) {
    const Config *config = &model->config;
    Focus *focus = calloc(1, sizeof *focus);
    if (focus == NULL) {
        fail(error, "out of memory for an attribution");
        return NULL;
    }
    size_t T = (size_t)config->T;
    focus->model = model;
    focus->inputs = malloc(T * sizeof *focus->inputs);
    focus->logits = malloc((size_t)config->V * sizeof *focus->logits);
    focus->keys = config->ffn->sparse ? ffn_gating(config, NULL, 1).keys : 0;
    focus->key_scores = malloc((T * (size_t)focus->keys + 1) * sizeof *focus->key_scores);
    focus->activations = model_activations_new(config, 1, config->T, false, error);
    bool ok = focus->inputs != NULL && focus->logits != NULL && focus->key_scores != NULL;
    if (!ok) fail(error, "out of memory for an attribution");
    if (ok && focus->activations != NULL) return focus;
    focus_free(focus);
    return NULL;
}

void focus_free(Focus *focus) {
    if (focus == NULL) return;
    model_activations_free(focus->activations);
    free(focus->inputs);
    free(focus->logits);
    free(focus->key_scores);
    free(focus);
}

// ---- the pass

// The context of the hook.
typedef struct {
    Scene *scene;
    const GatingPatch *patch; // NULL: none
    int first;                // position in the story of the first token after TOKEN_END
    int row;                  // of the token
} Pass;

// Patches what the story was patched with, and copies the token's router scores. A pass counts
// TOKEN_END as position 0, the story as -1.
static void pass_hook(void *context, const GatingEvent *event) {
    const Pass *pass = context;
    GatingEvent moved = *event;
    moved.position = event->position + pass->first - 1;
    if (pass->patch != NULL) gating_patch_hook((void *)(uintptr_t)pass->patch, &moved);
    const Gating *gating = event->gating;
    size_t keys = (size_t)gating->keys;
    if (gating->key_scores != NULL)
        memcpy(pass->scene->focus.key_scores + (size_t)event->layer * keys,
               gating->key_scores + (size_t)pass->row * keys, keys * sizeof(float));
}

// Runs the model over TOKEN_END and the story up to `token`, as much of it as the window has.
// Returns the row of the token.
static int run_pass(Scene *scene, Focus *focus, const GatingPatch *patch, int token) {
    int T = focus->model->config.T, first = max_int(0, token + 2 - T);
    if (scene->story.window <= token) first = max_int(first, scene->story.window);
    int row = token - first + 1;
    focus->inputs[0] = TOKEN_END;
    for (int i = 1; i <= row; i++) focus->inputs[i] = scene->story.tokens[first + i - 1].id;
    Pass pass = { scene, patch, first, row };
    HookList hooks = one_hook(pass_hook, &pass);
    hooks.key_scores = focus->key_scores;
    model_hooks(focus->activations, &hooks);
    model_forward(focus->model, focus->activations, focus->inputs, 1, row + 1);
    model_hooks(focus->activations, NULL);
    return row;
}

// ---- what is shown of it

static bool show_bets(SceneFocus *out, const Focus *focus, Error *error) {
    Prediction bets[SCENE_BETS];
    int V = focus->model->config.V;
    out->bet_count = min_int(SCENE_BETS, V - 1);
    if (!predictions_of(bets, focus->logits, out->bet_count, V)) {
        out->bet_count = 0;
        return fail(error, "the logits are NaN: the model is damaged, or its training diverged");
    }
    for (int i = 0; i < out->bet_count; i++)
        out->bets[i] = (SceneBet){ bets[i].token, (float)bets[i].probability };
    return true;
}

static bool show_term(SceneTerm *out, const Term *term, const Focus *focus, Atlas *atlas,
                      Error *error) {
    *out = (SceneTerm){ .kind = term->kind,
                        .layer = term->layer,
                        .head = term->head,
                        .channel = term->channel,
                        .index = term->index,
                        .value = (float)term->value };
    for (int i = 0; i < SCENE_WORDS; i++) out->fires[i] = out->writes[i] = -1;
    if (term->kind == TERM_EMBEDDING || term->kind == TERM_HEAD) return true;
    if (term->kind == TERM_NEURON) {
        NeuronWords words;
        if (!neuron_words(&words, focus->model, term->layer, term->channel, term->index))
            return fail(error, "out of memory for a neuron");
        const TokenValue *writes = term->weight < 0 ? words.suppresses : words.promotes;
        for (int i = 0; i < min_int(SCENE_WORDS, words.count); i++)
            out->writes[i] = writes[i].token;
    }
    return atlas == NULL ||
           atlas_fires(out->fires, atlas, term->layer, term->channel, term->index, error);
}

// token: the one whose logit is explained, or MOST_LIKELY.
static bool show_terms(SceneFocus *out, const Focus *focus, int row, int32_t token, Atlas *atlas,
                       Error *error) {
    Attribution attribution;
    out->term_count = out->terms_left = 0;
    if (!focus->model->config.ffn->sparse) return true;
    if (!attribution_new(&attribution, focus->model, focus->activations, focus->inputs, row, token,
                         error))
        return false;
    attribution_sort(&attribution);
    out->term_token = attribution.prediction.token;
    out->logit = attribution.prediction.logit;
    out->total = attribution.total;
    out->term_count = min_int(SCENE_TERMS, attribution.count);
    out->terms_left = attribution.count - out->term_count;
    out->rest = 0;
    bool ok = true;
    for (int i = 0; ok && i < out->term_count; i++)
        ok = show_term(&out->terms[i], &attribution.terms[i], focus, atlas, error);
    for (int i = out->term_count; i < attribution.count; i++)
        out->rest += attribution.terms[i].value;
    attribution_free(&attribution);
    return ok;
}

// ---- circuits of the story among the recorded ones

// The circuits of one token of the scene's story.
static bool token_circuits(Circuits *out, Scene *scene, int token, int layer, int channel,
                           Error *error) {
    size_t entry = scene_entry(scene, token, 0, 0);
    GatingRecord record;
    if (!gating_record_sizes(&record, &scene->model.config, 1, error)) return false;
    record.index = scene->story.index + entry;
    record.score = scene->story.score + entry;
    return circuits_new(out, &record, layer, channel, error);
}

static bool show_neighbours(Scene *scene, Atlas *atlas, Error *error) {
    SceneFocus *focus = &scene->focus;
    Neighbour nearest[SCENE_NEIGHBOURS];
    Circuits circuits;
    if (!token_circuits(&circuits, scene, focus->token, focus->layer, focus->channel, error))
        return false;
    bool ok = atlas_nearest(nearest, atlas, focus->layer, focus->channel, &circuits,
                            SCENE_NEIGHBOURS, error);
    circuits_free(&circuits);
    focus->neighbour_count = 0;
    for (int i = 0; ok && i < SCENE_NEIGHBOURS && nearest[i].circuit != NO_CIRCUIT; i++)
        atlas_show_neighbour(&focus->neighbours[focus->neighbour_count++], atlas,
                             nearest[i].circuit, nearest[i].distance);
    return ok;
}

// The last tokens up to the focus on the layer's map, which must be there already.
static bool show_path(Scene *scene, Atlas *atlas, Error *error) {
    SceneFocus *focus = &scene->focus;
    const int32_t *position;
    focus->path_count = 0;
    if (!atlas_has_map(atlas, focus->layer)) return true;
    const Map *map = atlas_map(&position, atlas, focus->layer, error);
    if (map == NULL) return false;
    for (int token = max_int(0, focus->token + 1 - SCENE_PATH); token <= focus->token; token++) {
        Circuits circuits;
        float xy[2];
        if (!token_circuits(&circuits, scene, token, focus->layer, ALL, error)) return false;
        bool ok = map_project(xy, map, &circuits, error);
        circuits_free(&circuits);
        if (!ok) return false;
        focus->path[focus->path_count].token = token;
        focus->path[focus->path_count].x = xy[0];
        focus->path[focus->path_count++].y = xy[1];
    }
    return true;
}

bool focus_compute(Scene *scene, Focus *focus, const GatingPatch *patch, Atlas *atlas, int token,
                   int layer, int channel, Error *error) {
    SceneFocus *out = &scene->focus;
    if (!scene_key_scores(scene, focus->keys)) return fail(error, "out of memory for the scores");
    int row = run_pass(scene, focus, patch, token);
    model_logits(focus->model, focus->activations, row, 1, focus->logits);
    out->token = token;
    out->layer = layer;
    out->channel = channel;
    out->neighbour_count = out->path_count = 0;
    scene->version.focus++;
    bool last = token + 1 == scene->story.count;
    int32_t next = last ? MOST_LIKELY : scene->story.tokens[token + 1].id;
    bool circuits = atlas != NULL && scene->model.sparse;
    return show_bets(out, focus, error) && show_terms(out, focus, row, next, atlas, error) &&
           (!circuits || (show_neighbours(scene, atlas, error) && show_path(scene, atlas, error)));
}

bool focus_unlike(Scene *scene, Atlas *atlas, int first, int last, Error *error) {
    for (int token = first; token < last; token++) {
        for (int layer = 0; layer < scene->model.L; layer++) {
            Circuits circuits;
            Neighbour nearest;
            if (!token_circuits(&circuits, scene, token, layer, ALL, error)) return false;
            bool ok = atlas_nearest(&nearest, atlas, layer, ALL, &circuits, 1, error);
            circuits_free(&circuits);
            if (!ok) return false;
            scene->story.unlike[(size_t)token * (size_t)scene->model.L + (size_t)layer] =
                nearest.circuit == NO_CIRCUIT ? NAN : nearest.distance;
        }
    }
    return true;
}
