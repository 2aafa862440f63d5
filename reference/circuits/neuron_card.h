#ifndef REFERENCE_CIRCUITS_NEURON_CARD_H
#define REFERENCE_CIRCUITS_NEURON_CARD_H
#include "reference/circuits/neuron_words.h"
#include "reference/circuits/recording_file.h"

// What a recording says of one neuron, or of one expert of a moe.

typedef struct {
    int32_t token;
    int fired, seen; // positions with this token at which it fired, and all of them
} CardToken;

typedef struct {
    int at; // in the recording
    float score;
} CardContext;

// A neuron of the same layer that fires at the same positions.
typedef struct {
    int channel, index;
    int together;    // positions at which both fired
    double lift;     // by how much that is more often than if they were independent
    bool shares_key; // it is in the same row or column of product keys: so they would do anyway
} CardPartner;

enum { CARD_TOKENS = 8, CARD_CONTEXTS = 6, CARD_PARTNERS = 8 };
typedef struct {
    int layer, channel, index;
    int positions, fired;          // of the recording, and at how many of them it fired
    double score;                  // the mean score where it fired
    CardToken tokens[CARD_TOKENS]; // at which it fires most often
    CardContext
        contexts[CARD_CONTEXTS]; // with the highest scores; no two end in three equal tokens
    CardPartner partners[CARD_PARTNERS]; // those that exceed chance by most positions
    int token_count, context_count, partner_count;
} NeuronCard;

// layer, channel and index are of the recording.
bool neuron_card(NeuronCard *out, const Recording *recording, int layer, int channel, int index,
                 Error *error);
#endif
