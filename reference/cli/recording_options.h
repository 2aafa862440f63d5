#ifndef REFERENCE_CLI_RECORDING_OPTIONS_H
#define REFERENCE_CLI_RECORDING_OPTIONS_H
#include "reference/circuits/patch.h" // ALL
#include "reference/circuits/recording.h"
#include <argp.h>

// Options of the commands that read circuits of a recording, as children of a command's argp (see
// options.h).

extern const struct argp recording_option; // --recording FILE, required: const char **

// --layer L and --channel C, from 0: CircuitChoice *.
typedef struct {
    int layer;   // default: the last
    int channel; // ALL: a layer's channels together
} CircuitChoice;
extern const struct argp circuit_options;

// Checks them against a recording, and replaces the default layer by its number.
bool circuit_choice_check(CircuitChoice *choice, const GatingRecord *record, Error *error);
// "layer 2, channel 0" or "layer 2, all channels"
enum { CIRCUIT_WORDS = 64 };
void circuit_choice_words(char out[CIRCUIT_WORDS], const CircuitChoice *choice);
#endif
