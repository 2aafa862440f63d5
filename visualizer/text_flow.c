#include "visualizer/text_flow.h"
#include "reference/data/special_tokens.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <string.h>

static const char the_end[] = "the end";
// A newline is after the last word of a line, in the margin if need be.
enum { NEWLINE_GAP = 2, NEWLINE_WIDTH = 6, RULE_WIDTH = 48 };

void flow_start(TextFlow *out, const Frame *frame, const SceneToken *tokens, int count, bool ended,
                float width, float size) {
    out->frame = frame;
    out->tokens = tokens;
    out->count = count;
    out->ended = ended;
    out->width = width - FLOW_MARGIN;
    out->size = size;
    out->line = 1.8f * size;
    // A little more than a space of the font: underlines and frames are between words too.
    out->space = 0.36f * size;
    for (int i = 0; i < FLOW_CACHE; i++) out->cache[i].id = -1;
}

// ---- tokens

static FlowToken look_up(const TextFlow *flow, int32_t id) {
    const Lexicon *lexicon = flow->frame->scene->model.lexicon;
    const char *text = lexicon_text(lexicon, id);
    size_t breaks = strspn(text, "\n");
    char shown[SCENE_TEXT];
    part_token_text(flow->frame, id, shown);
    return (FlowToken){
        .id = id,
        .width = draw_text_width(flow->frame->list, shown, flow->size),
        .space = lexicon_space(lexicon, id),
        .newlines = text[breaks] != '\0' ? 0 : (int)min_size(breaks, 2),
    };
}

static FlowToken token_of(TextFlow *flow, int token) {
    int32_t id = flow->tokens[token].id;
    FlowToken *cached = &flow->cache[(uint32_t)id % FLOW_CACHE];
    if (cached->id != id || id < 0) *cached = look_up(flow, id);
    return *cached;
}

static PieceKind kind_of(TextFlow *flow, int token) {
    if (flow->tokens[token].id == TOKEN_END)
        return flow->ended && token == flow->count - 1 ? PIECE_ENDED : PIECE_RULE;
    return token_of(flow, token).newlines > 0 ? PIECE_NEWLINE : PIECE_TEXT;
}

static bool starts_word(TextFlow *flow, int token) {
    return token == 0 || token_of(flow, token).space || kind_of(flow, token - 1) != PIECE_TEXT;
}

bool flow_joined(TextFlow *flow, int token) {
    return token < flow->count && kind_of(flow, token) == PIECE_TEXT && !starts_word(flow, token);
}

// Of the word that begins with a token, as far as it fits in a line: more than a line, if not.
static float word_width(TextFlow *flow, int token) {
    float width = token_of(flow, token).width;
    for (int t = token + 1; width <= flow->width && flow_joined(flow, t); t++)
        width += token_of(flow, t).width;
    return width;
}

// ---- pieces

static void next_line(FlowCursor *cursor) {
    cursor->line++;
    cursor->x = 0;
}

// Puts a word of this width into the line, or into the next one.
static void place_word(const TextFlow *flow, FlowCursor *cursor, float width, float space) {
    if (cursor->x > 0 && cursor->x + space + width > flow->width)
        next_line(cursor);
    else if (cursor->x > 0)
        cursor->x += space;
}

// The bytes of a text from `start` on that fit in a line: of one character at least.
static int bytes_that_fit(const TextFlow *flow, const char *text, int start, float *width) {
    int bytes = 0;
    *width = 0;
    while (text[start + bytes] != '\0') {
        char character[8];
        int size = 1;
        while (((unsigned char)text[start + bytes + size] & 0xc0) == 0x80 && size < 4) size++;
        memcpy(character, text + start + bytes, (size_t)size);
        character[size] = '\0';
        float more = draw_text_width(flow->frame->list, character, flow->size);
        if (bytes > 0 && *width + more > flow->width) break;
        *width += more;
        bytes += size;
    }
    return bytes;
}

// The next part of a token that is longer than a line.
static void part_of_token(const TextFlow *flow, FlowCursor *cursor, TextPiece *out) {
    char text[SCENE_TEXT];
    part_token_text(flow->frame, flow->tokens[cursor->token].id, text);
    out->start = cursor->start;
    out->bytes = bytes_that_fit(flow, text, cursor->start, &out->width);
    cursor->start += out->bytes;
    if (text[cursor->start] != '\0') {
        next_line(cursor);
        return;
    }
    cursor->x = out->width;
    cursor->start = 0;
    cursor->token++;
}

static void text_piece(TextFlow *flow, FlowCursor *cursor, TextPiece *out) {
    int token = cursor->token;
    float width = token_of(flow, token).width;
    if (cursor->start == 0 && starts_word(flow, token)) {
        float space = token_of(flow, token).space ? flow->space : 0;
        place_word(flow, cursor, word_width(flow, token), space);
    } else if (cursor->start == 0) {
        place_word(flow, cursor, width, 0); // inside a word that is longer than a line
    }
    *out = (TextPiece){ PIECE_TEXT, token, cursor->line, cursor->x, width, 0, SCENE_TEXT };
    if (width > flow->width) {
        part_of_token(flow, cursor, out);
        return;
    }
    cursor->x += width;
    cursor->token++;
}

// "the end", in the place of the last token where that is a TOKEN_END.
static void ended_piece(const TextFlow *flow, FlowCursor *cursor, TextPiece *out) {
    float width = draw_text_width(flow->frame->list, the_end, flow->size);
    place_word(flow, cursor, width, 2 * flow->space);
    *out = (TextPiece){ PIECE_ENDED, cursor->token, cursor->line, cursor->x, width, 0, SCENE_TEXT };
    cursor->x += width;
    cursor->token = flow->count + 1;
}

bool flow_next(TextFlow *flow, FlowCursor *cursor, TextPiece *out) {
    int token = cursor->token;
    if (token > flow->count || (token == flow->count && !flow->ended)) return false;
    PieceKind kind = token == flow->count ? PIECE_ENDED : kind_of(flow, token);
    if (kind == PIECE_TEXT) {
        text_piece(flow, cursor, out);
    } else if (kind == PIECE_ENDED) {
        ended_piece(flow, cursor, out);
    } else {
        bool rule = kind == PIECE_RULE;
        if (rule && cursor->x > 0) next_line(cursor);
        float width = rule ? fminf(RULE_WIDTH, flow->width) : NEWLINE_WIDTH;
        float x = !rule && cursor->x > 0 ? cursor->x + NEWLINE_GAP : cursor->x;
        *out = (TextPiece){ kind, token, cursor->line, x, width, 0, 0 };
        for (int i = rule ? 1 : token_of(flow, token).newlines; i > 0; i--) next_line(cursor);
        cursor->token++;
    }
    return true;
}

const char *flow_text(const TextFlow *flow, const TextPiece *piece, char out[SCENE_TEXT]) {
    if (piece->kind == PIECE_ENDED) return the_end;
    if (piece->kind != PIECE_TEXT) return "";
    part_token_text(flow->frame, flow->tokens[piece->token].id, out);
    if ((size_t)piece->start + (size_t)piece->bytes < strlen(out))
        out[piece->start + piece->bytes] = '\0';
    return out + piece->start;
}

int flow_lines(TextFlow *flow, int token, int *token_line) {
    FlowCursor cursor = { 0 }, start = cursor;
    TextPiece piece;
    int lines = 0;
    bool found = false;
    *token_line = 0;
    while (flow_next(flow, &cursor, &piece)) {
        while (lines <= piece.line) flow->starts[lines++ % FLOW_STARTS] = start;
        if (!found) *token_line = piece.line;
        found |= piece.token >= token;
        start = cursor;
    }
    return lines;
}

FlowCursor flow_from(const TextFlow *flow, int lines, int line) {
    bool saved = line < lines && lines - line <= FLOW_STARTS;
    return saved ? flow->starts[line % FLOW_STARTS] : (FlowCursor){ 0 };
}
