package io.github.elbo4j.bench.kernel.covariance;

import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/**
 * {@link CovarianceBenchmark} in libtorch: the packed entries are scattered into a matrix whose
 * indices are made once, the diagonal is embedded, products are batched.
 */
public class CovarianceTorch extends TorchBenchmark<CovarianceBenchmark> {
  /** As there. */
  @Param({"128x1x32", "1024x1x32", "4096x1x32", "1024x1x64", "20x50x50"})
  public String shape = "";

  private static final double LOG_2PI = Math.log(2 * Math.PI);

  private final Scalar half = new Scalar(0.5);
  private final Scalar minusHalf = new Scalar(-0.5);
  private final Scalar two = new Scalar(2);
  private Scalar dimensions = new Scalar(0);
  private Scalar constant = new Scalar(0);
  private long points;
  private long d;

  private Tensor indices;
  private Tensor mu;
  private Tensor logSigma;
  private Tensor lower;
  private Tensor factor;
  private Tensor mu2;
  private Tensor factor2;
  private Tensor eps;
  private Tensor x;
  private Tensor dz;
  private Tensor dKl;
  private Tensor dLogQ;

  @Override
  protected void prepare(CovarianceBenchmark ours) {
    int[] dims = Numbers.dims(shape);
    points = dims[0];
    d = dims[2];
    long[] samples = {points, dims[1], d};
    dimensions = new Scalar((double) d);
    constant = new Scalar(0.5 * d * LOG_2PI);
    Tensor rowsAndColumns = torch.tril_indices(d, d, -1, new TensorOptions(torch.ScalarType.Long));
    Tensor firsts = rowsAndColumns.select(0, 0).mul(new Scalar(d));
    indices = firsts.add(rowsAndColumns.select(0, 1));
    mu = leaf(ours.mu, points, 1, d);
    logSigma = leaf(ours.logSigma);
    lower = leaf(ours.lower);
    factor = leaf(ours.factor, points, d, d);
    mu2 = leaf(ours.mu2, points, 1, d);
    factor2 = leaf(ours.factor2, points, d, d);
    eps = tensor(ours.eps, samples);
    x = leaf(ours.z, samples);
    dz = tensor(ours.dz, samples);
    dKl = tensor(ours.dKl);
    dLogQ = tensor(ours.dLogQ, points, dims[1]);
  }

  private Tensor packedFactor() {
    Tensor below = torch.zeros(points, d * d).index_copy(1, indices, lower).view(points, d, d);
    return below.add(torch.diag_embed(logSigma.exp()));
  }

  private Tensor sample(Tensor l, Tensor noise) {
    return torch.bmm(noise, l.transpose(1, 2)).add(mu);
  }

  private Tensor divergence(Tensor l) {
    Tensor squares = l.pow(two).sum(1, 2).add(mu.pow(two).sum(1, 2));
    return squares.sub(dimensions).mul(half).sub(logSigma.sum(1));
  }

  private Tensor logPosterior(Tensor noise) {
    Tensor squares = noise.pow(two).sum(2).mul(minusHalf);
    return squares.sub(logSigma.sum(1).unsqueeze(1)).sub(constant);
  }

  private Tensor noise() {
    return torch.randn_like(eps);
  }

  private Tensor density(Tensor l, Tensor logDiagonal) {
    Tensor y = torch.linalg_solve_triangular(l, x.sub(mu).transpose(1, 2), false);
    Tensor squares = y.pow(two).sum(1).mul(minusHalf);
    return squares.sub(logDiagonal.sum(1).unsqueeze(1)).sub(constant);
  }

  private static Tensor logDiagonal(Tensor l) {
    return torch.diagonal(l, 0, 1, 2).log();
  }

  private Tensor toSecond() {
    Tensor m = torch.linalg_solve_triangular(factor2, factor, false);
    Tensor y = torch.linalg_solve_triangular(factor2, mu2.sub(mu).transpose(1, 2), false);
    Tensor squares = m.pow(two).sum(1, 2).add(y.pow(two).sum(1, 2));
    Tensor logRatio = logDiagonal(factor2).sum(1).sub(logDiagonal(factor).sum(1));
    return squares.sub(dimensions).mul(half).add(logRatio);
  }

  @Benchmark
  public Object reparameterize() {
    return forward(
        () -> {
          Tensor l = packedFactor();
          return outputs(sample(l, eps), divergence(l), logPosterior(eps));
        });
  }

  @Benchmark
  public Object reparameterizeDrawn() {
    return forward(
        () -> {
          Tensor l = packedFactor();
          Tensor noise = noise();
          sample(l, noise);
          logPosterior(noise);
          return outputs(null, divergence(l), null);
        });
  }

  @Benchmark
  public Object reparameterizeBoth() {
    return both(
        () -> {
          Tensor l = packedFactor();
          Tensor z = sample(l, eps);
          Tensor kl = divergence(l);
          Tensor logQ = logPosterior(eps);
          backward(tensors(z, kl, logQ), tensors(dz, dKl, dLogQ));
          return outputs(z, kl, logQ, mu.grad(), logSigma.grad(), lower.grad());
        });
  }

  @Benchmark
  public Object reparameterizeDrawnBoth() {
    return both(
        () -> {
          Tensor l = packedFactor();
          Tensor noise = noise();
          Tensor z = sample(l, noise);
          Tensor kl = divergence(l);
          Tensor logQ = logPosterior(noise);
          backward(tensors(z, kl, logQ), tensors(dz, dKl, dLogQ));
          return outputs(null, kl, null, mu.grad(), null, null);
        });
  }

  @Benchmark
  public Object logDensity() {
    return forward(() -> outputs(density(packedFactor(), logSigma)));
  }

  @Benchmark
  public Object logDensityBoth() {
    return both(
        () -> {
          Tensor density = density(packedFactor(), logSigma);
          backward(tensors(density), tensors(dLogQ));
          return outputs(density, x.grad(), mu.grad(), logSigma.grad(), lower.grad());
        });
  }

  @Benchmark
  public Object logDensityOfFull() {
    return forward(() -> outputs(density(factor, logDiagonal(factor))));
  }

  @Benchmark
  public Object logDensityOfFullBoth() {
    return both(
        () -> {
          Tensor density = density(factor, logDiagonal(factor));
          backward(tensors(density), tensors(dLogQ));
          return outputs(density, x.grad(), mu.grad(), factor.grad());
        });
  }

  @Benchmark
  public Object kl() {
    return forward(() -> outputs(toSecond()));
  }

  @Benchmark
  public Object klBoth() {
    return both(
        () -> {
          Tensor kl = toSecond();
          backward(tensors(kl), tensors(dKl));
          // Autograd knows of no triangle in a right-hand side: above it, it has more than we.
          Tensor toFirst = isVerifying() ? factor.grad().tril() : factor.grad();
          return outputs(kl, mu.grad(), toFirst, mu2.grad(), factor2.grad());
        });
  }
}
