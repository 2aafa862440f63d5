#ifndef CHAPTERS_PAGES_HTML_H
#define CHAPTERS_PAGES_HTML_H
#include "reference/io/error.h"
#include <stdio.h>

// Pieces of HTML, written to a stream.

// Text with &, <, > and " as entities: for elements and for attributes in double quotes.
void html_text(FILE *out, const char *text, size_t size);
void html_string(FILE *out, const char *text);

// C code, escaped, with comments, strings, numbers and keywords in <span class="...">.
void html_c_code(FILE *out, const char *code, size_t size);

// An <img> with a PNG file embedded as a data: URI, its size in pixels, and an open alt attribute:
// the caller writes the alternative text and `" />`.
bool html_image(FILE *out, const char *path, Error *error);
#endif
