#include "reference/draw/palette.h"
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct {
    Color color;
    uint32_t pixels;
} Use;

// Similar colors.
typedef struct {
    Use *uses; // [count], within an array of all
    int count;
    int shift;    // of the channel in which they differ most: 16, 8 or 0
    double cut;   // between two parts of it
    double error; // sum of the squared distances of all pixels from the mean; 0: one color
} Group;

static int channel(Color color, int shift) { return (int)(color >> shift & 255); }

static Group group_new(Use *uses, int count) {
    Group group = { .uses = uses, .count = count };
    double most = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        double weight = 0, sum = 0, error = 0;
        for (int i = 0; i < count; i++) {
            weight += uses[i].pixels;
            sum += (double)uses[i].pixels * channel(uses[i].color, shift);
        }
        for (int i = 0; i < count; i++) {
            double difference = channel(uses[i].color, shift) - sum / weight;
            error += uses[i].pixels * difference * difference;
        }
        group.error += error;
        if (error <= most) continue;
        most = error;
        group.shift = shift;
        group.cut = sum / weight;
    }
    return group;
}

// Moves the colors up to the cut to the front; returns how many there are.
static int group_divide(Group *group) {
    int low = 0;
    for (int i = 0; i < group->count; i++) {
        Use use = group->uses[i];
        if (channel(use.color, group->shift) > group->cut) continue;
        group->uses[i] = group->uses[low];
        group->uses[low++] = use;
    }
    return low;
}

// Divides the group with the greatest error again and again.
static int divide_all(Group *groups, int most, Use *uses, int use_count) {
    groups[0] = group_new(uses, use_count);
    int count = 1;
    while (count < most) {
        int worst = 0;
        for (int i = 1; i < count; i++) {
            if (groups[i].error > groups[worst].error) worst = i;
        }
        Group group = groups[worst];
        int low = group.error > 0 ? group_divide(&group) : group.count;
        if (low == group.count) break; // each color has a group
        groups[worst] = group_new(group.uses, low);
        groups[count++] = group_new(group.uses + low, group.count - low);
    }
    return count;
}

static Color most_used(const Group *group) {
    Use most = group->uses[0];
    for (int i = 1; i < group->count; i++) {
        Use use = group->uses[i];
        bool more = use.pixels > most.pixels;
        if (more || (use.pixels == most.pixels && use.color < most.color)) most = use;
    }
    return most.color;
}

static Use *list_uses(const uint32_t *pixels, int *count) {
    *count = 0;
    for (Color color = 0; color < RGB_COLORS; color++) *count += pixels[color] > 0;
    Use *uses = malloc(((size_t)*count + 1) * sizeof *uses);
    if (uses == NULL) return NULL;
    *count = 0;
    for (Color color = 0; color < RGB_COLORS; color++) {
        if (pixels[color] > 0) uses[(*count)++] = (Use){ color, pixels[color] };
    }
    return uses;
}

static int nearest(const Color *colors, int count, Color color) {
    int best = 0, least = INT_MAX;
    for (int i = 0; i < count; i++) {
        int distance = 0;
        for (int shift = 0; shift < 24; shift += 8) {
            int difference = channel(colors[i], shift) - channel(color, shift);
            distance += difference * difference;
        }
        if (distance >= least) continue;
        least = distance;
        best = i;
    }
    return best;
}

int palette_choose(Color *out, int most, uint32_t *pixels) {
    int use_count = 0, count = 0;
    Use *uses = list_uses(pixels, &use_count);
    if (uses != NULL && use_count > 0) {
        Group groups[256];
        count = divide_all(groups, most, uses, use_count);
        for (int i = 0; i < count; i++) out[i] = most_used(&groups[i]);
        for (int i = 0; i < use_count; i++)
            pixels[uses[i].color] = (uint32_t)nearest(out, count, uses[i].color);
    }
    free(uses);
    return count;
}
