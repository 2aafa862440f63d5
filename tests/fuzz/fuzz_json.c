#include "reference/io/json.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

// A value that is accepted must be the same after writing and reading it again; a refusal must have
// a message.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    Error error = { "" };
    json_t *value = json_parse((const char *)bytes, size, "fuzz", &error);
    if (value == NULL) {
        if (error.text[0] == '\0') abort();
        return 0;
    }
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    json_t *again = text == NULL ? NULL : json_parse(text, strlen(text), "again", &error);
    if (again == NULL || !json_equal(value, again)) abort();
    json_decref(again);
    json_decref(value);
    free(text);
    return 0;
}
