package io.github.elbo4j.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Chooses a backend and says why.
 *
 * <p>{@code -Delbo4j.backend=cuda|simd|reference} requires one: {@link #get()} then throws when it
 * cannot have it. Without it (or with {@code auto}) it is simd, or the slow reference where there
 * is no Vector API; the choice of the reference is said once, through {@link System.Logger}, with
 * the flag that mends it. CUDA is taken only when asked for: it has run on emulated devices alone
 * so far.
 */
public final class Backends {
  /** The flag without which the JDK hides the Vector API. */
  public static final String VECTOR_FLAG = "--add-modules jdk.incubator.vector";

  private static final AtomicBoolean SAID = new AtomicBoolean();

  private Backends() {}

  /**
   * What is known of one backend.
   *
   * @param name {@code cuda}, {@code simd} or {@code reference}
   * @param available whether it can run here
   * @param reason why it can, or cannot
   */
  public record Status(String name, boolean available, String reason) {}

  /** The backend that {@code -Delbo4j.backend} asks for, or the fastest available. */
  public static Backend get() {
    return choose(asked());
  }

  /**
   * The named backend.
   *
   * @param name {@code auto}, {@code cuda}, {@code simd} or {@code reference}
   * @throws IllegalArgumentException for another name
   * @throws IllegalStateException when that backend cannot run here, with the reason
   */
  public static Backend choose(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "auto" -> fastest();
      case "cuda" -> CudaBackend.get();
      case "simd" -> requireSimd();
      case "reference" -> Reference.BACKEND;
      default ->
          throw new IllegalArgumentException(
              "backend \"" + name + "\" must be one of auto, cuda, simd, reference");
    };
  }

  /** The double reference. */
  public static Backend reference() {
    return Reference.BACKEND;
  }

  /** The Vector API backend. */
  public static Backend simd() {
    return requireSimd();
  }

  /** Every backend, the fastest first, with the reason why it can or cannot run. */
  public static List<Status> statuses() {
    List<Status> list = new ArrayList<>();
    list.add(CudaBackend.status());
    String missing = whyNoSimd();
    list.add(
        new Status("simd", missing == null, missing == null ? SimdBackend.description() : missing));
    list.add(new Status("reference", true, "scalar double, always there; slow: it is the law"));
    return List.copyOf(list);
  }

  /**
   * Which backend {@link #get()} gives and what {@code -Delbo4j.backend} asked for, such as {@code
   * running: simd (auto)}, then a line a backend: its name, whether it can run, and why; and where
   * there is a CUDA device, the same of what multiplies its matrices.
   */
  public static String explain() {
    return explain(asked());
  }

  /** The same for {@link #choose}, {@code name} being what was asked for. */
  public static String explain(String name) {
    return explain(name, Precision.FP32);
  }

  /** The same for a precision of the matrix products of CUDA. */
  public static String explain(String name, Precision precision) {
    StringBuilder text = new StringBuilder("running: ").append(running(name)).append('\n');
    for (Status s : statuses()) {
      text.append(s.name()).append(": ").append(s.available() ? "available" : "not available");
      text.append(" (").append(s.reason()).append(")\n");
    }
    text.append(CudaBackend.explainGemm(precision));
    return text.toString();
  }

  /** Without the warning of {@link #fastest}, and for a name that is refused too. */
  private static String running(String name) {
    String asked = name.toLowerCase(Locale.ROOT);
    boolean simd = whyNoSimd() == null;
    return switch (asked) {
      case "auto" -> (simd ? "simd" : "reference") + " (auto)";
      case "cuda" -> (CudaBackend.status().available() ? "cuda" : "none") + " (cuda was asked for)";
      case "simd" -> (simd ? "simd" : "none") + " (simd was asked for)";
      case "reference" -> "reference (reference was asked for)";
      default -> "none (\"" + name + "\" was asked for, which there is not)";
    };
  }

  private static String asked() {
    return System.getProperty("elbo4j.backend", "auto");
  }

  private static Backend fastest() {
    String missing = whyNoSimd();
    if (missing == null) {
      return Simd.BACKEND;
    }
    if (SAID.compareAndSet(false, true)) {
      System.getLogger("elbo4j")
          .log(System.Logger.Level.WARNING, "elbo4j runs on its slow reference: " + missing);
    }
    return Reference.BACKEND;
  }

  private static Backend requireSimd() {
    String missing = whyNoSimd();
    if (missing != null) {
      throw new IllegalStateException("backend simd is not available: " + missing);
    }
    return Simd.BACKEND;
  }

  private static @Nullable String whyNoSimd() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
        ? null
        : "the JDK's Vector API is not enabled; start java with " + VECTOR_FLAG;
  }

  /** Loaded when first asked for, so that a run without the incubator module never touches it. */
  private static final class Simd {
    static final Backend BACKEND = SimdBackend.create();
  }

  private static final class Reference {
    static final Backend BACKEND = ReferenceBackend.create();
  }
}
