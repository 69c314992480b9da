package io.github.elbo4j.tensor;

/**
 * Where a tensor's elements live: an array of the JVM, or the memory of a device, whose backend
 * hands out its tensors from {@code MemoryKernels.allocate}.
 *
 * <p>The tape, its arena and its operations, and the steps of the optimiser work on any storage:
 * they only hand tensors to kernels, which take either. {@link Tensor#get}, {@link Tensor#toArray}
 * and {@link Tensor#fill} copy from and to a device, an array at a time; {@link Tensor#array} needs
 * host memory, which the compiler does not check.
 */
public sealed interface Storage permits HostStorage, DeviceStorage {}
