package io.github.elbo4j.bench.kernel.flow;

import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/**
 * {@link SylvesterBenchmark} in libtorch. Q is made once from the reflections, as the paper's own
 * code does; matrices that all rows share are multiplied with all rows at once, others in a batch.
 */
public class SylvesterTorch extends TorchBenchmark<SylvesterBenchmark> {
  /** As there. */
  @Param({"1x128x64", "1x4096x64", "128x1x64", "4096x1x32"})
  public String shape = "";

  private final Scalar one = new Scalar(1);
  private final Scalar two = new Scalar(2);
  private int d;
  private Tensor z;
  private Tensor v;
  private Tensor r1;
  private Tensor r2;
  private Tensor b;
  private Tensor identity;
  private Tensor g;
  private Tensor l;

  @Override
  protected void prepare(SylvesterBenchmark ours) {
    int[] dims = Numbers.dims(shape);
    long points = dims[0];
    long rows = dims[1];
    d = dims[2];
    z = leaf(ours.z, points, rows, d);
    v = leaf(ours.v, points, SylvesterBenchmark.REFLECTIONS, d);
    r1 = leaf(ours.r1, points, d, d);
    r2 = leaf(ours.r2, points, d, d);
    b = leaf(ours.b, points, 1, d);
    identity = torch.eye(d);
    g = tensor(ours.g, points, rows, d);
    l = tensor(ours.l, points, rows);
  }

  /** Q [P,D,D] = H_1 … H_H. */
  private Tensor q() {
    Tensor q = identity.unsqueeze(0);
    for (int h = 0; h < SylvesterBenchmark.REFLECTIONS; h++) {
      Tensor x = v.narrow(1, h, 1);
      Tensor unit = x.div(torch.sqrt(x.mul(x).sum(2).unsqueeze(2)));
      Tensor product = torch.matmul(q, unit.transpose(1, 2));
      q = q.sub(torch.matmul(product, unit).mul(two));
    }
    return q;
  }

  private Tensor upper(Tensor r, Tensor diagonal) {
    return torch.triu(r, 1).add(torch.diag_embed(diagonal));
  }

  private Tensor[] step() {
    Tensor q = q();
    Tensor first = torch.tanh(torch.diagonal(r1, 0, 1, 2));
    Tensor second = torch.tanh(torch.diagonal(r2, 0, 1, 2));
    Tensor a2 = torch.matmul(upper(r2, second), q.transpose(1, 2));
    Tensor a1 = torch.matmul(q, upper(r1, first));
    Tensor t = torch.tanh(torch.matmul(z, a2.transpose(1, 2)).add(b));
    Tensor out = z.add(torch.matmul(t, a1.transpose(1, 2)));
    Tensor slope = t.mul(t).neg().add(one);
    Tensor det = slope.mul(first.mul(second).unsqueeze(1)).add(one);
    return new Tensor[] {out, torch.log(det).sum(2)};
  }

  @Benchmark
  public Object sylvester() {
    return forward(this::step);
  }

  @Benchmark
  public Object sylvesterBoth() {
    return both(
        () -> {
          Tensor[] y = step();
          backward(y, tensors(g, l));
          return outputs(y[0], y[1], z.grad(), v.grad(), r1.grad(), r2.grad(), b.grad());
        });
  }
}
