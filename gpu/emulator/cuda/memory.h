// Loads and stores with a cache hint, which changes nothing here.
#pragma once

#define EMULATOR_LOAD(name) \
    template <class T> __forceinline__ T name(const T *address) { return *address; }
#define EMULATOR_STORE(name)                                                     \
    template <class T, class U> __forceinline__ void name(T *address, U value) { \
        *address = (T)value;                                                     \
    }
EMULATOR_LOAD(__ldg)
EMULATOR_LOAD(__ldca)
EMULATOR_LOAD(__ldcs)
EMULATOR_LOAD(__ldcg)
EMULATOR_LOAD(__ldcv)
EMULATOR_LOAD(__ldlu)
EMULATOR_STORE(__stcs)
EMULATOR_STORE(__stcg)
EMULATOR_STORE(__stwb)
EMULATOR_STORE(__stwt)
#undef EMULATOR_LOAD
#undef EMULATOR_STORE
