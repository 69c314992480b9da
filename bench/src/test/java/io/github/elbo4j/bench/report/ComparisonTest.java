package io.github.elbo4j.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.github.elbo4j.bench.report.Comparison.Change;
import io.github.elbo4j.bench.report.Comparison.Verdict;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private final String old = resource("/kernels-old.json");
  private final String young = resource("/kernels-new.json");

  @Test
  void flagsWhatLiesOutsideTheErrorBars() {
    Comparison comparison = new Comparison(old, young);
    assertThat(comparison.changes())
        .extracting(Change::row, Change::verdict)
        .containsExactly(
            tuple("gaussian.klToPrior 128x1x64 simd", Verdict.SLOWER),
            // 12 % slower, but the ranges touch.
            tuple("gaussian.klToPrior 4096x1x64 simd", Verdict.SAME),
            tuple("gaussian.reparameterize 128x1x64 simd", Verdict.FASTER),
            // Outside the error bars by less than a machine changes from day to day.
            tuple("memory.copy 32768 simd", Verdict.SAME),
            tuple("optim.polyak 50000 simd", Verdict.ADDED),
            tuple("optim.adam 50000 simd", Verdict.GONE));
    assertThat(comparison.slower()).isTrue();
    assertThat(comparison.toMarkdown())
        .contains("| gaussian.klToPrior 128x1x64 simd | slower | 1000.0 ns (980.0–1050.0) → 1100.0")
        .contains("1.10×")
        .doesNotContain("different CPUs")
        .endsWith("2 same, 1 slower, 1 faster, 1 gone, 1 added\n");
  }

  @Test
  void fasterIsNoFailure() {
    Comparison back = new Comparison(old, old);
    assertThat(back.slower()).isFalse();
    assertThat(back.changes()).allMatch(change -> change.verdict() == Verdict.SAME);
  }

  @Test
  void saysThatCpusDiffer() {
    String other = young.replace("Some CPU", "Another CPU");
    assertThat(new Comparison(old, other).toMarkdown()).contains("different CPUs");
  }

  @Test
  void refusesAnotherKindOfFile() {
    assertThatThrownBy(() -> new Comparison(old, "{\"rows\":[]}"))
        .hasMessageContaining("not a file of kernel results");
  }

  static String resource(String name) {
    try (var stream = ComparisonTest.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(stream).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
