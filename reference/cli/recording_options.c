#include "reference/cli/recording_options.h"
#include "reference/cli/options.h"
#include <stdio.h>

enum { KEY_RECORDING = 2100, KEY_LAYER, KEY_CHANNEL, MAX_NUMBER = 65535, LAST_LAYER = -1 };

static error_t parse_recording(int key, char *value, struct argp_state *state) {
    const char **path = state->input;
    switch (key) {
    case KEY_RECORDING: *path = value; return 0;
    case ARGP_KEY_END:
        if (*path == NULL)
            argp_error(state, "expected --recording FILE, which sgatlin record writes");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_choice(int key, char *value, struct argp_state *state) {
    CircuitChoice *choice = state->input;
    switch (key) {
    case ARGP_KEY_INIT: *choice = (CircuitChoice){ LAST_LAYER, ALL }; return 0;
    case KEY_LAYER: choice->layer = (int)option_whole(state, "layer", value, 0, MAX_NUMBER); break;
    case KEY_CHANNEL:
        choice->channel = (int)option_whole(state, "channel", value, 0, MAX_NUMBER);
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option recording_rows[] = {
    { "recording", KEY_RECORDING, "FILE", 0, "gatings of this model, written by sgatlin record",
      0 },
    { 0 },
};
static const struct argp_option choice_rows[] = {
    { "layer", KEY_LAYER, "L", 0, "layer, from 0 (default: the last)", 0 },
    { "channel", KEY_CHANNEL, "C", 0, "channel, from 0 (default: all channels together)", 0 },
    { 0 },
};
const struct argp recording_option = { .options = recording_rows, .parser = parse_recording };
const struct argp circuit_options = { .options = choice_rows, .parser = parse_choice };

bool circuit_choice_check(CircuitChoice *choice, const GatingRecord *record, Error *error) {
    if (choice->layer == LAST_LAYER) choice->layer = record->L - 1;
    if (choice->layer >= record->L)
        return fail(error, "--layer %d: the model's layers are 0 to %d", choice->layer,
                    record->L - 1);
    return choice->channel < record->C ||
           fail(error, "--channel %d: the model's channels are 0 to %d", choice->channel,
                record->C - 1);
}

void circuit_choice_words(char out[CIRCUIT_WORDS], const CircuitChoice *choice) {
    if (choice->channel == ALL) {
        snprintf(out, CIRCUIT_WORDS, "layer %d, all channels", choice->layer);
    } else {
        snprintf(out, CIRCUIT_WORDS, "layer %d, channel %d", choice->layer, choice->channel);
    }
}
