#include "chapters/demo.h"
#include "reference/io/files.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *program;
    const DemoPart *parts; // [count]
    int count;
} Demo;

static const DemoPart *find(const Demo *demo, const char *name) {
    for (int i = 0; i < demo->count; i++)
        if (strcmp(demo->parts[i].name, name) == 0) return &demo->parts[i];
    return NULL;
}

static int refuse(const Demo *demo, const char *word, const char *problem) {
    fprintf(stderr, "%s: %s: %s; usage: [PART] [--picture FILE], PART is one of:", demo->program,
            word, problem);
    for (int i = 0; i < demo->count; i++) fprintf(stderr, " %s", demo->parts[i].name);
    fputc('\n', stderr);
    return 2;
}

static int finish(const Demo *demo, bool ok, Error *error) {
    if (ok && (fflush(stdout) != 0 || ferror(stdout)))
        ok = fail(error, "the output could not be written");
    if (!ok) fprintf(stderr, "%s: %s\n", demo->program, error->text);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void print_help(const Demo *demo) {
    static const char *const options[] = { "", "[--picture FILE]", "--picture FILE" };
    const DemoPart *first = demo->parts, *drawn = first;
    // every chapter draws something
    while (drawn->draws == NO_PICTURE) drawn++;
    printf("Usage: build/%s [PART] [--picture FILE]\n", demo->program);
    for (int i = 0; i < demo->count; i++)
        printf("  %-10s %-16s  %s\n", first[i].name, options[first[i].draws], first[i].summary);
    printf("Without PART: %s. Example: build/%s %s --picture %s.png\n", first->name, demo->program,
           drawn->name, drawn->name);
}

static int show(const Demo *demo, const DemoPart *part, const char *picture) {
    Error error = { "" };
    OutputFile file;
    if (picture == NULL && part->draws == ONLY_PICTURE)
        return refuse(demo, part->name, "draws only, and needs --picture FILE");
    if (picture != NULL && part->draws == NO_PICTURE)
        return refuse(demo, part->name, "draws no picture");
    // Some parts train for a minute: a file that cannot be created is reported before that.
    bool ok = picture == NULL || output_open(&file, picture, &error);
    if (ok && picture != NULL) output_discard(&file);
    return finish(demo, ok && part->show(picture, &error), &error);
}

int demo_main(const char *program, const DemoPart *parts, int parts_count, int count,
              char **arguments) {
    const Demo demo = { program, parts, parts_count };
    const DemoPart *part = NULL, *named;
    const char *picture = NULL;
    files_open_standard();
    signal(SIGXFSZ, SIG_IGN); // exceeding the file size limit is a write error, as on a full disk
    for (int i = 1; i < count; i++) {
        const char *word = arguments[i];
        if (strcmp(word, "--help") == 0) {
            print_help(&demo);
            return finish(&demo, true, &(Error){ "" });
        }
        if (strcmp(word, "--picture") == 0) {
            if (++i == count) return refuse(&demo, word, "needs the name of a file");
            picture = arguments[i];
        } else if ((named = find(&demo, word)) == NULL) {
            return refuse(&demo, word, "not a part or option");
        } else if (part != NULL) {
            return refuse(&demo, word, "only one part at a time");
        } else
            part = named;
    }
    return show(&demo, part != NULL ? part : parts, picture);
}
