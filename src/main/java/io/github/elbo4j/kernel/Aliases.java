package io.github.elbo4j.kernel;

import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the arguments of one call may share: nothing that is written shares an element with anything
 * else of the call, read or written, unless the contract names the one thing it may be. Arguments
 * are named in turn, what is read before what is written; null is no argument. Nothing is allocated
 * unless a check fails.
 *
 * <pre>
 * Aliases.of("scale").reads("x", x).writes("out", out).end();
 * </pre>
 */
public final class Aliases {
  private static final ThreadLocal<Aliases> LOCAL = ThreadLocal.withInitial(Aliases::new);
  private static final int MOST = 16;

  private final String[] names = new String[MOST];
  private final Tensor[] tensors = new Tensor[MOST];
  private String method = "";
  private int count;

  private Aliases() {
    Arrays.fill(names, "");
    Arrays.fill(tensors, Tensor.EMPTY);
  }

  /** A new call of {@code method}, which its messages name. */
  public static Aliases of(String method) {
    Aliases a = LOCAL.get();
    a.method = method;
    a.count = 0;
    return a;
  }

  /** An argument that is only read: it may share memory with others like it. */
  public Aliases reads(String name, @Nullable Tensor t) {
    if (t != null) {
      names[count] = name;
      tensors[count] = t;
      count++;
    }
    return this;
  }

  /** An argument that is written: it shares nothing with those named before it. */
  public Aliases writes(String name, @Nullable Tensor t) {
    return writesOver(name, t, null);
  }

  /** The same, but it may be {@code same} itself, element for element. */
  @SuppressWarnings("ReferenceEquality") // the argument, not one like it
  public Aliases writesOver(String name, @Nullable Tensor t, @Nullable Tensor same) {
    try {
      for (int i = 0; i < count; i++) {
        if (tensors[i] == same) {
          Checks.sameOrDistinct(method, name, t, names[i], tensors[i]);
        } else {
          Checks.distinct(method, name, t, names[i], tensors[i]);
        }
      }
    } catch (IllegalArgumentException e) {
      end();
      throw e;
    }
    return reads(name, t);
  }

  /** Lets go of the arguments. */
  public void end() {
    Arrays.fill(tensors, 0, count, Tensor.EMPTY);
    count = 0;
  }
}
