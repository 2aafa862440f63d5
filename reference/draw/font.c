#include "reference/draw/font.h"
#include "reference/draw/strokes.h"
#include "reference/io/files.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wextra"
#define STBTT_STATIC
#define STB_TRUETYPE_IMPLEMENTATION
#include <stb/stb_truetype.h>
#pragma GCC diagnostic pop

enum {
    BUCKETS = 1024,
    PHASES = 4, // a glyph is painted for pens at quarters of a pixel
    REPLACEMENT = 0xfffd,
};

typedef struct Cached {
    struct Cached *next; // in its bucket
    int32_t character;
    float size;
    int phase;
    Glyph glyph;
    uint8_t ink[];
} Cached;

struct Font {
    MappedFile file; // bytes NULL: the built-in font
    stbtt_fontinfo info;
    int x_height; // font units
    bool failed;
    Cached *buckets[BUCKETS];
};

static const float UNITS_PER_EM = 10; // of the built-in font

// ---- where fonts come from

// The Debian ones were tried, the others come from package lists. probe.mk reads these lines too.
static const char *const places[] = {
    "/usr/share/fonts/opentype/inter/Inter-Regular.otf",   // Debian, Ubuntu
    "/usr/share/fonts/rsms-inter-fonts/Inter-Regular.otf", // Fedora
    "/usr/share/fonts/inter/Inter.ttc",                    // Arch
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",     // Debian, Ubuntu
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",   // Fedora
    "/usr/share/fonts/TTF/DejaVuSans.ttf",                 // Arch
    "/System/Library/Fonts/Helvetica.ttc",                 // macOS
};

static uint32_t big_endian(const unsigned char *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

// Whether every table is inside the file: stb_truetype does not check.
static bool tables_fit(const MappedFile *file, size_t start) {
    if (start + 12 > file->size) return false;
    size_t count = big_endian(file->bytes + start + 4) >> 16;
    if (start + 12 + 16 * count > file->size) return false;
    for (size_t i = 0; i < count; i++) {
        const unsigned char *table = file->bytes + start + 12 + 16 * i;
        uint64_t offset = big_endian(table + 8), size = big_endian(table + 12);
        if (offset + size > file->size) return false;
    }
    return true;
}

static bool parse_font(Font *font) {
    if (font->file.size < 16) return false;
    int start = stbtt_GetFontOffsetForIndex(font->file.bytes, 0); // of a collection, its first
    if (start < 0 || !tables_fit(&font->file, (size_t)start)) return false;
    int x0, y0, x1;
    return stbtt_InitFont(&font->info, font->file.bytes, start) != 0 &&
           stbtt_GetCodepointBox(&font->info, 'x', &x0, &y0, &x1, &font->x_height) != 0;
}

Font *font_builtin(void) { return calloc(1, sizeof(Font)); }

Font *font_open(const char *path) {
    Font *font = calloc(1, sizeof *font);
    if (font == NULL) return NULL;
    if (file_map(&font->file, path, NULL) && parse_font(font)) return font;
    font_free(font);
    return NULL;
}

Font *font_find(void) {
    const char *named = getenv("SGATLIN_FONT");
    if (named != NULL && strcmp(named, "builtin") == 0) return font_builtin();
    Font *font = named != NULL ? font_open(named) : NULL;
    for (size_t i = 0; font == NULL && i < sizeof places / sizeof places[0]; i++)
        font = font_open(places[i]);
    return font != NULL ? font : font_builtin();
}

void font_free(Font *font) {
    if (font == NULL) return;
    for (int i = 0; i < BUCKETS; i++) {
        while (font->buckets[i] != NULL) {
            Cached *first = font->buckets[i];
            font->buckets[i] = first->next;
            free(first);
        }
    }
    file_unmap(&font->file);
    free(font);
}

// ---- characters

static int32_t next_character(const char **utf8) {
    utf8proc_int32_t character;
    utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)*utf8, -1, &character);
    *utf8 += size > 0 ? size : 1;
    if (size <= 0) return REPLACEMENT;
    return character < 0x20 || character == 0x7f ? ' ' : character;
}

// The built-in font's character for this one.
static char ascii(int32_t character) {
    switch (character) {
    case 0x00b7:             // middle dot
    case 0x2026: return '.'; // ellipsis
    case 0x00d7: return 'x'; // times
    case 0x2190: return '<'; // arrows
    case 0x2191: return '^';
    case 0x2192: return '>';
    case 0x2193: return 'v';
    case 0x2212: // minus
    case 0x2013: // dashes
    case 0x2014: return '-';
    case 0x2018: // quotation marks
    case 0x2019: return '\'';
    case 0x201c:
    case 0x201d: return '"';
    default: return character < 0x7f ? (char)character : '?';
    }
}

static int glyph_index(const Font *font, int32_t character) {
    int index = stbtt_FindGlyphIndex(&font->info, character);
    if (index == 0) index = stbtt_FindGlyphIndex(&font->info, REPLACEMENT);
    return index != 0 ? index : stbtt_FindGlyphIndex(&font->info, '?');
}

float font_size(float size) { return fminf(256, fmaxf(4, roundf(4 * size) / 4)); }

static float advance(const Font *font, int32_t character, float size) {
    if (font->file.bytes == NULL)
        return size / UNITS_PER_EM * (float)strokes_advance(ascii(character));
    int units, left;
    stbtt_GetGlyphHMetrics(&font->info, glyph_index(font, character), &units, &left);
    return stbtt_ScaleForMappingEmToPixels(&font->info, size) * (float)units;
}

float font_text_width(Font *font, const char *utf8, float size) {
    float width = 0.0f;
    size = font_size(size);
    while (*utf8 != '\0') width += advance(font, next_character(&utf8), size);
    return width;
}

// ---- glyphs

static Cached *new_entry(int left, int top, int width, int height) {
    Cached *entry = malloc(sizeof *entry + (size_t)width * (size_t)height);
    if (entry != NULL) entry->glyph = (Glyph){ left, top, width, height, entry->ink };
    return entry;
}

static Cached *paint_strokes(int32_t character, float size, float shift) {
    float scale = size / UNITS_PER_EM, above = 7 * scale; // of the baseline
    char drawn = ascii(character);
    int width = (int)ceilf(scale * (float)strokes_advance(drawn) + shift);
    int top = (int)floorf(-above), height = (int)ceilf(12 * scale) + 1;
    Cached *entry = new_entry(0, top, width, height);
    if (entry != NULL)
        strokes_paint(entry->ink, width, height, drawn, scale, -shift, (float)top + above);
    return entry;
}

static Cached *paint_outline(const Font *font, int32_t character, float size, float shift) {
    const stbtt_fontinfo *info = &font->info;
    float across = stbtt_ScaleForMappingEmToPixels(info, size), down = across;
    // Stretched a little so that small letters are a whole number of pixels tall: that is crisp.
    float rows = roundf(across * (float)font->x_height);
    if (rows > 0) down = rows / (float)font->x_height;
    int index = glyph_index(font, character), left, top, right, bottom;
    stbtt_GetGlyphBitmapBoxSubpixel(info, index, across, down, shift, 0, &left, &top, &right,
                                    &bottom);
    int width = right - left, height = bottom - top;
    Cached *entry = new_entry(left, top, width, height);
    if (entry == NULL) return NULL;
    memset(entry->ink, 0, (size_t)width * (size_t)height);
    stbtt_MakeGlyphBitmapSubpixel(info, entry->ink, width, height, width, across, down, shift, 0,
                                  index);
    return entry;
}

static const Glyph *cached_glyph(Font *font, int32_t character, float size, int phase) {
    unsigned hash = (unsigned)character * 31 + (unsigned)(4 * size) * 7 + (unsigned)phase;
    Cached **bucket = &font->buckets[hash % BUCKETS];
    for (Cached *entry = *bucket; entry != NULL; entry = entry->next) {
        if (entry->character == character && entry->size == size && entry->phase == phase)
            return &entry->glyph;
    }
    float shift = (float)phase / PHASES;
    Cached *entry = font->file.bytes != NULL ? paint_outline(font, character, size, shift)
                                             : paint_strokes(character, size, shift);
    font->failed |= entry == NULL;
    if (entry == NULL) return NULL;
    entry->character = character;
    entry->size = size;
    entry->phase = phase;
    entry->next = *bucket;
    *bucket = entry;
    return &entry->glyph;
}

const Glyph *font_next(Font *font, const char **utf8, float size, float *pen) {
    int32_t character = next_character(utf8);
    float start = *pen;
    size = font_size(size);
    *pen += advance(font, character, size);
    return cached_glyph(font, character, size, (int)((start - floorf(start)) * PHASES));
}

bool font_failed(const Font *font) { return font->failed; }
