#include "datasets/storyworld/storyworld.h"
#include "datasets/storyworld/template.h"
#include "datasets/storyworld/words.h"
#include <string.h>

static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

size_t storyworld_story(char *out, size_t size, uint64_t seed, uint64_t i) {
    static const Grammar grammar = { storyworld_rules, storyworld_classes };
    return template_expand(out, size, &grammar, "story", mix(mix(seed) + i * 0x9e3779b97f4a7c15u));
}

void storyworld_write_facts(FILE *out) {
    fputs("noun\tadjective\n", out);
    for (int i = 0; i < storyworld_fact_count; i++) {
        fprintf(out, "%s\t%s\n", storyworld_facts[i].text, storyworld_facts[i].is);
    }
}

void storyworld_write_classes(FILE *out) {
    fputs("word\tclass\n", out);
    for (const Meaning *m = storyworld_meanings; m->name; m++) {
        for (const char *word = m->words; *word;) {
            int length = (int)strcspn(word, " ");
            fprintf(out, "%.*s\t%s\n", length, word, m->name);
            word += length + (word[length] == ' ');
        }
    }
}
