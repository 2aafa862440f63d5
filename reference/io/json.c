#include "reference/io/json.h"
#include "reference/io/files.h"
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 64 };

// jansson allows 2048 levels of nesting, so we count the brackets outside strings before it parses.
static bool depth_in_limit(const char *bytes, size_t size, size_t *position) {
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        char c = bytes[i];
        if (in_string) {
            if (c == '\\') i++;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            *position = i;
            if (++depth > MAX_DEPTH) return false;
        } else if (c == ']' || c == '}') {
            depth -= depth > 0;
        }
    }
    return true;
}

// jansson 2.14 does not notice when the buffer of a text cannot grow: its parser reads past the
// end, and what it writes lacks a piece. So an allocation that fails ends both from inside, and
// what they had allocated is freed.
typedef struct {
    jmp_buf failed;
    json_malloc_t allocate; // as they were before
    json_free_t release;
    void **blocks; // [capacity], the first `count` are allocated
    size_t count, capacity;
} Guard;
static _Thread_local Guard *guard; // NULL: neither is at work in this thread
// jansson's allocation functions are those of all threads, so that one guard at a time sets them.
static pthread_mutex_t guarding = PTHREAD_MUTEX_INITIALIZER;

static void *guarded_allocate(size_t size) {
    if (guard == NULL) return malloc(size); // another thread has set it
    if (guard->count == guard->capacity) {
        size_t capacity = 2 * guard->capacity + 64;
        void **blocks = realloc(guard->blocks, capacity * sizeof *blocks);
        if (blocks == NULL) longjmp(guard->failed, 1);
        guard->blocks = blocks;
        guard->capacity = capacity;
    }
    void *block = guard->allocate(size);
    if (block == NULL) longjmp(guard->failed, 1);
    return guard->blocks[guard->count++] = block;
}

static void guarded_release(void *block) {
    if (guard == NULL) {
        free(block);
        return;
    }
    size_t i = guard->count;
    while (i > 0 && guard->blocks[i - 1] != block) i--; // most are among the last
    if (i > 0) guard->blocks[i - 1] = guard->blocks[--guard->count];
    guard->release(block);
}

// Calls work(context); false: memory ran out in it.
static bool has_memory(void (*work)(void *context), void *context) {
    Guard here = { .count = 0 };
    pthread_mutex_lock(&guarding);
    json_get_alloc_funcs(&here.allocate, &here.release);
    json_set_alloc_funcs(guarded_allocate, guarded_release);
    guard = &here;
    volatile bool ok = false;
    if (setjmp(here.failed) == 0) {
        work(context);
        ok = true;
    }
    for (size_t i = 0; !ok && i < here.count; i++) here.release(here.blocks[i]);
    guard = NULL;
    json_set_alloc_funcs(here.allocate, here.release);
    pthread_mutex_unlock(&guarding);
    free(here.blocks);
    return ok;
}

typedef struct {
    const char *bytes;
    size_t size;
    json_error_t found;
    json_t *value;
} Parse;

static void parse(void *context) {
    Parse *p = context;
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY;
    p->value = json_loadb(p->bytes == NULL ? "" : p->bytes, p->size, flags, &p->found);
}

json_t *json_try(const char *bytes, size_t size, bool *no_memory) {
    size_t deep;
    Parse p = { .bytes = bytes, .size = size };
    *no_memory = false;
    if (depth_in_limit(bytes, size, &deep)) *no_memory = !has_memory(parse, &p);
    return p.value;
}

json_t *json_parse(const char *bytes, size_t size, const char *where, Error *error) {
    size_t deep = 0;
    Parse p = { .bytes = bytes, .size = size };
    if (!depth_in_limit(bytes, size, &deep)) {
        fail(error, "%s: byte %zu of the JSON: nested deeper than %d levels", where, deep,
             MAX_DEPTH);
    } else if (!has_memory(parse, &p)) {
        fail(error, "%s: out of memory for reading %zu bytes of JSON", where, size);
    } else if (p.value == NULL) {
        fail(error, "%s: line %d, column %d: invalid JSON: %s", where, p.found.line, p.found.column,
             p.found.text);
    }
    return p.value;
}

typedef struct {
    const json_t *value;
    size_t flags;
    char *text;
} Dump;

static void dump(void *context) {
    Dump *d = context;
    d->text = json_dumps(d->value, d->flags);
}

char *json_text(const json_t *value, size_t flags) {
    Dump d = { .value = value, .flags = flags };
    return has_memory(dump, &d) ? d.text : NULL;
}

json_t *json_read_file(const char *path, Error *error) {
    MappedFile file;
    if (!file_map(&file, path, error)) return NULL;
    json_t *value = json_parse((const char *)file.bytes, file.size, path, error);
    file_unmap(&file);
    return value;
}

bool json_write_file(const char *path, const json_t *value, Error *error) {
    OutputFile out;
    if (!output_open(&out, path, error)) return false;
    bool dumped =
        json_dumpf(value, out.stream, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY) == 0;
    if (!dumped && !ferror(out.stream)) {
        output_discard(&out);
        return fail(
            error,
            "%s: the value cannot be written as JSON (text that is not UTF-8, or out of memory)",
            path);
    }
    fputc('\n', out.stream);
    return output_commit(&out, error);
}

static void drop(json_t **object, bool failed) {
    if (!failed) return;
    json_decref(*object);
    *object = NULL;
}

void json_add(json_t **object, const char *name, json_t *value) {
    drop(object, json_object_set_new(*object, name, value) != 0);
}

void json_add_all(json_t **object, json_t *value) {
    drop(object, json_object_update(*object, value) != 0);
    json_decref(value);
}

void json_add_item(json_t **array, json_t *value) {
    drop(array, json_array_append_new(*array, value) != 0);
}

json_t *json_hex(uint64_t value) { return json_sprintf("%016llx", (unsigned long long)value); }
