#include "chapters/diagram.h"
#include "reference/draw/chart.h"
#include "reference/draw/paint.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

DrawList diagram_new(int width, int height, const char *title, const char *note) {
    DrawList list = draw_new(width, height, font_find());
    draw_round_rect(&list, (Rect){ 8, 8, (float)width - 16, (float)height - 16 }, 6, COLOR_PANEL);
    draw_text(&list, DIAGRAM_LEFT, 26, DIAGRAM_TITLE, COLOR_TEXT, title);
    if (note != NULL) draw_text(&list, DIAGRAM_LEFT, 62, DIAGRAM_NOTE, COLOR_DIM, note);
    return list;
}

bool diagram_write(DrawList *list, const char *path, Error *error) {
    bool ok = paint_png(list, path, error);
    draw_free(list);
    return ok;
}

// ---- shapes

void diagram_text(DrawList *list, float x, float y, float size, Color color, const char *text) {
    draw_text_center(list, x, y - font_line(size) / 2, size, color, text);
}

void diagram_dot(DrawList *list, float x, float y, float diameter, Color color) {
    draw_line(list, x, y, x, y, diameter, color);
}

void diagram_arrow(DrawList *list, float x0, float y0, float x1, float y1, float thickness,
                   Color color) {
    const float head = 5 + 3 * thickness, angle = atan2f(y1 - y0, x1 - x0);
    draw_line(list, x0, y0, x1, y1, thickness, color);
    for (int side = -1; side <= 1; side += 2) {
        float edge = angle + (float)side * 0.45f;
        draw_line(list, x1, y1, x1 - head * cosf(edge), y1 - head * sinf(edge), thickness, color);
    }
}

void diagram_dashes(DrawList *list, float x0, float y0, float x1, float y1, Color color) {
    const float dash = 5, period = 11, length = hypotf(x1 - x0, y1 - y0);
    const float dx = (x1 - x0) / length, dy = (y1 - y0) / length;
    for (int i = 0; (float)i * period < length; i++) {
        float from = (float)i * period, to = fminf(from + dash, length);
        draw_line(list, x0 + from * dx, y0 + from * dy, x0 + to * dx, y0 + to * dy, 2, color);
    }
}

void diagram_box(DrawList *list, Rect rect, Color outline, const char *label, const char *note) {
    const Rect inside = { rect.x + 2, rect.y + 2, rect.width - 4, rect.height - 4 };
    float x = rect.x + rect.width / 2, y = rect.y + rect.height / 2;
    float apart = label != NULL && note != NULL ? 12 : 0;
    draw_round_rect(list, rect, 8, outline);
    draw_round_rect(list, inside, 6, COLOR_EMPTY);
    if (label != NULL) diagram_text(list, x, y - apart, DIAGRAM_TEXT, COLOR_TEXT, label);
    if (note != NULL) diagram_text(list, x, y + apart, DIAGRAM_NOTE, COLOR_DIM, note);
}

const char *number_text(char text[NUMBER_TEXT], double value, int decimals) {
    char digits[NUMBER_TEXT - 4];
    snprintf(digits, sizeof digits, "%.*f", decimals, fabs(value));
    bool negative = value < 0.0 && strtod(digits, NULL) > 0.0;
    snprintf(text, NUMBER_TEXT, "%s%s", negative ? "−" : "", digits);
    return text;
}

void diagram_numbers(DrawList *list, Rect rect, const double *values, int count) {
    const float width = rect.width / (float)count;
    for (int i = 0; i < count; i++) {
        char text[NUMBER_TEXT];
        const Rect cell = { rect.x + (float)i * width, rect.y, width - 3, rect.height };
        number_text(text, values[i], values[i] == 0.0 ? 0 : 2);
        draw_round_rect(list, cell, 4, COLOR_EMPTY);
        diagram_text(list, cell.x + cell.width / 2, cell.y + cell.height / 2, DIAGRAM_NOTE,
                     values[i] == 0.0 ? COLOR_DIM : COLOR_TEXT, text);
    }
}

void diagram_bar(DrawList *list, float x, float bottom, float width, float height, Color color) {
    draw_rect(list, (Rect){ x, height > 0 ? bottom - height : bottom, width, fabsf(height) },
              color);
}

void diagram_scale(DrawList *list, float x, float y, const char *low, const char *high) {
    enum { STEPS = 40, STEP = 3 };
    float values[STEPS];
    for (int i = 0; i < STEPS; i++) values[i] = (float)i;
    x = draw_text(list, x, y, DIAGRAM_NOTE, COLOR_DIM, low) + 10;
    draw_cells(list, (Rect){ x, y + 4, STEPS * STEP, 16 }, 1, STEPS, values, 0, STEPS - 1);
    draw_text(list, x + STEPS * STEP + 10, y, DIAGRAM_NOTE, COLOR_DIM, high);
}

// ---- plots

static double share(const Plot *plot, double value, double low, double high) {
    return plot->log ? log(value / low) / log(high / low) : (value - low) / (high - low);
}

float plot_x(const Plot *plot, double x) {
    return plot->area.x + plot->area.width * (float)share(plot, x, plot->x_low, plot->x_high);
}

float plot_y(const Plot *plot, double y) {
    float above = plot->area.height * (float)share(plot, y, plot->y_low, plot->y_high);
    return plot->area.y + plot->area.height - above;
}

static int axis_ticks(double ticks[16], const Plot *plot, double low, double high) {
    int count = 0;
    if (!plot->log) return chart_ticks(ticks, 8, low, high);
    for (double tick = pow(10.0, ceil(log10(low) - 1e-9)); tick <= high * 1.001 && count < 16;
         tick *= 10.0)
        ticks[count++] = tick;
    return count;
}

static void tick_text(char text[32], double value) {
    snprintf(text, 32, "%s%g", value < -1e-12 ? "−" : "", fabs(value) < 1e-12 ? 0.0 : fabs(value));
}

void plot_axes(DrawList *list, const Plot *plot, const char *x_name, const char *y_name) {
    const Rect *area = &plot->area;
    const float right = area->x + area->width, bottom = area->y + area->height;
    double ticks[16];
    char text[32];
    int count = axis_ticks(ticks, plot, plot->x_low, plot->x_high);
    for (int i = 0; i < count; i++) {
        float x = roundf(plot_x(plot, ticks[i]));
        tick_text(text, ticks[i]);
        draw_rect(list, (Rect){ x, area->y, 1, area->height }, COLOR_FAINT);
        diagram_text(list, x, bottom + 16, DIAGRAM_NOTE, COLOR_DIM, text);
    }
    count = axis_ticks(ticks, plot, plot->y_low, plot->y_high);
    for (int i = 0; i < count; i++) {
        float y = roundf(plot_y(plot, ticks[i]));
        tick_text(text, ticks[i]);
        draw_rect(list, (Rect){ area->x, y, area->width, 1 }, COLOR_FAINT);
        draw_text_right(list, area->x - 8, y - font_line(DIAGRAM_NOTE) / 2, DIAGRAM_NOTE, COLOR_DIM,
                        text);
    }
    draw_text_right(list, right, bottom + 30, DIAGRAM_NOTE, COLOR_DIM, x_name);
    draw_text(list, area->x, area->y - 30, DIAGRAM_NOTE, COLOR_DIM, y_name);
}

void plot_curve(DrawList *list, const Plot *plot, const double *x, const double *y, int count,
                Color color) {
    draw_clip(list, plot->area);
    for (int i = 1; i < count; i++)
        draw_line(list, plot_x(plot, x[i - 1]), plot_y(plot, y[i - 1]), plot_x(plot, x[i]),
                  plot_y(plot, y[i]), 3, color);
    draw_clip(list, draw_whole(list));
}

void plot_function(DrawList *list, const Plot *plot, double (*f)(double), Color color) {
    enum { POINTS = 321 };
    double x[POINTS], y[POINTS];
    for (int i = 0; i < POINTS; i++) {
        x[i] = plot->x_low + (plot->x_high - plot->x_low) * i / (POINTS - 1);
        y[i] = f(x[i]);
    }
    plot_curve(list, plot, x, y, POINTS, color);
}

void plot_mark(DrawList *list, const Plot *plot, double x, double y, Color color, const char *text,
               float dx, float dy) {
    const float left = plot_x(plot, x), top = plot_y(plot, y);
    diagram_dot(list, left, top, 11, COLOR_PANEL);
    diagram_dot(list, left, top, 9, color);
    if (text == NULL) return;
    const float width = draw_text_width(list, text, DIAGRAM_NOTE);
    const float x_text = dx < 0 ? left + dx - width : left + dx;
    const float y_text = top + dy - font_line(DIAGRAM_NOTE) / 2;
    draw_round_rect(list, (Rect){ x_text - 4, y_text, width + 8, font_line(DIAGRAM_NOTE) }, 4,
                    COLOR_PANEL); // over grid lines and colors
    draw_text(list, x_text, y_text, DIAGRAM_NOTE, COLOR_TEXT, text);
}
