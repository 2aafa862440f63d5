#ifndef REFERENCE_DRAW_COLOR_H
#define REFERENCE_DRAW_COLOR_H
#include <stdint.h>

typedef uint32_t Color; // 0xRRGGBB

enum {
    COLOR_BACKGROUND = 0x0d1014,
    COLOR_PANEL = 0x14191f,
    COLOR_TEXT = 0xe8e6e3,
    COLOR_DIM = 0x8a939e,
    COLOR_FAINT = 0x2a323c, // rules
    COLOR_EMPTY = 0x1b2129, // a cell without a value
    COLOR_ACCENT = 0xf5c542,
};

// from at share 0, to at share 1.
Color color_blend(Color from, Color to, double share);
// 0 to 1 from dark blue over teal to yellow, in even steps of lightness, so that it also reads in
// grey. Values outside are clamped; NaN counts as 0.
Color color_heat(double value);
// Okabe and Ito's palette, which colour-blind readers can tell apart. It has 8 colours: classes 8
// to 15 have lighter shades of them, class 16 has the colour of class 0 again.
Color color_class(int number);
#endif
