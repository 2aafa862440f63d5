// build/course FOLDER ROOT: writes the course as HTML into FOLDER: a page for each Markdown file of
// a chapter, and for each chapters/*.md, of which README.md is index.html. ROOT is the path from
// FOLDER to the repository, for links to sources. Runs in the repository's root. Nothing that a
// page shows is outside of its file.
#include "chapters/pages/figures.h"
#include "chapters/pages/html.h"
#include "chapters/pages/markdown.h"
#include "reference/io/files.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define ASSETS "chapters/pages/"
enum { MAX_PAGES = 99, PATH_BYTES = 256 };

typedef struct {
    char folder[PATH_BYTES], source[PATH_BYTES]; // chapters/00_text, chapters/00_text/README.md
    char name[PAGE_BYTES];                       // chapter-00.html
    Lesson lesson;
    char *body, *contents; // HTML
} Page;

typedef struct {
    Page pages[MAX_PAGES]; // by their names: the chapters in order, then the others
    int count;
} Course;

static void course_free(Course *course) {
    for (int i = 0; i < course->count; i++) {
        free(course->pages[i].body);
        free(course->pages[i].contents);
    }
    free(course);
}

// ---- reading the lessons

static int by_name(const void *a, const void *b) {
    return strcmp(((const Page *)a)->name, ((const Page *)b)->name);
}

// Adds FOLDER/ENTRY, if it is a Markdown file that has a page.
static bool add_page(Course *course, const char *folder, const char *entry, Error *error) {
    Page page = { 0 };
    int size = snprintf(page.source, sizeof page.source, "%s/%s", folder, entry);
    if (size >= (int)sizeof page.source || !page_of(page.name, page.source)) return true;
    if (course->count == MAX_PAGES) return fail(error, "more than %d pages", MAX_PAGES);
    strcpy(page.folder, folder);
    course->pages[course->count++] = page;
    return true;
}

// Adds the pages of a folder, and of the chapters in it; of no folder, none.
static bool add_pages(Course *course, const char *folder, Error *error) {
    DIR *entries = opendir(folder);
    if (entries == NULL) return true;
    bool ok = true;
    for (struct dirent *entry; ok && (entry = readdir(entries)) != NULL;) {
        char inner[PATH_BYTES];
        bool chapter = is_chapter_folder(entry->d_name) &&
                       snprintf(inner, sizeof inner, "%s/%s", folder, entry->d_name) < PATH_BYTES;
        ok = chapter ? add_pages(course, inner, error)
                     : add_page(course, folder, entry->d_name, error);
    }
    closedir(entries);
    return ok;
}

static bool find_pages(Course *course, Error *error) {
    if (!path_exists("chapters"))
        return fail(error, "no folder chapters here: run it in the repository's root");
    if (!add_pages(course, "chapters", error)) return false;
    qsort(course->pages, (size_t)course->count, sizeof *course->pages, by_name);
    return true;
}

static bool read_page(Page *page, const char *root, Error *error) {
    size_t body_size, contents_size;
    MappedFile file;
    if (!file_map(&file, page->source, error)) return false;
    FILE *body = open_memstream(&page->body, &body_size);
    FILE *contents = open_memstream(&page->contents, &contents_size);
    bool ok = body != NULL && contents != NULL;
    if (ok)
        ok = markdown_write(body, contents, &page->lesson, (const char *)file.bytes, file.size,
                            page->folder, root, error);
    else
        fail(error, "%s: no memory for its page", page->source);
    if (body != NULL) ok = fclose(body) == 0 && ok;
    if (contents != NULL) ok = fclose(contents) == 0 && ok;
    file_unmap(&file);
    return ok;
}

// ---- the pages

static bool copy_asset(FILE *out, const char *name, Error *error) {
    char path[PATH_BYTES];
    MappedFile file;
    snprintf(path, sizeof path, ASSETS "%s", name);
    if (!file_map(&file, path, error)) return false;
    fwrite(file.bytes, 1, file.size, out);
    file_unmap(&file);
    return true;
}

static bool write_head(FILE *out, const char *title, Error *error) {
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n"
          "<meta name=\"color-scheme\" content=\"light dark\" />\n<title>",
          out);
    html_string(out, title);
    fputs("</title>\n<style>\n", out);
    if (!copy_asset(out, "style.css", error)) return false;
    fputs("</style>\n</head>\n<body>\n", out);
    return true;
}

static bool is_chapter(const Page *page) { return strncmp(page->name, "chapter-", 8) == 0; }

static void write_link(FILE *out, const char *rel, const Page *page, const char *text) {
    fprintf(out, "<a rel=\"%s\" href=\"%s\">", rel, page->name);
    html_string(out, text);
    fputs("</a>\n", out);
}

static void write_navigation(FILE *out, const Course *course, int i, const char *label) {
    const Page *page = &course->pages[i];
    fprintf(out, "<nav class=\"chapters\" aria-label=\"%s\">\n", label);
    for (int p = 0; p < course->count; p++) {
        const Page *other = &course->pages[p];
        if (other != page && !is_chapter(other))
            write_link(out, "help", other, other->lesson.title);
    }
    if (is_chapter(page) && i > 0 && is_chapter(page - 1))
        write_link(out, "prev", page - 1, page[-1].lesson.title);
    if (is_chapter(page) && is_chapter(page + 1))
        write_link(out, "next", page + 1, page[1].lesson.title);
    fputs("</nav>\n", out);
}

// JSON in a <script>: without the < that could end it.
static bool write_numbers(FILE *out, const char *name, Error *error) {
    json_t *numbers = figure_numbers(name, error);
    if (numbers == NULL) return false;
    char *text = json_text(numbers, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(numbers);
    if (text == NULL) return fail(error, "no memory for the figure %s", name);
    fprintf(out, "<script type=\"application/json\" id=\"numbers-%s\">", name);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '<')
            fputs("\\u003c", out);
        else
            fputc(*c, out);
    }
    fputs("</script>\n", out);
    free(text);
    return true;
}

static bool write_figures(FILE *out, const Lesson *lesson, Error *error) {
    if (lesson->figure_count == 0) return true;
    for (int i = 0; i < lesson->figure_count; i++) {
        if (!write_numbers(out, lesson->figures[i], error)) return false;
    }
    fputs("<script>\n", out);
    bool ok = copy_asset(out, "figures/figures.js", error);
    for (int i = 0; ok && i < lesson->figure_count; i++) {
        char name[PAGE_BYTES];
        snprintf(name, sizeof name, "figures/%s.js", lesson->figures[i]);
        ok = copy_asset(out, name, error);
    }
    fputs("</script>\n", out);
    return ok;
}

static bool write_page(FILE *out, const Course *course, int i, Error *error) {
    const Page *page = &course->pages[i];
    if (!write_head(out, page->lesson.title, error)) return false;
    fputs("<a class=\"skip\" href=\"#text\">Skip to the text</a>\n<header>\n", out);
    write_navigation(out, course, i, "Pages");
    fputs("</header>\n<main id=\"text\">\n<details class=\"contents\">", out);
    fprintf(out, "<summary>On this page</summary><ul>\n%s</ul></details>\n", page->contents);
    fprintf(out, "%s</main>\n<footer>\n", page->body);
    write_navigation(out, course, i, "Next and previous page");
    fputs("</footer>\n", out);
    if (!write_figures(out, &page->lesson, error)) return false;
    fputs("</body>\n</html>\n", out);
    return true;
}

static bool write_file(const char *folder, const Course *course, int i, Error *error) {
    OutputFile file;
    char *path = path_join(folder, course->pages[i].name);
    if (path == NULL) return fail(error, "no memory for the name of a page");
    bool ok = output_open(&file, path, error);
    free(path);
    if (!ok) return false;
    if (write_page(file.stream, course, i, error)) return output_commit(&file, error);
    output_discard(&file);
    return false;
}

static bool write_course(const char *folder, const char *root, Course *course, Error *error) {
    if (!find_pages(course, error)) return false;
    for (int i = 0; i < course->count; i++) {
        if (!read_page(&course->pages[i], root, error)) return false;
    }
    if (!folder_make(folder, error)) return false;
    for (int i = 0; i < course->count; i++) {
        if (!write_file(folder, course, i, error)) return false;
    }
    return true;
}

int main(int count, char **arguments) {
    files_open_standard();
    if (count != 3) {
        fputs("Usage: build/course FOLDER ROOT\n"
              "Writes the course as HTML into FOLDER; ROOT is the path from there to the "
              "repository.\n",
              stderr);
        return 2;
    }
    Error error = { "" };
    Course *course = calloc(1, sizeof *course);
    bool ok = course != NULL ? write_course(arguments[1], arguments[2], course, &error)
                             : fail(&error, "no memory for the course");
    if (ok)
        printf("%d pages: open %s/index.html\n", course->count, arguments[1]);
    else
        fprintf(stderr, "course: %s\n", error.text);
    if (course != NULL) course_free(course);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
