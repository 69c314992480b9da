package io.github.elbo4j.kernel.dense;

/**
 * The geometry of a two-dimensional convolution: channels, and for each of the two directions
 * sizes, stride, padding and dilation. Images are rows {@code [B, channels·height·width]} of
 * channels of rows of pixels.
 *
 * <p>A transposed convolution has the shape of the convolution that it is the transpose of, so its
 * input is that convolution's output and the other way round: see {@link #transposed}.
 *
 * @param inChannels &gt;= 1
 * @param outChannels &gt;= 1
 * @param height of images, across rows
 * @param width of images, along a row
 */
public record ConvShape(int inChannels, int outChannels, Axis height, Axis width) {
  /**
   * One direction. Output o sees the inputs {@code o·stride − padding + i·dilation} for i in [0,
   * kernel), of which those outside [0, in) count as 0.
   *
   * @param in inputs, &gt;= 1
   * @param kernel taps, &gt;= 1
   * @param stride inputs between neighbouring outputs, &gt;= 1
   * @param padding zeros before the first and behind the last input, &gt;= 0
   * @param dilation inputs between neighbouring taps, &gt;= 1
   */
  public record Axis(int in, int kernel, int stride, int padding, int dilation) {
    public Axis {
      if (in < 1 || kernel < 1 || stride < 1 || dilation < 1 || padding < 0) {
        throw new IllegalArgumentException(
            "ConvShape: in %d, kernel %d, stride %d and dilation %d must be >= 1, padding %d >= 0"
                .formatted(in, kernel, stride, dilation, padding));
      }
      long padded = in + 2L * padding;
      long reach = (kernel - 1L) * dilation + 1;
      if (reach > padded || padded > 1 << 28) {
        throw new IllegalArgumentException(
            "ConvShape: a kernel that reaches over %d must fit the %d inputs with their padding"
                .formatted(reach, padded));
      }
    }

    /** Without dilation. */
    public static Axis of(int in, int kernel, int stride, int padding) {
      return new Axis(in, kernel, stride, padding, 1);
    }

    /**
     * The direction of a convolution whose transpose makes {@code (in − 1)·stride − 2·padding +
     * (kernel − 1)·dilation + 1 + outputPadding} outputs of {@code in} inputs.
     *
     * @param outputPadding more outputs at the end, in [0, stride): which of the sizes that the
     *     convolution maps to {@code in}
     */
    public static Axis transposed(
        int in, int kernel, int stride, int padding, int dilation, int outputPadding) {
      if (in < 1 || outputPadding < 0 || outputPadding >= stride) {
        throw new IllegalArgumentException(
            "ConvShape: in %d must be >= 1 and outputPadding %d in [0, stride %d)"
                .formatted(in, outputPadding, stride));
      }
      long out = (in - 1L) * stride - 2L * padding + (kernel - 1L) * dilation + 1 + outputPadding;
      return new Axis(Math.clamp(out, 0, 1 << 28), kernel, stride, padding, dilation);
    }

    /** Outputs. */
    public int out() {
      return (in + 2 * padding - (kernel - 1) * dilation - 1) / stride + 1;
    }

    /** Padded inputs of one phase: those a stride apart. */
    int plane() {
      return (in + 2 * padding - 1) / stride + 1;
    }

    /** The phase that tap i reads, which is the rest of its distance by the stride. */
    int phase(int i) {
      return i * dilation % stride;
    }

    /** Where in its phase tap i starts. */
    int shift(int i) {
      return i * dilation / stride;
    }
  }

  public ConvShape {
    if (inChannels < 1 || outChannels < 1) {
      throw new IllegalArgumentException(
          "ConvShape: inChannels %d and outChannels %d must be >= 1"
              .formatted(inChannels, outChannels));
    }
    size(inChannels, height.in(), width.in());
    size(outChannels, height.out(), width.out());
    size(size(inChannels, height.kernel(), width.kernel()), outChannels, 1);
  }

  private static int size(int a, int b, int c) {
    long product = Math.multiplyExact((long) a * b, (long) c);
    if (product > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "ConvShape: %d x %d x %d elements are more than 2^31-1".formatted(a, b, c));
    }
    return (int) product;
  }

  /** The same kernel size, stride and padding in both directions, without dilation. */
  public static ConvShape square(
      int inChannels, int outChannels, int height, int width, int kernel, int stride, int padding) {
    return new ConvShape(
        inChannels,
        outChannels,
        Axis.of(height, kernel, stride, padding),
        Axis.of(width, kernel, stride, padding));
  }

  /**
   * The convolution whose transpose maps {@code fromChannels} images of height x width to {@code
   * toChannels} larger ones: the same kernel size, stride and padding in both directions, no
   * dilation, no output padding.
   */
  public static ConvShape transposed(
      int fromChannels,
      int toChannels,
      int height,
      int width,
      int kernel,
      int stride,
      int padding) {
    return new ConvShape(
        toChannels,
        fromChannels,
        Axis.transposed(height, kernel, stride, padding, 1, 0),
        Axis.transposed(width, kernel, stride, padding, 1, 0));
  }

  /** Elements of one input image. */
  public int inSize() {
    return inChannels * height.in() * width.in();
  }

  /** Elements of one output image. */
  public int outSize() {
    return outChannels * outPixels();
  }

  /** Pixels of one channel of the output. */
  public int outPixels() {
    return height.out() * width.out();
  }

  /** Inputs that one output element sees: columns of the weight. */
  public int patch() {
    return inChannels * height.kernel() * width.kernel();
  }
}
