#include "chapters/07_language_model/parameters.h"
#include <stdio.h>
#include <string.h>

static void add_line(ParameterList *list, Parameter line, const char *prefix, const char *name) {
    if (list->count < list->capacity) {
        snprintf(line.name, sizeof line.name, "%s%s", prefix, name);
        list->items[list->count] = line;
    }
    list->count++;
    list->doubles = line.offset + line.count;
}

void parameter_declare(ParameterWalk *walk, double **view, const char *name, double mean,
                       double deviation, bool decays, int rank, const int *shape) {
    Parameter line = { .rank = rank,
                       .offset = walk->used,
                       .count = 1,
                       .mean = mean,
                       .deviation = deviation,
                       .decays = decays };
    for (int i = 0; i < rank; i++) {
        line.shape[i] = shape[i];
        line.count *= (size_t)shape[i];
    }
    if (walk->list) add_line(walk->list, line, walk->prefix, name);
    if (walk->block) *view = walk->block + walk->used;
    walk->used += line.count;
}

const Parameter *parameter_find(const ParameterList *list, const char *name) {
    for (int i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].name, name) == 0) return &list->items[i];
    }
    return NULL;
}
