// CUDA's language for g++: what a .cu file needs to be compiled for the CPU and run thread by thread, for tests.
//
// Blocks run one after the other, and the threads of a block are fibers on one OS thread (block.h), which run forward,
// reversed or shuffled. What CUDA leaves undefined is an error (scheduler.cpp): barriers that threads of a block meet at
// different lines or after others have left, shuffles that name lanes which have left or which leave out the caller,
// launches that a device refuses. Shared memory that nobody wrote reads as NaN.
#pragma once
#define CUDA_EMU 1
#include "block.h"
#include "collectives.h"
#include "intrinsics.h"
#include "registry.h"

#ifdef EMU_LIST
#define __global__ __emu_global__  // the Makefile looks for it in the preprocessed source
#else
#define __global__
#endif
#define __device__
#define __host__
#define __constant__
#define __managed__
#define __noinline__ __attribute__((noinline))
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(n) alignas(n)

// Blocks come one after the other, so one array will do for all; a static one has red zones under AddressSanitizer.
#define __shared__ static
#define DYN_SHARED(T, name) T *name = reinterpret_cast<T *>(emu::block.shared)

#define threadIdx (emu::block.running->index)
#define blockIdx (emu::block.index)
#define blockDim (emu::block.size)
#define gridDim (emu::block.grid)
#define warpSize 32
