package io.github.elbo4j.bench.kernel.discrete;

import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link CategoricalBenchmark} in libtorch. */
public class CategoricalTorch extends TorchBenchmark<CategoricalBenchmark> {
  /** As there. */
  @Param({"128x20x10", "4096x20x10"})
  public String shape = "";

  private static final long LAST = -1;

  private Tensor logits;
  private Tensor prior;
  private Tensor weights;
  private Tensor index;
  private Tensor perRow;
  private Tensor perVariable;

  @Override
  protected void prepare(CategoricalBenchmark ours) {
    int[] dims = Numbers.dims(shape);
    long[] all = {dims[0], dims[1], dims[2]};
    logits = leaf(ours.logits, all);
    prior = leaf(ours.prior, all);
    weights = leaf(ours.weights, all);
    index = tensor(ours.index).to(torch.ScalarType.Long).unsqueeze(LAST);
    perRow = tensor(ours.perRow);
    perVariable = tensor(ours.perVariable);
  }

  private static Tensor rows(Tensor each) {
    return each.sum(new long[] {1, 2});
  }

  private Tensor ofIndex() {
    return rows(torch.log_softmax(logits, LAST).gather(LAST, index));
  }

  private Tensor ofWeights() {
    return rows(torch.log_softmax(logits, LAST).mul(weights));
  }

  private Tensor entropies() {
    Tensor logP = torch.log_softmax(logits, LAST);
    return rows(logP.exp().mul(logP)).neg();
  }

  private Tensor divergence() {
    Tensor logP = torch.log_softmax(logits, LAST);
    return rows(logP.exp().mul(logP.sub(torch.log_softmax(prior, LAST))));
  }

  @Benchmark
  public Object logProb() {
    return forward(() -> outputs(ofIndex()));
  }

  @Benchmark
  public Object logProbBoth() {
    return both(
        () -> {
          Tensor out = ofIndex();
          backward(tensors(out), tensors(perRow));
          return outputs(out, logits.grad());
        });
  }

  @Benchmark
  public Object logProbOfWeights() {
    return forward(() -> outputs(ofWeights()));
  }

  @Benchmark
  public Object logProbOfWeightsBoth() {
    return both(
        () -> {
          Tensor out = ofWeights();
          backward(tensors(out), tensors(perRow));
          return outputs(out, logits.grad(), weights.grad());
        });
  }

  @Benchmark
  public Object entropy() {
    return forward(() -> outputs(entropies()));
  }

  @Benchmark
  public Object entropyBoth() {
    return both(
        () -> {
          Tensor out = entropies();
          backward(tensors(out), tensors(perRow));
          return outputs(out, logits.grad());
        });
  }

  @Benchmark
  public Object kl() {
    return forward(() -> outputs(divergence()));
  }

  @Benchmark
  public Object klBoth() {
    return both(
        () -> {
          Tensor out = divergence();
          backward(tensors(out), tensors(perRow));
          return outputs(out, logits.grad(), prior.grad());
        });
  }

  @Benchmark
  public Object marginalize() {
    return forward(
        () -> {
          Tensor terms = prior.add(logits);
          return outputs(torch.logsumexp(terms, LAST), torch.softmax(terms, LAST));
        });
  }

  /** Without responsibilities, which autograd does without. */
  @Benchmark
  public Object marginalizeBoth() {
    return both(
        () -> {
          Tensor sums = torch.logsumexp(prior.add(logits), LAST);
          backward(tensors(sums), tensors(perVariable));
          return outputs(sums, null, logits.grad(), prior.grad());
        });
  }
}
