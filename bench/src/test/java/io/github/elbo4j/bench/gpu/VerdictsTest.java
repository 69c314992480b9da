package io.github.elbo4j.bench.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.bench.gpu.Verdicts.Verdict;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class VerdictsTest {
  private final Map<String, Part> parts = new LinkedHashMap<>();

  private void put(String name, int items, String reason, String... rows) {
    parts.put(name, new Part(name, items, List.of(rows), reason, 1));
  }

  private Verdict verdict(int i) {
    return new Verdicts(parts).all().get(i);
  }

  @Test
  void parityPassesOnlyWhenEveryCaseRanAndNoneFailed() {
    assertThat(Verdicts.parityPassed(parts)).isFalse();
    put("parity", 0, "");
    assertThat(Verdicts.parityPassed(parts)).isFalse();
    put("parity", 7000, "");
    assertThat(Verdicts.parityPassed(parts)).isTrue();
    put("parity", 7000, "out of time at x");
    assertThat(Verdicts.parityPassed(parts)).isFalse();
    put("parity", 7000, "", "{\"case\":\"gaussian.klToPrior [3,5]\",\"error\":\"kl[0]\"}");
    assertThat(Verdicts.parityPassed(parts)).isFalse();
    assertThat(verdict(0).measured()).isEqualTo("7000 cases, 1 failed");
    assertThat(verdict(0).reached()).isEqualTo("no");
  }

  @Test
  void bandwidthCountsMemoryBoundKernelsPastTheCacheAlone() {
    String fast =
        "{\"kernel\":\"a\",\"gbPerSecond\":860.0,\"memoryBound\":true,\"pastCache\":true}";
    String slow =
        "{\"kernel\":\"b\",\"gbPerSecond\":500.0,\"memoryBound\":true,\"pastCache\":true}";
    String small =
        "{\"kernel\":\"c\",\"gbPerSecond\":5.0,\"memoryBound\":true,\"pastCache\":false}";
    String sums = "{\"kernel\":\"d\",\"gbPerSecond\":5.0,\"memoryBound\":false,\"pastCache\":true}";
    put("kernels", 5, "", "{\"copy\":\"\",\"gbPerSecond\":1000.0}", fast, small, sums);
    assertThat(verdict(1))
        .extracting(Verdict::measured, Verdict::reached)
        .containsExactly("1 of 1", "yes");
    put("kernels", 5, "", "{\"copy\":\"\",\"gbPerSecond\":1000.0}", fast, slow, small, sums);
    assertThat(verdict(1).measured()).isEqualTo("1 of 2; below: b 50 %");
    assertThat(verdict(1).reached()).isEqualTo("no");
    put("kernels", 1, "out of time", small);
    assertThat(verdict(1).reached()).isEqualTo("not measured");
  }

  @Test
  void ratiosAreTheirTimeOverOursOrTheReasonWhyThereIsNone() {
    put(
        "kernels",
        1,
        "",
        "{\"kernel\":\"gaussian.reparameterizeDrawn\",\"shape\":\"262144x1x64\",\"micros\":50.0}");
    put("peer", 1, "", "{\"torch\":null,\"reason\":\"no module\"}");
    assertThat(verdict(2).measured()).isEqualTo("PyTorch: no module");
    put(
        "peer",
        1,
        "",
        "{\"torch\":\"2\",\"kernels\":[{\"name\":\"reparameterizeKl\",\"eager\":{\"micros\":250.0},"
            + "\"compile\":{\"error\":\"no compiler\"}}]}");
    assertThat(verdict(2).measured()).isEqualTo("5.00x: 50.0 us beside 250.0 us");
    assertThat(verdict(2).reached()).isEqualTo("yes");
    assertThat(verdict(3).measured()).isEqualTo("PyTorch: no compiler");
    assertThat(verdict(3).reached()).isEqualTo("not measured");
    assertThat(verdict(4).measured()).startsWith("ours: cholesky.factorBoth was not measured");
  }

  @Test
  void theStepIsComparedWithTheFasterCompiledForm() {
    put("steps as graphs", 1, "", "{\"step\":\"784-400-20 batch 128\",\"micros\":100.0}");
    put(
        "peer",
        1,
        "",
        "{\"torch\":\"2\",\"steps\":[{\"name\":\"784-400-20 batch"
            + " 128\",\"eager\":{\"micros\":450.0},"
            + "\"compile\":{\"micros\":300.0},\"reduceOverhead\":{\"micros\":160.0}}]}");
    assertThat(verdict(5).reached()).isEqualTo("no");
    assertThat(verdict(6).measured()).isEqualTo("1.60x: 100.0 us beside 160.0 us");
    assertThat(verdict(6).reached()).isEqualTo("yes");
  }
}
