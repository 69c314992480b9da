package io.github.elbo4j.testkit;

import io.github.elbo4j.kernel.Backend;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The kernel families of a backend and their cases, found by name. */
public final class Families {
  private Families() {}

  /** Names of the families: the components of {@link Backend} but its own name. */
  public static List<String> names() {
    return Arrays.stream(Backend.class.getRecordComponents())
        .filter(c -> c.getType() != String.class)
        .map(RecordComponent::getName)
        .toList();
  }

  /** Class {@code <Family><suffix>} in the package of the family's {@code Kernels}. */
  public static Class<?> classOf(String family, String suffix) {
    String stem = family.substring(0, 1).toUpperCase(Locale.ROOT) + family.substring(1);
    try {
      String folder =
          Arrays.stream(Backend.class.getRecordComponents())
              .filter(c -> c.getName().equals(family))
              .map(c -> c.getType().getPackageName())
              .findFirst()
              .orElseThrow(() -> new AssertionError("no family " + family));
      return Class.forName(folder + "." + stem + suffix);
    } catch (ClassNotFoundException e) {
      throw new AssertionError("family " + family + " lacks " + e.getMessage(), e);
    }
  }

  public static FamilyCases cases(String family) {
    try {
      var constructor = classOf(family, "Cases").getDeclaredConstructor();
      constructor.setAccessible(true);
      return (FamilyCases) constructor.newInstance();
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("cases of " + family, e);
    }
  }

  public static List<KernelCase> parity() {
    return names().stream().flatMap(f -> cases(f).parity().stream()).toList();
  }

  public static List<GradCase> gradients() {
    return names().stream().flatMap(f -> cases(f).gradients().stream()).toList();
  }
}
