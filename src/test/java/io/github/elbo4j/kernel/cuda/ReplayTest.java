package io.github.elbo4j.kernel.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Replay;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Work that is captured: what may change in it, and what keeps it from being captured. */
@Tag("cuda")
class ReplayTest {
  private final Backend cuda = Backends.choose("cuda");
  private final Replay replay = Objects.requireNonNull(cuda.memory().replay(2));
  private final Tensor sum = replay.results().slice(0, Shape.of(1));

  private int forms = 1;

  private void run(int clock, Runnable work) {
    replay.start(1, clock, work);
    replay.finish();
  }

  private float sumOf(Tensor t) {
    float sum = 0;
    for (float value : t.toArray()) {
      sum += value;
    }
    return sum;
  }

  @Test
  void aBackendThatWaitsForNothingHasNone() {
    assertThat(Backends.simd().memory().replay(1)).isNull();
    assertThat(Backends.reference().memory().replay(1)).isNull();
  }

  @Test
  void arraysOfTheHostAreReadAnewAtEachStart() {
    try (replay) {
      Tensor host = Tensor.zeros(100);
      byte[] bytes = new byte[40];
      Tensor pixels = cuda.memory().allocate(20);
      for (int i = 0; i < 6; i++) {
        host.fill(i);
        java.util.Arrays.fill(bytes, (byte) (51 * i));
        run(
            i,
            () -> {
              cuda.memory().fill(replay.results(), 0);
              cuda.reduce().addSum(host, 1, sum);
              ByteTensor image = new ByteTensor(bytes, 20, 4, 5);
              cuda.pixels().scale(image, pixels.slice(0, Shape.of(4, 5)));
              cuda.reduce().addSum(pixels, 1, replay.results().slice(1, Shape.of(1)));
            });
        host.fill(-1); // is the next start's
        assertThat(replay.result(0)).isEqualTo(100f * i);
        assertThat(replay.result(1)).isEqualTo(20 * (51f * i / 255));
        assertThat(replay.replayed()).isEqualTo(i > 0);
      }
      assertThat(replay.whyNot()).isNull();
    }
  }

  @Test
  void noiseOfTheStepMovesWithItAndOtherNoiseStays() {
    try (replay) {
      NoiseKey moving = new NoiseKey(5, 1);
      NoiseKey fixed = new NoiseKey(5, 2).at(4);
      Tensor drawn = cuda.memory().allocate(300);
      Tensor same = cuda.memory().allocate(300);
      for (int i = 0; i < 8; i++) {
        moving.at(i);
        run(
            i,
            () -> {
              cuda.random().normal(moving, 0, drawn);
              cuda.random().uniform(fixed, 7, same);
            });
        Tensor eager = cuda.memory().allocate(300);
        cuda.random().normal(moving, 0, eager);
        assertThat(drawn.toArray()).isEqualTo(eager.toArray());
        cuda.random().uniform(fixed, 7, eager);
        assertThat(same.toArray()).isEqualTo(eager.toArray());
      }
      assertThat(replay.replayed()).isTrue();
    }
  }

  @Test
  void otherNumbersInEachStepKeepItFromBeingCaptured() {
    try (replay) {
      float[] weight = {1};
      Tensor x = cuda.memory().allocate(10);
      cuda.memory().fill(x, 1);
      for (int i = 0; i < 12; i++) {
        weight[0] = i;
        run(
            i,
            () -> {
              cuda.memory().fill(replay.results(), 0);
              cuda.reduce().addSum(x, weight[0], sum);
            });
        assertThat(replay.result(0)).isEqualTo(10f * i);
        assertThat(replay.replayed()).isFalse();
      }
      assertThat(replay.whyNot())
          .isEqualTo("reduce_add_sum is given other arguments from step to step");
      for (int i = 0; i < 16; i++) { // which it need not be for ever
        run(
            i,
            () -> {
              cuda.memory().fill(replay.results(), 0);
              cuda.reduce().addSum(x, 3, sum);
            });
        assertThat(replay.result(0)).isEqualTo(30);
      }
      assertThat(replay.replayed()).isTrue();
      assertThat(replay.whyNot()).isNull();
    }
  }

  @Test
  void workThatLooksAtTheHostStaysEager() {
    Tensor x = cuda.memory().allocate(6);
    Tensor host = Tensor.zeros(6);
    neverCaptured(() -> x.get(2), "the host reads elements of the device");
    neverCaptured(() -> x.set(new float[6]), "the host writes elements of the device");
    neverCaptured(() -> cuda.memory().copy(x, host), "the host reads elements of the device");
    int[] bits = new int[8];
    neverCaptured(
        () -> cuda.random().bits(new NoiseKey(1, 1), 0, bits, 0, 8),
        "the host waits for the device");
    neverCaptured(
        () -> {
          host.fill(1);
          cuda.memory().copy(host, x);
          host.fill(2);
          cuda.memory().copy(host, x);
          assertThat(x.get(5)).isEqualTo(2);
        },
        "the host changes an array that the device reads");
    replay.close();
  }

  private void neverCaptured(Runnable work, String why) {
    forms++;
    for (int i = 0; i < 4; i++) {
      replay.start(forms, i, work);
      replay.finish();
      assertThat(replay.replayed()).as(why).isFalse();
    }
    assertThat(replay.whyNot()).isEqualTo(why);
  }

  @Test
  void otherArraysInEachStepAreReadAndGetNoPlacesForEver() {
    try (replay) {
      Tensor x = cuda.memory().allocate(5000);
      int pinned = 0;
      for (int i = 0; i < 12; i++) {
        Tensor host = Tensor.zeros(5000);
        host.fill(i);
        run(i, () -> cuda.memory().copy(host, x));
        assertThat(x.get(4999)).isEqualTo(i);
        if (i == 5) {
          pinned = DeviceCounts.pinned();
        }
      }
      assertThat(DeviceCounts.pinned()).isEqualTo(pinned);
      assertThat(replay.whyNot()).isEqualTo("it reads other arrays of the host in each step");
    }
  }

  /** What another thread launches meanwhile is done, and is no part of the graph. */
  @Test
  void anotherThreadWaitsForItsTurn() throws InterruptedException {
    try (replay) {
      Tensor x = cuda.memory().allocate(8);
      Tensor other = cuda.memory().allocate(8);
      Thread thread = new Thread(() -> cuda.memory().fill(other, 1));
      for (int i = 0; i < 3; i++) {
        boolean captured = i == 1;
        run(
            i,
            () -> {
              cuda.memory().fill(x, 1);
              if (captured) {
                thread.start();
                while (thread.getState() != Thread.State.BLOCKED && thread.isAlive()) {
                  Thread.onSpinWait();
                }
              }
            });
      }
      thread.join();
      assertThat(other.toArray()).containsOnly(1f);
      cuda.memory().fill(other, 2);
      run(3, () -> {});
      assertThat(replay.replayed()).isTrue();
      assertThat(other.toArray()).containsOnly(2f);
    }
  }

  @Test
  void workThatDoesSoOnlyLaterIsFoundWhileItIsCaptured() {
    try (replay) {
      Tensor x = cuda.memory().allocate(6);
      int[] times = {0};
      for (int i = 0; i < 3; i++) {
        run(
            i,
            () -> {
              cuda.memory().fill(x, times[0]);
              if (times[0]++ > 0) {
                assertThat(x.get(0)).isEqualTo(times[0] - 1f);
              }
            });
        assertThat(replay.replayed()).isFalse();
      }
      assertThat(x.toArray()).containsOnly(times[0] - 1f);
    }
  }

  @Test
  void aFailureWhileCapturingLeavesTheDeviceAsItWas() {
    try (replay) {
      Tensor x = cuda.memory().allocate(6);
      run(0, () -> cuda.memory().fill(x, 1));
      IllegalStateException mine = new IllegalStateException("mine");
      assertThatThrownBy(
              () ->
                  run(
                      1,
                      () -> {
                        cuda.memory().fill(x, 2);
                        throw mine;
                      }))
          .isSameAs(mine);
      assertThat(x.toArray()).containsOnly(1f);
      run(2, () -> cuda.memory().fill(x, 1));
      run(3, () -> cuda.memory().fill(x, 1));
      assertThat(replay.replayed()).isTrue();
    }
  }

  @Test
  void aLaunchThatIsRefusedWhileCapturingIsNamed() {
    try (replay) {
      Tensor x = cuda.memory().allocate(6);
      CudaKernel fill = Cuda.open(0).kernel("memory", "memory_fill");
      int[] times = {0};
      Runnable work =
          () -> {
            DeviceCall call = Cuda.open(0).begin();
            call.pass(call.out(x)).pass(1f).pass(6);
            call.launch(fill, 1, times[0]++ == 0 ? 32 : 4096, 0);
            call.end();
          };
      run(0, work);
      assertThatThrownBy(() -> run(1, work))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("memory_fill <<<(1,1), 4096, 0 bytes>>>");
      cuda.memory().fill(x, 3);
      assertThat(x.toArray()).containsOnly(3f);
    }
  }

  @Test
  void dataThatAKernelRefusesAreToldWhenTheStepIsDone() {
    try (replay) {
      Tensor x = cuda.memory().allocate(12);
      Tensor logits = cuda.memory().allocate(12);
      Tensor logLik = cuda.memory().allocate(3);
      Shape shape = Shape.of(3, 4);
      Runnable work =
          () -> cuda.likelihood().bernoulli(logits.slice(0, shape), x.slice(0, shape), logLik);
      for (int i = 0; i < 3; i++) {
        run(i, work);
      }
      assertThat(replay.replayed()).isTrue();
      x.slice(6, Shape.of(1)).fill(1.5f);
      assertThatThrownBy(() -> run(3, work))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("likelihood: x[1,2] = 1.5 must lie in [0,1]");
      x.slice(6, Shape.of(1)).fill(0.5f);
      run(4, work);
      assertThat(sumOf(logLik)).isNegative();
    }
  }

  @Test
  void formsAreKeptApartAndBlocksReturned() {
    int blocks = DeviceCounts.blocks();
    int pinned = DeviceCounts.pinned();
    Tensor x = cuda.memory().allocate(5000);
    for (int i = 0; i < 9; i++) {
      int form = i % 2;
      replay.start(
          form,
          i,
          () -> {
            cuda.memory().fill(replay.results(), form);
            cuda.reduce().addSum(x.slice(0, Shape.of(form == 0 ? 5000 : 100)), 1, sum);
          });
      replay.finish();
      assertThat(replay.result(0)).isEqualTo(form);
    }
    assertThat(replay.replayed()).isTrue();
    assertThat(DeviceCounts.graphs()).isEqualTo(2);
    assertThat(DeviceCounts.pinned()).isEqualTo(pinned + 2);
    replay.capture(false);
    assertThat(DeviceCounts.graphs()).isZero();
    run(9, () -> cuda.memory().fill(x, 1));
    assertThat(replay.replayed()).isFalse();
    replay.close();
    assertThat(DeviceCounts.blocks()).isEqualTo(blocks);
    assertThat(DeviceCounts.pinned()).isEqualTo(pinned - 1);
  }

  @Test
  void tensorsOfAGraphStayWhileItLives() throws InterruptedException {
    int blocks;
    try (replay) {
      Tensor[] only = {cuda.memory().allocate(777)};
      for (int i = 0; i < 3; i++) {
        run(i, () -> cuda.memory().fill(only[0], 1));
      }
      assertThat(replay.replayed()).isTrue();
      collect(0);
      blocks = DeviceCounts.blocks();
      only[0] = Tensor.EMPTY;
      assertThat(collect(blocks - 1)).isEqualTo(blocks);
      run(3, () -> {});
    }
    int left = blocks - 3; // the tensor, the places of inputs, the results
    assertThat(collect(left)).isLessThanOrEqualTo(left);
  }

  /** Blocks on the device after garbage was collected, as soon as there are only so many. */
  private static int collect(int wanted) throws InterruptedException {
    for (int i = 0; i < 20 && DeviceCounts.blocks() > wanted; i++) {
      System.gc();
      Thread.sleep(10);
    }
    return DeviceCounts.blocks();
  }
}
