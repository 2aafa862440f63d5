// browser CHROMIUM: drives a headless Chromium by the lines of stdin, for testing pages:
//   size WIDTH HEIGHT          of the window, in CSS pixels; below 600 it is a phone, with touch
//   scheme light|dark          what the reader prefers
//   open URL                   waits until the page is loaded
//   check EXPRESSION           of JavaScript, which must be true
//   print EXPRESSION           its value, as a line of stdout
//   focus SELECTOR             as Tab would
//   key NAME [COUNT]           a real key: ArrowLeft, Tab, Space, ...
//   click SELECTOR             a real mouse click on the middle of an element
//   drag SELECTOR X Y          the mouse, or a finger on a phone, takes it X and Y pixels away
//   screenshot FILE            of what the window shows, as PNG
// Prints each check that is not true and each message on the page's console on stderr, and exits
// with 1 if there was any. It speaks the DevTools protocol, over the pipes 3 and 4 of Chromium:
// JSON messages that end with NUL.
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_BYTES = 4096, SECONDS = 1200 };

typedef struct {
    pid_t process;
    FILE *to, *from;
    char *session;
    int id, problems;
    bool loaded, phone;
    char url[LINE_BYTES];
} Browser;

static void stop(const char *message) {
    fprintf(stderr, "browser: %s\n", message);
    exit(2);
}

static void problem(Browser *b, const char *what, const char *detail) {
    fprintf(stderr, "browser: %s: %s: %s\n", b->url, what, detail);
    b->problems++;
}

// ---- the protocol

static void start(Browser *b, const char *program, const char *folder) {
    int to[2], from[2];
    char profile[LINE_BYTES];
    snprintf(profile, sizeof profile, "--user-data-dir=%s", folder);
    if (pipe(to) != 0 || pipe(from) != 0) stop("no pipes");
    b->process = fork();
    if (b->process == 0) {
        // away from 3 and 4 first, which they may be themselves
        int in = dup(to[0]), out = dup(from[1]);
        in = in < 5 ? dup(dup(in)) : in;
        out = out < 5 ? dup(dup(out)) : out;
        dup2(in, 3);
        dup2(out, 4);
        for (int fd = 5; fd < 32; fd++) close(fd);
        freopen("/dev/null", "w", stderr);
        execlp(program, program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-sync",
               "--disable-background-networking", "--disable-component-update", "--no-first-run",
               "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe", profile,
               "about:blank", (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    b->to = fdopen(to[1], "w");
    b->from = fdopen(from[0], "r");
    if (b->to == NULL || b->from == NULL) stop("no streams");
}

static const char *text_of(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static void take_event(Browser *b, const json_t *message) {
    const char *method = text_of(message, "method");
    const json_t *p = json_object_get(message, "params");
    if (strcmp(method, "Page.loadEventFired") == 0) b->loaded = true;
    if (strcmp(method, "Runtime.consoleAPICalled") == 0)
        problem(b, "console", text_of(json_array_get(json_object_get(p, "args"), 0), "value"));
    if (strcmp(method, "Log.entryAdded") == 0)
        problem(b, "log", text_of(json_object_get(p, "entry"), "text"));
    if (strcmp(method, "Runtime.exceptionThrown") == 0) {
        const json_t *details = json_object_get(p, "exceptionDetails");
        problem(b, "exception", text_of(json_object_get(details, "exception"), "description"));
    }
}

// The next message; ours to free.
static json_t *receive(Browser *b) {
    char *text = NULL;
    size_t capacity = 0;
    ssize_t size = getdelim(&text, &capacity, '\0', b->from);
    if (size <= 0) stop("Chromium has ended");
    json_t *message = json_loads(text, 0, NULL);
    free(text);
    if (message == NULL) stop("a message is not JSON");
    return message;
}

// Sends a command, which takes over params, and waits for its result; ours to free.
static json_t *call(Browser *b, const char *method, json_t *params) {
    int id = ++b->id;
    json_t *message = json_pack("{s:i, s:s, s:o}", "id", id, "method", method, "params", params);
    if (b->session != NULL) json_object_set_new(message, "sessionId", json_string(b->session));
    char *text = json_dumps(message, JSON_COMPACT);
    json_decref(message);
    fwrite(text, 1, strlen(text) + 1, b->to);
    fflush(b->to);
    free(text);
    for (;;) {
        message = receive(b);
        if (json_integer_value(json_object_get(message, "id")) == id) break;
        take_event(b, message);
        json_decref(message);
    }
    const json_t *error = json_object_get(message, "error");
    if (error != NULL) problem(b, method, text_of(error, "message"));
    json_t *result = json_incref(json_object_get(message, "result"));
    json_decref(message);
    return result != NULL ? result : json_object();
}

static void command(Browser *b, const char *method, json_t *params) {
    json_decref(call(b, method, params));
}

static void attach(Browser *b) {
    json_t *targets = call(b, "Target.getTargets", json_object());
    const json_t *target;
    size_t i;
    char id[128] = "";
    json_array_foreach(json_object_get(targets, "targetInfos"), i, target) {
        if (strcmp(text_of(target, "type"), "page") == 0)
            snprintf(id, sizeof id, "%s", text_of(target, "targetId"));
    }
    json_decref(targets);
    json_t *attached =
        call(b, "Target.attachToTarget", json_pack("{s:s, s:b}", "targetId", id, "flatten", 1));
    b->session = strdup(text_of(attached, "sessionId"));
    json_decref(attached);
    static const char *const domains[] = { "Page.enable", "Runtime.enable", "Log.enable" };
    for (i = 0; i < sizeof domains / sizeof domains[0]; i++) command(b, domains[i], json_object());
}

// The value of an expression; NULL: it threw. Ours to free.
static json_t *evaluate(Browser *b, const char *expression) {
    json_t *result = call(b, "Runtime.evaluate",
                          json_pack("{s:s, s:b, s:b}", "expression", expression, "returnByValue", 1,
                                    "awaitPromise", 1));
    const json_t *thrown = json_object_get(result, "exceptionDetails");
    if (thrown != NULL)
        problem(b, expression, text_of(json_object_get(thrown, "exception"), "description"));
    json_t *value = thrown == NULL
                        ? json_incref(json_object_get(json_object_get(result, "result"), "value"))
                        : NULL;
    json_decref(result);
    return value;
}

// ---- the commands

static void set_size(Browser *b, const char *argument) {
    int width = 0, height = 0;
    if (sscanf(argument, "%d %d", &width, &height) != 2) stop("size needs WIDTH HEIGHT");
    b->phone = width < 600;
    command(b, "Emulation.setDeviceMetricsOverride",
            json_pack("{s:i, s:i, s:i, s:b}", "width", width, "height", height, "deviceScaleFactor",
                      1, "mobile", b->phone));
    command(b, "Emulation.setTouchEmulationEnabled", json_pack("{s:b}", "enabled", b->phone));
}

static void set_scheme(Browser *b, const char *argument) {
    command(b, "Emulation.setEmulatedMedia",
            json_pack("{s:[{s:s, s:s}]}", "features", "name", "prefers-color-scheme", "value",
                      argument));
}

static void open_page(Browser *b, const char *url) {
    snprintf(b->url, sizeof b->url, "%s", url);
    b->loaded = false;
    json_t *result = call(b, "Page.navigate", json_pack("{s:s}", "url", url));
    const char *error = text_of(result, "errorText");
    if (error[0] != '\0') stop(error);
    json_decref(result);
    while (!b->loaded) {
        json_t *message = receive(b);
        take_event(b, message);
        json_decref(message);
    }
    // figures draw in the next frame
    json_decref(evaluate(b, "new Promise(r => setTimeout(r, 100)).then(() => 0)"));
}

static void check(Browser *b, const char *expression) {
    json_t *value = evaluate(b, expression);
    if (!json_is_true(value)) problem(b, "not true", expression);
    json_decref(value);
}

static void print(Browser *b, const char *expression) {
    json_t *value = evaluate(b, expression);
    char *text = value != NULL ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    puts(text != NULL ? text : "undefined");
    free(text);
    json_decref(value);
}

static void press(Browser *b, const char *argument) {
    char name[32] = "";
    int count = 1;
    sscanf(argument, "%31s %d", name, &count);
    static const struct {
        const char *name, *text;
        int code;
    } keys[] = { { "ArrowLeft", "", 37 }, { "ArrowUp", "", 38 }, { "ArrowRight", "", 39 },
                 { "ArrowDown", "", 40 }, { "Home", "", 36 },    { "End", "", 35 },
                 { "Tab", "\t", 9 },      { "Enter", "\r", 13 }, { "Space", " ", 32 } };
    int k = 0;
    while (k < 9 && strcmp(keys[k].name, name) != 0) k++;
    if (k == 9) stop("key: there is no such key");
    const char *key = k == 8 ? " " : name;
    for (int i = 0; i < count; i++) {
        command(b, "Input.dispatchKeyEvent",
                json_pack("{s:s, s:s, s:s, s:i, s:s}", "type",
                          keys[k].text[0] != '\0' ? "keyDown" : "rawKeyDown", "key", key, "code",
                          name, "windowsVirtualKeyCode", keys[k].code, "text", keys[k].text));
        command(b, "Input.dispatchKeyEvent",
                json_pack("{s:s, s:s, s:s, s:i}", "type", "keyUp", "key", key, "code", name,
                          "windowsVirtualKeyCode", keys[k].code));
    }
}

static void mouse(Browser *b, const char *type, double x, double y, bool held) {
    command(b, "Input.dispatchMouseEvent",
            json_pack("{s:s, s:f, s:f, s:s, s:i, s:i}", "type", type, "x", x, "y", y, "button",
                      "left", "buttons", held ? 1 : 0, "clickCount", 1));
}

// Scrolls to the first element of a selector and finds its middle; false: there is none.
static bool find(Browser *b, double at[2], const char *selector) {
    char expression[2 * LINE_BYTES];
    snprintf(expression, sizeof expression,
             "(() => { const e = document.querySelector(`%s`); e.scrollIntoView({block: 'center', "
             "behavior: 'instant'}); const r = e.getBoundingClientRect(); "
             "return [r.x + r.width / 2, r.y + r.height / 2]; })()",
             selector);
    json_t *value = evaluate(b, expression);
    bool found = json_array_size(value) == 2;
    for (size_t i = 0; found && i < 2; i++) at[i] = json_number_value(json_array_get(value, i));
    json_decref(value);
    return found;
}

static void touch(Browser *b, const char *type, double x, double y) {
    json_t *points = json_array();
    if (strcmp(type, "touchEnd") != 0)
        json_array_append_new(points, json_pack("{s:f, s:f}", "x", x, "y", y));
    command(b, "Input.dispatchTouchEvent",
            json_pack("{s:s, s:o}", "type", type, "touchPoints", points));
}

static void click(Browser *b, const char *selector) {
    double at[2];
    if (!find(b, at, selector)) return;
    mouse(b, "mouseMoved", at[0], at[1], false);
    mouse(b, "mousePressed", at[0], at[1], true);
    mouse(b, "mouseReleased", at[0], at[1], false);
}

// The mouse, or on a phone a finger, takes an element x and y pixels away, in steps.
static void drag(Browser *b, const char *selector, double x, double y) {
    enum { STEPS = 4 };
    double at[2];
    if (!find(b, at, selector)) return;
    if (!b->phone) mouse(b, "mouseMoved", at[0], at[1], false);
    for (int i = 0; i <= STEPS; i++) {
        double to[2] = { at[0] + x * i / STEPS, at[1] + y * i / STEPS };
        if (b->phone)
            touch(b, i == 0 ? "touchStart" : "touchMove", to[0], to[1]);
        else
            mouse(b, i == 0 ? "mousePressed" : "mouseMoved", to[0], to[1], true);
    }
    if (b->phone)
        touch(b, "touchEnd", 0, 0);
    else
        mouse(b, "mouseReleased", at[0] + x, at[1] + y, false);
}

static int digit(char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

static void screenshot(Browser *b, const char *path) {
    json_t *result = call(b, "Page.captureScreenshot", json_pack("{s:s}", "format", "png"));
    FILE *file = fopen(path, "wb");
    if (file == NULL) stop("a screenshot cannot be written");
    unsigned bits = 0, group = 0;
    for (const char *c = text_of(result, "data"); digit(*c) >= 0; c++) {
        group = group << 6 | (unsigned)digit(*c);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        fputc((int)(group >> bits & 255), file);
    }
    if (fclose(file) != 0) stop("a screenshot cannot be written");
    json_decref(result);
}

// drag SELECTOR X Y, where a selector may have blanks
static void drag_line(Browser *b, char *argument) {
    char *y = strrchr(argument, ' ');
    if (y == NULL) stop("drag needs SELECTOR X Y");
    *y = '\0';
    char *x = strrchr(argument, ' ');
    if (x == NULL) stop("drag needs SELECTOR X Y");
    *x = '\0';
    drag(b, argument, atof(x + 1), atof(y + 1));
}

static void focus(Browser *b, const char *selector) {
    char expression[2 * LINE_BYTES];
    snprintf(expression, sizeof expression, "document.querySelector(`%s`).focus()", selector);
    json_decref(evaluate(b, expression));
}

static void run_line(Browser *b, char *line) {
    line[strcspn(line, "\n")] = '\0';
    if (line[0] == '\0' || line[0] == '#') return;
    char *argument = strchr(line, ' ');
    if (argument == NULL) stop("a command needs an argument");
    *argument++ = '\0';
    static const struct {
        const char *name;
        void (*run)(Browser *, const char *);
    } commands[] = { { "size", set_size }, { "scheme", set_scheme },     { "open", open_page },
                     { "check", check },   { "print", print },           { "focus", focus },
                     { "key", press },     { "screenshot", screenshot }, { "click", click } };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(line, commands[i].name) == 0) {
            commands[i].run(b, argument);
            return;
        }
    }
    if (strcmp(line, "drag") == 0)
        drag_line(b, argument);
    else
        stop("unknown command");
}

int main(int count, char **arguments) {
    if (count != 3) stop("usage: browser CHROMIUM PROFILE-FOLDER <commands");
    Browser b = { .url = "about:blank" };
    char line[LINE_BYTES];
    signal(SIGPIPE, SIG_IGN);
    alarm(SECONDS);
    start(&b, arguments[1], arguments[2]);
    attach(&b);
    while (fgets(line, sizeof line, stdin) != NULL) run_line(&b, line);
    free(b.session);
    b.session = NULL;
    command(&b, "Browser.close", json_object());
    fclose(b.to);
    fclose(b.from);
    waitpid(b.process, NULL, 0);
    return b.problems > 0;
}
