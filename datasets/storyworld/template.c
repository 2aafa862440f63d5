#include "datasets/storyworld/template.h"
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { MAX_ALTERNATIVES = 32, MAX_SLOTS = 32, MAX_USED = 64 };

// Part of a text, not NUL-terminated.
typedef struct {
    const char *start;
    size_t length;
} Span;

typedef struct {
    const Grammar *grammar;
    uint64_t key, draws;
    char *out;
    size_t size, length;
    struct {
        Span name;
        const Word *word;
    } slots[MAX_SLOTS];
    Span used[MAX_USED]; // words drawn or excluded: they are not drawn again
    int slot_count, used_count;
    bool capital; // write the next letter as a capital
} Expansion;

static void expand(Expansion *e, Span text);

static Span span(const char *text) { return (Span){ text, strlen(text) }; }
static bool is(Span a, const char *text) {
    return strncmp(text, a.start, a.length) == 0 && text[a.length] == '\0';
}

// Whether two names are the same slot: {Ball} is {ball}.
static bool same_slot(Span a, Span b) {
    if (a.length == 0 || a.length != b.length) return false;
    return tolower((unsigned char)a.start[0]) == tolower((unsigned char)b.start[0]) &&
           memcmp(a.start + 1, b.start + 1, a.length - 1) == 0;
}

// Draw number `draws` is an output of SplitMix64: it depends only on the key and that number.
static int draw_below(Expansion *e, int limit) {
    uint64_t z = e->key + ++e->draws * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (int)(((z >> 32) * (uint64_t)limit) >> 32);
}

static void put(Expansion *e, char c) {
    char last = e->length > 0 ? e->out[e->length - 1] : '\n';
    if (c == ' ' && (last == ' ' || last == '\n')) return;
    if (c == '\n' && last == ' ') e->length--;
    if (e->capital && isalpha((unsigned char)c)) {
        c = (char)toupper((unsigned char)c);
        e->capital = false;
    }
    if (e->length + 1 < e->size) e->out[e->length++] = c;
}

static void put_text(Expansion *e, const char *text) {
    for (; *text; text++) put(e, *text);
}

static void put_unchanged(Expansion *e, char open, Span inside, char close) {
    put(e, open);
    for (size_t i = 0; i < inside.length; i++) put(e, inside.start[i]);
    put(e, close);
}

static bool is_used(const Expansion *e, const char *word) {
    for (int i = 0; i < e->used_count; i++) {
        if (is(e->used[i], word)) return true;
    }
    return false;
}

static void use(Expansion *e, Span word) {
    if (e->used_count < MAX_USED) e->used[e->used_count++] = word;
}

// Slots are named after classes; a number at the end distinguishes slots of one class ("ball",
// "ball2").
static const WordClass *find_class(const Expansion *e, Span name) {
    while (name.length > 0 && isdigit((unsigned char)name.start[name.length - 1])) name.length--;
    for (const WordClass *c = e->grammar->classes; c->name; c++) {
        if (same_slot(name, span(c->name))) return c;
    }
    return NULL;
}

// A word of the class that is not used yet in the story; any word if all are used.
static const Word *draw_word(Expansion *e, const WordClass *class) {
    int first = draw_below(e, class->count), pick = first;
    while (is_used(e, class->words[pick].text)) {
        pick = (pick + 1) % class->count;
        if (pick == first) break;
    }
    use(e, span(class->words[pick].text));
    return &class->words[pick];
}

static const Word *bind(Expansion *e, Span slot, Span class_name) {
    const WordClass *class = find_class(e, class_name);
    if (!class) return NULL;
    int i = 0;
    while (i < e->slot_count && !same_slot(e->slots[i].name, slot)) i++;
    if (i == MAX_SLOTS) return NULL;
    if (i == e->slot_count) e->slot_count++;
    e->slots[i].name = slot;
    e->slots[i].word = draw_word(e, class);
    return e->slots[i].word;
}

static const Word *find_word(Expansion *e, Span slot) {
    for (int i = 0; i < e->slot_count; i++) {
        if (same_slot(e->slots[i].name, slot)) return e->slots[i].word;
    }
    return bind(e, slot, slot);
}

static void put_with_article(Expansion *e, const char *word) {
    put_text(e, strchr("aeiou", word[0]) ? "an " : "a ");
    put_text(e, word);
}

// "turtles were", or "the wind was" for a word without a plural.
static void put_all_of_them(Expansion *e, const Word *word) {
    if (!word->plural) put_text(e, "the ");
    put_text(e, word->plural ? word->plural : word->text);
    put_text(e, word->plural ? " were" : " was");
}

static bool put_form(Expansion *e, const Word *word, Span form) {
    static const char *const he[] = { "it", "she", "he", "it" };
    static const char *const him[] = { "it", "her", "him", "it" };
    static const char *const his[] = { "its", "her", "his", "its" };
    if (is(form, ""))
        put_text(e, word->text);
    else if (is(form, "a"))
        put_with_article(e, word->text);
    else if (is(form, "s") && word->plural)
        put_text(e, word->plural);
    else if (is(form, "he"))
        put_text(e, he[word->pronoun]);
    else if (is(form, "him"))
        put_text(e, him[word->pronoun]);
    else if (is(form, "his"))
        put_text(e, his[word->pronoun]);
    else if (is(form, "who"))
        put_text(e, word->pronoun == IT ? "which" : "who");
    else if (is(form, "all"))
        put_all_of_them(e, word);
    else if (is(form, "is") && word->is)
        put_text(e, word->is);
    else if (is(form, "does") && word->does)
        expand(e, span(word->does));
    else if (is(form, "so") && word->so)
        expand(e, span(word->so));
    else
        return false;
    return true;
}

// Splits text at the first `mark`. Returns what precedes it; *after is the rest, or empty if there
// is no mark.
static Span split(Span text, char mark, Span *after) {
    const char *found = memchr(text.start, mark, text.length);
    *after = (Span){ text.start + text.length, 0 };
    if (!found) return text;
    size_t length = (size_t)(found - text.start);
    *after = (Span){ found + 1, text.length - length - 1 };
    return (Span){ text.start, length };
}

// The contents of braces: {slot}, {slot.form}, {slot=class}, {-word}.
static void expand_braces(Expansion *e, Span inside) {
    Span class_name, form;
    Span slot = split(inside, '=', &class_name);
    if (inside.length > 0 && inside.start[0] == '-') {
        use(e, (Span){ inside.start + 1, inside.length - 1 });
    } else if (class_name.length > 0) {
        if (!bind(e, slot, class_name)) put_unchanged(e, '{', inside, '}');
    } else {
        slot = split(inside, '.', &form);
        const Word *word = find_word(e, slot);
        e->capital = word && isupper((unsigned char)slot.start[0]);
        if (!word || !put_form(e, word, form)) put_unchanged(e, '{', inside, '}');
        e->capital = false;
    }
}

static void expand_rule(Expansion *e, Span name) {
    for (const Rule *r = e->grammar->rules; r->name; r++) {
        if (is(name, r->name)) return expand(e, span(r->text));
    }
    put_unchanged(e, '[', name, ']');
}

// Expands one of the alternatives that start at `start`, after an opening parenthesis, and returns
// the position after the closing one.
static const char *expand_alternatives(Expansion *e, const char *start, const char *end) {
    Span alternatives[MAX_ALTERNATIVES];
    int count = 0, depth = 0;
    const char *c = start;
    for (; c < end; c++) {
        if (*c > ')' && *c < '|') continue; // a shortcut for nearly every character
        if (*c == '(') {
            depth++;
        } else if (*c == ')' && depth > 0) {
            depth--;
        } else if (*c == ')' || (*c == '|' && depth == 0)) {
            if (count < MAX_ALTERNATIVES)
                alternatives[count++] = (Span){ start, (size_t)(c - start) };
            start = c + 1;
            if (*c == ')') break;
        }
    }
    if (count > 0) expand(e, alternatives[draw_below(e, count)]);
    return c < end ? c + 1 : end;
}

static void expand(Expansion *e, Span text) {
    const char *next = text.start, *end = text.start + text.length;
    while (next < end) {
        char c = *next++;
        if (c == '(') {
            next = expand_alternatives(e, next, end);
        } else if (c == '[' || c == '{') {
            Span rest,
                inside = split((Span){ next, (size_t)(end - next) }, c == '[' ? ']' : '}', &rest);
            if (c == '[') {
                expand_rule(e, inside);
            } else {
                expand_braces(e, inside);
            }
            next = rest.start;
        } else {
            put(e, c == '<' || c == '>' ? '"' : c);
        }
    }
}

size_t template_expand(char *out, size_t size, const Grammar *grammar, const char *start,
                       uint64_t key) {
    if (size == 0) return 0;
    Expansion e = { .grammar = grammar, .key = key, .out = out, .size = size };
    expand_rule(&e, span(start));
    while (e.length > 0 && (out[e.length - 1] == ' ' || out[e.length - 1] == '\n')) e.length--;
    out[e.length] = '\0';
    return e.length;
}
