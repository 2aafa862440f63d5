#ifndef REFERENCE_TRAIN_BACKEND_H
#define REFERENCE_TRAIN_BACKEND_H
#include "reference/model/reader.h"
#include "reference/train/optimizer.h"

// Where a training step runs. A Device owns everything a step needs: parameters, moments, gradients
// and activations. The trainer owns data, schedule, log and checkpoints, and is the same for every
// backend. One backend gives the same bits in every run.

// Each backend defines its own; only its own functions look inside.
typedef struct Device Device;

typedef enum {
    DEVICE_TRAINS,
    DEVICE_EVALUATES, // without gradients and moments: step may not be called
} DeviceUse;

// Of the operands of matrix products; the sums, and all else, are fp32 in any case.
typedef enum { PRECISION_FP32, PRECISION_BF16 } Precision;

enum { DEVICE_TEXT = 160 };

enum { STEP_FORWARD, STEP_BACKWARD, STEP_UPDATE, STEP_PHASES };

typedef struct {
    double loss;                 // mean cross-entropy of the scored targets, nats per token
    double balance_loss;         // what the layers' balancing adds to it
    double gradient_norm;        // before clipping
    double seconds[STEP_PHASES]; // the loss belongs to backward, the norm to the update
    int64_t tokens;              // scored targets
    const Tensor *not_finite; // first tensor whose gradient is not finite, NULL: none; the device's
} StepResult;

typedef struct Backend {
    const char *name; // as in --device NAME

    // Bytes of this machine's memory that training takes with B rows of config->T tokens,
    // parameters and moments included; INFINITY when they cannot be counted. A GPU's own memory is
    // not among them.
    double (*bytes)(const Config *config, int B);

    // A device for batches of up to B rows of the model's T tokens. A GPU computes micro_batch rows
    // at a time (0: as many as fit its free memory, B halved as often as necessary); the CPU always
    // takes all. Takes over the model and the moments ([2,floats] from floats_new:
    // m, then v, each in the layout of the parameters; NULL: zeros), also when it fails: *model is
    // empty afterwards. Threads as they are now.
    Device *(*open)(Model *model, float *moments, int B, int micro_batch, DeviceUse use,
                    Error *error);
    // How it uses memory of its own, for people; empty: it has none.
    void (*describe)(const Device *device, char out[DEVICE_TEXT]);
    void (*close)(Device *device); // NULL: nothing

    // One training step on inputs and targets [B,T]: forward, backward, clipping, AdamW, and what
    // the layers update themselves (model_after_step). step counts from 0, for the bias correction.
    // false: the loss or a gradient is not finite; then parameters and moments are as before.
    bool (*step)(Device *device, StepResult *out, const int32_t *inputs, const int32_t *targets,
                 const AdamwSettings *settings, int64_t step);

    // Forward pass over the first `rows` <= B rows of inputs: mean cross-entropy of the targets
    // [rows,T] that are not TOKEN_PAD, and in *scored how many those are.
    double (*loss)(Device *device, int64_t *scored, const int32_t *inputs, const int32_t *targets,
                   int rows);

    // Of the last pass: logits [rows,V] of the tokens first .. first+rows-1, counted over [B,T].
    void (*logits)(Device *device, float *out, int first, int rows);

    // Adds to fired [L,pools,F] (circuits/usage.h) how often the layers chose each expert in the
    // steps since the last call. Does nothing for dense kinds.
    void (*usage)(Device *device, uint64_t *fired);

    // Of the last step, a block in the layout of the parameters, before clipping: a host view,
    // valid until the next step. NULL: out of memory.
    const float *(*gradients)(Device *device, Error *error);

    // The hooks of every pass from now on (see gating.h), copied; NULL: none. Each micro-batch is a
    // pass of its own, in the order of the rows.
    void (*hooks)(Device *device, const HookList *hooks);

    // The model and, unless moments is NULL, its moments [2,floats] after the last step: host views
    // that are valid until the next step. NULL: they cannot be read. Costs nothing on the CPU.
    const Model *(*read)(Device *device, const float **moments, Error *error);

    // For generating, recording and patching: forward passes over one sequence.
    ReaderOpen *reader;

    Precision precision;
    const struct Backend *bf16; // the same device with PRECISION_BF16; NULL: it has none
} Backend;

extern const Backend cpu_backend;
#endif
