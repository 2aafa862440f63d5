#ifndef REFERENCE_CLI_BACKENDS_H
#define REFERENCE_CLI_BACKENDS_H
#include "reference/train/backend.h"

// The backend of this name, among those the program was built with; NULL stands for the first. An
// unknown name returns NULL, and the message lists the known ones.
const Backend *backend_find(const char *name, Error *error);
#endif
