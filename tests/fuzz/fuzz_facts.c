// Hostile tables of facts: refused in one line, or every fact has a noun and adjectives.
#define _GNU_SOURCE // memfd_create
#include "reference/circuits/facts.h"
#include "tests/fuzz/memory_file.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char path[MEMORY_PATH];
    int descriptor = memory_file(path, bytes, size);
    Error error = { "" };
    Facts facts;
    if (facts_read(&facts, path, &error)) {
        require(facts.count >= 2 && facts.count <= MAX_FACTS);
        for (int i = 0; i < facts.count; i++) {
            require(*facts.items[i].noun != '\0' && *facts.items[i].adjectives != '\0');
            require(strpbrk(facts.items[i].noun, "\t\n") == NULL);
            require(strpbrk(facts.items[i].adjectives, "\t\n") == NULL);
        }
        facts_free(&facts);
    } else {
        require(strstr(error.text, path) != NULL && strchr(error.text, '\n') == NULL);
        require(facts.items == NULL && facts.text == NULL);
    }
    close(descriptor);
    return 0;
}
