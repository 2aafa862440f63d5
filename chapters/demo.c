#include "chapters/demo.h"
#include "reference/io/files.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(const char *program, const DemoPart *parts, int parts_count) {
    fputs("Usage:\n", stderr);
    for (int i = 0; i < parts_count; i++) {
        fprintf(stderr, "  %s %s", program, parts[i].name);
        for (int p = 0; p < parts[i].pictures; p++) fputs(" FILE.png", stderr);
        fprintf(stderr, "\n      %s\n", parts[i].summary);
    }
    return 2;
}

int demo_main(const char *program, const DemoPart *parts, int parts_count, int count,
              char **arguments) {
    files_open_standard();
    const char *name = count > 1 ? arguments[1] : "";
    int pictures = count > 2 ? count - 2 : 0;
    for (int i = 0; i < parts_count; i++) {
        if (strcmp(name, parts[i].name) != 0 || pictures != parts[i].pictures) continue;
        Error error = { "" };
        bool ok = parts[i].show(arguments + count - pictures, &error);
        if (ok && fflush(stdout) != 0) ok = fail(&error, "the output could not be written");
        if (!ok) fprintf(stderr, "%s: %s\n", program, error.text);
        return ok ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    return usage(program, parts, parts_count);
}
