#include "reference/circuits/facts.h"
#include "reference/io/files.h"
#include <stdlib.h>
#include <string.h>

static const char header[] = "noun\tadjective";

// Ends the line that begins at *at, and moves *at to the next one. NULL: there is none.
static char *next_line(char **at) {
    char *line = *at;
    if (*line == '\0') return NULL;
    char *end = line + strcspn(line, "\n");
    *at = *end == '\n' ? end + 1 : end;
    *end = '\0';
    size_t size = strlen(line);
    if (size > 0 && line[size - 1] == '\r') line[size - 1] = '\0';
    return line;
}

static bool add_fact(Facts *facts, char *line, int number, const char *path, Error *error) {
    char *tab = strchr(line, '\t');
    if (tab == NULL || tab == line || tab[1] == '\0' || strchr(tab + 1, '\t') != NULL)
        return fail(error, "%s: line %d: expected a noun, a tab and an adjective", path, number);
    if (facts->count == MAX_FACTS)
        return fail(error, "%s: more than %d facts; shorten the table", path, MAX_FACTS);
    *tab = '\0';
    facts->items[facts->count++] = (Fact){ line, tab + 1 };
    return true;
}

static bool parse(Facts *facts, const char *path, Error *error) {
    char *at = facts->text, *line = next_line(&at);
    if (line == NULL || strcmp(line, header) != 0)
        return fail(error, "%s: expected the line 'noun<tab>adjective' first", path);
    for (int number = 2; (line = next_line(&at)) != NULL; number++) {
        if (*line != '\0' && !add_fact(facts, line, number, path, error)) return false;
    }
    return facts->count >= 2 || fail(error, "%s: %d facts; a pair needs two", path, facts->count);
}

bool facts_read(Facts *out, const char *path, Error *error) {
    MappedFile file;
    *out = (Facts){ .count = 0 };
    if (!file_map(&file, path, error)) return false;
    out->text = calloc(file.size + 1, 1);
    out->items = malloc(MAX_FACTS * sizeof *out->items);
    bool ok = (out->text != NULL && out->items != NULL) ||
              fail(error, "%s: out of memory for %zu bytes", path, file.size);
    if (ok && file.size > 0) memcpy(out->text, file.bytes, file.size);
    if (ok && strlen(out->text) < file.size)
        ok = fail(error, "%s: has a NUL byte: not a table of facts", path);
    ok = ok && parse(out, path, error);
    file_unmap(&file);
    if (!ok) facts_free(out);
    return ok;
}

void facts_free(Facts *facts) {
    free(facts->items);
    free(facts->text);
    *facts = (Facts){ .count = 0 };
}
