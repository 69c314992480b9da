package io.github.elbo4j.bench.kernel.flow;

import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link FlowBenchmark} in libtorch: parameters that all rows share are vectors. */
public class FlowTorch extends TorchBenchmark<FlowBenchmark> {
  /** As there. */
  @Param({"1x128x64", "1x4096x64", "128x1x64", "4096x1x64"})
  public String shape = "";

  private static final int STEPS = FlowBenchmark.STEPS;

  private final Scalar one = new Scalar(1);
  private final Scalar two = new Scalar(2);
  private Scalar others = one;
  private boolean shared;
  private int d;
  private Tensor z;
  private Tensor u;
  private Tensor w;
  private Tensor b;
  private Tensor c;
  private Tensor manyU;
  private Tensor manyW;
  private Tensor manyB;
  private Tensor g;
  private Tensor l;

  @Override
  protected void prepare(FlowBenchmark ours) {
    int[] dims = Numbers.dims(shape);
    shared = dims[0] == 1;
    d = dims[2];
    others = new Scalar(d - 1);
    z = leaf(ours.z);
    u = leaf(ours.u);
    w = leaf(ours.w);
    b = leaf(ours.b);
    c = leaf(ours.c);
    manyU = leaf(ours.manyU);
    manyW = leaf(ours.manyW);
    manyB = leaf(ours.manyB);
    g = tensor(ours.g);
    l = tensor(ours.l);
  }

  private Tensor dot(Tensor x, Tensor y) {
    return x.mul(y).sum(1).unsqueeze(1);
  }

  /** z' and log det of a step. */
  private Tensor[] planar(Tensor x, Tensor direction, Tensor weight, Tensor bias) {
    Tensor a = dot(weight, direction);
    Tensor e = torch.softplus(a).sub(one).sub(a).div(dot(weight, weight));
    Tensor hat = direction.add(e.mul(weight));
    Tensor argument = shared ? torch.matmul(x, weight.t()) : dot(x, weight);
    Tensor t = torch.tanh(argument.add(bias));
    Tensor slope = one(t.mul(t));
    Tensor det = slope.mul(dot(weight, hat)).add(one);
    return tensors(x.add(t.mul(hat)), torch.log(torch.abs(det)).squeeze(1));
  }

  private Tensor one(Tensor x) {
    return x.neg().add(one);
  }

  private Tensor[] planarSteps() {
    Tensor x = z;
    Tensor sum = null;
    for (int s = 0; s < STEPS; s++) {
      Tensor[] step =
          planar(
              x,
              manyU.narrow(1, (long) s * d, d),
              manyW.narrow(1, (long) s * d, d),
              manyB.narrow(1, s, 1));
      x = step[0];
      sum = sum == null ? step[1] : sum.add(step[1]);
    }
    return sum == null ? tensors(x) : tensors(x, sum);
  }

  private Tensor[] radialStep() {
    Tensor alpha = torch.softplus(b);
    Tensor beta = torch.softplus(c).sub(alpha);
    Tensor e = z.sub(u);
    Tensor r = torch.sqrt(dot(e, e));
    Tensor h = r.add(alpha).reciprocal();
    Tensor bh = beta.mul(h);
    Tensor first = torch.log(bh.add(one)).mul(others);
    Tensor second = torch.log(bh.sub(bh.mul(h).mul(r)).add(one));
    return tensors(z.add(bh.mul(e)), first.add(second).squeeze(1));
  }

  private Tensor reflected() {
    Tensor x = z;
    for (int h = 0; h < STEPS; h++) {
      Tensor v = manyU.narrow(1, (long) h * d, d);
      Tensor product = shared ? torch.matmul(x, v.t()) : dot(x, v);
      x = x.sub(product.mul(v).mul(two).div(dot(v, v)));
    }
    return x;
  }

  @Benchmark
  public Object planar() {
    return forward(() -> planar(z, u, w, b));
  }

  @Benchmark
  public Object planarBoth() {
    return both(
        () -> {
          Tensor[] y = planar(z, u, w, b);
          backward(y, tensors(g, l));
          return outputs(y[0], y[1], z.grad(), u.grad(), w.grad(), b.grad());
        });
  }

  @Benchmark
  public Object planarStepsBoth() {
    return both(
        () -> {
          Tensor[] y = planarSteps();
          backward(y, tensors(g, l));
          return outputs(y[0], y[1], z.grad(), manyU.grad(), manyW.grad(), manyB.grad());
        });
  }

  @Benchmark
  public Object radial() {
    return forward(this::radialStep);
  }

  @Benchmark
  public Object radialBoth() {
    return both(
        () -> {
          Tensor[] y = radialStep();
          backward(y, tensors(g, l));
          return outputs(y[0], y[1], z.grad(), u.grad(), b.grad(), c.grad());
        });
  }

  @Benchmark
  public Object householder() {
    return forward(() -> outputs(reflected()));
  }

  @Benchmark
  public Object householderBoth() {
    return both(
        () -> {
          Tensor y = reflected();
          backward(tensors(y), tensors(g));
          return outputs(y, z.grad(), manyU.grad());
        });
  }
}
