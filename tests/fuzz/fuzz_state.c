// Hostile state.json files. A state that is accepted must be valid, and unchanged when it is
// written and read again.
#include "reference/train/state.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

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
