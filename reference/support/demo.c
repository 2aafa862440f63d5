#include "reference/support/demo.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(const char *program, const DemoPart *parts, int parts_count) {
    fprintf(stderr, "Usage: %s PART, or %s PART PICTURE.png for those that draw\n", program,
            program);
    for (int i = 0; i < parts_count; i++) {
        fprintf(stderr, "  %-8s %s%s\n", parts[i].name, parts[i].summary,
                parts[i].draws ? " (draws)" : "");
    }
    return 2;
}

int demo_main(const char *program, const DemoPart *parts, int parts_count, int count,
              char **arguments) {
    for (int i = 0; i < parts_count; i++) {
        if (count < 2 || count > (parts[i].draws ? 3 : 2) ||
            strcmp(arguments[1], parts[i].name) != 0)
            continue;
        Error error = { "" };
        bool ok = parts[i].show(count == 3 ? arguments[2] : NULL, &error);
        if (ok && fflush(stdout) != 0) ok = fail(&error, "the output could not be written");
        if (!ok) fprintf(stderr, "%s: %s\n", program, error.text);
        return ok ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    return usage(program, parts, parts_count);
}
