#ifndef CHAPTERS_05_PEER_PEER_SCORES_H
#define CHAPTERS_05_PEER_PEER_SCORES_H
#include "chapters/tasks.h"

// The learners of chapters 01 to 03, and PEER with one head. Chapter 04 has no layer of its own.
int peer_learners(Learner learners[MAX_LEARNERS]);
#endif
