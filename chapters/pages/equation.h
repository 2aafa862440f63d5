#ifndef CHAPTERS_PAGES_EQUATION_H
#define CHAPTERS_PAGES_EQUATION_H
#include <stdbool.h>
#include <stdio.h>

// Equations as the lessons write them: an indented block of lines such as
//     y = Σ_f gelu(in_f · x) · out_f           f = 0 .. F-1
// In HTML the lines are aligned at their first " = ", what follows four blanks or more is a note,
// and symbols are set as in print: single letters in italics, _f as a subscript, ^x as an exponent.

// Whether an indented block is equations; otherwise it is commands or a table.
bool is_equations(const char *block);
void equations_write(FILE *out, const char *block);
#endif
