package io.github.elbo4j.bench.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * The same as our benchmarks {@code B} of the family, computed by another library: methods and
 * shapes have the names that they have there, and the arguments are the same numbers. After
 * measuring, the outputs of one call are compared with our reference's, so that both compute the
 * same thing.
 */
public abstract class PeerBenchmark<B extends KernelBenchmark> extends TimedBenchmark {
  private @Nullable List<float @Nullable []> recorded;

  /** Makes the peer's arguments of ours. */
  protected abstract void prepare(B ours);

  /** True in the call whose outputs are compared. */
  protected final boolean isVerifying() {
    return recorded != null;
  }

  /** Names an output to compare, in the order of {@link Work}; null for one that is random. */
  protected final void record(float @Nullable [] output) {
    if (recorded != null) {
      recorded.add(output);
    }
  }

  @Override
  public void setUp() {
    B ours = create(ours(), values());
    ours.setUp();
    prepare(ours);
  }

  /** Fails when the peer does not compute what our reference computes. */
  @TearDown(Level.Trial)
  public void verify(BenchmarkParams params) {
    String method = method(params.getBenchmark());
    Map<String, String> values = create(ours(), Map.of()).verifiedValues(values(params));
    PeerBenchmark<?> fresh = create(written().asSubclass(PeerBenchmark.class), values);
    fresh.setUp();
    List<float @Nullable []> outputs = new ArrayList<>();
    fresh.recorded = outputs;
    fresh.call(method);
    KernelBenchmark.reference(ours(), method, values).assertMatches(outputs);
  }

  @SuppressWarnings("unchecked") // the name says it, and prepare would fail at once
  private Class<B> ours() {
    return (Class<B>) Peer.ours(written());
  }
}
