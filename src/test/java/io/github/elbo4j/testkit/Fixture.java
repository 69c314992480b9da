package io.github.elbo4j.testkit;

import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Arguments of one case: every tensor lies at an odd offset between guard elements, outputs start
 * poisoned with NaN, accumulators with random numbers. Two fixtures of one seed hold the same
 * numbers.
 */
public final class Fixture {
  private static final int GUARDS = 19;
  private static final float GUARD = 12345.678f;

  private record Output(Tensor tensor, Tolerance tolerance) {}

  private final long seed;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Map<String, Output> outputs = new LinkedHashMap<>();
  private final Set<Tensor> integers = new HashSet<>();

  public Fixture(long seed) {
    this.seed = seed;
  }

  /** Normal numbers of standard deviation 1. */
  public Tensor input(String name, int... dims) {
    Tensor t = place(name, dims);
    SplittableRandom random = random(name);
    for (int i = 0; i < t.size(); i++) {
      t.array()[t.offset() + i] = (float) random.nextGaussian();
    }
    return t;
  }

  /** Numbers equally likely in [low, high). */
  public Tensor uniform(String name, double low, double high, int... dims) {
    Tensor t = place(name, dims);
    SplittableRandom random = random(name);
    for (int i = 0; i < t.size(); i++) {
      t.array()[t.offset() + i] = (float) (low + (high - low) * random.nextDouble());
    }
    return t;
  }

  /** Bytes equally likely in 0 … 255, with both ends there where there is room. */
  public ByteTensor bytes(String name, int rows, int columns) {
    SplittableRandom random = random(name);
    int offset = random.nextInt(9);
    byte[] array = new byte[offset + rows * columns + 3];
    random.nextBytes(array);
    if (rows * columns > 2) {
      array[offset] = 0;
      array[offset + 1] = (byte) 255;
    }
    return new ByteTensor(array, offset, rows, columns);
  }

  /** An output that the hook must write. */
  public Tensor output(String name, Tolerance tolerance, int... dims) {
    Tensor t = place(name, dims);
    t.fill(Float.NaN);
    outputs.put(name, new Output(t, tolerance));
    return t;
  }

  /** Integers that the hook gives in another form and the call writes here: must be the same. */
  public Tensor integers(String name, int... dims) {
    Tensor t = output(name, Tolerance.EXACT, dims);
    integers.add(t);
    return t;
  }

  /** A gradient that the hook must add to. */
  public Tensor accumulated(String name, Tolerance tolerance, int... dims) {
    Tensor t = input(name, dims);
    outputs.put(name, new Output(t, tolerance));
    return t;
  }

  /**
   * Fails where this fixture's outputs are not those of {@code reference}, or a guard was written
   * to.
   */
  public void assertMatches(Fixture reference) {
    assertGuards();
    reference.assertGuards();
    outputs.forEach((name, output) -> compare(name, output, reference.named(name).toArray()));
  }

  /** Fails where this fixture's outputs have other bits than {@code other}'s. */
  public void assertSameBits(Fixture other) {
    outputs.forEach(
        (name, output) -> {
          int[] got = bits(output.tensor());
          int[] wanted = bits(other.named(name));
          int at = Arrays.mismatch(got, wanted);
          if (at >= 0) {
            fail(
                "%s[%d] of %s has bits %08x, not %08x",
                name, at, output.tensor().shape(), got[at], wanted[at]);
          }
        });
  }

  /** A hash of the bits of all outputs. */
  public int hash() {
    int hash = 1;
    for (Output output : outputs.values()) {
      hash = 31 * hash + Arrays.hashCode(bits(output.tensor()));
    }
    return hash;
  }

  private static void compare(String name, Output output, float[] wanted) {
    float[] got = output.tensor().toArray();
    for (int i = 0; i < got.length; i++) {
      double bound = output.tolerance().bound(i, wanted[i]);
      boolean near = Float.isFinite(wanted[i]) && Math.abs((double) got[i] - wanted[i]) <= bound;
      if (!near && Float.compare(got[i], wanted[i]) != 0) { // infinities and NaN must be the same
        fail(
            "%s[%d] of %s is %s, the reference has %s, bound %s",
            name, i, output.tensor().shape(), got[i], wanted[i], bound);
      }
    }
  }

  /** Not AssertJ's: the cases also run where there is no such library, on a machine with a GPU. */
  @SuppressWarnings("AnnotateFormatMethod") // the annotation would bring a dependency
  private static void fail(String message, Object... values) {
    throw new AssertionError(message.formatted(values));
  }

  private void assertGuards() {
    tensors.forEach(
        (name, t) -> {
          float[] a = t.array();
          for (int i = 0; i < a.length; i++) {
            if ((i < t.offset() || i >= t.offset() + t.size()) && a[i] != GUARD) {
              fail("%s %s: element %d outside it was written", name, t.shape(), i - t.offset());
            }
          }
        });
  }

  /** Every float tensor that was asked for. */
  public Collection<Tensor> tensors() {
    return tensors.values();
  }

  /** The tensors that hooks are given. */
  public List<Tensor> given() {
    return tensors.values().stream().filter(t -> !integers.contains(t)).toList();
  }

  private Tensor named(String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  private Tensor place(String name, int... dims) {
    int size = Shape.of(dims).size();
    int offset = 1 + random(name + "@").nextInt(GUARDS);
    float[] array = new float[offset + size + GUARDS];
    Arrays.fill(array, GUARD);
    Tensor t = Tensor.of(array, offset, dims);
    tensors.put(name, t);
    return t;
  }

  private SplittableRandom random(String name) {
    return new SplittableRandom(seed * 31 + name.hashCode());
  }

  private static int[] bits(Tensor t) {
    float[] a = t.toArray();
    int[] bits = new int[a.length];
    for (int i = 0; i < a.length; i++) {
      bits[i] = Float.floatToRawIntBits(a[i]);
    }
    return bits;
  }
}
