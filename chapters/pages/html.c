#include "chapters/pages/html.h"
#include "reference/io/files.h"
#include "reference/numbers/minmax.h"
#include <ctype.h>
#include <stdint.h>
#include <string.h>

void html_text(FILE *out, const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        switch (text[i]) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc(text[i], out);
        }
    }
}

void html_string(FILE *out, const char *text) { html_text(out, text, strlen(text)); }

// ---- C code

static const char *const keywords[] = {
    "bool",   "break",  "case",    "char",     "const",    "continue", "default", "do",
    "double", "else",   "enum",    "extern",   "false",    "float",    "for",     "goto",
    "if",     "inline", "int",     "long",     "NULL",     "return",   "short",   "size_t",
    "sizeof", "static", "struct",  "switch",   "true",     "typedef",  "union",   "unsigned",
    "void",   "while",  "#define", "#include", "uint32_t", "uint64_t",
};

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

static bool is_keyword(const char *word, size_t size) {
    for (int i = 0; i < COUNT_OF(keywords); i++) {
        if (strlen(keywords[i]) == size && memcmp(keywords[i], word, size) == 0) return true;
    }
    return false;
}

static size_t quoted_size(const char *code, size_t size) {
    size_t i = 1;
    while (i < size && code[i] != code[0]) i += code[i] == '\\' ? 2 : 1;
    return i < size ? i + 1 : size;
}

static size_t comment_size(const char *code, size_t size) {
    if (code[1] == '/') {
        const char *end = memchr(code, '\n', size);
        return end == NULL ? size : (size_t)(end - code);
    }
    size_t i = 2;
    while (i + 1 < size && (code[i] != '*' || code[i + 1] != '/')) i++;
    return i + 2 < size ? i + 2 : size;
}

// The size of the first token of the code, and the class that it is shown in; NULL: as it is.
static size_t token_size(const char **class, const char *code, size_t size) {
    char next = size > 1 ? code[1] : '\0';
    *class = "com";
    if (code[0] == '/' && (next == '/' || next == '*')) return comment_size(code, size);
    *class = "str";
    if (code[0] == '"' || code[0] == '\'') return quoted_size(code, size);
    size_t i = 1;
    *class = NULL;
    if (!is_word(code[0]) && code[0] != '#') return i;
    bool number = isdigit((unsigned char)code[0]);
    while (i < size && (is_word(code[i]) || (number && code[i] == '.'))) i++;
    *class = number ? "num" : is_keyword(code, i) ? "key" : NULL;
    return i;
}

void html_c_code(FILE *out, const char *code, size_t size) {
    while (size > 0) {
        const char *class;
        size_t token = token_size(&class, code, size);
        if (class != NULL) fprintf(out, "<span class=\"%s\">", class);
        html_text(out, code, token);
        if (class != NULL) fputs("</span>", out);
        code += token;
        size -= token;
    }
}

// ---- pictures

static void write_base64(FILE *out, const unsigned char *bytes, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        unsigned group = (unsigned)bytes[i] << 16;
        if (i + 1 < size) group |= (unsigned)bytes[i + 1] << 8;
        if (i + 2 < size) group |= bytes[i + 2];
        fputc(digits[group >> 18], out);
        fputc(digits[group >> 12 & 63], out);
        fputc(i + 1 < size ? digits[group >> 6 & 63] : '=', out);
        fputc(i + 2 < size ? digits[group & 63] : '=', out);
    }
}

static uint32_t big_endian(const unsigned char *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

bool html_image(FILE *out, const char *path, Error *error) {
    MappedFile file;
    if (!file_map(&file, path, error)) return false;
    // a PNG file begins with 8 fixed bytes and the chunk IHDR: 8 bytes, then width and height
    bool ok = file.size > 24 && memcmp(file.bytes, "\x89PNG\r\n\x1a\n", 8) == 0;
    if (ok) {
        fprintf(out, "<img width=\"%u\" height=\"%u\" src=\"data:image/png;base64,",
                big_endian(file.bytes + 16), big_endian(file.bytes + 20));
        write_base64(out, file.bytes, file.size);
        fputs("\" alt=\"", out);
    } else
        fail(error, "%s: not a PNG file; lessons have no other pictures", path);
    file_unmap(&file);
    return ok;
}
