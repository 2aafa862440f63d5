#include "visualizer/window.h"

#ifndef WITH_SDL2
Window *window_open(const WindowOptions *options, Error *error) {
    (void)options;
    fail(error, "this program was built without SDL2: `make deps-visualizer` installs it; "
                "or use --headless --frames DIR");
    return NULL;
}
bool window_run(Window *window, Error *error) {
    (void)window;
    return fail(error, "no window is open");
}
void window_close(Window *window) { (void)window; }
void window_notify(void) {}
#else

#include "reference/numbers/array.h"
#include "reference/numbers/minmax.h"
#include "visualizer/frame_times.h"
#include "visualizer/screen.h"
#define SDL_MAIN_HANDLED
#include <math.h>
#include <SDL.h>
#include <stdlib.h>
#include <string.h>

static const float WHEEL = 48;          // points that a step of the wheel scrolls
static const int MOST_PIXELS = 1 << 14; // of a side, as of a Picture

struct Window {
    const WindowOptions *options;
    SDL_Window *sdl;
    SDL_Cursor *arrow, *hand, *beam, *shown; // `shown` is one of the others
    Screen screen;
    SDL_Rect *rects; // of a frame, to present
    size_t rects_capacity;
    float ratio_x, ratio_y; // pixels per unit of mouse coordinates
    bool moved;             // at the last frame something did
    double first;           // the time of the first frame; INFINITY: there was none
    double start;           // of the last frame
    double drained;         // when there was no event left to take
    double input;           // when the first input came that no frame shows yet; INFINITY: none
    FrameTimes times;
};

// ---- a frame

// restrict, and copies of the shifts: the compiler can then convert many pixels at a time.
static void copy_row(uint32_t *restrict out, const uint8_t *restrict rgb, int count,
                     const SDL_PixelFormat *format) {
    int red = format->Rshift, green = format->Gshift, blue = format->Bshift;
    uint32_t opaque = format->Amask;
    for (int x = 0; x < count; x++)
        out[x] = (uint32_t)rgb[3 * x] << red | (uint32_t)rgb[3 * x + 1] << green |
                 (uint32_t)rgb[3 * x + 2] << blue | opaque;
}

static void copy_pixels(const SDL_Surface *surface, const Picture *picture, const SDL_Rect *rect) {
    const SDL_PixelFormat *format = surface->format;
    for (int y = rect->y; y < rect->y + rect->h; y++) {
        const uint8_t *rgb =
            picture->rgb + ((size_t)y * (size_t)picture->width + (size_t)rect->x) * 3;
        void *row = (uint8_t *)surface->pixels + (size_t)y * (size_t)surface->pitch +
                    (size_t)rect->x * format->BytesPerPixel;
        if (format->BytesPerPixel == 4) {
            copy_row(row, rgb, rect->w, format);
        } else {
            SDL_ConvertPixels(rect->w, 1, SDL_PIXELFORMAT_RGB24, rgb, 3 * rect->w, format->format,
                              row, surface->pitch);
        }
    }
}

// Shows what changed.
static bool present(Window *window, const SDL_Surface *surface, Error *error) {
    Tiles *tiles = &window->screen.tiles;
    if (tiles->dirty_count == 0) return true;
    SDL_Rect *rects = array_grow(window->rects, &window->rects_capacity, (size_t)tiles->dirty_count,
                                 sizeof *rects);
    if (rects == NULL) return fail(error, "out of memory for a frame");
    window->rects = rects;
    for (int i = 0; i < tiles->dirty_count; i++) {
        Pixels part = tiles->dirty[i];
        rects[i] =
            (SDL_Rect){ part.left, part.top, part.right - part.left, part.bottom - part.top };
        copy_pixels(surface, &window->screen.picture, &rects[i]);
    }
    if (SDL_UpdateWindowSurfaceRects(window->sdl, rects, tiles->dirty_count) != 0) {
        tiles_forget(tiles); // the surface has become invalid: all of the next one is painted
        window->screen.changed = true;
    }
    return true;
}

// Wayland and macOS have windows of fewer units than pixels on a display of high density. X11 has
// not, and says how many dots there are per inch, where it knows.
static void find_density(Window *window, const SDL_Surface *surface) {
    int width, height;
    float dots;
    SDL_GetWindowSize(window->sdl, &width, &height);
    window->ratio_x = (float)surface->w / (float)max_int(1, width);
    window->ratio_y = (float)surface->h / (float)max_int(1, height);
    window->screen.density = window->ratio_x;
    int display = SDL_GetWindowDisplayIndex(window->sdl);
    bool x11 = strcmp(SDL_GetCurrentVideoDriver(), "x11") == 0;
    if (x11 && SDL_GetDisplayDPI(display, NULL, &dots, NULL) == 0)
        window->screen.density = dots / 96;
}

static bool show_frame(Window *window, Error *error) {
    Screen *screen = &window->screen;
    double start = screen_now(screen);
    SDL_Surface *surface = SDL_GetWindowSurface(window->sdl);
    if (surface == NULL) { // as while a screen is unplugged
        screen->due = start + 0.1;
        return true;
    }
    find_density(window, surface);
    int width = min_int(surface->w, MOST_PIXELS), height = min_int(surface->h, MOST_PIXELS);
    bool moved = screen_moves(screen);
    if (!screen_draw(screen, width, height, error) || !present(window, surface, error))
        return false;
    double end = screen_now(screen);
    frame_times_add(&window->times, end - start);
    frame_times_input(&window->times, end - window->input);
    if (moved && window->moved) frame_times_moving(&window->times, start - window->start);
    window->moved = moved;
    window->input = INFINITY;
    window->start = start;
    window->first = fmin(window->first, start);
    return true;
}

// ---- input

// Keys that are no characters, and characters of the number pad.
static const struct {
    SDL_Keycode code;
    Key key;
} special_keys[] = {
    { SDLK_LEFT, KEY_LEFT },
    { SDLK_RIGHT, KEY_RIGHT },
    { SDLK_UP, KEY_UP },
    { SDLK_DOWN, KEY_DOWN },
    { SDLK_PAGEUP, KEY_PAGE_UP },
    { SDLK_PAGEDOWN, KEY_PAGE_DOWN },
    { SDLK_HOME, KEY_HOME },
    { SDLK_END, KEY_END },
    { SDLK_RETURN, KEY_ENTER },
    { SDLK_KP_ENTER, KEY_ENTER },
    { SDLK_BACKSPACE, KEY_BACKSPACE },
    { SDLK_TAB, KEY_TAB },
    { SDLK_ESCAPE, KEY_ESCAPE },
    { SDLK_F11, KEY_F11 },
    { SDLK_KP_PLUS, (Key)'+' },
    { SDLK_KP_MINUS, (Key)'-' },
};

static Key key_of(const SDL_Keysym *pressed) {
    for (int i = 0; i < COUNT_OF(special_keys); i++) {
        if (special_keys[i].code == pressed->sym) return special_keys[i].key;
    }
    bool shift = (pressed->mod & KMOD_SHIFT) != 0;
    if (shift && pressed->sym >= 'a' && pressed->sym <= 'z') return (Key)(pressed->sym - 'a' + 'A');
    // as on an American keyboard; on others these characters have keys of their own
    if (shift && pressed->sym == '=') return (Key)'+';
    if (shift && pressed->sym == '/') return (Key)'?';
    return pressed->sym >= KEY_SPACE && pressed->sym < KEY_LAST ? (Key)pressed->sym : KEY_NONE;
}

static void paste(View *view) {
    char *text = SDL_GetClipboardText(); // "" on failure
    view_text(view, text);
    SDL_free(text);
}

// Of the prompt, with Ctrl or Command: select all, copy, cut, paste.
static void edit_prompt(View *view, SDL_Keycode key) {
    bool copies = key == SDLK_c || key == SDLK_x;
    if (copies && view->prompt[0] != '\0') SDL_SetClipboardText(view->prompt);
    if (key == SDLK_a || key == SDLK_x) view->prompt_selected = true;
    if (key == SDLK_x) view_text(view, "");
    if (key == SDLK_v) paste(view);
}

static void take_key(Window *window, const SDL_Keysym *pressed) {
    View *view = &window->screen.view;
    bool command = (pressed->mod & (KMOD_CTRL | KMOD_GUI)) != 0;
    if (view->editing && command) edit_prompt(view, pressed->sym);
    if (command || (pressed->mod & KMOD_ALT) != 0) return;
    Key key = key_of(pressed);
    if (key == KEY_NONE || (view->editing && key >= KEY_SPACE)) return; // characters come as text
    view_key(view, window->screen.scene, key, &window->screen.requests);
}

// Whether what the window showed may be lost.
static bool is_lost(const SDL_Event *event) {
    if (event->type == SDL_DISPLAYEVENT) return true;
    if (event->type != SDL_WINDOWEVENT) return false;
    switch (event->window.event) {
    case SDL_WINDOWEVENT_SHOWN:
    case SDL_WINDOWEVENT_EXPOSED:
    case SDL_WINDOWEVENT_SIZE_CHANGED:
    case SDL_WINDOWEVENT_RESTORED:
    case SDL_WINDOWEVENT_DISPLAY_CHANGED: return true;
    default: return false;
    }
}

// Whether it was input, which a frame should show.
static bool take_input(Window *window, const SDL_Event *event) {
    View *view = &window->screen.view;
    float scale_x = window->ratio_x / view->scale, scale_y = window->ratio_y / view->scale;
    switch (event->type) {
    case SDL_KEYDOWN: take_key(window, &event->key.keysym); return true;
    case SDL_TEXTINPUT:
        if (view->editing) view_text(view, event->text.text);
        return view->editing;
    case SDL_MOUSEMOTION:
        view_hover(view, &window->screen.hits, (float)event->motion.x * scale_x,
                   (float)event->motion.y * scale_y, &window->screen.requests);
        return true;
    case SDL_WINDOWEVENT:
        if (event->window.event != SDL_WINDOWEVENT_LEAVE) return false;
        view_hover(view, &window->screen.hits, -1, -1, &window->screen.requests);
        return true;
    case SDL_MOUSEBUTTONDOWN:
        if (event->button.button != SDL_BUTTON_LEFT) return false;
        view_click(view, window->screen.scene, &window->screen.hits,
                   (float)event->button.x * scale_x, (float)event->button.y * scale_y,
                   &window->screen.requests);
        return true;
    case SDL_MOUSEWHEEL:
        view_wheel(view, window->screen.scene, WHEEL * event->wheel.preciseY);
        return true;
    default: return false;
    }
}

static void take_event(Window *window, const SDL_Event *event) {
    if (event->type == SDL_QUIT) window->screen.view.quit = true;
    if (is_lost(event)) {
        tiles_forget(&window->screen.tiles);
        window->screen.changed = true;
    }
    if (take_input(window, event)) {
        window->screen.changed = true;
        // before the first frame there is nothing on the screen to act on
        if (window->times.count > 0) window->input = fmin(window->input, window->drained);
    }
}

static double seconds_left(const Window *window) {
    return window->first + window->options->seconds - screen_now(&window->screen);
}

// Takes all events, after waiting for the first until something else is due.
static void take_events(Window *window) {
    SDL_Event event;
    bool any = SDL_PollEvent(&event) != 0;
    if (!any) {
        double seconds = fmin(screen_wait(&window->screen), seconds_left(window));
        if (seconds > 3600) {
            any = SDL_WaitEvent(&event) != 0;
        } else if (seconds > 0) {
            any = SDL_WaitEventTimeout(&event, (int)ceil(1e3 * seconds)) != 0;
        }
        window->drained = screen_now(&window->screen);
    }
    window->screen.view.now = window->drained;
    for (; any; any = SDL_PollEvent(&event) != 0) take_event(window, &event);
    window->drained = screen_now(&window->screen);
}

// What the view asks of the window.
static void obey(Window *window) {
    View *view = &window->screen.view;
    if (view->full_screen) {
        bool is_full = (SDL_GetWindowFlags(window->sdl) & SDL_WINDOW_FULLSCREEN) != 0;
        SDL_SetWindowFullscreen(window->sdl, is_full ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP);
    }
    view->full_screen = false;
    if (view->editing && !SDL_IsTextInputActive()) SDL_StartTextInput();
    if (!view->editing && SDL_IsTextInputActive()) SDL_StopTextInput();
    TargetKind kind = view->hover.kind;
    SDL_Cursor *cursor = kind == TARGET_NONE     ? window->arrow
                         : kind == TARGET_PROMPT ? window->beam
                                                 : window->hand;
    if (cursor != window->shown) SDL_SetCursor(cursor);
    window->shown = cursor;
}

// ---- the window

// Variables of the environment, as SDL_VIDEODRIVER, override these.
static void set_hints(void) {
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    if (strcmp(SDL_GetPlatform(), "Linux") != 0) return;
    // Without a display SDL would draw where nobody sees it, and Wayland's library complain.
    const char *drivers = getenv("XDG_RUNTIME_DIR") != NULL ? "x11,wayland" : "x11";
    SDL_SetHintWithPriority(SDL_HINT_VIDEODRIVER, drivers, SDL_HINT_DEFAULT);
}

static bool open_sdl(Window *window, Error *error) {
    const WindowOptions *options = window->options;
    SDL_SetMainReady();
    set_hints();
    if (SDL_Init(SDL_INIT_VIDEO) == 0) {
        // X11 shows parts of a picture in shared memory, with no detour by OpenGL.
        if (strcmp(SDL_GetCurrentVideoDriver(), "x11") == 0)
            SDL_SetHintWithPriority(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0", SDL_HINT_DEFAULT);
        Uint32 flags = SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI;
        window->sdl = SDL_CreateWindow("sgatlin", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED,
                                       options->width, options->height, flags);
    }
    if (window->sdl == NULL || SDL_GetWindowSurface(window->sdl) == NULL)
        return fail(error,
                    "no window can be opened (%s): where there is no display, use "
                    "--headless --frames DIR",
                    SDL_GetError());
    SDL_StopTextInput(); // which is on at first
    SDL_SetWindowMinimumSize(window->sdl, 1, 1);
    SDL_SetWindowMaximumSize(window->sdl, MOST_PIXELS, MOST_PIXELS);
    window->arrow = window->shown = SDL_CreateSystemCursor(SDL_SYSTEM_CURSOR_ARROW);
    window->hand = SDL_CreateSystemCursor(SDL_SYSTEM_CURSOR_HAND);
    window->beam = SDL_CreateSystemCursor(SDL_SYSTEM_CURSOR_IBEAM);
    return true;
}

Window *window_open(const WindowOptions *options, Error *error) {
    Window *window = calloc(1, sizeof *window);
    if (window == NULL) {
        fail(error, "out of memory for a window");
        return NULL;
    }
    window->options = options;
    screen_open(&window->screen, options);
    window->first = window->input = INFINITY;
    window->drained = window->screen.view.now;
    window->ratio_x = window->ratio_y = 1;
    if (open_sdl(window, error)) return window;
    window_close(window);
    return NULL;
}

bool window_run(Window *window, Error *error) {
    Screen *screen = &window->screen;
    while (!screen->view.quit && seconds_left(window) > 0) {
        take_events(window);
        screen_update(screen);
        obey(window);
        if (screen_wait(screen) <= 0 && !show_frame(window, error)) return false;
    }
    if (window->options->measure)
        frame_times_print(&window->times, screen_now(screen) - window->first);
    return true;
}

// The window is hidden, and destroyed by the end of the program: until then window_notify may send
// it events, in a connection of its own to the display, and X11 takes one to a window that is
// destroyed for an error that ends the program. Nor is SDL_Quit left to atexit: where the display
// is lost, X11 calls exit, and SDL would wait for an answer of it forever.
void window_close(Window *window) {
    if (window == NULL) return;
    screen_close(&window->screen);
    SDL_FreeCursor(window->arrow);
    SDL_FreeCursor(window->hand);
    SDL_FreeCursor(window->beam);
    if (window->sdl != NULL) SDL_HideWindow(window->sdl);
    free(window->rects);
    free(window);
}

void window_notify(void) {
    SDL_Event event = { .type = SDL_USEREVENT };
    SDL_PushEvent(&event);
}
#endif
