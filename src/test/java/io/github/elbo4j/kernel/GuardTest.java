package io.github.elbo4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.testkit.Families;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.KernelCase;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** No hook without its reference, SIMD kernel, parity case, allocation case and gradient check. */
class GuardTest {
  static List<String> families() {
    return Families.names();
  }

  @ParameterizedTest
  @MethodSource("families")
  void everyHookHasAReferenceAndSimdKernel(String family) {
    List<String> hooks = hooks(family);
    assertThat(hooks).isNotEmpty();
    for (String suffix : List.of("Reference", "Simd")) {
      Class<?> implementation = Families.classOf(family, suffix);
      assertThat(implementation.getSuperclass()).isEqualTo(Families.classOf(family, "Kernels"));
      assertThat(Arrays.stream(implementation.getDeclaredMethods()).map(Method::getName))
          .as("%s%s implements every hook itself", family, suffix)
          .containsAll(hooks);
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void everyHookHasAParityAndAnAllocationCase(String family) {
    List<KernelCase> cases = Families.cases(family).parity();
    assertThat(cases.stream().map(KernelCase::hook).collect(Collectors.toSet()))
        .as("parity cases")
        .containsExactlyInAnyOrderElementsOf(names(family));
    assertThat(
            cases.stream()
                .filter(KernelCase::hot)
                .map(KernelCase::hook)
                .collect(Collectors.toSet()))
        .as("allocation cases")
        .containsExactlyInAnyOrderElementsOf(names(family));
  }

  @ParameterizedTest
  @MethodSource("families")
  void everyBackwardHookHasAGradientCheck(String family) {
    Set<String> checked =
        Families.cases(family).gradients().stream().map(GradCase::hook).collect(Collectors.toSet());
    assertThat(checked).containsAll(backward(names(family)));
  }

  /** A hook that is called just {@code backward}, as the dense layer's, is one too. */
  private static List<String> backward(List<String> names) {
    return names.stream().filter(n -> n.toLowerCase(Locale.ROOT).endsWith("backward")).toList();
  }

  @Test
  void aHookCalledBackwardIsABackwardHook() {
    assertThat(backward(names("dense")))
        .containsExactlyInAnyOrder("dense.backward", "dense.conditionBackward");
    assertThat(backward(names("gaussian")))
        .containsExactlyInAnyOrder(
            "gaussian.reparameterizeBackward",
            "gaussian.klToPriorBackward",
            "gaussian.clampLogVarBackward");
  }

  private static List<String> hooks(String family) {
    return Arrays.stream(Families.classOf(family, "Kernels").getDeclaredMethods())
        .filter(m -> Modifier.isAbstract(m.getModifiers()))
        .map(Method::getName)
        .distinct()
        .toList();
  }

  /** Hook {@code doFooBar} of family f is called {@code f.fooBar} in cases. */
  private static List<String> names(String family) {
    return hooks(family).stream()
        .map(h -> family + "." + h.substring(2, 3).toLowerCase(Locale.ROOT) + h.substring(3))
        .toList();
  }
}
