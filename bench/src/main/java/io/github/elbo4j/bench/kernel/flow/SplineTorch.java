package io.github.elbo4j.bench.kernel.flow;

import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TorchBenchmark;
import io.github.elbo4j.kernel.flow.SplineKernels;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/**
 * {@link SplineBenchmark} in libtorch, as the paper's code composes it: softmax, cumsum, a search
 * and gathers over the last dimension, which are a dimension's parameters. The identity outside the
 * bounds is a {@code where}, which costs less than that code's selection.
 */
public class SplineTorch extends TorchBenchmark<SplineBenchmark> {
  /** As there. */
  @Param({"128x64x8", "4096x64x8"})
  public String shape = "";

  private static final long LAST = -1;
  private static final double EDGE = Math.log(Math.expm1(1 - SplineKernels.MIN_DERIVATIVE));

  private final Scalar one = new Scalar(1);
  private final Scalar two = new Scalar(2);
  private final Scalar zero = new Scalar(0);
  private final Scalar least = new Scalar(SplineKernels.MIN_BIN);
  private final Scalar leastDerivative = new Scalar(SplineKernels.MIN_DERIVATIVE);
  private final Scalar edge = new Scalar(EDGE);
  private final Scalar size = new Scalar(2 * SplineBenchmark.BOUND);
  private final Scalar bound = new Scalar(SplineBenchmark.BOUND);
  private final ScalarOptional low = new ScalarOptional(new Scalar(-SplineBenchmark.BOUND));
  private final ScalarOptional high = new ScalarOptional(bound);
  private Scalar share = new Scalar(1);
  private long bins;
  private Tensor z;
  private Tensor params;
  private Tensor dOut;
  private Tensor dLogDet;

  @Override
  protected void prepare(SplineBenchmark ours) {
    int[] dims = Numbers.dims(shape);
    int rows = ours.z.rows();
    int d = dims[1];
    int n = 3 * dims[2] - 1;
    bins = dims[2];
    share = new Scalar(1 - dims[2] * SplineKernels.MIN_BIN);
    z = leaf(ours.z);
    var turned = io.github.elbo4j.tensor.Tensor.zeros(rows, d, n);
    for (int i = 0; i < turned.size(); i++) {
      int j = i % n;
      turned.array()[i] = ours.params.get((i / n / d * n + j) * d + i / n % d);
    }
    params = leaf(turned);
    dOut = tensor(ours.dOut);
    dLogDet = tensor(ours.dLogDet);
  }

  /** Sizes of the bins and, in front of all right ends, the left bound. */
  private Tensor[] bins(Tensor raw) {
    Tensor share0 = torch.softmax(raw, LAST).mul(share).add(least);
    Tensor sums = torch.cumsum(share0, LAST);
    Tensor knots = torch.constant_pad_nd(sums, new long[] {1, 0}, zero).mul(size).sub(bound);
    return new Tensor[] {share0.mul(size), knots};
  }

  private static Tensor pick(Tensor from, Tensor at) {
    return torch.gather(from, LAST, at).squeeze(LAST);
  }

  /** f(z), or its inverse, and the row's log-determinant. */
  private Tensor[] spline(boolean inverse) {
    Tensor[] x = bins(params.narrow(LAST, 0, bins));
    Tensor[] y = bins(params.narrow(LAST, bins, bins));
    Tensor raw = params.narrow(LAST, 2 * bins, bins - 1);
    Tensor all = torch.constant_pad_nd(raw, new long[] {1, 1}, edge);
    Tensor derivatives = torch.softplus(all).add(leastDerivative);
    Tensor inside = z.clamp(low, high);
    Tensor ends = (inverse ? y : x)[1].narrow(LAST, 1, bins - 1).contiguous().detach();
    Tensor at = torch.searchsorted(ends, inside.detach().unsqueeze(LAST));
    Tensor x0 = pick(x[1], at);
    Tensor w = pick(x[0], at);
    Tensor y0 = pick(y[1], at);
    Tensor h = pick(y[0], at);
    Tensor d0 = pick(derivatives, at);
    Tensor d1 = pick(derivatives, at.add(one));
    Tensor s = h.div(w);
    Tensor bend = d0.add(d1).sub(s.mul(two));
    Tensor u = inverse ? root(inside.sub(y0), h, s, d0, bend) : inside.sub(x0).div(w);
    Tensor mixed = u.mul(u.neg().add(one));
    Tensor below = s.add(bend.mul(mixed));
    Tensor moved =
        inverse ? x0.add(u.mul(w)) : y0.add(h.mul(s.mul(u.pow(two)).add(d0.mul(mixed))).div(below));
    Tensor rise =
        d1.mul(u.pow(two)).add(s.mul(mixed).mul(two)).add(d0.mul(u.neg().add(one).pow(two)));
    Tensor log = s.pow(two).mul(rise).log().sub(below.log().mul(two));
    Tensor outside = z.abs().gt(bound);
    Tensor logs = torch.where(outside, zero, inverse ? log.neg() : log);
    return new Tensor[] {torch.where(outside, z, moved), logs.sum(LAST)};
  }

  private Tensor root(Tensor above, Tensor h, Tensor s, Tensor d0, Tensor bend) {
    Tensor scaled = above.mul(bend);
    Tensor a = h.mul(s.sub(d0)).add(scaled);
    Tensor b = h.mul(d0).sub(scaled);
    Tensor c = s.neg().mul(above);
    Tensor discriminant = b.pow(two).sub(a.mul(c).mul(new Scalar(4)));
    return c.mul(two).div(b.neg().sub(discriminant.sqrt()));
  }

  @Benchmark
  public Object transform() {
    return forward(() -> outputs(spline(false)));
  }

  @Benchmark
  public Object inverse() {
    return forward(() -> outputs(spline(true)));
  }

  @Benchmark
  public Object transformBoth() {
    return both(
        () -> {
          Tensor[] f = spline(false);
          backward(f, tensors(dOut, dLogDet));
          return outputs(f[0], f[1], z.grad(), params.grad().permute(0, 2, 1));
        });
  }
}
