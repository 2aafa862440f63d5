#ifndef VISUALIZER_TEXT_FLOW_H
#define VISUALIZER_TEXT_FLOW_H
#include "visualizer/panel.h"

// Tokens as flowing text: lines that are broken between words, and inside a word only where it is
// longer than a line. The whole story is laid out in each frame and nothing is allocated: to be
// fast, what is needed of each different token is looked up once and cached.

enum { FLOW_CACHE = 2048, FLOW_STARTS = 128 };

typedef struct {
    int32_t id;
    float width;
    bool space;   // in front of it
    int newlines; // of a token that consists of line breaks: how many lines end
} FlowToken;

// Where the next piece goes; starts as {0}.
typedef struct {
    int token, start, line;
    float x;
} FlowCursor;

typedef struct {
    const Frame *frame;
    const SceneToken *tokens; // [count]
    int count;
    bool ended;                     // "the end" follows the last token
    float width, size, line, space; // of a line, of the text, from line to line, between words
    FlowToken cache[FLOW_CACHE];    // id -1: unused
    FlowCursor starts[FLOW_STARTS]; // of the last lines, from flow_lines; line % FLOW_STARTS
} TextFlow;

typedef enum {
    PIECE_TEXT,    // a token, or a part of one that is longer than a line
    PIECE_NEWLINE, // nothing to be seen; its place is after the last word of a line
    PIECE_RULE,    // TOKEN_END, followed by another story
    PIECE_ENDED,   // "the end"
} PieceKind;

typedef struct {
    PieceKind kind;
    int token; // its position in `tokens`; count: "the end" of a story without a TOKEN_END
    int line;
    float x, width;
    int start, bytes; // of the text of the token
} TextPiece;

// width: of a line in points, of which the last FLOW_MARGIN are left free.
enum { FLOW_MARGIN = 14 };
void flow_start(TextFlow *out, const Frame *frame, const SceneToken *tokens, int count, bool ended,
                float width, float size);
bool flow_next(TextFlow *flow, FlowCursor *cursor, TextPiece *out);
// The text of a piece, as it is drawn.
const char *flow_text(const TextFlow *flow, const TextPiece *piece, char out[SCENE_TEXT]);
// Whether a token continues the word of the one in front of it.
bool flow_joined(TextFlow *flow, int token);
// How many lines there are, and in *token_line the one that a token begins in; token count: the
// last one.
int flow_lines(TextFlow *flow, int token, int *token_line);
// A cursor from which every piece of a line, and maybe some before, follow. lines: of flow_lines.
FlowCursor flow_from(const TextFlow *flow, int lines, int line);
#endif
