package io.github.elbo4j.kernel.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.Precision;
import io.github.elbo4j.kernel.dense.Activation;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which provider is taken, what is said of those that are not, and that they give all back. */
@Tag("cuda")
class GemmProvidersTest {
  private static final int EXECUTION_FAILED = 13;

  private final Cuda cuda = Cuda.open(0);
  private int handles;

  @BeforeEach
  void onTheEmulator() {
    assumeTrue(EmulatedDevice.present(), "the stand-in libraries need the stand-in driver");
    handles = Cublas.handles();
  }

  @AfterEach
  void allHandlesAreBack() {
    assertThat(Cublas.handles()).isEqualTo(handles);
    assertThat(StandInCublas.handles(12) + StandInCublas.handles(13)).isEqualTo(handles);
  }

  @ParameterizedTest
  @CsvSource({
    "auto,    13, cublas,  'libcublas.so.13, version 13.0.0'",
    "auto,    12, cublas,  'libcublas.so.12, version 12.0.0'",
    "cublas,  13, cublas,  'libcublas.so.13, version 13.0.0'",
    "jcublas, 12, jcublas, 'libcublas.so.12, version 12.0.0'",
    "own,     13, own,     'always there'"
  })
  void theOneAskedForIsTaken(String asked, int version, String name, String description) {
    StandInCublas.with(
        StandInCublas.file(version),
        () -> {
          try (GemmProvider gemm = GemmProviders.open(cuda, asked, Precision.FP32)) {
            assertThat(gemm.name()).isEqualTo(name);
            assertThat(gemm.description()).contains(description);
            assertThat(Cublas.handles()).isEqualTo(handles + (name.equals("own") ? 0 : 1));
          }
        });
  }

  @Test
  void whatIsNotThereIsRefusedWithTheReason() {
    StandInCublas.with(
        "/nowhere/libcublas.so.12",
        () -> {
          assertThatThrownBy(() -> GemmProviders.open(cuda, "cublas", Precision.FP32))
              .isInstanceOf(IllegalStateException.class)
              .hasMessage(
                  "-Delbo4j.cuda.gemm=cublas is not available:"
                      + " /nowhere/libcublas.so.12 was not found");
          assertThatThrownBy(() -> GemmProviders.open(cuda, "jcublas", Precision.FP32))
              .hasMessage(
                  "-Delbo4j.cuda.gemm=jcublas is not available: JCublas2 needs cuBLAS 12:"
                      + " /nowhere/libcublas.so.12 was not found");
          assertThat(opened("auto")).isEqualTo("own");
        });
    StandInCublas.with(
        StandInCublas.file(13),
        () ->
            assertThatThrownBy(() -> GemmProviders.open(cuda, "jcublas", Precision.FP32))
                .hasMessageEndingWith("libcublas.so.13 is of another version"));
    StandInCublas.with(
        "libc.so.6",
        () ->
            assertThatThrownBy(() -> GemmProviders.open(cuda, "cublas", Precision.FP32))
                .hasMessageContaining("libc.so.6 is no cuBLAS")
                .hasMessageContaining("cublasCreate_v2"));
    assertThatThrownBy(() -> GemmProviders.open(cuda, "abacus", Precision.FP32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("-Delbo4j.cuda.gemm=abacus must be own, jcublas, cublas or auto");
  }

  @Test
  void byNameWhereNoFileIsNamed() {
    StandInCublas.with(
        "",
        () ->
            assertThat(CublasLibraries.candidates(13, 12))
                .containsExactly(
                    "libcublas.so.13",
                    "/usr/local/cuda/lib64/libcublas.so.13",
                    "libcublas.so.12",
                    "/usr/local/cuda/lib64/libcublas.so.12"));
  }

  @Test
  void aLibraryThatFailsItsCheckIsNotTaken() {
    StandInCublas.with(
        StandInCublas.file(13),
        () -> {
          StandInCublas.fail(13, EXECUTION_FAILED);
          try {
            assertThat(opened("auto")).isEqualTo("own");
            assertThatThrownBy(() -> GemmProviders.open(cuda, "cublas", Precision.FP32))
                .hasMessage(
                    "-Delbo4j.cuda.gemm=cublas is not available: cublas: c[37,29] = a[37,53] ·"
                        + " b[53,29]: CUBLAS_STATUS_EXECUTION_FAILED");
          } finally {
            StandInCublas.fail(13, 0);
          }
          assertThat(opened("auto")).isEqualTo("cublas");
        });
  }

  @Test
  void aProviderThatMixesUpItsOperandsDisagrees() {
    TiledGemm own = new TiledGemm(cuda, Precision.FP32);
    GemmCheck.requireAgreement(cuda, own, own, Precision.FP32);
    for (Precision precision : Precision.values()) {
      assertThatThrownBy(
              () -> GemmCheck.requireAgreement(cuda, new Untransposed(own), own, precision))
          .hasMessageContaining("it disagrees with our own kernels: a^T·b of [37,53,29] has ");
    }
  }

  /** Layers too, with bias and activation. */
  @Test
  void tensorCoresAgreeWithFloat32AsFarAsTf32Goes() {
    TiledGemm own = new TiledGemm(cuda, Precision.FP32);
    GemmCheck.requireAgreement(cuda, new TiledGemm(cuda, Precision.TF32), own, Precision.TF32);
  }

  /** Takes op(a) for a. */
  private record Untransposed(GemmProvider of) implements GemmProvider {
    @Override
    public String name() {
      return "wrong";
    }

    @Override
    public String description() {
      return "wrong";
    }

    @Override
    public void product(
        DeviceCall call,
        long a,
        boolean transposeA,
        long b,
        boolean transposeB,
        boolean accumulate,
        long c,
        long m,
        long n,
        long k) {
      of.product(call, a, false, b, transposeB, accumulate, c, m, n, k);
    }

    @Override
    public void layer(
        DeviceCall call,
        long x,
        long w,
        long bias,
        Activation f,
        long pre,
        long y,
        long m,
        long n,
        long k) {
      of.layer(call, x, w, bias, f, pre, y, m, n, k);
    }

    @Override
    public void close() {
      of.close();
    }
  }

  @Test
  void eachIsExplainedInALine() {
    StandInCublas.with(
        StandInCublas.file(13),
        () ->
            assertThat(Backends.explain("cuda").lines().filter(l -> l.startsWith("gemm")).toList())
                .satisfiesExactly(
                    l -> assertThat(l).isEqualTo("gemm: cublas (auto), fp32"),
                    l -> assertThat(l).startsWith("gemm own: available (tiled kernels"),
                    l -> assertThat(l).startsWith("gemm jcublas: not available (JCublas2 needs"),
                    l -> assertThat(l).startsWith("gemm cublas: available (").contains("13.0.0")));
  }

  @Test
  void closingGivesTheHandleAndItsWorkspaceBack() {
    long[] free = new long[2];
    JCudaDriver.cuMemGetInfo(free, new long[1]);
    StandInCublas.with(
        StandInCublas.file(12),
        () -> {
          for (String name : List.of("cublas", "jcublas")) {
            GemmProvider gemm = GemmProviders.open(cuda, name, Precision.FP32);
            gemm.close();
            gemm.close(); // nothing more
          }
        });
    cuda.memory().trim();
    long[] now = new long[1];
    JCudaDriver.cuMemGetInfo(now, new long[1]);
    assertThat(now[0]).isGreaterThanOrEqualTo(free[0]);
  }

  /** Sums of the stand-in run over k in order, and so do those of a whole tile. */
  @Test
  void allGiveTheSameBitsHere() {
    List<float[]> results = new ArrayList<>();
    StandInCublas.with(
        StandInCublas.file(12),
        () -> {
          for (String name : List.of("own", "cublas", "jcublas")) {
            try (GemmProvider gemm = GemmProviders.open(cuda, name, Precision.FP32)) {
              results.add(GemmRun.product(cuda, gemm, new Random(3), 21, 34, 55));
            }
          }
        });
    assertThat(results.get(1)).isEqualTo(results.get(0)).doesNotContain(0f, Float.NaN);
    assertThat(results.get(2)).isEqualTo(results.get(0));
  }

  @ParameterizedTest
  @CsvSource({"cublas", "jcublas"})
  void productsAreCapturedInAGraph(String name) {
    StandInCublas.with(
        StandInCublas.file(12),
        () -> {
          try (GemmProvider gemm = GemmProviders.open(cuda, name, Precision.FP32)) {
            captured(gemm);
          }
        });
  }

  /** c += a·b three times, of matrices of one element. */
  private void captured(GemmProvider gemm) {
    DeviceCall call = cuda.begin();
    long abc = call.scratch(3 * Float.BYTES);
    cuda.write(abc, new float[] {2, 5, 1}, 0, 3);
    JCudaDriver.cuStreamBeginCapture(
        cuda.stream(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED);
    gemm.product(call, abc, false, abc + 4, false, true, abc + 8, 1, 1, 1);
    CUgraph graph = new CUgraph();
    JCudaDriver.cuStreamEndCapture(cuda.stream(), graph);
    float[] c = new float[1];
    cuda.read(abc + 8, c, 0, 1);
    assertThat(c).as("recorded and not run").containsExactly(1);
    CUgraphExec exec = new CUgraphExec();
    JCudaDriver.cuGraphInstantiate(exec, graph, 0);
    for (int i = 0; i < 3; i++) {
      JCudaDriver.cuGraphLaunch(exec, cuda.stream());
    }
    cuda.read(abc + 8, c, 0, 1);
    assertThat(c).containsExactly(31);
    JCudaDriver.cuGraphExecDestroy(exec);
    JCudaDriver.cuGraphDestroy(graph);
    call.end();
  }

  @Test
  void anErrorNamesTheProductAndItsShapes() {
    StandInCublas.with(
        StandInCublas.file(13),
        () -> {
          try (GemmProvider gemm = GemmProviders.open(cuda, "cublas", Precision.FP32)) {
            DeviceCall call = cuda.begin();
            long a = call.scratch(4 * 6 * 5);
            assertThatThrownBy(() -> gemm.product(call, a, true, a, false, true, 64, 6, 4, 5))
                .isInstanceOf(CudaException.class)
                .hasMessage("cublas: c[6,4] += a[5,6]^T · b[5,4]: CUBLAS_STATUS_EXECUTION_FAILED")
                .extracting(e -> ((CudaException) e).code())
                .isEqualTo(EXECUTION_FAILED);
            call.end();
          }
        });
    assertThat(CublasStatus.name(15)).isEqualTo("CUBLAS_STATUS_NOT_SUPPORTED");
    assertThat(CublasStatus.name(99)).isEqualTo("cuBLAS status 99");
  }

  @Test
  void oldDevicesHaveNoTensorCoresForTf32() {
    GemmProviders.requireCapability(75, "old", Precision.FP32);
    GemmProviders.requireCapability(80, "new", Precision.TF32);
    assertThatThrownBy(() -> GemmProviders.requireCapability(75, "a T4", Precision.TF32))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("precision tf32 needs compute capability 8.0 or newer, and the device is a T4");
  }

  private String opened(String asked) {
    try (GemmProvider gemm = GemmProviders.open(cuda, asked, Precision.FP32)) {
      return gemm.name();
    }
  }
}
