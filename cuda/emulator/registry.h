// The kernels of all sources by their names, as the driver launches them: with an array of addresses of arguments.
#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace emu {
struct Kernel {
    std::function<void(void **)> call;   // one thread of it
    std::vector<int> sizes;              // bytes of each parameter
    size_t maxShared = 48 << 10;         // dynamic shared memory that it may have
    long launches = 0;
};
std::map<std::string, Kernel> &registry();

struct Registration {
    template <class... A>
    Registration(const char *name, void (*kernel)(A...)) {
        registry()[name] = Kernel{[kernel](void **p) { call(kernel, p, std::index_sequence_for<A...>{}); }, {int(sizeof(A))...}};
    }
    template <class... A, size_t... I>
    static void call(void (*kernel)(A...), void **p, std::index_sequence<I...>) {
        (void) p;  // of a kernel without parameters
        kernel(*reinterpret_cast<A *>(p[I])...);
    }
};
}  // namespace emu

// The Makefile writes one for each entry point.
#define EMU_KERNEL(name) static emu::Registration emu_registration_##name(#name, &name);

// One launch of a kernel, done when this returns: 0, or a CUDA error that emu_last_error() explains.
extern "C" {
int emu_launch(const char *name, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int sharedBytes, void **arguments);
const char *emu_last_error();
// Threads and blocks run forward (0), reversed (1) or shuffled (2).
void emu_set_order(int order, unsigned seed);
// How often a kernel was launched; -1 where there is none of that name.
long emu_launches(const char *name);
}
