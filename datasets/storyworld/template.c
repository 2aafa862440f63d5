#include "datasets/storyworld/template.h"
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { MAX_ALTERNATIVES = 32, MAX_SLOTS = 32, MAX_USED = 64 };

typedef struct {
    const char *at;
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
    Span used[MAX_USED]; // words drawn or forbidden: a story has each once
    int slot_count, used_count;
    bool capital; // the next letter is to be a capital
} Expansion;

static void expand(Expansion *e, Span text);

static Span span(const char *text) { return (Span){ text, strlen(text) }; }
static bool is(Span a, const char *text) {
    return strncmp(text, a.at, a.length) == 0 && text[a.length] == '\0';
}

// Whether two slots have one name: {Ball} is {ball}.
static bool same_slot(Span a, Span b) {
    if (a.length == 0 || a.length != b.length) return false;
    return tolower((unsigned char)a.at[0]) == tolower((unsigned char)b.at[0]) &&
           memcmp(a.at + 1, b.at + 1, a.length - 1) == 0;
}

// Draw number `draws` of the story is SplitMix64's output: it depends on nothing but key and
// number.
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

static void put_as_it_stands(Expansion *e, char open, Span inside, char close) {
    put(e, open);
    for (size_t i = 0; i < inside.length; i++) put(e, inside.at[i]);
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

// Slots are named after classes; a number at the end tells two of one class apart ("ball",
// "ball2").
static const WordClass *find_class(const Expansion *e, Span name) {
    while (name.length > 0 && isdigit((unsigned char)name.at[name.length - 1])) name.length--;
    for (const WordClass *c = e->grammar->classes; c->name; c++) {
        if (same_slot(name, span(c->name))) return c;
    }
    return NULL;
}

// A word of the class that the story has not had yet; once all were had, any.
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

// "turtles were" where there are many, "the wind was" where there is one.
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

static Span before(Span text, char mark, Span *after) {
    const char *at = memchr(text.at, mark, text.length);
    *after = (Span){ text.at + text.length, 0 };
    if (!at) return text;
    size_t length = (size_t)(at - text.at);
    *after = (Span){ at + 1, text.length - length - 1 };
    return (Span){ text.at, length };
}

// What stands between braces: {slot}, {slot.form}, {slot=class}, {-word}.
static void expand_braces(Expansion *e, Span inside) {
    Span class_name, form;
    Span slot = before(inside, '=', &class_name);
    if (inside.length > 0 && inside.at[0] == '-') {
        use(e, (Span){ inside.at + 1, inside.length - 1 });
    } else if (class_name.length > 0) {
        if (!bind(e, slot, class_name)) put_as_it_stands(e, '{', inside, '}');
    } else {
        slot = before(inside, '.', &form);
        const Word *word = find_word(e, slot);
        e->capital = word && isupper((unsigned char)slot.at[0]);
        if (!word || !put_form(e, word, form)) put_as_it_stands(e, '{', inside, '}');
        e->capital = false;
    }
}

static void expand_rule(Expansion *e, Span name) {
    for (const Rule *r = e->grammar->rules; r->name; r++) {
        if (is(name, r->name)) return expand(e, span(r->text));
    }
    put_as_it_stands(e, '[', name, ']');
}

// `at` stands behind an opening parenthesis; expands one alternative and returns what follows the
// closing one.
static const char *expand_alternatives(Expansion *e, const char *at, const char *end) {
    Span alternatives[MAX_ALTERNATIVES];
    int count = 0, depth = 0;
    const char *start = at;
    for (; at < end; at++) {
        if (*at > ')' && *at < '|') continue; // nearly every character
        if (*at == '(') {
            depth++;
        } else if (*at == ')' && depth > 0) {
            depth--;
        } else if (*at == ')' || (*at == '|' && depth == 0)) {
            if (count < MAX_ALTERNATIVES)
                alternatives[count++] = (Span){ start, (size_t)(at - start) };
            start = at + 1;
            if (*at == ')') break;
        }
    }
    if (count > 0) expand(e, alternatives[draw_below(e, count)]);
    return at < end ? at + 1 : end;
}

static void expand(Expansion *e, Span text) {
    const char *at = text.at, *end = text.at + text.length;
    while (at < end) {
        char c = *at++;
        char close = (char)(c == '[' ? ']' : c == '{' ? '}' : 0);
        if (c == '(') {
            at = expand_alternatives(e, at, end);
        } else if (close) {
            Span rest;
            Span inside = before((Span){ at, (size_t)(end - at) }, close, &rest);
            if (close == ']')
                expand_rule(e, inside);
            else
                expand_braces(e, inside);
            at = rest.at;
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
