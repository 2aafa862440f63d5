#ifndef REFERENCE_IO_SHELL_WORD_H
#define REFERENCE_IO_SHELL_WORD_H

// A text as one word of a shell command, for the commands that messages suggest: as it is, or in
// single quotes if a shell would not take it as one word. A text that does not fit is cut.
typedef struct {
    char text[4096];
} ShellWord;

ShellWord shell_word(const char *text);
#endif
