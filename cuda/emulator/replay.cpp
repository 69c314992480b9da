// Launches that the stand-in driver wrote (EMU_RECORD=file), run again in each thread order, under whatever
// sanitizer this was compiled with: replay FILE [ORDERS, 3 unless given]. Exit 1 where a launch fails or an order
// changes a bit of the memory.
#include "launches.h"
extern "C" int emu_launch(const char *, int, int, int, int, int, int, int, void **);
extern "C" const char *emu_last_error();
extern "C" void emu_set_order(int, unsigned);
using launches::get;

namespace {
struct Launch {
    std::string name;
    unsigned grid[3], block[3], shared;
    std::vector<unsigned> sizes, index;
    std::vector<unsigned long long> values;
    std::vector<std::vector<char>> memory;
};

bool read(FILE *f, Launch *l) {
    unsigned length = get<unsigned>(f);
    if (length == 0) return false;
    l->name.resize(length);
    if (fread(&l->name[0], 1, length, f) != length) return false;
    for (unsigned &g : l->grid) g = get<unsigned>(f);
    for (unsigned &b : l->block) b = get<unsigned>(f);
    l->shared = get<unsigned>(f);
    for (unsigned n = get<unsigned>(f); n > 0; --n) {
        l->sizes.push_back(get<unsigned>(f));
        l->values.push_back(get<unsigned long long>(f));
        l->index.push_back(get<unsigned>(f));
    }
    for (unsigned n = get<unsigned>(f); n > 0; --n) {
        std::vector<char> bytes(get<unsigned long long>(f));
        if (fread(bytes.data(), 1, bytes.size(), f) != bytes.size()) return false;
        l->memory.push_back(std::move(bytes));
    }
    return true;
}

// Runs it on a fresh copy of its memory, in blocks of their exact sizes; returns that memory afterwards.
bool run(const Launch &l, int order, std::vector<std::vector<char>> *after) {
    std::vector<char *> blocks;
    for (auto &m : l.memory) {
        char *block = static_cast<char *>(malloc(m.size()));
        memcpy(block, m.data(), m.size());
        blocks.push_back(block);
    }
    std::vector<unsigned long long> values = l.values;
    std::vector<void *> params;
    for (size_t i = 0; i < values.size(); ++i) {
        if (l.index[i]) values[i] += reinterpret_cast<unsigned long long>(blocks[l.index[i] - 1]);
        params.push_back(&values[i]);
    }
    emu_set_order(order, 11);
    int rc = emu_launch(l.name.c_str(), l.grid[0], l.grid[1], l.grid[2], l.block[0], l.block[1], l.block[2], l.shared, params.data());
    if (rc) fprintf(stderr, "replay: %s, order %d: %s\n", l.name.c_str(), order, emu_last_error());
    for (size_t i = 0; i < blocks.size(); ++i) {
        after->emplace_back(blocks[i], blocks[i] + l.memory[i].size());
        free(blocks[i]);
    }
    return rc == 0;
}
}  // namespace

int main(int argc, char **argv) {
    FILE *f = argc > 1 ? fopen(argv[1], "rb") : nullptr;
    if (!f) {
        fprintf(stderr, "usage: replay FILE [ORDERS]; FILE is what EMU_RECORD=FILE made\n");
        return 2;
    }
    int orders = argc > 2 ? atoi(argv[2]) : 3;
    std::map<std::string, int> kernels;
    int failed = 0;
    for (Launch l; read(f, &l); l = Launch{}) {
        kernels[l.name]++;
        std::vector<std::vector<char>> first;
        bool ok = run(l, 0, &first);
        for (int order = 1; ok && order < orders; ++order) {
            std::vector<std::vector<char>> other;
            ok = run(l, order, &other);
            if (ok && other != first) {
                fprintf(stderr, "replay: %s: thread order %d gives other bits\n", l.name.c_str(), order);
                ok = false;
            }
        }
        failed += !ok;
    }
    int launched = 0;
    for (auto &k : kernels) launched += k.second;
    printf("replay: %d launches of %zu kernels, thread orders: %d, failed: %d\n", launched, kernels.size(), orders, failed);
    return failed || launched == 0;
}
