package io.github.elbo4j.bench.kernel.discrete;

import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link CodebookBenchmark} in libtorch: distances by a product, then the least; gathered rows. */
public class CodebookTorch extends TorchBenchmark<CodebookBenchmark> {
  /** As there. */
  @Param({"128x512x64", "4096x512x64"})
  public String shape = "";

  private static final long LAST = -1;

  private final Scalar two = new Scalar(2);
  private Tensor z;
  private Tensor codebook;
  private Tensor dOut;
  private Tensor index;

  @Override
  protected void prepare(CodebookBenchmark ours) {
    z = tensor(ours.z);
    codebook = tensor(ours.codebook);
    dOut = tensor(ours.dOut);
    index = torch.zeros(new long[] {ours.index.length}).to(torch.ScalarType.Long);
    LongPointer indices = new LongPointer(index.data_ptr_long());
    for (int r = 0; r < ours.index.length; r++) {
      indices.put(r, ours.index[r]);
    }
  }

  private Tensor distances() {
    Tensor norms = z.pow(two).sum(LAST).unsqueeze(1).add(codebook.pow(two).sum(LAST));
    return norms.sub(torch.matmul(z, codebook.t()).mul(two));
  }

  @Benchmark
  public Object nearest() {
    return forward(() -> outputs(torch.min(distances(), 1).get0()));
  }

  @Benchmark
  public Object lookup() {
    return forward(() -> outputs(torch.index_select(codebook, 0, index)));
  }

  @Benchmark
  public Object lookupBackward() {
    return forward(() -> outputs(torch.zeros_like(codebook).index_add(0, index, dOut)));
  }
}
