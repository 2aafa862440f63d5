#include "reference/data/special_tokens.h"
#include "reference/numbers/minmax.h"
#include "visualizer/text_flow.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

// Sizes in points.
enum {
    INDENT = 3,        // of the text, so that the box of the first word of a line has a place
    LABEL = 20,        // a small line with a title
    SPACING = 12,      // between blocks
    ROW = 18,          // of a bet
    PROMPT = 28,       // the line at the bottom
    MIN_WIDTH = 90,    // of the panel
    WIDE = 640,        // from here on two blocks are beside each other
    MAX_BETS = 5,      // 2 where two stories need the space
    BETS_WIDTH = 520,  // at most
    SHORT_STORY = 600, // tokens, up to which larger text is tried
};

// ---- text

// One story as it is shown in a block.
typedef struct {
    TextFlow flow;
    bool before;           // this is the story before the patch
    int selected, hovered; // -1: none
    int bright;            // the first token that is not dimmed
} StoryText;

static Color text_color(const Frame *frame, const StoryText *text, int token) {
    if (token == text->selected) return COLOR_TEXT;
    if (text->before)
        return token < text->bright ? color_blend(COLOR_PANEL, COLOR_DIM, 0.6) : COLOR_DIM;
    if (token < frame->scene->story.window) return COLOR_DIM;
    return token < text->bright ? color_blend(COLOR_TEXT, COLOR_DIM, 0.5) : COLOR_TEXT;
}

static void draw_box(const Frame *frame, Rect rect, Color border, Color fill) {
    float radius = fminf(4, rect.width / 2); // of a narrow letter
    Rect inner = { rect.x + 1, rect.y + 1, rect.width - 2, rect.height - 2 };
    draw_round_rect(frame->list, rect, radius, border);
    draw_round_rect(frame->list, inner, radius - 1, fill);
}

// The frame of the selected or the hovered token. A token that was just told glows a little.
static void draw_token_frame(const Frame *frame, const StoryText *text, const TextPiece *piece,
                             Rect rect) {
    if (piece->token == text->selected) {
        double glow = part_glow(frame, text->flow.tokens[piece->token].time);
        Color fill = color_blend(COLOR_PANEL, COLOR_ACCENT, 0.16 + 0.14 * glow);
        draw_box(frame, rect, COLOR_ACCENT, fill);
    } else if (piece->token == text->hovered) {
        draw_box(frame, rect, color_blend(COLOR_PANEL, COLOR_DIM, 0.6), COLOR_PANEL);
    }
}

static void draw_underline(const Frame *frame, const StoryText *text, const TextPiece *piece,
                           float x, float y) {
    int32_t id = text->flow.tokens[piece->token].id;
    if (lexicon_class(frame->scene->model.lexicon, id) == NO_CLASS) return;
    Color color = part_token_color(frame, id, COLOR_DIM);
    if (text->before || piece->token < frame->scene->story.window)
        color = color_blend(COLOR_PANEL, color, 0.5);
    draw_rect(frame->list, (Rect){ x, y, piece->width, 2 }, color);
}

// Around a piece, and a little less where it is a part of a word.
static Rect piece_box(TextFlow *flow, const TextPiece *piece, float x, float y) {
    bool newline = piece->kind == PIECE_NEWLINE;
    float left = newline || flow_joined(flow, piece->token) ? 1 : INDENT;
    float right = flow_joined(flow, piece->token + 1) ? 1 : INDENT;
    return (Rect){ x - left, y - 2, left + piece->width + right, font_line(flow->size) + 5 };
}

static void draw_piece_text(const Frame *frame, const StoryText *text, const TextPiece *piece,
                            float x, float y) {
    char buffer[SCENE_TEXT];
    const char *words = flow_text(&text->flow, piece, buffer);
    Color color = text_color(frame, text, piece->token);
    if (piece->kind == PIECE_ENDED && piece->token != text->selected) color = COLOR_DIM;
    draw_text(frame->list, x, y, text->flow.size, color, words);
    float below = y + font_line(text->flow.size);
    if (piece->kind == PIECE_TEXT) draw_underline(frame, text, piece, x, below);
    Rect rule = { x, y + font_line(text->flow.size) / 2, piece->width, 1 };
    if (piece->kind == PIECE_RULE) draw_rect(frame->list, rule, COLOR_DIM);
}

// left: of the block, y: of the line.
static void draw_piece(const Frame *frame, StoryText *text, const TextPiece *piece, float left,
                       float y) {
    TextFlow *flow = &text->flow;
    float x = left + INDENT + piece->x;
    float text_y = y + (flow->line - font_line(flow->size)) / 2;
    if (piece->token < flow->count) {
        Rect box = piece_box(flow, piece, x, text_y);
        draw_token_frame(frame, text, piece, box);
        Target target = { .kind = text->before ? TARGET_BEFORE : TARGET_TOKEN,
                          .index = piece->token };
        hit_add(frame->hits, (Rect){ box.x, y, box.width, flow->line }, target);
    }
    draw_piece_text(frame, text, piece, x, text_y);
}

// A thin mark at the right: which of the lines are shown.
static void draw_scroll_mark(const Frame *frame, Rect rect, int first, int visible, int lines) {
    if (visible >= lines || rect.height < 8) return;
    float height = fmaxf(8, rect.height * (float)visible / (float)lines);
    float y = rect.y + (rect.height - height) * (float)first / (float)(lines - visible);
    float x = rect.x + rect.width - 3;
    draw_rect(frame->list, (Rect){ x, rect.y, 3, rect.height }, COLOR_EMPTY);
    draw_rect(frame->list, (Rect){ x, y, 3, height }, color_blend(COLOR_PANEL, COLOR_DIM, 0.6));
}

// Whole lines only: as many as fit, so that the token `follow` is among them, `scroll` further up.
static void draw_story_text(const Frame *frame, StoryText *text, Rect rect, int follow,
                            float scroll) {
    TextFlow *flow = &text->flow;
    int visible = (int)(rect.height / flow->line), line;
    if (visible < 1) return;
    int lines = flow_lines(flow, follow, &line);
    int up = (int)fminf(roundf(fmaxf(0, scroll) / flow->line), (float)lines);
    int first = max_int(0, part_first(lines, visible, line) - up);
    FlowCursor cursor = flow_from(flow, lines, first);
    TextPiece piece;
    while (flow_next(flow, &cursor, &piece) && piece.line < first + visible) {
        float y = rect.y + (float)(piece.line - first) * flow->line;
        if (piece.line >= first) draw_piece(frame, text, &piece, rect.x, y);
    }
    draw_scroll_mark(frame, rect, first, visible, lines);
}

// ---- the story, and the one before the patch

// Larger text where all of the story fits with it.
static void start_flow(TextFlow *flow, const Frame *frame, Rect rect) {
    const SceneStory *story = &frame->scene->story;
    bool large = rect.width >= WIDE && story->count <= SHORT_STORY;
    float width = rect.width - INDENT;
    for (int line;; large = false) {
        flow_start(flow, frame, story->tokens, story->count, story->state == STORY_ENDED, width,
                   large ? TEXT_LARGE : TEXT_NORMAL);
        if (!large || (float)flow_lines(flow, 0, &line) * flow->line <= rect.height) return;
    }
}

static void draw_story(const Frame *frame, Rect rect) {
    const SceneStory *story = &frame->scene->story;
    const Target *hover = &frame->view->hover;
    StoryText text;
    start_flow(&text.flow, frame, rect);
    text.before = false;
    text.selected = view_token(frame->view, frame->scene);
    text.hovered = hover->kind == TARGET_TOKEN || hover->kind == TARGET_CELL ? hover->index : -1;
    text.bright = story->before_count > 0 ? max_int(story->prompt, story->fork) : story->prompt;
    int follow = frame->view->token == LATEST ? story->count : text.selected;
    draw_story_text(frame, &text, rect, follow, frame->view->scroll);
}

// The token at the position of the selected one is in sight.
static void draw_before(const Frame *frame, Rect rect) {
    const SceneStory *story = &frame->scene->story;
    const Target *hover = &frame->view->hover;
    StoryText text;
    flow_start(&text.flow, frame, story->before, story->before_count, false, rect.width - INDENT,
               TEXT_NORMAL);
    text.before = true;
    text.selected = -1;
    text.hovered = hover->kind == TARGET_BEFORE ? hover->index : -1;
    text.bright = story->fork;
    draw_story_text(frame, &text, rect, view_token(frame->view, frame->scene), 0);
}

static void draw_label(const Frame *frame, Rect *rect, Color color, const char *label) {
    draw_text_cut(frame->list, rect->x, rect->y, TEXT_SMALL, color, label, rect->width);
    rect->y += LABEL;
    rect->height -= LABEL;
}

static void draw_both(const Frame *frame, Rect rect) {
    Rect after = rect, before = rect;
    char label[SCENE_TEXT + 8];
    if (rect.width >= WIDE) {
        before.width = after.width = (rect.width - 2 * SPACING) / 2;
        after.x += before.width + 2 * SPACING;
    } else {
        before.height = (rect.height - SPACING) / 2;
        after.y += before.height + SPACING;
        after.height -= before.height + SPACING;
    }
    snprintf(label, sizeof label, "after: %s", frame->scene->story.patch);
    if (after.height < LABEL + 2 * TEXT_LARGE) { // not enough for both
        draw_story(frame, rect);
        return;
    }
    draw_label(frame, &before, COLOR_DIM, "before");
    draw_label(frame, &after, COLOR_TEXT, label);
    draw_before(frame, before);
    draw_story(frame, after);
    Rect rule = { rect.x, after.y - LABEL - SPACING / 2, rect.width, 1 };
    if (rect.width < WIDE) draw_rect(frame->list, rule, COLOR_FAINT);
}

// ---- bets

// How the next token of the selected one is shown in a line of its own.
static const char *bet_text(const Frame *frame, int32_t token, char out[SCENE_TEXT]) {
    return token == TOKEN_END ? "the end" : part_token_text(frame, token, out);
}

static void draw_bet(const Frame *frame, Rect row, const SceneBet *bet, bool taken) {
    DrawList *list = frame->list;
    char buffer[SCENE_TEXT], number[16];
    const char *word = bet_text(frame, bet->token, buffer);
    float words = fminf(90, 0.28f * row.width), numbers = 36;
    Color color = taken ? COLOR_TEXT : COLOR_DIM;
    float width = fminf(words, draw_text_width(list, word, TEXT_SMALL));
    draw_text_cut(list, row.x + words - width, row.y, TEXT_SMALL, color, word, words);
    Rect bar = { row.x + words + 10, row.y + 4, row.width - words - numbers - 10, 9 };
    Color bar_color = taken ? COLOR_ACCENT : color_blend(COLOR_PANEL, COLOR_DIM, 0.5);
    part_bar(frame, bar, bet->probability, bar_color);
    snprintf(number, sizeof number, "%.2f", (double)bet->probability);
    draw_text_right(list, row.x + row.width, row.y, TEXT_SMALL, color, number);
}

// The tokens that may follow the selected one; the one that does is marked.
static void draw_bets(const Frame *frame, Rect rect, int count) {
    const SceneFocus *focus = &frame->scene->focus;
    const SceneStory *story = &frame->scene->story;
    bool known = focus->token >= 0 && focus->token + 1 < story->count;
    int32_t next = known ? story->tokens[focus->token + 1].id : -1;
    rect.width = fminf(rect.width, BETS_WIDTH);
    draw_label(frame, &rect, COLOR_DIM, "NEXT");
    for (int i = 0; i < count; i++) {
        Rect row = { rect.x, rect.y + (float)(i * ROW), rect.width, ROW };
        draw_bet(frame, row, &focus->bets[i], focus->bets[i].token == next);
    }
}

// ---- the prompt

// The end of a text that fits in a width.
static const char *tail_that_fits(const Frame *frame, const char *text, float width) {
    const char *start = text + strlen(text);
    while (start > text) {
        char character[8];
        int size = 1;
        while ((start[-size] & 0xc0) == 0x80 && size < 4 && start - size > text) size++;
        memcpy(character, start - size, (size_t)size);
        character[size] = '\0';
        width -= draw_text_width(frame->list, character, TEXT_NORMAL);
        if (width < 0) break;
        start -= size;
    }
    return start;
}

static void draw_prompt(const Frame *frame, Rect rect) {
    DrawList *list = frame->list;
    const View *view = frame->view;
    bool hovered = view->hover.kind == TARGET_PROMPT;
    draw_rect(list, (Rect){ rect.x, rect.y, rect.width, 1 }, COLOR_FAINT);
    float x = rect.x, y = rect.y + 8, dots = draw_text_width(list, "…", TEXT_NORMAL);
    const char *text = tail_that_fits(frame, view->prompt, rect.width - INDENT - dots);
    if (text != view->prompt) x = draw_text(list, x, y, TEXT_NORMAL, COLOR_DIM, "…");
    if (view->prompt_selected) {
        float width = draw_text_width(list, text, TEXT_NORMAL);
        draw_rect(list, (Rect){ x, y, width, font_line(TEXT_NORMAL) }, COLOR_FAINT);
    }
    Color color = view->editing || hovered ? COLOR_TEXT : COLOR_DIM;
    float caret = draw_text(list, x, y, TEXT_NORMAL, color, text);
    if (view->editing) draw_rect(list, (Rect){ caret + 1, y, 2, 18 }, COLOR_ACCENT);
    if (view->prompt[0] == '\0')
        draw_text_cut(list, view->editing ? caret + 6 : x, y, TEXT_NORMAL, COLOR_DIM,
                      "type a prompt", rect.width - 6);
    hit_add(frame->hits, rect, (Target){ .kind = TARGET_PROMPT });
}

// ---- the panel

// Takes `height` and the space above it from the bottom of a rectangle.
static Rect take_bottom(Rect *rect, float height) {
    Rect taken = { rect->x, rect->y + rect->height - height, rect->width, height };
    rect->height -= height + SPACING;
    return taken;
}

static void draw_no_story(const Frame *frame, Rect rect) {
    const char *note = frame->scene->note;
    part_empty(frame, rect, note[0] != '\0' ? note : frame->view->editing ? "" : "type a prompt");
    if (!frame->view->editing) hit_add(frame->hits, rect, (Target){ .kind = TARGET_PROMPT });
}

void panel_story(const Frame *frame, Rect area) {
    const Scene *scene = frame->scene;
    if (area.width < MIN_WIDTH || area.height < 2 * PROMPT) return;
    bool prompt = frame->view->editing || (scene->story.count > 0 && area.height >= 6 * PROMPT);
    if (prompt) draw_prompt(frame, take_bottom(&area, PROMPT));
    if (scene->story.count == 0) {
        draw_no_story(frame, area);
        return;
    }
    bool both = scene->story.before_count > 0;
    int bets = min_int(both && area.width < WIDE ? 2 : MAX_BETS, scene->focus.bet_count);
    bets = min_int(bets, (int)((0.36f * area.height - LABEL) / ROW));
    if (bets > 0) draw_bets(frame, take_bottom(&area, (float)(LABEL + bets * ROW)), bets);
    if (both)
        draw_both(frame, area);
    else
        draw_story(frame, area);
}
