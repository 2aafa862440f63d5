#include "chapters/00_text/ngram.h"
#include <string.h>

double search_probability(const char *counted, int V, const char *at, int context, double extra) {
    double places = V * extra, found = extra;
    for (const char *place = counted + TEXT_START; *place != '\0'; place++) {
        if (memcmp(place - context, at - context, (size_t)context) != 0) continue;
        places++;
        found += *place == *at;
    }
    return found / places;
}
