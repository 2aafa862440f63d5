#ifndef VISUALIZER_VIEW_H
#define VISUALIZER_VIEW_H
#include "reference/draw/draw.h"
#include "visualizer/scene.h"

// What the reader has chosen: which token, layer, channel and neuron, which panel, how fast. Keys
// and the mouse change it, and what only the model can answer becomes a Request to its thread.

// ---- what can be pointed at

typedef enum {
    TARGET_NONE,
    TARGET_TOKEN,     // index: of the story
    TARGET_BEFORE,    // index: of the story before the patch
    TARGET_GRID,      // layer, channel; index: the neuron, from where it is in the grid
    TARGET_EXPERT,    // layer, index; of a moe
    TARGET_NEIGHBOUR, // index: of focus.neighbours
    TARGET_TERM,      // index: of focus.terms
    TARGET_POINT,     // index: of circuits.points
    TARGET_CELL,      // index: token; layer: of the timeline
    TARGET_PANEL,     // index: of panels[]: its title
    TARGET_KEY,       // index: a Key, as if it was pressed
    TARGET_PROMPT,    // the line that the prompt is typed into
} TargetKind;

typedef struct {
    TargetKind kind;
    int layer, channel, index;
} Target;

typedef struct {
    Rect rect; // in points
    Target target;
    int rows, columns; // of cells in it, each a target: index += row · columns + column
} Hit;

// Where the targets of the last frame are; later ones lie on top.
typedef struct {
    Hit *items;
    int count;
    size_t capacity;
    bool failed; // out of memory
} HitList;

void hit_add(HitList *hits, Rect rect, Target target);
void hit_add_cells(HitList *hits, Rect rect, Target target, int rows, int columns);
Target hit_find(const HitList *hits, float x, float y);

// ---- keys

typedef enum {
    KEY_NONE,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_UP,
    KEY_DOWN,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_HOME,
    KEY_END,
    KEY_ENTER,
    KEY_BACKSPACE,
    KEY_TAB,
    KEY_ESCAPE,
    KEY_F11,
    KEY_SPACE = ' ', // from here on the character that is typed
    KEY_LAST = 0x7f,
} Key;

// ---- what the model's thread is asked for

typedef enum {
    REQUEST_PROMPT,  // tell a story that begins with `text`, drawn with another seed
    REQUEST_ANOTHER, // the same prompt, another seed
    REQUEST_PAUSE,   // value: whether
    REQUEST_SPEED,   // value: tokens per second
    REQUEST_STEP,    // one more token, or one more training step, while paused
    REQUEST_FOCUS,   // index, layer, channel: what `focus` is computed for; index -1: the latest
    REQUEST_NEURON,  // layer, channel, index: whose card; index -1: none
    // Put the circuit `value` of the recording in at token `index`; ANY_CIRCUIT: one that turns the
    // story, found by trying.
    REQUEST_PATCH,
    REQUEST_HOVER,   // layer, channel, index: the neuron that is pointed at
    REQUEST_SILENCE, // layer, channel, value: neuron; at every position from now on
    REQUEST_RESTORE, // without patches, from the first patched token on
    REQUEST_QUIT,
} RequestKind;

enum { ANY_CIRCUIT = -1 };

typedef struct {
    RequestKind kind;
    int index, layer, channel;
    double value;
    char text[SCENE_TEXT * 4];
} Request;

enum { MAX_REQUESTS = 64 };
typedef struct {
    Request items[MAX_REQUESTS];
    int count; // a further one takes the place of the last
} RequestList;

Request *request_add(RequestList *list, RequestKind kind); // zeroed; never NULL

// ---- the view

enum { LATEST = -1 };

typedef struct {
    int width, height; // of the window, in pixels
    float scale;       // pixels per point
    double now;        // seconds since the window opened; of a headless run the frame's time
    int token;         // selected; LATEST: follows the story
    int layer, channel, neuron; // selected; neuron -1: none
    int circuit;                // selected, of the recording: what `p` puts in; -1: none
    Target hover;
    float mouse_x, mouse_y; // in points
    int panel;              // the only panel shown; -1: all that fit
    bool help, paused, editing;
    double speed; // tokens per second
    float scroll; // of the story, in points up from its end; 0: follows it
    char prompt[SCENE_TEXT * 4];
    bool prompt_selected;     // all of it: what is typed next replaces it
    char message[SCENE_TEXT]; // said at the bottom until message_until
    double message_until;
    int tour;                             // its step; -1: no tour
    double tour_since;                    // when the step began
    bool quit, save_picture, full_screen; // for the window to do; it resets them
} View;

// Pixels per point for a window of this size: more for a large one, and at least the density of its
// display (1: as of a plain one), from 1 to 3 in halves.
float view_scale(int width, int height, float density);

View view_new(int width, int height);

// Brings the selections into the sizes of a scene whose model or story is another one. Call it for
// every new scene.
void view_fit(View *view, const Scene *scene);

// The selected token, or the latest; -1: there is none.
int view_token(const View *view, const Scene *scene);

// Says something at the bottom for a few seconds.
void view_say(View *view, const char *message);

// Input. Each changes the view and may add requests.
void view_key(View *view, const Scene *scene, Key key, RequestList *requests);
void view_text(View *view, const char *utf8); // typed or pasted while editing; what fits of it
void view_hover(View *view, const HitList *hits, float x, float y, RequestList *requests);
void view_click(View *view, const Scene *scene, const HitList *hits, float x, float y,
                RequestList *requests);
void view_wheel(View *view, const Scene *scene, float points);
#endif
