#ifndef REFERENCE_CIRCUITS_CLASS_SCORE_H
#define REFERENCE_CIRCUITS_CLASS_SCORE_H
#include "reference/circuits/classes.h"
#include "reference/circuits/recording.h"
#include "reference/data/token_file.h"
#include "reference/model/model.h"

// Whether circuits of words of the same class are alike, for words whose classes are known.

enum { CLASS_NEIGHBOURS = 15 };  // of a circuit that are compared with it
enum { CLASS_OCCURRENCES = 12 }; // of each word, at most

// An occurrence of a word of a class.
typedef struct {
    int32_t story, position; // in the token file, and in its story
    int32_t token, label;    // its class
} ClassPoint;

// Occurrences of all words that are one token, CLASS_OCCURRENCES of each drawn at random, in the
// order of the stories.
typedef struct {
    ClassPoint *items;
    int N, labels, words; // points, classes, different words
} ClassPoints;

// From the first `stories` of a file, of each the first `max` tokens. Words of less than two
// classes there are an error.
bool class_points_new(ClassPoints *out, const TokenFile *file, int stories, int max,
                      const Classes *classes, const Tokenizer *tokenizer, uint64_t seed,
                      Error *error);
void class_points_free(ClassPoints *points);

// The gatings of a model at these points: a record of N positions.
bool class_points_record(GatingRecord *out, const ClassPoints *points, const Model *model,
                         const TokenFile *file, Error *error);

// label [N]: the classes of the points; with a seed above 0 the control, in which the classes are
// shuffled among the words, so that a word has one class still.
bool class_points_labels(int32_t *label, const ClassPoints *points, uint64_t seed, Error *error);

// Of the circuits of a layer and channel (ALL: all of them together). By chance the purities are
// about the share of the class among the points; silhouettes are from -1 to 1.
typedef struct {
    double purity;      // share of the nearest circuits that are of the same class
    double other_words; // the same among those of other words, nearest first
    double silhouette;  // by cosine distance
} ClassScore;
bool class_score(ClassScore *out, const GatingRecord *record, const ClassPoints *points,
                 const int32_t *label, int layer, int channel, Error *error);
#endif
