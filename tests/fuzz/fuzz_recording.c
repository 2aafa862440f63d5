// Hostile recordings of gatings: refused in one line, or what was read satisfies recording_file.h.
#define _GNU_SOURCE // memfd_create
#include "reference/circuits/circuits.h"
#include "reference/circuits/neuron_card.h"
#include "reference/circuits/patch.h"
#include "reference/circuits/recording_file.h"
#include "tests/fuzz/memory_file.h"
#include <math.h>
#include <string.h>

static void check_circuits(const Circuits *circuits) {
    for (size_t i = 0; i < (size_t)circuits->N * (size_t)circuits->K; i++) {
        require(circuits->index[i] >= NO_EXPERT && circuits->index[i] < circuits->F);
        require(isfinite(circuits->score[i]));
    }
}

static void check_card(const Recording *recording, int layer) {
    NeuronCard card;
    Error error;
    int index = recording->gatings.index[0] == NO_EXPERT ? 0 : recording->gatings.index[0];
    if (!neuron_card(&card, recording, layer, 0, index, &error)) return; // out of memory
    require(card.fired >= 0 && card.fired <= card.positions);
    require((card.fired == 0) == (card.token_count == 0));
    for (int i = 0; i < card.partner_count; i++)
        require(card.partners[i].together <= card.fired && card.partners[i].lift > 1);
}

static void use(const Recording *recording) {
    const GatingRecord *gatings = &recording->gatings;
    int V = gatings->config.V;
    require(gatings->T > 0 && recording->stories > 0);
    require(recording->story[gatings->T - 1] == recording->stories - 1);
    for (int t = 0; t < gatings->T; t++) {
        require(gatings->tokens[t] >= 0 && gatings->tokens[t] < V);
        require(recording->position[t] >= 0 && recording->position[t] <= t);
        for (int p = t * recording->P; p < (t + 1) * recording->P; p++) {
            require(recording->predictions[p] >= 0 && recording->predictions[p] < V);
            require(recording->probabilities[p] >= 0 && recording->probabilities[p] <= 1);
        }
    }
    for (int layer = 0; layer < gatings->L; layer++) {
        Circuits circuits;
        Error error;
        if (!circuits_new(&circuits, gatings, layer, ALL, &error)) continue; // out of memory
        check_circuits(&circuits);
        circuits_free(&circuits);
        check_card(recording, layer);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char path[MEMORY_PATH];
    int descriptor = memory_file(path, bytes, size);
    Error error = { "" };
    Recording recording;
    if (recording_open(&recording, path, &error)) {
        use(&recording);
        recording_close(&recording);
    } else {
        require(strstr(error.text, path) != NULL && strchr(error.text, '\n') == NULL);
        require(recording.file.tensors == NULL);
    }
    close(descriptor);
    return 0;
}
