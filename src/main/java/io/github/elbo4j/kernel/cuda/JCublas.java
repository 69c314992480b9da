package io.github.elbo4j.kernel.cuda;

import io.github.elbo4j.kernel.Precision;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasOperation;
import jcuda.runtime.cudaStream_t;
import org.jspecify.annotations.Nullable;

/** libcublas of CUDA 12 by JCublas2, whose native library takes no other version. */
final class JCublas extends Cublas {
  private static final int VERSION = 12;

  private final cublasHandle handle = new cublasHandle();
  private final String library;
  private final Pointer zero = constant(0);
  private final Pointer one = constant(1);

  private JCublas(String library) {
    this.library = library;
  }

  /**
   * A handle.
   *
   * @throws IllegalStateException with the reason when there can be none
   */
  static Cublas open(Cuda cuda, Precision precision) {
    try {
      Class.forName("jcuda.jcublas.JCublas2", false, JCublas.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(
          "JCublas2 is not on the class path: add org.jcuda:jcublas and its natives", e);
    }
    String file = find();
    String refused = Natives.REFUSED;
    if (refused != null) {
      throw new IllegalStateException(refused);
    }
    JCublas cublas = new JCublas(file);
    cublas.start(cuda, precision);
    return cublas;
  }

  /**
   * The library, loaded: JCublas2 is not touched where there is none, since its classes, once
   * failed, cannot be loaded again.
   */
  private static String find() {
    List<String> missing = new ArrayList<>();
    for (String file : CublasLibraries.candidates(VERSION)) {
      if (!String.valueOf(Path.of(file).getFileName()).contains(String.valueOf(VERSION))) {
        missing.add(file + " is of another version");
      } else if (CublasLibraries.load(file) == null) {
        missing.add(file + " was not found");
      } else {
        return file;
      }
    }
    throw new IllegalStateException(
        "JCublas2 needs cuBLAS " + VERSION + ": " + String.join("; ", missing));
  }

  /** Loaded only where there is JCublas2 and a library for it. */
  private static final class Natives {
    static final @Nullable String REFUSED =
        PrivateNatives.load(() -> JCublas2.setExceptionsEnabled(false));
  }

  private static Pointer constant(float value) {
    ByteBuffer memory = ByteBuffer.allocateDirect(Float.BYTES).order(ByteOrder.nativeOrder());
    return Pointer.to(memory.putFloat(0, value));
  }

  @Override
  String name() {
    return "jcublas";
  }

  @Override
  String library() {
    return library;
  }

  @Override
  int create() {
    return JCublas2.cublasCreate(handle);
  }

  @Override
  int destroy() {
    return JCublas2.cublasDestroy(handle);
  }

  @Override
  int getVersion(int[] version) {
    return JCublas2.cublasGetVersion(handle, version);
  }

  @Override
  int setStream(CUstream stream) {
    return JCublas2.cublasSetStream(handle, new cudaStream_t(stream));
  }

  @Override
  int setWorkspace(CUdeviceptr at, long bytes) {
    return JCublas2.cublasSetWorkspace(handle, at, bytes);
  }

  @Override
  int setMathMode(int mode) {
    return JCublas2.cublasSetMathMode(handle, mode);
  }

  @Override
  int sgemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      long a,
      int lda,
      long b,
      int ldb,
      boolean accumulate,
      long c,
      int ldc) {
    return JCublas2.cublasSgemm(
        handle,
        operation(transposeA),
        operation(transposeB),
        m,
        n,
        k,
        one,
        DeviceMemory.at(a),
        lda,
        DeviceMemory.at(b),
        ldb,
        accumulate ? one : zero,
        DeviceMemory.at(c),
        ldc);
  }

  private static int operation(boolean transpose) {
    return transpose ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
  }
}
