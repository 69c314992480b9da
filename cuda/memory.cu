// MemoryKernels: fill, copy, add, swap over n elements.
#include "common.cuh"

KERNEL(memory_fill)(float *out, float value, i64 n) {
    for (i64 i = flat_index(); i < n; i += flat_count()) out[i] = value;
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
    for (i64 i = flat_index(); i < n; i += flat_count()) {
        float v = a[i];
        a[i] = b[i];
        b[i] = v;
    }
}
