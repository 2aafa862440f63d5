#include "chapters/pages/equation.h"
#include "chapters/pages/html.h"
#include <ctype.h>
#include <string.h>

static bool is_letter(char c) { return isalpha((unsigned char)c) != 0; }
static bool starts_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

bool is_equations(const char *block) {
    static const char *const programs[] = { "make ", "build/", "datasets/" };
    for (int i = 0; i < 3; i++) {
        if (starts_with(block, programs[i])) return false;
    }
    return strstr(block, "= ") != NULL;
}

// ---- symbols

typedef struct {
    const char *next, *end;
    char last; // the character before next
} Symbols;

static void write_symbol(FILE *out, Symbols *s);

static size_t letters(const Symbols *s) {
    size_t size = 0;
    while (s->next + size < s->end && is_letter(s->next[size])) size++;
    return size;
}

// One letter is a variable, and so is a capital followed by one small letter (Dk); "a" may also be
// the article.
static bool is_variable(const Symbols *s, size_t size) {
    const char *after = s->next + size;
    if (after < s->end && *after == '\'') return false; // the token's
    if (size == 2) return isupper((unsigned char)s->next[0]) && islower((unsigned char)s->next[1]);
    bool article = s->next[0] == 'a' && after + 1 < s->end && *after == ' ' && is_letter(after[1]);
    return size == 1 && s->last != '\'' && !article;
}

// A name with an underscore and more than one letter after it (up_bias) is one name.
static void write_name(FILE *out, Symbols *s) {
    size_t size = letters(s);
    bool variable = is_variable(s, size);
    while (s->next[size] == '_' && is_letter(s->next[size + 1]) && is_letter(s->next[size + 2])) {
        size++;
        while (is_letter(s->next[size])) size++;
    }
    fputs(variable ? "<i>" : "", out);
    html_text(out, s->next, size);
    fputs(variable ? "</i>" : "", out);
    s->next += size;
    s->last = s->next[-1];
}

// What follows _ or ^: a name or number with a sign, and its own subscript.
static void write_raised(FILE *out, Symbols *s, const char *tag) {
    fprintf(out, "<%s>", tag);
    s->next++;
    s->last = '^';
    if (s->next < s->end && *s->next == '-') write_symbol(out, s);
    if (s->next < s->end) write_symbol(out, s);
    if (strcmp(tag, "sup") == 0 && s->next < s->end && *s->next == '_') write_raised(out, s, "sub");
    fprintf(out, "</%s>", tag);
}

// √ and what it covers: a name or a pair of parentheses, which the line above replaces.
static void write_root(FILE *out, Symbols *s) {
    s->next += strlen("√");
    fputs("√<span class=\"root\">", out);
    const char *close = *s->next == '(' ? memchr(s->next, ')', (size_t)(s->end - s->next)) : NULL;
    if (close != NULL) {
        s->next++;
        while (s->next < close) write_symbol(out, s);
        s->next++;
    } else
        write_symbol(out, s);
    fputs("</span>", out);
}

static void write_symbol(FILE *out, Symbols *s) {
    char c = *s->next, after = s->next + 1 < s->end ? s->next[1] : '\0';
    if (is_letter(c)) {
        write_name(out, s);
    } else if (starts_with(s->next, "√")) {
        write_root(out, s);
    } else if (starts_with(s->next, "Σ")) {
        fputs("<span class=\"sum\">Σ</span>", out);
        s->next += strlen("Σ");
        s->last = 'S';
    } else if ((c == '_' || c == '^') && (isalnum((unsigned char)after) || after == '-')) {
        write_raised(out, s, c == '_' ? "sub" : "sup");
    } else if ((c == '<' || c == '>') && after == '=') {
        fputs(c == '<' ? "≤" : "≥", out);
        s->next += 2;
        s->last = '=';
    } else if (c == '-' && !(is_letter(s->last) && is_letter(after))) {
        fputs("−", out);
        s->last = *s->next++;
    } else {
        html_text(out, s->next, 1);
        s->last = *s->next++;
    }
}

static void write_symbols(FILE *out, const char *text, size_t size) {
    Symbols s = { text, text + size, ' ' };
    while (s.next < s.end) {
        size_t blanks = strspn(s.next, " ");
        if (s.next + blanks > s.end) blanks = (size_t)(s.end - s.next);
        if (blanks > 1) {
            fputs("<span class=\"gap\"> </span>", out);
            s.next += blanks;
            s.last = ' ';
        } else
            write_symbol(out, &s);
    }
}

// ---- lines

static size_t trimmed(const char *text, size_t size) {
    while (size > 0 && text[size - 1] == ' ') size--;
    return size;
}

static void write_cell(FILE *out, const char *class, const char *text, size_t size) {
    fprintf(out, "<span class=\"%s\">", class);
    write_symbols(out, text, size);
    fputs("</span> ", out);
}

// A line in its parts: left = right    note, or all of it on the right.
typedef struct {
    const char *left, *right, *note;
    size_t left_size, right_size, note_size;
} Line;

static Line split(const char *line, size_t size) {
    const char *end = line + size, *equals = strstr(line, " = ");
    if (equals >= end) equals = NULL;
    const char *note = equals != NULL ? equals : line;
    while (note < end && !starts_with(note, "    ")) note++;
    Line out = { .left = line, .right = line };
    if (equals != NULL) {
        out.left_size = trimmed(line, (size_t)(equals - line));
        out.right = equals + strlen(" = ");
    }
    out.right_size = trimmed(out.right, (size_t)(note - out.right));
    while (note < end && *note == ' ') note++;
    out.note = note;
    out.note_size = trimmed(note, (size_t)(end - note));
    return out;
}

static void write_line(FILE *out, const Line *line) {
    fputs("<span class=\"line\">", out);
    if (line->left_size > 0) {
        write_cell(out, "left", line->left, line->left_size);
        fputs("<span class=\"equals\">=</span> ", out);
    }
    write_cell(out, line->left_size > 0 ? "right" : "whole", line->right, line->right_size);
    if (line->note_size > 0) write_cell(out, "note", line->note, line->note_size);
    fputs("</span>\n", out);
}

static size_t characters(const char *text, size_t size) {
    size_t count = 0;
    for (size_t i = 0; i < size; i++) count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

static void widen(size_t *widest, const char *text, size_t size) {
    size_t count = characters(text, size);
    if (count > *widest) *widest = count;
}

// Notes are beside the equations where there is space: a long one may take two lines of 30.
static bool notes_fit(const char *block) {
    enum { WIDE = 80, NOTE = 30 };
    size_t left = 0, right = 0, note = 0;
    while (*block != '\0') {
        size_t size = strcspn(block, "\n");
        Line line = split(block, size);
        widen(&left, line.left, line.left_size);
        if (line.left_size > 0) widen(&right, line.right, line.right_size);
        widen(&note, line.note, line.note_size);
        block += size + (block[size] == '\n');
    }
    return left + right + (note < NOTE ? note : NOTE) <= WIDE;
}

void equations_write(FILE *out, const char *block) {
    fprintf(out, "<div class=\"equations%s\">\n", notes_fit(block) ? "" : " below");
    while (*block != '\0') {
        size_t size = strcspn(block, "\n");
        Line line = split(block, size);
        if (size > 0) write_line(out, &line);
        block += size + (block[size] == '\n');
    }
    fputs("</div>\n", out);
}
