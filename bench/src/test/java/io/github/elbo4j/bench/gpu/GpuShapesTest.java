package io.github.elbo4j.bench.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.kernel.Backend;
import java.lang.reflect.Modifier;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class GpuShapesTest {
  @Test
  void everyHookIsMeasuredInAtLeastTwoShapes() {
    Set<String> measured = new TreeSet<>();
    for (GpuShapes family : GpuShapes.ALL) {
      assertThat(family.shapes()).as(family.type().getSimpleName()).hasSizeGreaterThanOrEqualTo(2);
      family.methods().forEach(method -> measured.addAll(family.hooks(method)));
    }
    assertThat(measured).containsExactlyElementsOf(hooks());
  }

  private static Set<String> hooks() {
    Set<String> hooks = new TreeSet<>();
    for (var family : Backend.class.getRecordComponents()) {
      for (var method : family.getType().getDeclaredMethods()) {
        if (family.getType() != String.class && Modifier.isAbstract(method.getModifiers())) {
          String name = method.getName().substring(2); // without do
          hooks.add(
              family.getName()
                  + "."
                  + name.substring(0, 1).toLowerCase(Locale.ROOT)
                  + name.substring(1));
        }
      }
    }
    return hooks;
  }
}
