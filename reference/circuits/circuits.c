#include "reference/circuits/circuits.h"
#include "reference/circuits/patch.h"
#include <stdlib.h>
#include <string.h>

static void copy_channel(Circuits *out, int from_entry, const GatingRecord *record, int layer,
                         int channel) {
    for (int t = 0; t < record->T; t++) {
        size_t from = gating_record_entry(record, t, layer, channel);
        size_t to = (size_t)t * (size_t)out->K + (size_t)from_entry;
        int first = from_entry / record->K * record->F; // neuron of the channel
        for (int k = 0; k < record->K; k++) {
            int index = record->index[from + (size_t)k];
            out->index[to + (size_t)k] = index == NO_EXPERT ? NO_EXPERT : first + index;
            out->score[to + (size_t)k] = record->score[from + (size_t)k];
        }
    }
}

bool circuits_new(Circuits *out, const GatingRecord *record, int layer, int channel, Error *error) {
    *out = (Circuits){ .N = 0 };
    if (layer < 0 || layer >= record->L)
        return fail(error, "layer %d: the layers are 0 to %d", layer, record->L - 1);
    if (channel != ALL && (channel < 0 || channel >= record->C))
        return fail(error, "channel %d: the channels are 0 to %d", channel, record->C - 1);
    int channels = channel == ALL ? record->C : 1, first = channel == ALL ? 0 : channel;
    *out = (Circuits){ .N = record->T, .K = channels * record->K, .F = channels * record->F };
    size_t entries = (size_t)out->N * (size_t)out->K;
    out->index = malloc((entries + 1) * sizeof *out->index);
    out->score = malloc((entries + 1) * sizeof *out->score);
    if (out->index == NULL || out->score == NULL) {
        circuits_free(out);
        return fail(error, "out of memory for %d circuits", record->T);
    }
    for (int c = 0; c < channels; c++) copy_channel(out, c * record->K, record, layer, first + c);
    return true;
}

void circuits_free(Circuits *circuits) {
    free(circuits->index);
    free(circuits->score);
    *circuits = (Circuits){ .N = 0 };
}
