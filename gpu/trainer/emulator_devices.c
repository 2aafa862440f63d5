// What --device accepts in sgatlin-emulator.
#include "gpu/trainer/backend.h"
#include "reference/cli/backends.h"

const char gpu_device_name[] = "emulator";
const Backend *const backends[] = { &cpu_backend, &gpu_backend, NULL };
