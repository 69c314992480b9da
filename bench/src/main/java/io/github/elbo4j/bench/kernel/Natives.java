package io.github.elbo4j.bench.kernel;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;

/** Whether libtorch can run: its classes are always there, its natives with the profile peers. */
final class Natives {
  private Natives() {}

  static boolean areThere() {
    String library = Loader.getPlatform() + "/" + System.mapLibraryName("jnitorch");
    return torch.class.getResource("/org/bytedeco/pytorch/" + library) != null;
  }
}
