// Runs one planted mistake in three thread orders: runbug NAME. Exit 0 where nothing was noticed.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
extern "C" int emu_launch(const char *, int, int, int, int, int, int, int, void **);
extern "C" const char *emu_last_error();
extern "C" void emu_set_order(int, unsigned);

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    float first[64];
    for (int order = 0; order < 3; ++order) {
        int n = 64;
        float *out = static_cast<float *>(malloc(n * sizeof(float)));
        memset(out, 0, n * sizeof(float));
        void *params[] = {&out, &n};
        int shared = strstr(argv[1], "dynamic") ? n * (int) sizeof(float) : 0;
        int threads = strstr(argv[1], "global") ? 2 * n : n;
        emu_set_order(order, 7);
        if (emu_launch(argv[1], 1, 1, 1, threads, 1, 1, shared, params)) {
            printf("launch: %s\n", emu_last_error());
            return 1;
        }
        if (order == 0) memcpy(first, out, sizeof first);
        if (memcmp(first, out, sizeof first) != 0) {
            printf("order: other bits in order %d\n", order);
            return 1;
        }
        for (int i = 0; i < n; ++i)
            if (std::isnan(out[i])) {
                printf("nan: element %d\n", i);
                return 1;
            }
        free(out);
    }
    return 0;
}
