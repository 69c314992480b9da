package io.github.elbo4j.kernel.cuda;

import io.github.elbo4j.kernel.Precision;
import java.util.ArrayList;
import java.util.List;

/**
 * Chooses who multiplies matrices on a device. {@code -Delbo4j.cuda.gemm=own|jcublas|cublas}
 * requires one; without it, or with {@code auto}, it is cublas where it loads and agrees with our
 * own kernels on a few small products, else jcublas where that does, else own.
 */
public final class GemmProviders {
  /** The property that requires one. */
  public static final String PROPERTY = "elbo4j.cuda.gemm";

  /** Tensor cores multiply TF32 from here on. */
  private static final int LEAST_FOR_TF32 = 80;

  private static final List<String> LIBRARIES = List.of("cublas", "jcublas");

  private GemmProviders() {}

  /**
   * What is known of one provider.
   *
   * @param name {@code own}, {@code jcublas} or {@code cublas}
   * @param available whether it can multiply here
   * @param reason what it is, or why it cannot
   */
  public record Status(String name, boolean available, String reason) {}

  /**
   * The provider that the property asks for. Who opens one closes it.
   *
   * @throws IllegalArgumentException when the property names none
   * @throws IllegalStateException with the reason when it cannot be had
   */
  public static GemmProvider open(Cuda cuda, Precision precision) {
    return open(cuda, asked(), precision);
  }

  /** What the property asks for. */
  public static String asked() {
    return System.getProperty(PROPERTY, "auto");
  }

  /**
   * The named provider, or the first that can be had for {@code auto}. Who opens one closes it.
   *
   * @throws IllegalArgumentException when there is none of that name
   * @throws IllegalStateException with the reason when it cannot be had
   */
  static GemmProvider open(Cuda cuda, String name, Precision precision) {
    requireCapability(cuda.capability(), cuda.description(), precision);
    return switch (name) {
      case "own", "cublas", "jcublas" -> required(cuda, name, precision);
      case "auto" -> first(cuda, precision);
      default ->
          throw new IllegalArgumentException(
              "-D%s=%s must be own, jcublas, cublas or auto".formatted(PROPERTY, name));
    };
  }

  /** Refuses TF32 where there are no tensor cores for it. */
  static void requireCapability(int capability, String device, Precision precision) {
    if (precision == Precision.TF32 && capability < LEAST_FOR_TF32) {
      throw new IllegalStateException(
          "precision tf32 needs compute capability 8.0 or newer, and the device is " + device);
    }
  }

  /** Each provider on that device: what it is, or why it cannot be had. */
  public static List<Status> statuses(Cuda cuda, Precision precision) {
    List<Status> list = new ArrayList<>();
    for (String name : List.of("own", "jcublas", "cublas")) {
      try (GemmProvider provider = openNamed(cuda, name, precision)) {
        list.add(new Status(name, true, provider.description()));
      } catch (IllegalStateException e) {
        list.add(new Status(name, false, String.valueOf(e.getMessage())));
      }
    }
    return list;
  }

  private static GemmProvider required(Cuda cuda, String name, Precision precision) {
    try {
      return openNamed(cuda, name, precision);
    } catch (IllegalStateException e) {
      throw new IllegalStateException(
          "-D%s=%s is not available: %s".formatted(PROPERTY, name, e.getMessage()), e);
    }
  }

  private static GemmProvider openNamed(Cuda cuda, String name, Precision precision) {
    requireCapability(cuda.capability(), cuda.description(), precision);
    return name.equals("own") ? new TiledGemm(cuda, precision) : library(cuda, name, precision);
  }

  private static GemmProvider first(Cuda cuda, Precision precision) {
    for (String name : LIBRARIES) {
      try {
        return library(cuda, name, precision);
      } catch (IllegalStateException e) {
        // statuses() tells why
      }
    }
    return new TiledGemm(cuda, precision);
  }

  /** Checked against our own kernels. */
  private static GemmProvider library(Cuda cuda, String name, Precision precision) {
    Cublas library =
        name.equals("cublas") ? ForeignCublas.open(cuda, precision) : JCublas.open(cuda, precision);
    LibraryGemm gemm = new LibraryGemm(cuda, library, new TiledGemm(cuda, precision));
    try {
      GemmCheck.requireAgreement(cuda, gemm, new TiledGemm(cuda, Precision.FP32), precision);
      return gemm;
    } catch (IllegalStateException e) {
      gemm.close();
      throw e;
    }
  }
}
