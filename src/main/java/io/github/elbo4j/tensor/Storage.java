package io.github.elbo4j.tensor;

/**
 * Where a tensor's elements live: an array of the JVM, or the memory of a device, whose backend hands
 * out its tensors from {@code MemoryKernels.allocate}.
 *
 * <p>The tape, its arena and its operations, and the steps of the optimiser work on any storage:
 * they only hand tensors to kernels. Whoever reads or writes elements by itself through {@link
 * Tensor#array}, {@link Tensor#get}, {@link Tensor#toArray} or {@link Tensor#fill} needs host
 * memory, which the compiler does not check: the kernels of the CPU, initial values and the flat
 * buffers of parameters, the estimators and counts of {@code vi} that sum in double, and the
 * trainer's data, sums and checkpoints.
 */
public sealed interface Storage permits HostStorage, DeviceStorage {}
