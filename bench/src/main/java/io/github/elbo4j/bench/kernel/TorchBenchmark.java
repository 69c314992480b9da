package io.github.elbo4j.bench.kernel;

import io.github.elbo4j.kernel.Parallel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * A family in libtorch, as its users write it: eager operations, gradients by autograd, the
 * library's own fused operations where it has them. A call of {@link #forward} records no graph; a
 * call of {@link #both} does, and its leaves start without gradients, which is what {@code
 * zero_grad} of the optimizers leaves behind: cheaper than adding to them.
 */
public abstract class TorchBenchmark<B extends KernelBenchmark> extends PeerBenchmark<B> {
  private final List<Tensor> leaves = new ArrayList<>();

  @Override
  public final void setUp() {
    torch.set_num_threads(Parallel.threads());
    super.setUp();
  }

  /** A copy in the shape of ours, or in another. */
  protected static Tensor tensor(io.github.elbo4j.tensor.Tensor ours, long... shape) {
    long[] dims = shape;
    if (dims.length == 0) {
      dims = new long[ours.shape().rank()];
      for (int i = 0; i < dims.length; i++) {
        dims[i] = ours.shape().dim(i);
      }
    }
    Tensor copy = torch.empty(dims);
    new FloatPointer(copy.data_ptr_float()).put(ours.array(), ours.offset(), ours.size());
    return copy;
  }

  /** A copy that {@link #both} computes the gradient for. */
  protected final Tensor leaf(io.github.elbo4j.tensor.Tensor ours, long... shape) {
    Tensor leaf = tensor(ours, shape).set_requires_grad(true);
    leaves.add(leaf);
    return leaf;
  }

  /** Runs without recording a graph; what is supplied are the outputs to compare. */
  protected final Object forward(Supplier<@Nullable Tensor[]> outputs) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      record(outputs.get());
    }
    return this;
  }

  /** Runs forward and backward; what is supplied are the outputs to compare, gradients included. */
  protected final Object both(Supplier<@Nullable Tensor[]> outputs) {
    try (PointerScope _ = new PointerScope()) {
      for (Tensor leaf : leaves) {
        leaf.mutable_grad().reset();
      }
      record(outputs.get());
    }
    return this;
  }

  /** Backward from {@code roots}, whose gradients are given. */
  protected static void backward(Tensor[] roots, Tensor[] gradients) {
    torch.backward(new TensorVector(roots), new TensorVector(gradients), null, false, null);
  }

  /** The outputs of a call, in the order of {@link Work}; null for one that is random. */
  protected static @Nullable Tensor[] outputs(@Nullable Tensor... outputs) {
    return outputs;
  }

  /** Tensors. */
  protected static Tensor[] tensors(Tensor... tensors) {
    return tensors;
  }

  private void record(@Nullable Tensor[] outputs) {
    if (isVerifying()) {
      for (Tensor output : outputs) {
        record(output == null ? null : floats(output));
      }
    }
  }

  private static float[] floats(Tensor output) {
    Tensor dense = output.detach().contiguous();
    float[] values = new float[Math.toIntExact(dense.numel())];
    new FloatPointer(dense.data_ptr_float()).get(values);
    return values;
  }
}
