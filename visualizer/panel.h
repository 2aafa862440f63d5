#ifndef VISUALIZER_PANEL_H
#define VISUALIZER_PANEL_H
#include "reference/draw/draw.h"
#include "visualizer/view.h"

// What a panel is drawn from, and where its targets go.
typedef struct {
    DrawList *list;
    HitList *hits;
    const Scene *scene;
    const View *view;
} Frame;

// A panel turns a Scene and a View into drawing commands inside `area` (points), and says where its
// targets are. It computes nothing that takes a model, keeps nothing between frames, and allocates
// nothing. Its background and title are drawn already: `area` is what is left below them.
typedef struct {
    const char *name; // as in --panel NAME
    void (*title)(char *out, size_t size, const Scene *scene, const View *view);
    void (*draw)(const Frame *frame, Rect area);
} Panel;

void panel_story(const Frame *frame, Rect area);
void panel_gates(const Frame *frame, Rect area);
void panel_neighbours(const Frame *frame, Rect area);
void panel_map(const Frame *frame, Rect area);
void panel_why(const Frame *frame, Rect area);
void panel_timeline(const Frame *frame, Rect area);
void panel_usage(const Frame *frame, Rect area);
void panel_loss(const Frame *frame, Rect area);
void panel_card(const Frame *frame, Rect area);

typedef enum {
    PANEL_STORY,
    PANEL_GATES,
    PANEL_NEIGHBOURS,
    PANEL_MAP,
    PANEL_WHY,
    PANEL_TIMELINE,
    PANEL_USAGE,
    PANEL_LOSS,
    PANEL_CARD,
    PANELS
} PanelNumber;
extern const Panel panels[PANELS];

// ---- for panels (panel_parts.c)

// Text in lines that are broken between words, "…" where not all of it fits; and the points that
// all of it needs.
void part_text(const Frame *frame, Rect area, float size, Color color, const char *text);
float part_text_height(const Frame *frame, float width, float size, const char *text);
// Calm words in the middle of an area, which say why there is nothing to show.
void part_empty(const Frame *frame, Rect area, const char *why);
// A horizontal bar over the first `share` of `rect`.
void part_bar(const Frame *frame, Rect rect, double share, Color color);
// The color of a token: that of its class, or `otherwise`.
Color part_token_color(const Frame *frame, int32_t token, Color otherwise);
// A token's text for a line of its own: "\n" and so on for what is not visible.
const char *part_token_text(const Frame *frame, int32_t token, char out[SCENE_TEXT]);
// A line of tokens [CONTEXT_ROW], -1: none, cut at both ends. The one in the middle begins at
// `middle`, and is always visible (panel_context.c).
typedef struct {
    float size;
    Color token, words; // of the one in the middle, and of the others
} ContextStyle;
void part_context(const Frame *frame, Rect row, float middle, const int32_t *context,
                  ContextStyle style);
// Of a list of which `visible` fit: the first to show, so that the selected one is in the middle,
// or as near to it as both ends allow.
int part_first(int count, int visible, int selected);
// 1 at the time a token was told, falling to 0 in half a second.
double part_glow(const Frame *frame, double time);
// A line of tokens [count], up to the first negative one, in the colors of their classes; "…" where
// not all fit into `row`. Returns the x after them.
float part_words(const Frame *frame, Rect row, Color otherwise, const int32_t *tokens, int count);

// ---- the whole window (layout.c)

// Draws everything: the line at the top, the panels that fit, the line at the bottom, help.
void layout_draw(const Frame *frame);
#endif
