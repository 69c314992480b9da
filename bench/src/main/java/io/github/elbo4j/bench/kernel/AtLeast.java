package io.github.elbo4j.bench.kernel;

import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** How many times faster than libtorch a benchmark of ours has to be. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@Repeatable(AtLeast.List.class)
public @interface AtLeast {
  /** libtorch's time over ours. */
  double value();

  /** The shape that this is asked of; without it, every shape that no other says. */
  String shape() default "";

  /** Several. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.METHOD)
  @interface List {
    AtLeast[] value();
  }
}
