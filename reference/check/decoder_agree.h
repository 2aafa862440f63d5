#ifndef REFERENCE_CHECK_DECODER_AGREE_H
#define REFERENCE_CHECK_DECODER_AGREE_H
#include "reference/check/backend_agree.h"

// Compares decoders on the readers of two backends: a sequence whose beginning is read in passes,
// the rest token by token. Both record what every layer chose; the expected recording is then
// patched into the other decoder, so that the logits follow from the same choices. Adds to the
// errors of the forward pass and to the choices. false: the error names the first disagreement.
bool decoders_agree(BackendErrors *errors, const BackendComparison *comparison, Error *error);
#endif
