#include "reference/draw/color.h"
#include <math.h>

Color color_blend(Color from, Color to, double share) {
    Color mixed = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        double a = from >> shift & 255, b = to >> shift & 255;
        mixed |= (Color)lround(a + (b - a) * share) << shift;
    }
    return mixed;
}

Color color_heat(double value) {
    // Even steps of OKLab lightness, 0.293 to 0.905.
    static const Color stops[] = { 0x1a2c48, 0x204262, 0x25597d, 0x2b7486, 0x32908e,
                                   0x5faa7b, 0x87c35d, 0xc1d357, 0xf8e24c };
    enum { LAST = sizeof stops / sizeof stops[0] - 1 };
    double position = fmin(1.0, fmax(0.0, value)) * LAST;
    int i = position < LAST ? (int)position : LAST - 1;
    return color_blend(stops[i], stops[i + 1], position - i);
}

Color color_class(int number) {
    static const Color palette[] = { 0xe69f00, 0x56b4e9, 0x009e73, 0xf0e442,
                                     0x0072b2, 0xd55e00, 0xcc79a7, 0x9aa3ad };
    unsigned count = sizeof palette / sizeof palette[0];
    Color color = palette[(unsigned)number % count];
    return (unsigned)number / count % 2 == 0 ? color : color_blend(color, COLOR_TEXT, 0.5);
}
