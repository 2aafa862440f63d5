// What --device accepts, the default first. A program with another backend has its own list.
#include "reference/cli/backends.h"

const Backend *const backends[] = { &cpu_backend, NULL };
