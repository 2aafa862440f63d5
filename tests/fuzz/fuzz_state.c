// Hostile state.json files. Whatever is read must be valid, and must come out of writing and
// reading again unchanged.
#include "reference/train/state.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(const TrainState *state) {
    const TrainSettings *s = &state->settings;
    bool valid = state->step >= 0 && state->step <= s->steps && s->B >= 1 && s->seed >= 0 &&
                 s->log_every >= 1 && s->warmup + s->constant + s->decay == s->steps &&
                 state->data != NULL && state->data[0] == '/';
    Error error = { "" };
    TrainSettings again;
    json_t *json = settings_to_json(s);
    valid = valid && json != NULL && settings_from_json(&again, json, "again", &error) &&
            memcmp(&again, s, sizeof again) == 0;
    json_decref(json);
    if (!valid) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    TrainState state;
    Error error = { "" };
    if (state_parse(&state, (const char *)bytes, size, "state.json", &error)) {
        check(&state);
        state_free(&state);
    } else if (error.text[0] == '\0' || strchr(error.text, '\n') != NULL) {
        abort(); // a refusal is one line
    }
    return 0;
}
