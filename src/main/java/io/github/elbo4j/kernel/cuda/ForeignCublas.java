package io.github.elbo4j.kernel.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.elbo4j.kernel.Precision;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import jcuda.NativePointerObject;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;

/** libcublas of CUDA 13 or 12 by {@code java.lang.foreign}: its C functions of cublas_v2.h. */
final class ForeignCublas extends Cublas {
  private final String library;

  private final MethodHandle create;
  private final MethodHandle destroy;
  private final MethodHandle getVersion;
  private final MethodHandle setStream;
  private final MethodHandle setWorkspace;
  private final MethodHandle setMathMode;
  private final MethodHandle sgemm;

  /** The constants 0 and 1, then what a function writes to. */
  private final MemorySegment memory =
      Arena.ofAuto().allocate(2 * Float.BYTES + Long.BYTES, Long.BYTES);

  private final long zero = memory.address();
  private final long one = zero + Float.BYTES;
  private final long out = one + Float.BYTES;
  private long handle;

  /** Throws NoSuchElementException where the library lacks a function. */
  private ForeignCublas(String library, SymbolLookup functions) {
    this.library = library;
    memory.setAtIndex(ValueLayout.JAVA_FLOAT, 1, 1);
    create = function(functions, "cublasCreate_v2", JAVA_LONG);
    destroy = function(functions, "cublasDestroy_v2", JAVA_LONG);
    getVersion = function(functions, "cublasGetVersion_v2", JAVA_LONG, JAVA_LONG);
    setStream = function(functions, "cublasSetStream_v2", JAVA_LONG, JAVA_LONG);
    setWorkspace = function(functions, "cublasSetWorkspace_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    setMathMode = function(functions, "cublasSetMathMode", JAVA_LONG, JAVA_INT);
    sgemm =
        function(
            functions,
            "cublasSgemm_v2",
            JAVA_LONG, // handle
            JAVA_INT, // op(A)
            JAVA_INT, // op(B)
            JAVA_INT, // m
            JAVA_INT, // n
            JAVA_INT, // k
            JAVA_LONG, // alpha
            JAVA_LONG, // A
            JAVA_INT, // lda
            JAVA_LONG, // B
            JAVA_INT, // ldb
            JAVA_LONG, // beta
            JAVA_LONG, // C
            JAVA_INT); // ldc
  }

  /** Addresses go as 64-bit integers: no object is made for one. */
  @SuppressWarnings("restricted")
  private static MethodHandle function(
      SymbolLookup functions, String name, MemoryLayout... parameters) {
    return Linker.nativeLinker()
        .downcallHandle(functions.findOrThrow(name), FunctionDescriptor.of(JAVA_INT, parameters));
  }

  /**
   * A handle of the first library that gives one.
   *
   * @throws IllegalStateException with the reason of each when none does
   */
  static Cublas open(Cuda cuda, Precision precision) {
    List<String> reasons = new ArrayList<>();
    for (String file : CublasLibraries.candidates(13, 12)) {
      SymbolLookup functions = CublasLibraries.load(file);
      if (functions == null) {
        reasons.add(file + " was not found");
        continue;
      }
      try {
        ForeignCublas cublas = new ForeignCublas(file, functions);
        cublas.start(cuda, precision);
        return cublas;
      } catch (NoSuchElementException e) {
        reasons.add(file + " is no cuBLAS: " + e.getMessage());
      } catch (CudaException e) {
        reasons.add(String.valueOf(e.getMessage()));
      }
    }
    throw new IllegalStateException(String.join("; ", reasons));
  }

  @Override
  String name() {
    return "cublas";
  }

  @Override
  String library() {
    return library;
  }

  @Override
  int create() {
    try {
      int status = (int) create.invokeExact(out);
      handle = memory.get(JAVA_LONG, out - zero);
      return status;
    } catch (Throwable e) {
      throw failed("cublasCreate_v2", e);
    }
  }

  @Override
  int destroy() {
    try {
      return (int) destroy.invokeExact(handle);
    } catch (Throwable e) {
      throw failed("cublasDestroy_v2", e);
    }
  }

  @Override
  int getVersion(int[] version) {
    try {
      int status = (int) getVersion.invokeExact(handle, out);
      version[0] = memory.get(JAVA_INT, out - zero);
      return status;
    } catch (Throwable e) {
      throw failed("cublasGetVersion_v2", e);
    }
  }

  @Override
  int setStream(CUstream stream) {
    try {
      return (int) setStream.invokeExact(handle, new StreamNumber(stream).value());
    } catch (Throwable e) {
      throw failed("cublasSetStream_v2", e);
    }
  }

  @Override
  int setWorkspace(CUdeviceptr at, long bytes) {
    try {
      return (int) setWorkspace.invokeExact(handle, DeviceMemory.addressOf(at), bytes);
    } catch (Throwable e) {
      throw failed("cublasSetWorkspace_v2", e);
    }
  }

  @Override
  int setMathMode(int mode) {
    try {
      return (int) setMathMode.invokeExact(handle, mode);
    } catch (Throwable e) {
      throw failed("cublasSetMathMode", e);
    }
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
    int opA = transposeA ? 1 : 0;
    int opB = transposeB ? 1 : 0;
    long beta = accumulate ? one : zero;
    try {
      return (int) sgemm.invokeExact(handle, opA, opB, m, n, k, one, a, lda, b, ldb, beta, c, ldc);
    } catch (Throwable e) {
      throw failed("cublasSgemm_v2", e);
    }
  }

  /** What a downcall declares and never throws. */
  private static LinkageError failed(String function, Throwable cause) {
    return new LinkageError(function, cause);
  }

  /** JCuda keeps the number of a stream to itself and its subclasses. */
  private static final class StreamNumber extends NativePointerObject {
    StreamNumber(CUstream stream) {
      super(stream);
    }

    long value() {
      return getNativePointer();
    }
  }
}
