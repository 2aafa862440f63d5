#include "visualizer/panel.h"
#include <stdio.h>
#include <string.h>

enum { CONTEXT_TEXT = CONTEXT_TOKENS * (SCENE_TEXT + 1) };

// The text of `count` tokens; of those that are -1: nothing.
static void join(char out[CONTEXT_TEXT], const Frame *frame, const int32_t *tokens, int count) {
    size_t used = 0;
    char text[SCENE_TEXT];
    out[0] = '\0';
    for (int i = 0; i < count; i++) {
        if (tokens[i] < 0) continue;
        bool space = used > 0 && lexicon_space(frame->scene->model.lexicon, tokens[i]);
        used += (size_t)snprintf(out + used, CONTEXT_TEXT - used, "%s%s", space ? " " : "",
                                 part_token_text(frame, tokens[i], text));
    }
}

// The first character that begins here or later.
static const char *from_character(const char *text) {
    while (((unsigned char)*text & 0xc0) == 0x80) text++;
    return text;
}

// Text that ends at `right`, with "…" in place of what does not fit after `left`.
static void draw_end(DrawList *list, float left, float right, float y, float size, Color color,
                     const char *text) {
    char part[CONTEXT_TEXT + sizeof "…"];
    if (draw_text_width(list, text, size) <= right - left) {
        draw_text_right(list, right, y, size, color, text);
        return;
    }
    size_t too_long = 0, fits = strlen(text); // where the part begins
    while (fits - too_long > 1) {
        size_t middle = (too_long + fits) / 2;
        snprintf(part, sizeof part, "…%s", from_character(text + middle));
        if (draw_text_width(list, part, size) <= right - left) {
            fits = middle;
        } else {
            too_long = middle;
        }
    }
    snprintf(part, sizeof part, "…%s", from_character(text + fits));
    if (draw_text_width(list, part, size) <= right - left)
        draw_text_right(list, right, y, size, color, part);
}

void part_context(const Frame *frame, Rect row, float middle, const int32_t *context,
                  ContextStyle style) {
    const Lexicon *lexicon = frame->scene->model.lexicon;
    const int32_t *token = context + CONTEXT_TOKENS;
    DrawList *list = frame->list;
    char side[CONTEXT_TEXT], text[SCENE_TEXT];
    float space = draw_text_width(list, " ", style.size), right = row.x + row.width;
    float before = middle - (lexicon_space(lexicon, token[0]) ? space : 0);
    join(side, frame, context, CONTEXT_TOKENS);
    draw_end(list, row.x, before, row.y, style.size, style.words, side);
    part_token_text(frame, token[0], text);
    draw_text_cut(list, middle, row.y, style.size, style.token, text, right - middle);
    float after = middle + draw_text_width(list, text, style.size);
    after += lexicon_space(lexicon, token[1]) ? space : 0;
    join(side, frame, token + 1, CONTEXT_TOKENS);
    if (after < right)
        draw_text_cut(list, after, row.y, style.size, style.words, side, right - after);
}
