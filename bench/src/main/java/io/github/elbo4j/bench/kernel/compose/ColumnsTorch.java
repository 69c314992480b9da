package io.github.elbo4j.bench.kernel.compose;

import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link ColumnsBenchmark} in libtorch, as the published implementations of its models have it. */
public class ColumnsTorch extends TorchBenchmark<ColumnsBenchmark> {
  /** As there. */
  @Param({"128x10", "512x64", "512x512"})
  public String shape = "";

  private static final long ROWS = 0;

  private final Scalar off = new Scalar(ColumnsBenchmark.OFF);
  private final Scalar diagonal = new Scalar(ColumnsBenchmark.DIAGONAL);
  private final Scalar one = new Scalar(1);
  private final Scalar two = new Scalar(2);
  private Scalar rows = one;
  private Tensor mu;
  private Tensor penalty;
  private Tensor dPenalty;

  @Override
  protected void prepare(ColumnsBenchmark ours) {
    rows = new Scalar(ours.mu.rows());
    mu = leaf(ours.mu);
    penalty = tensor(ours.penalty);
    dPenalty = tensor(ours.dPenalty);
  }

  private Tensor objective() {
    Tensor centred = mu.sub(mu.mean(ROWS));
    Tensor covariance = torch.matmul(centred.t(), centred).div(rows);
    Tensor variances = covariance.diagonal();
    Tensor others = covariance.sub(torch.diag(variances));
    Tensor beside = others.pow(two).sum().mul(off);
    return beside.add(variances.sub(one).pow(two).sum(), diagonal);
  }

  @Benchmark
  public Object covariancePenalty() {
    return forward(() -> outputs(penalty.add_(objective())));
  }

  @Benchmark
  public Object covariancePenaltyBoth() {
    return both(
        () -> {
          Tensor objective = penalty.add(objective());
          backward(tensors(objective), tensors(dPenalty));
          return outputs(objective, mu.grad());
        });
  }

  @Benchmark
  public Object shuffleColumns() {
    return forward(
        () -> {
          TensorVector columns = new TensorVector();
          for (long j = 0; j < mu.size(1); j++) {
            Tensor order = torch.randperm(mu.size(ROWS));
            columns.push_back(mu.select(1, j).index_select(ROWS, order));
          }
          torch.stack(columns, 1);
          return outputs((Tensor) null);
        });
  }
}
