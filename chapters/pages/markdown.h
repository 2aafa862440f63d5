#ifndef CHAPTERS_PAGES_MARKDOWN_H
#define CHAPTERS_PAGES_MARKDOWN_H
#include "reference/io/error.h"
#include <stddef.h>
#include <stdio.h>

// A lesson in Markdown (GitHub's dialect, parsed by md4c) as HTML.

enum { MAX_FIGURES = 4, PAGE_BYTES = 64 };

// Whether the name is that of a chapter's folder, NN_name.
bool is_chapter_folder(const char *name);

// The page of a file of the repository: index.html for chapters/README.md, name.html for
// chapters/NAME.md, chapter-NN.html for the README.md of a chapter, and chapter-NN_name.html for
// another NAME.md of it, which therefore comes after it. false: it has none.
bool page_of(char name[PAGE_BYTES], const char *path);

typedef struct {
    char title[128], question[256]; // the first heading
    char figures[MAX_FIGURES][32];  // the names in <!-- figure: NAME -->, in order
    int figure_count;
} Lesson;

// Writes the text's elements to out, and to contents a list item for each heading of level 2. Links
// are relative to `folder` of the repository (chapters/01_dense_ffn): one to a file that has a page
// leads there, any other to the file below `root`, the path from the page's folder to the
// repository. Pictures are embedded.
bool markdown_write(FILE *out, FILE *contents, Lesson *lesson, const char *text, size_t size,
                    const char *folder, const char *root, Error *error);
#endif
