package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.cuda.ColumnSums;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.RowKernel;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A likelihood of a location and a scale on a device: the kernels that LOCATION_KERNELS of
 * cuda/location.cuh makes. The scale has one element, or one a column, or one an element.
 */
final class LocationCuda {
  private final RowKernel forward;
  private final RowKernel backward;
  private final CudaKernel columns;
  private final ColumnSums columnSums;

  LocationCuda(Cuda cuda, String family, String name) {
    forward = cuda.rows(family, name);
    backward = cuda.rows(family, name + "_backward");
    columns = cuda.kernel(family, name + "_columns");
    columnSums = new ColumnSums(cuda);
  }

  /** Samples a data point. */
  static long samples(Tensor output, int points) {
    return points == 0 ? 1 : output.rows() / points;
  }

  /** The arguments mean, floats, bytes, scale, rowStride, each. */
  static void pass(DeviceCall call, Tensor mean, CudaData x, Tensor scale) {
    boolean perRow = scale.size() != 1 && scale.rows() == mean.rows();
    x.pass(call.pass(call.in(mean))).pass(call.in(scale));
    call.pass(perRow ? mean.columns() : 0).pass(scale.size() != 1);
  }

  void forward(DeviceCall call, Tensor mean, CudaData x, Tensor scale, Tensor logLik) {
    pass(call, mean, x, scale);
    call.pass(call.out(logLik)).pass(mean.rows()).pass(samples(mean, x.points()));
    call.pass(mean.columns()).launchRows(forward, mean.rows(), mean.columns());
    call.end();
  }

  void backward(
      DeviceCall call,
      Tensor mean,
      CudaData x,
      Tensor scale,
      Tensor g,
      @Nullable Tensor dMean,
      @Nullable Tensor dScale) {
    if (dScale != null && dScale.size() != 1 && scale.rows() != mean.rows()) {
      byColumns(call, mean, x, scale, g, dMean, dScale);
    } else if (dMean != null || dScale != null) {
      byRows(call, mean, x, scale, g, dMean, dScale);
    }
    call.end();
  }

  private void byRows(
      DeviceCall call,
      Tensor mean,
      CudaData x,
      Tensor scale,
      Tensor g,
      @Nullable Tensor dMean,
      @Nullable Tensor dScale) {
    long rows = mean.rows();
    boolean one = dScale != null && dScale.size() == 1;
    long part = one ? call.scratch(rows * Float.BYTES) : 0;
    long toScale = call.inOut(dScale);
    pass(call, mean, x, scale);
    call.pass(call.in(g)).pass(call.inOut(dMean)).pass(one ? 0 : toScale).pass(part);
    call.pass(rows).pass(samples(mean, x.points())).pass(mean.columns());
    call.launchRows(backward, rows, mean.columns());
    if (one && rows > 0) {
      columnSums.addAllTo(call, part, rows, toScale);
    }
  }

  private void byColumns(
      DeviceCall call,
      Tensor mean,
      CudaData x,
      Tensor scale,
      Tensor g,
      @Nullable Tensor dMean,
      Tensor dScale) {
    long rows = mean.rows();
    long n = mean.columns();
    long chunks = ColumnSums.chunks(rows);
    long part = call.scratch(chunks * n * Float.BYTES);
    x.pass(call.pass(call.in(mean))).pass(call.in(scale)).pass(call.in(g));
    call.pass(call.inOut(dMean)).pass(part).pass(rows).pass(samples(mean, x.points())).pass(n);
    call.pass(ColumnSums.rowsEach(rows)).launchFlat(columns, chunks * n);
    columnSums.addTo(call, part, chunks, n, call.inOut(dScale));
  }
}
