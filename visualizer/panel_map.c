#include "reference/circuits/map_picture.h"
#include "reference/numbers/minmax.h"
#include "visualizer/panel.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

// Names are of classes, or where there are none, of the most frequent tokens. Each is above the
// points around the densest of GRID · GRID squares of the map.
enum {
    WORDS = 48, // tokens that are counted
    NAMES = 48, // at least WORDS and MAX_CLASSES
    MOST_NAMES = 12,
    MOST_DRAWN = 20,
    GRID = 24,
    EDGE = 10,
    NAME_HEIGHT = 18,
};

typedef struct {
    const Frame *frame;
    Rect area;
    MapPlace place;
    float square; // side of the GRID · GRID squares, which begin at place.shift
    double share; // of the colors: below 1 where the map is not that of the view
    bool classes;
    int32_t words[WORDS];   // that are names where there are no classes
    int count;              // of names
    Rect drawn[MOST_DRAWN]; // names, and points with their words
    int drawn_count;
} Map;

// ---- where points are

static void fit_points(Map *map) {
    const SceneCircuits *circuits = &map->frame->scene->circuits;
    float low[2] = { INFINITY, INFINITY }, high[2] = { -INFINITY, -INFINITY };
    for (int i = 0; i < circuits->count; i++) {
        const ScenePoint *point = &circuits->points[i];
        low[0] = fminf(low[0], point->x);
        low[1] = fminf(low[1], point->y);
        high[0] = fmaxf(high[0], point->x);
        high[1] = fmaxf(high[1], point->y);
    }
    Rect inner = { map->area.x + EDGE, map->area.y + EDGE + NAME_HEIGHT, map->area.width - 2 * EDGE,
                   map->area.height - 2 * EDGE - NAME_HEIGHT };
    map->place = map_fit(low, high, inner);
    float range = fmaxf(high[0] - low[0], high[1] - low[1]);
    map->square = fmaxf(1, range * map->place.scale / GRID);
}

// What lies outside of the recorded circuits is drawn at the edge.
static void place_point(float out[2], const Map *map, float x, float y) {
    map_place(out, &map->place, (float[2]){ x, y });
    out[0] = fminf(fmaxf(out[0], map->area.x + EDGE), map->area.x + map->area.width - EDGE);
    out[1] = fminf(fmaxf(out[1], map->area.y + EDGE), map->area.y + map->area.height - EDGE);
}

static Color shade(const Map *map, Color color) {
    return color_blend(COLOR_PANEL, color, map->share);
}

// ---- names

// The most frequent tokens by Misra and Gries' rule: all that more than one of WORDS + 1 points
// have are among them.
static void find_words(Map *map) {
    const SceneCircuits *circuits = &map->frame->scene->circuits;
    int left[WORDS] = { 0 };
    for (int i = 0; i < circuits->count; i++) {
        int32_t token = circuits->points[i].token;
        int same = -1, unused = -1;
        for (int w = 0; w < WORDS; w++) {
            if (left[w] > 0 && map->words[w] == token) same = w;
            if (left[w] == 0) unused = w;
        }
        int word = same >= 0 ? same : unused;
        for (int w = 0; w < WORDS && word < 0; w++) left[w]--;
        if (word < 0) continue;
        map->words[word] = token;
        left[word]++;
    }
    for (int w = 0; w < WORDS; w++) {
        if (left[w] == 0) map->words[w] = -1;
    }
}

// The number of a point's name; -1: none.
static int name_of(const Map *map, int32_t token) {
    if (map->classes) return lexicon_class(map->frame->scene->model.lexicon, token);
    for (int w = 0; w < WORDS; w++) {
        if (map->words[w] == token) return w;
    }
    return -1;
}

// How many points have each name, in all and in each square.
typedef struct {
    int total[NAMES], square[NAMES][GRID][GRID];
} Counts;

static void count_points(Counts *out, const Map *map) {
    const SceneCircuits *circuits = &map->frame->scene->circuits;
    memset(out, 0, sizeof *out);
    for (int i = 0; i < circuits->count; i++) {
        const ScenePoint *point = &circuits->points[i];
        int name = name_of(map, point->token);
        if (name < 0) continue;
        float at[2];
        place_point(at, map, point->x, point->y);
        int column = min_int(GRID - 1, (int)((at[0] - map->place.shift[0]) / map->square));
        int row = min_int(GRID - 1, (int)((at[1] - map->place.shift[1]) / map->square));
        out->total[name]++;
        out->square[name][row][column]++;
    }
}

// Points in a square and in those around it.
static int around(const int square[GRID][GRID], int row, int column) {
    int sum = 0;
    for (int y = max_int(0, row - 1); y <= min_int(GRID - 1, row + 1); y++) {
        for (int x = max_int(0, column - 1); x <= min_int(GRID - 1, column + 1); x++)
            sum += square[y][x];
    }
    return sum;
}

// In the middle of the points in and around the densest square, at their upper end.
static void find_cluster(float out[2], const Map *map, const int square[GRID][GRID]) {
    int row = 0, column = 0, most = -1;
    for (int i = 0; i < GRID * GRID; i++) {
        int points = around(square, i / GRID, i % GRID);
        if (points <= most) continue;
        most = points;
        row = i / GRID;
        column = i % GRID;
    }
    float middle = 0;
    int top = row;
    for (int y = min_int(GRID - 1, row + 1); y >= max_int(0, row - 1); y--) {
        for (int x = max_int(0, column - 1); x <= min_int(GRID - 1, column + 1); x++) {
            middle += ((float)x + 0.5f) * (float)square[y][x] / (float)most;
            if (square[y][x] > 0) top = y;
        }
    }
    out[0] = map->place.shift[0] + middle * map->square;
    out[1] = map->place.shift[1] + (float)top * map->square;
}

static void draw_name(Map *map, const float at[2], const char *name, Color color, Color ground) {
    int count = map->drawn_count;
    if (count == MOST_DRAWN) return;
    map->drawn_count += map_name(&map->drawn[count], map->frame->list, map->area, at, name, color,
                                 ground, map->drawn, count);
}

// Those of the most points first: a name that would overlap one that is drawn is left out.
static void draw_names(Map *map) {
    const Lexicon *lexicon = map->frame->scene->model.lexicon;
    Counts counts;
    count_points(&counts, map);
    for (int i = 0; i < min_int(map->count, MOST_NAMES); i++) {
        int largest = 0;
        for (int name = 1; name < map->count; name++) {
            if (counts.total[name] > counts.total[largest]) largest = name;
        }
        if (counts.total[largest] == 0) return;
        counts.total[largest] = 0;
        float at[2];
        char text[SCENE_TEXT];
        find_cluster(at, map, counts.square[largest]);
        if (map->classes) {
            Color color = shade(map, color_class(largest));
            draw_name(map, at, lexicon->class_name[largest], color, COLOR_PANEL);
        } else {
            part_token_text(map->frame, map->words[largest], text);
            draw_name(map, at, text, shade(map, COLOR_TEXT), COLOR_PANEL);
        }
    }
}

// ---- points

static float dot_size(const Map *map, int count) {
    float space = sqrtf(map->area.width * map->area.height / (float)count); // between points
    return fminf(6, fmaxf(2.5f, 0.36f * space));
}

static void draw_points(const Map *map) {
    const Frame *frame = map->frame;
    const SceneCircuits *circuits = &frame->scene->circuits;
    float dot = dot_size(map, circuits->count), at[2];
    for (int pass = 0; pass < 2; pass++) { // those without a class below
        for (int i = 0; i < circuits->count; i++) {
            const ScenePoint *point = &circuits->points[i];
            int class = lexicon_class(frame->scene->model.lexicon, point->token);
            if ((class != NO_CLASS) != (pass == 1)) continue;
            Color grey = color_blend(COLOR_FAINT, COLOR_DIM, 0.5);
            place_point(at, map, point->x, point->y);
            draw_line(frame->list, at[0], at[1], at[0], at[1], dot,
                      shade(map, part_token_color(frame, point->token, grey)));
            Rect rect = { at[0] - dot / 2 - 1, at[1] - dot / 2 - 1, dot + 2, dot + 2 };
            if (map->share == 1)
                hit_add(frame->hits, rect, (Target){ .kind = TARGET_POINT, .index = i });
        }
    }
}

// A ring, with a word beside it where there is space.
static void draw_marked(Map *map, const float at[2], int32_t token, Color color) {
    DrawList *list = map->frame->list;
    char text[SCENE_TEXT];
    draw_line(list, at[0], at[1], at[0], at[1], 10, color);
    draw_line(list, at[0], at[1], at[0], at[1], 6,
              part_token_color(map->frame, token, COLOR_PANEL));
    draw_name(map, at, part_token_text(map->frame, token, text), color, COLOR_EMPTY);
    if (map->drawn_count < MOST_DRAWN)
        map->drawn[map->drawn_count++] = (Rect){ at[0] - 6, at[1] - 6, 12, 12 };
}

// The latest tokens of the story, the older the fainter.
static void draw_path(Map *map) {
    const Scene *scene = map->frame->scene;
    const SceneFocus *focus = &scene->focus;
    DrawList *list = map->frame->list;
    if (focus->layer != scene->circuits.layer) return;
    float from[2] = { 0, 0 }, at[2];
    for (int i = 0; i < focus->path_count; i++) {
        int token = focus->path[i].token;
        double recent = (i + 1.0) / focus->path_count;
        Color color = color_blend(COLOR_PANEL, COLOR_TEXT, recent * recent);
        place_point(at, map, focus->path[i].x, focus->path[i].y);
        if (i > 0) draw_line(list, from[0], from[1], at[0], at[1], 1, color);
        from[0] = at[0];
        from[1] = at[1];
        if (i + 1 == focus->path_count) {
            int32_t id =
                token >= 0 && token < scene->story.count ? scene->story.tokens[token].id : -1;
            draw_marked(map, at, id, COLOR_ACCENT);
        } else {
            draw_line(list, at[0], at[1], at[0], at[1], 5, color);
            draw_line(list, at[0], at[1], at[0], at[1], 3, COLOR_PANEL);
        }
        Rect rect = { at[0] - 5, at[1] - 5, 10, 10 };
        hit_add(map->frame->hits, rect, (Target){ .kind = TARGET_TOKEN, .index = token });
    }
}

// The point that the mouse is on, and the one that is selected.
static void draw_chosen(Map *map) {
    const SceneCircuits *circuits = &map->frame->scene->circuits;
    const View *view = map->frame->view;
    for (int i = 0; i < circuits->count; i++) {
        const ScenePoint *point = &circuits->points[i];
        bool hovered = view->hover.kind == TARGET_POINT && view->hover.index == i;
        bool selected = view->circuit == point->circuit;
        if (!hovered && !selected) continue;
        float at[2];
        place_point(at, map, point->x, point->y);
        draw_marked(map, at, point->token, selected ? COLOR_ACCENT : COLOR_TEXT);
    }
}

// ---- the panel

static void draw_map(Map *map) {
    const Scene *scene = map->frame->scene;
    const Lexicon *lexicon = scene->model.lexicon;
    if (map->area.width < 3 * EDGE || map->area.height < 3 * EDGE) return;
    fit_points(map);
    draw_points(map);
    map->classes = lexicon != NULL && lexicon->class_count > 0;
    map->count = map->classes ? lexicon->class_count : WORDS;
    if (!map->classes) find_words(map);
    if (map->share == 1) {
        draw_chosen(map);
        draw_path(map);
    }
    draw_names(map);
}

void panel_map(const Frame *frame, Rect area) {
    const Scene *scene = frame->scene;
    const SceneCircuits *circuits = &scene->circuits;
    Map map = { .frame = frame, .area = area, .share = 1 };
    const char *note = circuits->note;
    if (!scene->model.sparse) {
        part_empty(frame, area, "a dense model has no circuits");
    } else if (circuits->count == 0) {
        part_empty(frame, area, note[0] != '\0' ? note : "no map yet");
    } else if (circuits->layer != frame->view->layer) {
        char text[SCENE_TEXT];
        snprintf(text, sizeof text, "still the map of layer %d", circuits->layer);
        Rect line = { area.x, area.y, area.width, fminf(area.height, font_line(TEXT_SMALL)) };
        part_empty(frame, line, note[0] != '\0' ? note : text);
        map.share = 0.35;
        map.area.y += line.height;
        map.area.height -= line.height;
        draw_map(&map);
    } else {
        draw_map(&map);
    }
}
