package io.github.elbo4j.bench.report;

import io.github.elbo4j.bench.Spread;
import java.util.List;

/**
 * One benchmark of ours in one shape, with the peers measured beside it.
 *
 * @param kernel such as {@code gaussian.reparameterizeBoth}
 * @param shape and what other parameters there are
 * @param backend {@code simd} or {@code reference}
 * @param nanos a call, one value a fork: the median of the fork's iterations
 * @param elements that a call works on
 * @param bytes that must move if each argument is touched once
 * @param footprint bytes of the different arguments
 * @param flops multiplications and additions, 0 where that is not the measure
 * @param allocated bytes a call, the most of any fork
 * @param copy the machine's copy in the memory that the footprint fits into
 * @param atLeast what the ratio to libtorch must be, NaN where nothing is asked
 * @param peers measured in turn with this, in no order
 */
public record KernelRow(
    String kernel,
    String shape,
    String backend,
    List<Double> nanos,
    long elements,
    long bytes,
    long footprint,
    long flops,
    double allocated,
    Copy copy,
    double atLeast,
    List<PeerTimes> peers) {
  /** Peer that a required ratio is about. */
  public static final String REQUIRED_PEER = "libtorch";

  /** Bytes a call that the profiler's own noise stays below; one boxed vector is more. */
  private static final double NOISE = 64;

  /**
   * A peer's measurements.
   *
   * @param name of the library
   * @param nanos a call, one value a fork
   */
  public record PeerTimes(String name, List<Double> nanos) {}

  /**
   * How fast the machine copies floats.
   *
   * @param memory {@code L2}, {@code L3} or {@code DRAM}: where the two arrays lie
   * @param bytesPerNano read and written, which is GB/s
   */
  public record Copy(String memory, double bytesPerNano) {}

  /** Time of a call. */
  public Spread time() {
    return Spread.of(nanos);
  }

  /** Times that a peer takes over ours. */
  public Spread ratio(PeerTimes peer) {
    return Spread.ratio(peer.nanos, nanos);
  }

  /** GB/s. */
  public double bytesPerNano() {
    return bytes / time().median();
  }

  /** Share of what the machine's copy moves in the same time. */
  public double shareOfCopy() {
    return bytesPerNano() / copy.bytesPerNano;
  }

  /** False where a ratio is asked and libtorch was measured and it is not reached. */
  public boolean reached() {
    return peers.stream()
        .filter(peer -> peer.name.equals(REQUIRED_PEER))
        .allMatch(peer -> !(ratio(peer).median() < atLeast));
  }

  /** True for a SIMD kernel whose calls allocate: it has failed. */
  public boolean allocates() {
    // JMH's own few hundred bytes an iteration weigh more where few calls fit into one.
    return backend.equals("simd") && allocated > Math.max(NOISE, time().median() * 1e-4);
  }
}
