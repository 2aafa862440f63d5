// The reference's C headers, for C++.
#pragma once
extern "C" {
#include "reference/data/special_tokens.h"
#include "reference/ffn/expert_sort.h"
#include "reference/ffn/ffn.h"
#include "reference/model/layout.h"
#include "reference/model/loss.h"
#include "reference/model/model.h"
#include "reference/model/rope.h"
#include "reference/numbers/memory.h"
#include "reference/train/backend.h"
}
