package io.github.elbo4j.bench.step;

import io.github.elbo4j.data.Images;
import java.io.IOException;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The same step in libtorch, written as its classic VAE example is, eager, with the C++ front end's
 * Adam. The data is converted to float beforehand and batches are views of it, in order: neither
 * shuffling nor conversion is counted against libtorch.
 */
public final class TorchStep {
  /** at::Reduction::Sum. */
  private static final long SUM = 2;

  private final boolean fusedLoss;
  private final LinearImpl hidden = new LinearImpl(ClassicVae.PIXELS, ClassicVae.HIDDEN);
  private final LinearImpl mean = new LinearImpl(ClassicVae.HIDDEN, ClassicVae.LATENT);
  private final LinearImpl logVariance = new LinearImpl(ClassicVae.HIDDEN, ClassicVae.LATENT);
  private final LinearImpl decoder = new LinearImpl(ClassicVae.LATENT, ClassicVae.HIDDEN);
  private final LinearImpl output = new LinearImpl(ClassicVae.HIDDEN, ClassicVae.PIXELS);
  private final Adam adam;
  private final Tensor data;
  private final Scalar half = new Scalar(0.5);
  private final Scalar minusHalf = new Scalar(-0.5);
  private final Scalar one = new Scalar(1.0);
  private final Scalar two = new Scalar(2.0);
  private final TensorOptional none = new TensorOptional();

  private TorchStep(Images images, boolean fusedLoss) {
    this.fusedLoss = fusedLoss;
    this.data = Tensor.create(scaled(images), images.count(), images.size());
    TensorVector parameters = new TensorVector();
    for (LinearImpl layer : new LinearImpl[] {hidden, mean, logVariance, decoder, output}) {
      parameters.push_back(layer.weight());
      parameters.push_back(layer.bias());
    }
    this.adam = new Adam(parameters, new AdamOptions(ClassicVae.LEARNING_RATE));
  }

  /**
   * Measures in this process.
   *
   * @param args number of threads; {@code logits} for binary_cross_entropy_with_logits or {@code
   *     example} for sigmoid and binary_cross_entropy
   */
  public static void main(String[] args) throws IOException {
    torch.set_num_threads(Integer.parseInt(args[0]));
    torch.manual_seed(ClassicVae.SEED);
    TorchStep step = new TorchStep(ClassicVae.data(), args[1].equals("logits"));
    StepTimer.report(step::run);
  }

  private float run(long index) {
    try (PointerScope _ = new PointerScope()) {
      long first = index % ClassicVae.BATCHES * ClassicVae.BATCH;
      Tensor loss = loss(data.narrow(0, first, ClassicVae.BATCH));
      adam.zero_grad();
      loss.backward();
      adam.step();
      return loss.item_float() / ClassicVae.BATCH;
    }
  }

  private Tensor loss(Tensor x) {
    Tensor h = torch.relu(hidden.forward(x));
    Tensor mu = mean.forward(h);
    Tensor logVar = logVariance.forward(h);
    Tensor sigma = torch.exp(logVar.mul(half));
    Tensor z = mu.add(torch.randn_like(sigma).mul(sigma));
    Tensor logits = output.forward(torch.relu(decoder.forward(z)));
    Tensor reconstruction =
        fusedLoss
            ? torch.binary_cross_entropy_with_logits(logits, x, none, none, SUM)
            : torch.binary_cross_entropy(torch.sigmoid(logits), x, none, SUM);
    Tensor divergence = logVar.add(one).sub(mu.pow(two)).sub(logVar.exp()).sum().mul(minusHalf);
    return reconstruction.add(divergence);
  }

  private static float[] scaled(Images images) {
    byte[] pixels = images.pixels();
    float[] values = new float[pixels.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (pixels[i] & 0xFF) / 255f;
    }
    return values;
  }
}
