// What --device accepts in sgatlin-gpu, the default first.
#include "gpu/trainer/backend.h"
#include "reference/cli/backends.h"

const char gpu_device_name[] = "gpu";
const Backend *const backends[] = { &gpu_backend, &cpu_backend, NULL };
