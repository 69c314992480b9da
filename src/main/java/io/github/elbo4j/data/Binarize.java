package io.github.elbo4j.data;

import io.github.elbo4j.kernel.Philox;

/** What a Bernoulli likelihood takes a grey pixel x of 0 … 255 to be. */
public enum Binarize {
  /** The target is the probability x/255 itself; nothing is drawn. */
  NONE,

  /**
   * Every training step draws each of its pixels anew, 1 with probability x/255, inside the
   * likelihood kernel (Burda et al. 2016). The test split is drawn once with {@link #staticDraw},
   * so that its numbers can be compared between epochs.
   */
  DYNAMIC,

  /**
   * Each pixel of each split is drawn once, with {@link #staticDraw}, and then stays (Salakhutdinov
   * and Murray 2008).
   */
  STATIC;

  /**
   * Draws each pixel once: 255 with probability x/255 and else 0, so that 0 and 255 stay what they
   * are. The draw of pixel i (counted through the whole set) is a function of (seed, stream, i, x)
   * alone.
   *
   * @param stream Philox stream: one of its own for each split
   */
  public static Images staticDraw(Images images, long seed, int stream) {
    byte[] pixels = images.pixels();
    byte[] drawn = new byte[pixels.length];
    for (int i = 0; i < pixels.length; i++) {
      int x = pixels[i] & 0xFF;
      if (x == 255 || (x > 0 && Philox.uniform(Philox.bits(seed, stream, 0, i)) < x / 255f)) {
        drawn[i] = (byte) 255;
      }
    }
    return new Images(
        images.name() + " binarized",
        images.count(),
        images.height(),
        images.width(),
        drawn,
        images.labels());
  }
}
