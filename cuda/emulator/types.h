// CUDA's vector types: as large and as aligned as on a device.
#pragma once
#define EMU_VECTOR_OF_2(name, type, alignment)       \
    struct alignas(alignment) name { type x, y; };   \
    static inline name make_##name(type x, type y) { return {x, y}; }
#define EMU_VECTOR_OF_4(name, type, alignment)             \
    struct alignas(alignment) name { type x, y, z, w; };   \
    static inline name make_##name(type x, type y, type z, type w) { return {x, y, z, w}; }

EMU_VECTOR_OF_2(float2, float, 8)
EMU_VECTOR_OF_2(int2, int, 8)
EMU_VECTOR_OF_2(uint2, unsigned, 8)
EMU_VECTOR_OF_2(double2, double, 16)
EMU_VECTOR_OF_4(float4, float, 16)
EMU_VECTOR_OF_4(int4, int, 16)
EMU_VECTOR_OF_4(uint4, unsigned, 16)

struct uint3 { unsigned x, y, z; };
struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
