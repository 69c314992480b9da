// MemoryKernels: fill, copy, add, swap over n elements.
#include "common.cuh"

KERNEL(memory_fill)(float *out, float value, i64 n) {
    bool wide = aligned(out);
    float v[4] = {value, value, value, value};
    for (i64 i = 4 * flat_index(); i < n; i += 4 * flat_count()) store4(v, out, i, n, wide && i + 4 <= n);
}

KERNEL(memory_copy)(const float *from, float *to, i64 n) {
    bool wide = aligned(from, to);
    float v[4];
    for (i64 i = 4 * flat_index(); i < n; i += 4 * flat_count()) {
        bool whole = wide && i + 4 <= n;
        load4(v, from, i, n, whole);
        store4(v, to, i, n, whole);
    }
}

// to += from
KERNEL(memory_add)(const float *from, float *to, i64 n) {
    bool wide = aligned(from, to);
    float v[4];
    for (i64 i = 4 * flat_index(); i < n; i += 4 * flat_count()) {
        bool whole = wide && i + 4 <= n;
        load4(v, from, i, n, whole);
        add4(v, to, i, n, whole);
    }
}

KERNEL(memory_swap)(float *a, float *b, i64 n) {
    bool wide = aligned(a, b);
    float v[4], w[4];
    for (i64 i = 4 * flat_index(); i < n; i += 4 * flat_count()) {
        bool whole = wide && i + 4 <= n;
        load4(v, a, i, n, whole);
        load4(w, b, i, n, whole);
        store4(w, a, i, n, whole);
        store4(v, b, i, n, whole);
    }
}
