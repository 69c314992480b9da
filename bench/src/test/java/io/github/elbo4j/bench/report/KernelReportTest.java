package io.github.elbo4j.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.bench.Machine;
import io.github.elbo4j.bench.Spread;
import io.github.elbo4j.bench.report.KernelRow.Copy;
import io.github.elbo4j.bench.report.KernelRow.PeerTimes;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KernelReportTest {
  /** 1,000 bytes in 10, 8, 20 ns beside 100, 120, 100 ns. */
  private static KernelRow row(double atLeast, double allocated) {
    return new KernelRow(
        "flow.planarBoth",
        "4x2",
        "simd",
        List.of(10.0, 8.0, 20.0),
        100,
        1000,
        500,
        0,
        allocated,
        new Copy("L3", 200),
        atLeast,
        List.of(new PeerTimes("libtorch", List.of(100.0, 120.0, 100.0))));
  }

  private static KernelReport report(KernelRow row) {
    Machine machine = new Machine("Some CPU", 2, "L2 1024K", "Linux", "JDK", "abc", "2026-01-01");
    Conditions conditions =
        new Conditions(
            machine, "bench/run.sh", 1, "-Xmx1g", Map.of("A", "b"), Map.of(), "[madvise]");
    return new KernelReport(conditions, List.of(row.copy()), List.of(row));
  }

  @Test
  void ratioIsThatOfTheMediansWithTheRangeOfNeighbours() {
    Spread ratio = row(6, 0).ratio(row(6, 0).peers().getFirst());
    assertThat(ratio).isEqualTo(new Spread(10, 5, 15));
  }

  @Test
  void rateAndItsShareOfTheCopy() {
    assertThat(row(6, 0).bytesPerNano()).isCloseTo(100, within(1e-9));
    assertThat(row(6, 0).shareOfCopy()).isCloseTo(0.5, within(1e-9));
  }

  @Test
  void tableSaysWhetherWhatIsAskedIsReached() {
    assertThat(report(row(10, 0)).table())
        .contains("| flow.planarBoth | 4x2 | 10.0 | 8.0–20.0 | 0.100 | 100.0 | 50 % L3 |  | 0 |")
        .contains("| 10.00× (5.00–15.00) | 10×, yes |");
    assertThat(report(row(10.5, 0)).table()).contains("| 10.5×, **no** |");
    assertThat(report(row(10.5, 0)).summary()).contains("Below the ratio asked: flow.planarBoth");
    assertThat(report(row(Double.NaN, 0)).summary()).contains("Every ratio").contains("allocates");
  }

  @Test
  void simdKernelThatAllocatesIsNamed() {
    assertThat(row(10, 64).allocates()).isFalse();
    assertThat(row(10, 65).allocates()).isTrue();
    assertThat(report(row(10, 1000)).summary()).contains("allocate: flow.planarBoth 4x2");
  }

  @Test
  void jsonIsWhatTheComparisonReads() {
    Comparison comparison = new Comparison(report(row(10, 0)).toJson(), report(row(9, 0)).toJson());
    assertThat(comparison.changes())
        .singleElement()
        .matches(change -> change.row().equals("flow.planarBoth 4x2 simd"))
        .matches(change -> change.text().equals("10.0 ns (8.0–20.0) → 10.0 ns (8.0–20.0), 1.00×"));
    assertThat(report(row(10, 0)).toJson()).contains("\"ratioMax\":15.0").contains("\"ns\":120.0");
  }
}
