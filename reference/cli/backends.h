#ifndef REFERENCE_CLI_BACKENDS_H
#define REFERENCE_CLI_BACKENDS_H
#include "reference/train/backend.h"

// Those of the program, ending with NULL: devices.c.
extern const Backend *const backends[];

// The backend with this name, of those that the program was built with; a name of NULL gives the
// first. Returns NULL for an unknown name; the message lists the known ones.
const Backend *backend_find(const char *name, Error *error);
enum { BACKEND_NAMES = 160 };
void backend_names(char out[BACKEND_NAMES]); // "cpu, …", for messages and help
#endif
