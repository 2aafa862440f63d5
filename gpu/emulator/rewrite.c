// Rewrites a CUDA C++ file into C++ for the emulator, on standard output. Lines stay in place.
//   kernel<<<grid, block>>>(...)       -> emulator::launcher("kernel", ...)(...)
//   extern __shared__ float s[];       -> float (&s)[] = emulator::DynamicShared();
//                          at file scope: extern thread_local float s[] EMULATOR_DYNAMIC;
//   static __shared__                  -> __shared__
//   __noinline__                       -> EMULATOR_NOINLINE
//   NULL, as an argument of a kernel   -> nullptr
// Comments and strings are copied. Inline assembly is refused.
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *path;
    const char *in; // the file, ended by 0
    size_t at;      // the next character of it
    char *out;
    size_t length, capacity; // of out
    bool in_arguments;       // of a launch
    int braces, namespaces;  // that are open; only the outermost are of namespaces
    bool failed;
} Rewriter;

static void emit(Rewriter *r, const char *text, size_t length) {
    while (r->length + length + 1 > r->capacity) {
        r->capacity = 2 * r->capacity + 4096;
        r->out = realloc(r->out, r->capacity);
        if (!r->out) {
            fprintf(stderr, "%s: not enough memory\n", r->path);
            exit(1);
        }
    }
    memcpy(r->out + r->length, text, length);
    r->length += length;
    r->out[r->length] = '\0';
}

static void emit_text(Rewriter *r, const char *text) { emit(r, text, strlen(text)); }

static void refuse(Rewriter *r, const char *what) {
    int line = 1;
    for (size_t i = 0; i < r->at; i++) line += r->in[i] == '\n';
    fprintf(stderr, "%s:%d: %s\n", r->path, line, what);
    r->failed = true;
}

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }
static bool starts(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

// R"delimiter( ... )delimiter"
static size_t raw_string_length(const char *text) {
    const char *open = strchr(text, '(');
    if (!open || open - text > 18) return 1;
    char close[32];
    snprintf(close, sizeof close, ")%.*s\"", (int)(open - text - 2), text + 2);
    const char *end = strstr(open, close);
    return end ? (size_t)(end - text) + strlen(close) : strlen(text);
}

static size_t quoted_length(const char *text) {
    size_t i = 1;
    while (text[i] && text[i] != text[0] && text[i] != '\n')
        i += text[i] == '\\' && text[i + 1] ? 2 : 1;
    return text[i] ? i + 1 : i;
}

// Of a comment or a literal at the beginning of the text; 0: there is none.
static size_t skipped_length(const char *text, char before) {
    if (starts(text, "//")) return strcspn(text, "\n");
    if (starts(text, "/*")) {
        const char *end = strstr(text + 2, "*/");
        return end ? (size_t)(end - text) + 2 : strlen(text);
    }
    if (starts(text, "R\"") && !is_word(before)) return raw_string_length(text);
    // 1'000'000 has no character in it
    if (*text == '"' || (*text == '\'' && !isalnum((unsigned char)before))) {
        return quoted_length(text);
    }
    return 0;
}

static size_t skipped_here(const Rewriter *r, size_t at) {
    return skipped_length(r->in + at, at > 0 ? r->in[at - 1] : '\n');
}

// The place of the bracket that belongs to the closing one before `end`. Within parentheses, < and
// > are operators.
static size_t opening_bracket(const char *text, size_t end) {
    char closing = text[end - 1];
    char opening = closing == '>' ? '<' : closing == ')' ? '(' : '[';
    size_t at = end - 1;
    while (at > 0) {
        char c = text[at - 1];
        if (c == opening) return at - 1;
        bool nested = c == ')' || c == ']' || (c == '>' && closing == '>');
        at = nested ? opening_bracket(text, at) : at - 1;
    }
    return 0;
}

// The beginning of the kernel that ends before `end`: name, space::name<arguments>, kernels[i], or
// anything in parentheses.
static size_t kernel_begin(const char *text, size_t end) {
    size_t at = end;
    if (at > 0 && text[at - 1] == ')') return opening_bracket(text, at);
    while (at > 0 && text[at - 1] == ']') at = opening_bracket(text, at);
    for (;;) {
        if (at > 0 && text[at - 1] == '>') at = opening_bracket(text, at);
        while (at > 0 && is_word(text[at - 1])) at--;
        if (at < 2 || text[at - 1] != ':' || text[at - 2] != ':') return at;
        at -= 2;
    }
}

// The place of the >>> or ) that ends what begins here; 0: there is none.
static size_t end_of(const Rewriter *r, size_t at, const char *closing) {
    for (int depth = 0; r->in[at] && !(depth == 0 && r->in[at] == ';'); at++) {
        size_t skipped = skipped_here(r, at);
        if (skipped > 0) {
            at += skipped - 1;
            continue;
        }
        if (depth == 0 && starts(r->in + at, closing)) return at;
        depth += strchr("([{", r->in[at]) != NULL;
        depth -= strchr(")]}", r->in[at]) != NULL;
    }
    return 0;
}

// The text as a string literal, its white space as one space.
static void emit_literal(Rewriter *r, const char *text, size_t length) {
    emit_text(r, "\"");
    for (size_t i = 0; i < length; i++) {
        bool space = isspace((unsigned char)text[i]) || text[i] == '\\';
        if (space && i > 0 && isspace((unsigned char)text[i - 1])) continue;
        if (text[i] == '"') emit_text(r, "\\");
        emit(r, space ? " " : text + i, 1);
    }
    emit_text(r, "\"");
}

static void rewrite_until(Rewriter *r, size_t end);

// The arguments of a launch: in a template's argument, NULL would no longer be a pointer.
static void rewrite_arguments(Rewriter *r) {
    while (isspace((unsigned char)r->in[r->at])) emit(r, r->in + r->at++, 1);
    if (r->in[r->at] != '(') return;
    emit(r, r->in + r->at++, 1);
    size_t end = end_of(r, r->at, ")");
    r->in_arguments = true;
    rewrite_until(r, end);
    r->in_arguments = false;
}

// At <<<, with the kernel's name at the end of what was written.
static void rewrite_launch(Rewriter *r) {
    size_t end = end_of(r, r->at + 3, ">>>"), name_end = r->length;
    while (name_end > 0 && isspace((unsigned char)r->out[name_end - 1])) name_end--;
    size_t begin = kernel_begin(r->out, name_end), length = r->length - begin;
    if (end == 0 || begin == name_end) {
        refuse(r, "<<< is not part of kernel<<<grid, block>>>(...)");
        r->at += 3;
        return;
    }
    char *name = malloc(length + 1);
    if (!name) exit(1);
    memcpy(name, r->out + begin, length + 1);
    r->length = begin;
    emit_text(r, "emulator::launcher(");
    emit_literal(r, name, name_end - begin);
    emit_text(r,
              ", emulator::Site{ __FILE__, __LINE__ }, [=](const auto &...emulator_arguments) { ");
    emit(r, name, length);
    emit_text(r, "(emulator_arguments...); }, ");
    free(name);
    r->at += 3;
    rewrite_until(r, end);
    emit_text(r, ")");
    r->at = end + 3;
    rewrite_arguments(r);
}

// The beginning of the word that was written last if it is this one; -1: it is another.
static long last_word(const Rewriter *r, const char *word) {
    size_t end = r->length, length = strlen(word);
    while (end > 0 && isspace((unsigned char)r->out[end - 1])) end--;
    bool same = end >= length && strncmp(r->out + end - length, word, length) == 0 &&
                (end == length || !is_word(word[0]) || !is_word(r->out[end - length - 1]));
    return same ? (long)(end - length) : -1;
}

static bool follows(const Rewriter *r, const char *word) { return last_word(r, word) >= 0; }

// After `extern`, at __shared__: the declaration of an array. In a function it becomes a reference,
// because an extern declaration there must have one type in all functions.
static void rewrite_dynamic_shared(Rewriter *r) {
    const char *declaration = r->in + r->at + strlen("__shared__");
    size_t end = strcspn(declaration, "[;"), name = end;
    while (name > 0 && is_word(declaration[name - 1])) name--;
    size_t close = end + strcspn(declaration + end, "];");
    if (declaration[close] != ']') {
        refuse(r, "extern __shared__ is not followed by type name[]");
        r->at += strlen("__shared__");
        return;
    }
    if (r->braces > r->namespaces) {
        r->length = (size_t)last_word(r, "extern");
        emit(r, declaration, name);
        emit_text(r, "(&");
        emit(r, declaration + name, end - name);
        emit_text(r, ")");
        emit(r, declaration + end, close + 1 - end);
        emit_text(r, " = emulator::DynamicShared()");
    } else {
        emit_text(r, "thread_local");
        emit(r, declaration, close + 1);
        emit_text(r, " EMULATOR_DYNAMIC");
    }
    r->at += strlen("__shared__") + close + 1;
}

// At { or }: counts those of functions and classes, and those of namespaces and extern "C".
static void count_brace(Rewriter *r) {
    if (r->in[r->at] == '}') {
        if (r->braces == r->namespaces) r->namespaces--;
        r->braces--;
        return;
    }
    size_t name = r->length;
    while (name > 0 && (is_word(r->out[name - 1]) || strchr(": \n\t", r->out[name - 1]))) name--;
    bool is_namespace = strstr(r->out + name, "namespace") != NULL || follows(r, "\"C\"");
    r->braces++;
    r->namespaces += r->braces == r->namespaces + 1 && is_namespace;
}

static void rewrite_word(Rewriter *r) {
    const char *word = r->in + r->at;
    size_t length = 0, next;
    while (is_word(word[length])) length++;
    next = length + strspn(word + length, " \t\n");
#define IS(text) (length == strlen(text) && starts(word, text))
    if (IS("__shared__") && follows(r, "extern")) {
        rewrite_dynamic_shared(r);
        return;
    }
    if (IS("asm") || IS("__asm__")) refuse(r, "asm: inline PTX is not emulated");
    if (IS("__noinline__") && !follows(r, "(")) {
        emit_text(r, "EMULATOR_NOINLINE");
    } else if (r->in_arguments && IS("NULL")) {
        emit_text(r, "nullptr");
    } else if (!(IS("static") && starts(word + next, "__shared__"))) {
        emit(r, word, length);
    }
#undef IS
    r->at += length;
}

static void rewrite_until(Rewriter *r, size_t end) {
    while (r->at < end && r->in[r->at]) {
        size_t skipped = skipped_here(r, r->at);
        if (skipped > 0) {
            emit(r, r->in + r->at, skipped);
            r->at += skipped;
        } else if (is_word(r->in[r->at])) {
            rewrite_word(r);
        } else if (starts(r->in + r->at, "<<<")) {
            rewrite_launch(r);
        } else {
            if (strchr("{}", r->in[r->at])) count_brace(r);
            emit(r, r->in + r->at++, 1);
        }
    }
}

// The whole file, which the caller frees; NULL: it cannot be read.
static char *read_file(const char *path, size_t *length) {
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    size_t capacity = 0, got = 1;
    *length = 0;
    while (f && got > 0) {
        if (*length + 1 >= capacity) {
            capacity = 2 * capacity + 65536;
            char *larger = realloc(text, capacity);
            if (!larger) break;
            text = larger;
        }
        got = fread(text + *length, 1, capacity - 1 - *length, f);
        *length += got;
    }
    if (text) text[*length] = '\0';
    if (f && (ferror(f) || got > 0)) {
        free(text);
        text = NULL;
    }
    if (f) fclose(f);
    return text;
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: rewrite FILE.cu >FILE.cpp\n");
        return 2;
    }
    size_t length;
    char *text = read_file(arguments[1], &length);
    if (!text) {
        fprintf(stderr, "%s: cannot be read\n", arguments[1]);
        return 1;
    }
    Rewriter r = { .path = arguments[1], .in = text };
    rewrite_until(&r, length);
    printf("#line 1 \"%s\"\n", arguments[1]);
    fwrite(r.out, 1, r.length, stdout);
    bool ok = !r.failed && fflush(stdout) == 0 && !ferror(stdout);
    free(r.out);
    free(text);
    return ok ? 0 : 1;
}
