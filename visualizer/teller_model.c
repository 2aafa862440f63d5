#include "visualizer/teller_model.h"
#include "reference/circuits/neurons.h"
#include "reference/data/corpus.h"
#include "reference/numbers/tensors.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Opens the validation stories and reads the classes of the data that the state names, as far as
// they are there. classes->names.count 0: there are none.
static void open_data(TellerModel *model, Classes *classes) {
    TrainState state;
    if (!checkpoint_read_state(&state, model->checkpoint.path, NULL)) return;
    model->step = state.step;
    char *valid = path_join(state.data, "valid.bin"), *table = path_join(state.data, "classes.tsv");
    bool opened =
        valid != NULL && path_exists(valid) && token_file_open(&model->valid, valid, NULL);
    if (!opened) model->valid.path = NULL;
    if (opened && !token_file_matches(&model->valid, model->checkpoint.tokenizer,
                                      model->checkpoint.path, NULL)) {
        token_file_close(&model->valid);
        model->valid.path = NULL;
    }
    if (table != NULL && path_exists(table) && !classes_read(classes, table, NULL))
        *classes = (Classes){ .capacity = 0 };
    free(valid);
    free(table);
    state_free(&state);
}

static bool open_words(TellerModel *model, const TellerModel *before, Error *error) {
    Classes classes = { .capacity = 0 };
    open_data(model, &classes);
    bool same =
        before != NULL && before->lexicon != NULL &&
        before->lexicon->class_count == (int)classes.names.count &&
        tokenizer_hash(before->checkpoint.tokenizer) == tokenizer_hash(model->checkpoint.tokenizer);
    model->lexicon = same ? before->lexicon : calloc(1, sizeof *model->lexicon);
    bool ok = model->lexicon != NULL || fail(error, "out of memory for the tokens");
    if (ok && !same)
        ok = lexicon_new(model->lexicon, model->checkpoint.tokenizer,
                         classes.names.count > 0 ? &classes : NULL, error);
    classes_free(&classes);
    if (ok) return true;
    free(model->lexicon);
    model->lexicon = NULL;
    return false;
}

// The atlas. Without a file a failure is no more than a note.
static bool open_atlas(TellerModel *model, const char *recording, char note[SCENE_TEXT],
                       Error *error) {
    Error why = { "" };
    note[0] = '\0';
    if (recording != NULL) {
        model->atlas = atlas_open(&model->checkpoint, model->lexicon, recording, error);
        return model->atlas != NULL;
    }
    if (!model->checkpoint.model.config.ffn->sparse) {
        snprintf(note, SCENE_TEXT, "a dense model has no circuits to record");
        return true;
    }
    const TokenFile *valid = model->valid.path != NULL ? &model->valid : NULL;
    model->atlas = atlas_new(&model->checkpoint, model->lexicon, valid, &why);
    if (model->atlas == NULL) snprintf(note, SCENE_TEXT, "%.*s", SCENE_TEXT - 1, why.text);
    return true;
}

TellerModel *teller_model_open(const char *path, const char *recording, const TellerModel *before,
                               char note[SCENE_TEXT], Error *error) {
    TellerModel *model = calloc(1, sizeof *model);
    if (model == NULL) {
        fail(error, "out of memory");
        return NULL;
    }
    model->step = -1;
    bool ok = checkpoint_open(&model->checkpoint, path, error) && open_words(model, before, error);
    model->focus = ok ? focus_new(&model->checkpoint.model, error) : NULL;
    if (model->focus != NULL && open_atlas(model, recording, note, error)) return model;
    if (model->lexicon != NULL && (before == NULL || model->lexicon != before->lexicon)) {
        lexicon_free(model->lexicon);
        free(model->lexicon);
    }
    teller_model_close(model);
    return NULL;
}

void teller_model_close(TellerModel *model) {
    if (model == NULL) return;
    atlas_free(model->atlas);
    focus_free(model->focus);
    if (model->valid.path != NULL) token_file_close(&model->valid);
    checkpoint_close(&model->checkpoint);
    free(model);
}

void teller_model_show(SceneModel *out, const TellerModel *model, const char *name) {
    const Config *config = &model->checkpoint.model.config;
    GatingRecord sizes = { .L = 0 };
    bool sparse = gating_record_sizes(&sizes, config, 1, NULL);
    *out = (SceneModel){ .config = *config,
                         .sparse = sparse,
                         .neurons = has_neurons(config),
                         .ragged = config->ffn->ragged,
                         .parameters = model_cost(config).parameters,
                         .step = model->step,
                         .lexicon = model->lexicon };
    if (sparse) {
        out->L = sizes.L;
        out->C = sizes.C;
        out->K = sizes.K;
        out->F = sizes.F;
        out->product_keys = out->neurons && ffn_gating(config, NULL, 1).keys < config->F * sizes.C;
    }
    snprintf(out->name, sizeof out->name, "%.*s", SCENE_TEXT - 1, name);
}
