package io.github.elbo4j.kernel.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a piece of work launched: each kernel with a checksum of its grid and arguments, so that two
 * runs can be compared.
 */
final class LaunchList {
  private final List<String> kernels = new ArrayList<>();
  private long[] sums = new long[64];
  private int at;
  private boolean comparing;
  private @Nullable String difference;

  /** Writes down from the beginning, or compares with what was written down. */
  void rewind(boolean compare) {
    comparing = compare;
    at = 0;
    difference = null;
    if (!compare) {
      kernels.clear();
    }
  }

  void add(String kernel, long sum) {
    if (!comparing) {
      if (at == sums.length) {
        sums = Arrays.copyOf(sums, 2 * at);
      }
      sums[at++] = sum;
      kernels.add(kernel);
      return;
    }
    if (difference == null) {
      if (at == kernels.size() || !kernels.get(at).equals(kernel)) {
        difference = kernel + " is launched in some steps and not in others";
      } else if (sums[at] != sum) {
        difference = kernel + " is given other arguments from step to step";
      }
    }
    at++;
  }

  /** What differs from the run before, or null. */
  @Nullable String difference() {
    if (difference == null && comparing && at < kernels.size()) {
      return kernels.get(at) + " is launched in some steps and not in others";
    }
    return difference;
  }

  /** Launches of the last run. */
  int size() {
    return at;
  }

  /** The checksum with one more number in it (the finaliser of SplitMix64). */
  static long mix(long sum, long number) {
    long z = (sum ^ number) * 0xBF58476D1CE4E5B9L + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
