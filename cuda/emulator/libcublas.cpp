// A stand-in libcublas.so.13 and .so.12: the functions that elbo4j calls, on the memory and in the streams of the
// stand-in driver. A product sums k in order with fmaf, so the same arguments give the same bits. What cuBLAS refuses
// is refused here too: sizes, leading dimensions, and memory that is not the device's.
#include <cmath>
#include <cstring>
#include <functional>
#include <mutex>
#include <set>
#define API extern "C" __attribute__((visibility("default"))) int

// Of libcuda.cpp.
int emu_submit(void *stream, std::function<int()> step);
bool emu_owned(const void *p, size_t n);

namespace {
enum Status { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, EXECUTION_FAILED = 13 };
enum Math { DEFAULT_MATH = 0, TF32_MATH = 3 };
constexpr size_t ALIGNED = 256;

struct Handle {
    void *stream = nullptr;
    int math = DEFAULT_MATH;
};
std::mutex lock;
std::set<Handle *> handles;
int failure = SUCCESS;

Handle *find(void *h) {
    std::lock_guard<std::mutex> guard(lock);
    auto it = handles.find(static_cast<Handle *>(h));
    return it == handles.end() ? nullptr : *it;
}

// 10 bits of the significand: to the nearest, ties away from zero
float tf32(float v) {
    unsigned bits;
    memcpy(&bits, &v, 4);
    if ((bits & 0x7f800000) != 0x7f800000) bits = (bits + 0x1000) & ~0x1fffu;
    memcpy(&v, &bits, 4);
    return v;
}

// Column-major: op(A)[i,l] is a[i + l·lda], or a[l + i·lda] transposed.
void multiply(bool ta, bool tb, int m, int n, int k, float alpha, const float *a, long lda, const float *b, long ldb, float beta, float *c,
        long ldc, bool rounded) {
    for (int j = 0; j < n; ++j)
        for (int i = 0; i < m; ++i) {
            float sum = 0;
            for (int l = 0; l < k; ++l) {
                float x = a[ta ? l + i * lda : i + l * lda], y = b[tb ? j + l * ldb : l + j * ldb];
                sum = rounded ? fmaf(tf32(x), tf32(y), sum) : fmaf(x, y, sum);
            }
            float *to = c + i + j * ldc;
            *to = beta == 0 ? alpha * sum : alpha * sum + beta * *to;
        }
}

size_t bytes(long rows, long columns, long ld) { return rows && columns ? 4 * (ld * (columns - 1) + rows) : 0; }
}  // namespace

API cublasCreate_v2(void **h) {
    auto *handle = new Handle;
    std::lock_guard<std::mutex> guard(lock);
    handles.insert(handle);
    *h = handle;
    return SUCCESS;
}
API cublasDestroy_v2(void *h) {
    Handle *handle = find(h);
    if (!handle) return NOT_INITIALIZED;
    std::lock_guard<std::mutex> guard(lock);
    handles.erase(handle);
    delete handle;
    return SUCCESS;
}
API cublasGetVersion_v2(void *h, int *version) {
    if (!find(h)) return NOT_INITIALIZED;
    *version = EMU_CUBLAS;
    return SUCCESS;
}
API cublasSetStream_v2(void *h, void *stream) {
    if (!find(h)) return NOT_INITIALIZED;
    find(h)->stream = stream;
    return SUCCESS;
}
API cublasSetWorkspace_v2(void *h, void *p, size_t n) {
    if (!find(h)) return NOT_INITIALIZED;
    return reinterpret_cast<size_t>(p) % ALIGNED == 0 && emu_owned(p, n) ? SUCCESS : INVALID_VALUE;
}
API cublasSetMathMode(void *h, int mode) {
    if (!find(h)) return NOT_INITIALIZED;
    if (mode != DEFAULT_MATH && mode != TF32_MATH) return INVALID_VALUE;
    find(h)->math = mode;
    return SUCCESS;
}
API cublasSgemm_v2(void *h, int opA, int opB, int m, int n, int k, const float *alpha, const float *a, int lda, const float *b, int ldb,
        const float *beta, float *c, int ldc) {
    Handle *handle = find(h);
    if (!handle) return NOT_INITIALIZED;
    if (failure) return failure;
    bool ta = opA == 1, tb = opB == 1;
    int rowsA = ta ? k : m, columnsA = ta ? m : k, rowsB = tb ? n : k, columnsB = tb ? k : n;
    auto short_of = [](int ld, int rows) { return ld < (rows > 1 ? rows : 1); };
    if (m < 0 || n < 0 || k < 0 || short_of(lda, rowsA) || short_of(ldb, rowsB) || short_of(ldc, m)) return INVALID_VALUE;
    float by = *alpha, add = *beta; // read now, as from the host
    bool rounded = handle->math == TF32_MATH;
    int rc = emu_submit(handle->stream, [=] {
        if (!emu_owned(a, bytes(rowsA, columnsA, lda)) || !emu_owned(b, bytes(rowsB, columnsB, ldb)) || !emu_owned(c, bytes(m, n, ldc))) return 700;
        multiply(ta, tb, m, n, k, by, a, lda, b, ldb, add, c, ldc, rounded);
        return 0;
    });
    return rc ? EXECUTION_FAILED : SUCCESS;
}

// For tests: how many handles there are, and what every product from here on answers.
API emu_cublas_handles() { std::lock_guard<std::mutex> guard(lock); return int(handles.size()); }
API emu_cublas_fail(int status) { failure = status; return SUCCESS; }
