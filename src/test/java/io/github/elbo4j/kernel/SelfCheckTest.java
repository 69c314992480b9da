package io.github.elbo4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.kernel.optim.AdamStep;
import io.github.elbo4j.kernel.optim.OptimKernels;
import io.github.elbo4j.kernel.random.RandomKernels;
import io.github.elbo4j.kernel.selfcheck.SelfCheck;
import io.github.elbo4j.tensor.Tensor;
import java.lang.reflect.RecordComponent;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A backend with one wrong family fails, and only there. */
final class SelfCheckTest {
  private static final Backend R = Backends.reference();

  private static List<String> failures(RandomKernels random, OptimKernels optim) {
    Backend wrong = referenceWith(random, optim);
    return SelfCheck.run(wrong, 1).stream()
        .filter(f -> !f.passed())
        .map(SelfCheck.Finding::kernel)
        .toList();
  }

  /** The reference with these families in the place of its own. */
  private static Backend referenceWith(Object... families) {
    RecordComponent[] components = Backend.class.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] parts = new Object[components.length];
    try {
      for (int c = 0; c < components.length; c++) {
        types[c] = components[c].getType();
        parts[c] = components[c].getAccessor().invoke(R);
        for (Object family : families) {
          parts[c] = types[c].isInstance(family) ? family : parts[c];
        }
      }
      return Backend.class.getDeclaredConstructor(types).newInstance(parts);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("a backend", e);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 20, -7, Long.MAX_VALUE})
  void rightBackendsPass(long seed) {
    for (Backend backend : List.of(Backends.simd(), R)) {
      assertThat(SelfCheck.run(backend, seed))
          .hasSizeGreaterThan(10)
          .allMatch(SelfCheck.Finding::passed);
    }
  }

  /** Right, but for what a subclass breaks. */
  private static class Random extends RandomKernels {
    @Override
    protected void doBits(NoiseKey key, long first, int[] out, int from, int n) {
      R.random().bits(key, first, out, from, n);
    }

    @Override
    protected void doUniform(NoiseKey key, long first, Tensor out) {
      R.random().uniform(key, first, out);
    }

    @Override
    protected void doNormal(NoiseKey key, long first, Tensor out) {
      R.random().normal(key, first, out);
    }

    @Override
    protected void doDropout(Tensor x, float p, NoiseKey noise, Tensor y) {
      R.random().dropout(x, p, noise, y);
    }

    @Override
    protected void doDropoutBackward(Tensor dY, float p, NoiseKey noise, Tensor dX) {
      R.random().dropoutBackward(dY, p, noise, dX);
    }
  }

  @Test
  void normalsThatAreSlightlyTooWide() {
    Random wide =
        new Random() {
          @Override
          protected void doNormal(NoiseKey key, long first, Tensor out) {
            super.doNormal(key, first, out);
            for (int i = 0; i < out.size(); i++) {
              out.array()[out.offset() + i] *= 1.001f;
            }
          }
        };
    assertThat(failures(wide, R.optim())).containsExactly("random.normal");
  }

  @Test
  void aUniformThatIsNoNumber() {
    Random nan =
        new Random() {
          @Override
          protected void doUniform(NoiseKey key, long first, Tensor out) {
            super.doUniform(key, first, out);
            out.array()[out.offset() + out.size() - 1] = Float.NaN;
          }
        };
    assertThat(failures(nan, R.optim())).containsExactly("random.uniform");
  }

  @Test
  void anOptimiserThatOnlyClears() {
    OptimKernels idle =
        new OptimKernels() {
          @Override
          protected void doAdam(
              Tensor param,
              Tensor grad,
              Tensor m,
              Tensor v,
              @Nullable Tensor s,
              @Nullable Tensor guard,
              AdamStep step) {
            grad.fill(0);
          }

          @Override
          protected void doSquaredNorm(Tensor x, Tensor out) {
            R.optim().squaredNorm(x, out);
          }

          @Override
          protected void doClipScale(Tensor squaredNorm, float maxNorm, Tensor scale) {
            R.optim().clipScale(squaredNorm, maxNorm, scale);
          }

          @Override
          protected void doPolyak(
              Tensor average, Tensor param, float decay, @Nullable Tensor guard) {
            R.optim().polyak(average, param, decay, guard);
          }
        };
    assertThat(failures(R.random(), idle)).containsExactly("optim.adam");
  }
}
