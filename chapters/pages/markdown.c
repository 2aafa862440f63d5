#include "chapters/pages/markdown.h"
#include "chapters/pages/equation.h"
#include "chapters/pages/html.h"
#include <ctype.h>
#include <md4c.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 512 };

typedef struct {
    FILE *out, *contents;
    Lesson *lesson;
    const char *folder, *root;
    Error *error;
    // the text of a heading, a block of code or a comment is collected first
    FILE *page; // what out is otherwise
    char *collected;
    size_t collected_size;
    char caption[PATH_BYTES]; // of the next block of code: "run COMMAND" or "code FILE"
    char plain[256];          // a heading's text, without its elements
    bool collects_plain, in_image, in_code_block;
} Writer;

// ---- collecting

static bool collect(Writer *w) {
    w->page = w->out;
    w->out = open_memstream(&w->collected, &w->collected_size);
    if (w->out != NULL) return true;
    w->out = w->page;
    return fail(w->error, "%s: no memory for its page", w->folder);
}

// After it, collected is the text; free it with release.
static bool end_collecting(Writer *w) {
    bool ok = fclose(w->out) == 0;
    w->out = w->page;
    return ok || fail(w->error, "%s: no memory for its page", w->folder);
}

static void release(Writer *w) {
    free(w->collected);
    w->collected = NULL;
}

static void begin_plain(Writer *w) {
    w->plain[0] = '\0';
    w->collects_plain = true;
}

static void add_plain(Writer *w, const char *text, size_t size) {
    size_t used = strlen(w->plain);
    if (used + size < sizeof w->plain) {
        memcpy(w->plain + used, text, size);
        w->plain[used + size] = '\0';
    }
}

// ---- links

// folder/target without . and ..; false: it leaves the repository or is too long.
static bool repository_path(char out[PATH_BYTES], const char *folder, const char *target) {
    char path[2 * PATH_BYTES], *state = NULL;
    if (snprintf(path, sizeof path, "%s/%s", folder, target) >= PATH_BYTES) return false;
    out[0] = '\0';
    for (char *part = strtok_r(path, "/", &state); part; part = strtok_r(NULL, "/", &state)) {
        char *slash = strrchr(out, '/');
        if (strcmp(part, ".") == 0) continue;
        if (strcmp(part, "..") != 0) {
            if (out[0] != '\0') strcat(out, "/");
            strcat(out, part);
        } else if (out[0] == '\0')
            return false;
        else
            *(slash != NULL ? slash : out) = '\0';
    }
    return true;
}

bool is_chapter_folder(const char *name) {
    return isdigit((unsigned char)name[0]) && isdigit((unsigned char)name[1]) && name[2] == '_';
}

bool page_of(char name[PAGE_BYTES], const char *path) {
    static const char start[] = "chapters/";
    if (strncmp(path, start, strlen(start)) != 0) return false;
    const char *rest = path + strlen(start), *slash = strchr(rest, '/');
    if (slash != NULL && !is_chapter_folder(rest)) return false;
    const char *file = slash != NULL ? slash + 1 : rest;
    char stem[PAGE_BYTES / 2] = "";
    size_t size = strlen(file);
    if (size <= strlen(".md") || size > sizeof stem || strchr(file, '/') != NULL) return false;
    size -= strlen(".md");
    if (strcmp(file + size, ".md") != 0) return false;
    for (size_t i = 0; i < size; i++) stem[i] = (char)tolower((unsigned char)file[i]);
    bool first = strcmp(stem, "readme") == 0;
    if (slash == NULL)
        snprintf(name, PAGE_BYTES, "%s.html", first ? "index" : stem);
    else if (first)
        snprintf(name, PAGE_BYTES, "chapter-%.2s.html", rest);
    else
        snprintf(name, PAGE_BYTES, "chapter-%.2s_%s.html", rest, stem);
    return true;
}

static void write_href(Writer *w, const char *target) {
    char file[PATH_BYTES], path[PATH_BYTES], page[PAGE_BYTES];
    size_t size = strcspn(target, "#");
    snprintf(file, sizeof file, "%.*s", (int)size, target);
    fputs("<a href=\"", w->out);
    if (size == 0 || strstr(target, "://") != NULL || !repository_path(path, w->folder, file))
        html_string(w->out, target);
    else if (page_of(page, path)) {
        html_string(w->out, page);
        html_string(w->out, target + size);
    } else {
        html_string(w->out, w->root);
        fputc('/', w->out);
        html_string(w->out, path);
        html_string(w->out, target + size);
        fputs("\" class=\"file\" title=\"", w->out);
        html_string(w->out, path);
    }
    fputs("\">", w->out);
}

static bool attribute(char out[PATH_BYTES], const MD_ATTRIBUTE *value) {
    return snprintf(out, PATH_BYTES, "%.*s", (int)value->size, value->text) < PATH_BYTES;
}

static bool write_picture(Writer *w, const char *target) {
    char path[PATH_BYTES];
    if (!repository_path(path, w->folder, target))
        return fail(w->error, "%s: no picture %s", w->folder, target);
    fputs("<span class=\"picture\">", w->out);
    return html_image(w->out, path, w->error);
}

// ---- blocks whose text is collected

// "Why the bend?" becomes why-the-bend, as on GitHub.
static void write_id(FILE *out, const char *text) {
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (isalnum(c) || c == '-' || c == '_') fputc(tolower(c), out);
        if (c == ' ') fputc('-', out);
        if (c >= 128) fputc(c, out);
    }
}

static void write_heading(Writer *w, unsigned level) {
    w->collects_plain = false;
    if (level == 1) snprintf(w->lesson->title, sizeof w->lesson->title, "%.127s", w->plain);
    fprintf(w->out, "<h%u id=\"", level);
    write_id(w->out, w->plain);
    fprintf(w->out, "\">%s</h%u>\n", w->collected, level);
    if (level != 2) return;
    fputs("<li><a href=\"#", w->contents);
    write_id(w->contents, w->plain);
    fprintf(w->contents, "\">%s</a></li>\n", w->collected);
}

static void write_caption(Writer *w) {
    if (strncmp(w->caption, "run ", 4) == 0) {
        fputs("<figcaption class=\"run\">", w->out);
        html_string(w->out, w->caption + 4);
        fputs("</figcaption>", w->out);
    } else if (w->caption[0] != '\0') {
        const char *file = w->caption + strlen("code ");
        fputs("<figcaption>", w->out);
        write_href(w, file);
        html_string(w->out, strncmp(file, "../", 3) == 0 ? file + 3 : file);
        fputs("</a></figcaption>", w->out);
    }
    w->caption[0] = '\0';
}

static void write_code(Writer *w, const MD_BLOCK_CODE_DETAIL *detail) {
    if (detail->fence_char == '\0' && is_equations(w->collected)) {
        equations_write(w->out, w->collected);
        return;
    }
    bool c = detail->lang.size == 1 && detail->lang.text[0] == 'c';
    fprintf(w->out, "<figure class=\"%s\">", c ? "code" : "text");
    write_caption(w);
    fputs("<pre><code>", w->out);
    if (c)
        html_c_code(w->out, w->collected, w->collected_size);
    else
        html_text(w->out, w->collected, w->collected_size);
    fputs("</code></pre></figure>\n", w->out);
}

// <!-- run: COMMAND -->, <!-- code: FILE REGION --> and <!-- figure: NAME -->; other comments say
// nothing to the reader.
static bool write_comment(Writer *w) {
    static const char figure[] = "<!-- figure: ", run[] = "<!-- run: ", code[] = "<!-- code: ";
    char *text = w->collected, *end = strstr(text, " -->");
    if (end == NULL) return fail(w->error, "%s: HTML in a lesson: %s", w->folder, text);
    *end = '\0';
    if (strncmp(text, run, strlen(run)) == 0)
        snprintf(w->caption, sizeof w->caption, "run %s", text + strlen(run));
    if (strncmp(text, code, strlen(code)) == 0)
        snprintf(w->caption, sizeof w->caption, "code %.*s", (int)strcspn(text + strlen(code), " "),
                 text + strlen(code));
    if (strncmp(text, figure, strlen(figure)) == 0) {
        const char *name = text + strlen(figure);
        if (w->lesson->figure_count == MAX_FIGURES || strlen(name) >= sizeof *w->lesson->figures)
            return fail(w->error, "%s: too many figures, or too long a name: %s", w->folder, name);
        strcpy(w->lesson->figures[w->lesson->figure_count++], name);
        fprintf(w->out, "<section class=\"figure\" data-figure=\"%s\" hidden=\"\"></section>\n",
                name);
    }
    return true;
}

// ---- what md4c calls

// What they return: a positive number would not end the parsing.
static int result(bool ok) { return ok ? 0 : -1; }

static const char *block_tag(MD_BLOCKTYPE type) {
    switch (type) {
    case MD_BLOCK_QUOTE: return "blockquote";
    case MD_BLOCK_UL: return "ul";
    case MD_BLOCK_OL: return "ol";
    case MD_BLOCK_LI: return "li";
    case MD_BLOCK_P: return "p";
    case MD_BLOCK_TABLE: return "table";
    case MD_BLOCK_THEAD: return "thead";
    case MD_BLOCK_TBODY: return "tbody";
    case MD_BLOCK_TR: return "tr";
    case MD_BLOCK_TH: return "th";
    case MD_BLOCK_TD: return "td";
    default: return NULL;
    }
}

static bool is_collected(MD_BLOCKTYPE type) {
    return type == MD_BLOCK_H || type == MD_BLOCK_CODE || type == MD_BLOCK_HTML;
}

static void open_block(FILE *out, MD_BLOCKTYPE type, const void *detail) {
    static const char *const aligned[] = { "", "", " class=\"center\"", " class=\"right\"" };
    bool cell = type == MD_BLOCK_TH || type == MD_BLOCK_TD;
    fprintf(out, "<%s%s", block_tag(type),
            cell ? aligned[((const MD_BLOCK_TD_DETAIL *)detail)->align] : "");
    if (type == MD_BLOCK_OL && ((const MD_BLOCK_OL_DETAIL *)detail)->start != 1)
        fprintf(out, " start=\"%u\"", ((const MD_BLOCK_OL_DETAIL *)detail)->start);
    fputs(">", out);
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *data) {
    Writer *w = data;
    if (type == MD_BLOCK_H) begin_plain(w);
    if (type == MD_BLOCK_CODE) w->in_code_block = true; // escaped when it is written
    if (is_collected(type)) return result(collect(w));
    if (type == MD_BLOCK_HR) fputs("<hr />\n", w->out);
    if (type == MD_BLOCK_TABLE) fputs("<div class=\"table\">", w->out);
    if (block_tag(type) != NULL) open_block(w->out, type, detail);
    return 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *data) {
    Writer *w = data;
    const char *tag = block_tag(type);
    if (is_collected(type)) {
        bool ok = end_collecting(w);
        w->in_code_block = false;
        if (ok && type == MD_BLOCK_H) write_heading(w, ((MD_BLOCK_H_DETAIL *)detail)->level);
        if (ok && type == MD_BLOCK_CODE) write_code(w, detail);
        if (ok && type == MD_BLOCK_HTML) ok = write_comment(w);
        release(w);
        return result(ok);
    }
    if (tag != NULL) fprintf(w->out, "</%s>\n", tag);
    if (type == MD_BLOCK_TABLE) fputs("</div>\n", w->out);
    return 0;
}

static const char *span_tag(MD_SPANTYPE type) {
    switch (type) {
    case MD_SPAN_EM: return "em";
    case MD_SPAN_STRONG: return "strong";
    case MD_SPAN_CODE: return "code";
    case MD_SPAN_DEL: return "del";
    default: return NULL;
    }
}

static int enter_span(MD_SPANTYPE type, void *detail, void *data) {
    Writer *w = data;
    char target[PATH_BYTES];
    if (w->in_image) return 0; // its text is an attribute
    if (type == MD_SPAN_A) {
        if (!attribute(target, &((MD_SPAN_A_DETAIL *)detail)->href)) return result(false);
        write_href(w, target);
    } else if (type == MD_SPAN_IMG) {
        w->in_image = true;
        if (!attribute(target, &((MD_SPAN_IMG_DETAIL *)detail)->src)) return result(false);
        return result(write_picture(w, target));
    } else if (span_tag(type) != NULL)
        fprintf(w->out, "<%s>", span_tag(type));
    return 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *data) {
    (void)detail;
    Writer *w = data;
    if (type == MD_SPAN_IMG) {
        w->in_image = false;
        fputs("\" /></span>", w->out);
    }
    if (w->in_image) return 0;
    if (type == MD_SPAN_A) fputs("</a>", w->out);
    if (span_tag(type) != NULL) fprintf(w->out, "</%s>", span_tag(type));
    return 0;
}

static int write_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *data) {
    Writer *w = data;
    bool soft = type == MD_TEXT_SOFTBR;
    if (w->collects_plain) add_plain(w, soft ? " " : text, soft ? 1 : size);
    if (type == MD_TEXT_NULLCHAR) return 0;
    if (type == MD_TEXT_BR)
        fputs(w->in_image ? " " : "<br />\n", w->out);
    else if (soft)
        fputc('\n', w->out);
    else if (type == MD_TEXT_HTML || type == MD_TEXT_ENTITY || w->in_code_block)
        fwrite(text, 1, size, w->out);
    else
        html_text(w->out, text, size);
    return 0;
}

bool markdown_write(FILE *out, FILE *contents, Lesson *lesson, const char *text, size_t size,
                    const char *folder, const char *root, Error *error) {
    static const MD_PARSER parser = { .flags = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH,
                                      .enter_block = enter_block,
                                      .leave_block = leave_block,
                                      .enter_span = enter_span,
                                      .leave_span = leave_span,
                                      .text = write_text };
    Writer w = { .out = out,
                 .contents = contents,
                 .lesson = lesson,
                 .folder = folder,
                 .root = root,
                 .error = error };
    *error = (Error){ "" };
    *lesson = (Lesson){ 0 };
    if (md_parse(text, (MD_SIZE)size, &parser, &w) == 0) return true;
    if (w.out != out) fclose(w.out);
    release(&w);
    return error->text[0] != '\0' ? false : fail(error, "%s: the lesson cannot be parsed", folder);
}
