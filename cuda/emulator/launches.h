// Launches written to a file, with the memory that their pointers point into, for replay.cpp.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace launches {
// Which launches of a kernel: the first, which are small, and some of those that follow.
inline bool wanted(int i) { return i < 8 || (i % 7 == 0 && i < 200); }

inline FILE *file() {
    static const char *name = getenv("EMU_RECORD");
    static FILE *f = name ? fopen(name, "wb") : nullptr;
    return f;
}
template <class T> void put(FILE *f, const T &v) { fwrite(&v, sizeof v, 1, f); }
template <class T> T get(FILE *f) { T v{}; if (fread(&v, sizeof v, 1, f) != 1) v = T{}; return v; }

// name, grid, block, shared; for each parameter its size, value, and block index + 1 (0: not a pointer);
// then the blocks: size and bytes.
inline void record(const std::string &name, const unsigned *grid, const unsigned *block, unsigned shared, const std::vector<int> &sizes,
        void **params, const std::map<char *, size_t> &blocks) {
    FILE *f = file();
    if (!f) return;
    static std::map<std::string, int> seen;
    if (!wanted(seen[name]++)) return;
    struct Held { char *at; size_t size; };
    std::vector<Held> held;
    put(f, unsigned(name.size()));
    fwrite(name.data(), 1, name.size(), f);
    fwrite(grid, sizeof(unsigned), 3, f);
    fwrite(block, sizeof(unsigned), 3, f);
    put(f, shared);
    put(f, unsigned(sizes.size()));
    for (size_t i = 0; i < sizes.size(); ++i) {
        unsigned long long value = 0;
        memcpy(&value, params[i], sizes[i]);
        unsigned index = 0;
        if (sizes[i] == 8 && value) {
            char *p = reinterpret_cast<char *>(value);
            auto it = blocks.upper_bound(p);
            if (it != blocks.begin() && p <= (--it)->first + it->second) {
                for (index = 1; index <= held.size() && held[index - 1].at != it->first;) ++index;
                if (index > held.size()) held.push_back({it->first, it->second});
                value = p - it->first; // from the start of the block
            }
        }
        put(f, unsigned(sizes[i]));
        put(f, value);
        put(f, index);
    }
    put(f, unsigned(held.size()));
    for (auto &h : held) {
        put(f, (unsigned long long) h.size);
        fwrite(h.at, 1, h.size, f);
    }
    fflush(f);
}
}  // namespace launches
