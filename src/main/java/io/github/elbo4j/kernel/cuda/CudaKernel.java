package io.github.elbo4j.kernel.cuda;

import jcuda.driver.CUfunction;

/**
 * An entry point of a PTX module.
 *
 * @param name as in the source
 * @param function the driver's handle
 */
public record CudaKernel(String name, CUfunction function) {}
