#include "chapters/pages/figures.h"
#include "reference/numbers/minmax.h"
#include <string.h>

json_t *json_reals(const double *values, size_t count) {
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) json_add_item(&array, json_real(values[i]));
    return array;
}

json_t *json_integers(const int *values, size_t count) {
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) json_add_item(&array, json_integer(values[i]));
    return array;
}

json_t *figure_numbers(const char *name, Error *error) {
    static const struct {
        const char *name;
        json_t *(*numbers)(void);
    } figures[] = {
        { "neuron", neuron_numbers },     { "keys", keys_numbers },
        { "plane", plane_numbers },       { "sampling", sampling_numbers },
        { "roofline", roofline_numbers },
    };
    for (int i = 0; i < COUNT_OF(figures); i++) {
        if (strcmp(figures[i].name, name) != 0) continue;
        json_t *numbers = figures[i].numbers();
        if (numbers == NULL) fail(error, "no memory for the figure %s", name);
        return numbers;
    }
    fail(error, "there is no figure %s", name);
    return NULL;
}
