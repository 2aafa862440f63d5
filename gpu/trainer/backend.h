#ifndef GPU_TRAINER_BACKEND_H
#define GPU_TRAINER_BACKEND_H
#ifdef __cplusplus
extern "C" {
#endif
#include "reference/train/backend.h"

// The backend of this folder: `gpu`, or compiled for the emulator `emulator`.
extern const Backend gpu_backend;
extern const char gpu_device_name[]; // of the program that links it
#ifdef __cplusplus
}
#endif
#endif
