// Hostile log.jsonl files: what is read of one can be drawn, as loss.png and among the curves of
// several runs.
#define _GNU_SOURCE // memfd_create
#include "reference/train/loss_picture.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/paint.h"
#include <string.h>

enum { WIDTH = 200, HEIGHT = 150, OTHER_COMMANDS = 500 };

static void draw_losses(const LogLines *lines) {
    LossChart losses;
    DrawList list = draw_new(WIDTH, HEIGHT, font_builtin());
    require(loss_chart(&losses, lines));
    for (int s = 0; s < 2; s++) require(losses.series[s].count <= lines->count);
    chart_draw(&list, draw_whole(&list), &losses.chart);
    paint_and_free(&list, OTHER_COMMANDS + 2 * (size_t)lines->count);
    free(losses.points);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char path[MEMORY_PATH];
    int descriptor = memory_file(path, bytes, size);
    LogLines lines;
    Error error = { "" };
    int64_t last_step = size > 0 && bytes[size - 1] == '}' ? 10 : INT64_MAX;
    if (log_lines_read(&lines, path, last_step, &error)) {
        require(lines.bytes > 0 && lines.bytes <= size && bytes[lines.bytes - 1] == '\n');
        for (int i = 0; i < lines.count; i++)
            require(log_integer(lines.items[i], "step", INT64_MAX) <= last_step);
        draw_losses(&lines);
        log_lines_free(&lines);
    } else {
        require(strstr(error.text, path) == error.text && strchr(error.text, '\n') == NULL);
    }
    close(descriptor);
    return 0;
}
