#ifndef REFERENCE_CIRCUITS_USAGE_PICTURE_H
#define REFERENCE_CIRCUITS_USAGE_PICTURE_H
#include "reference/circuits/coactivation.h"
#include "reference/circuits/usage.h"
#include "reference/draw/draw.h"

// One row per layer: how many neurons fired how often, beside neurons drawn at random; which
// neurons of one channel fire together, and the same with the neurons shuffled.
typedef struct {
    const Usage *tokens, *random;     // usage_of_tokens, and its control
    const Coactivation *coactivation; // [L], of the channel
    const SubkeyShare *subkeys;       // [L]; NULL: not product keys
    int channel;
} UsagePicture;

bool usage_picture(DrawList *list, const UsagePicture *picture, uint64_t seed, Error *error);
#endif
