// Planted mistakes, one a kernel: each must be found by what its first line names (see check-bugs.sh).
#include "../common.cuh"

// asan: writes one element beyond its array
extern "C" __global__ void bug_global_bounds(float *out, int n) {
    int i = threadIdx.x;
    if (i <= n) out[i] = 1.f;
}
// asan: writes one element beyond static shared memory
extern "C" __global__ void bug_shared_bounds(float *out, int n) {
    __shared__ float s[64];
    s[threadIdx.x + 1] = 1.f;
    __syncthreads();
    if ((int) threadIdx.x < n) out[threadIdx.x] = s[threadIdx.x];
}
// asan: writes one element beyond dynamic shared memory
extern "C" __global__ void bug_dynamic_bounds(float *out, int n) {
    DYN_SHARED(float, s);
    s[threadIdx.x + 1] = 1.f;
    __syncthreads();
    if ((int) threadIdx.x < n) out[threadIdx.x] = s[threadIdx.x];
}
// tsan, order: two threads write one element
extern "C" __global__ void bug_race(float *out, int n) { out[threadIdx.x % (n / 2)] = threadIdx.x; }
// tsan, order: reads what another thread writes, without a barrier between
extern "C" __global__ void bug_missing_barrier(float *out, int n) {
    __shared__ float s[64];
    s[threadIdx.x] = threadIdx.x;
    out[threadIdx.x] = s[(threadIdx.x + 33) % n];
}
// tsan, order: the same within a warp, without __syncwarp
extern "C" __global__ void bug_missing_warp_barrier(float *out, int) {
    __shared__ float s[64];
    s[threadIdx.x] = threadIdx.x;
    out[threadIdx.x] = s[threadIdx.x ^ 1];
}
// launch: the threads of a block wait at different barriers
extern "C" __global__ void bug_divergent_barrier(float *out, int) {
    if (threadIdx.x < 32) {
        out[threadIdx.x] = 0;
        __syncthreads();
    } else {
        __syncthreads();
        out[threadIdx.x] = 1;
    }
}
// launch: a barrier that some threads never reach
extern "C" __global__ void bug_barrier_after_exit(float *out, int n) {
    if ((int) threadIdx.x >= n / 2) return;
    __syncthreads();
    out[threadIdx.x] = 1;
}
// launch: a shuffle that names lanes that have left
extern "C" __global__ void bug_shuffle_after_exit(float *out, int) {
    if (threadIdx.x >= 20) return;
    out[threadIdx.x] = __shfl_down_sync(ALL_LANES, 1.f, 1);
}
// ubsan: a 16-byte load at an address that is not a multiple of 16
extern "C" __global__ void bug_misaligned(float *out, int) {
    float4 v = *reinterpret_cast<float4 *>(out + 1);
    out[threadIdx.x] = v.x;
}
// nan: reads dynamic shared memory that nobody wrote
extern "C" __global__ void bug_unset_dynamic(float *out, int) {
    DYN_SHARED(float, s);
    out[threadIdx.x] = s[threadIdx.x];
}
