package io.github.elbo4j.nn;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.memory.MemoryKernels;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a model: one flat buffer of values and one of gradients, with a named view of
 * both for each parameter. The optimiser sweeps the flat buffers, layers use the views.
 *
 * <p>In the buffers weights (more than one row) come first and row vectors (biases) behind them, so
 * that the elements with weight decay are the first {@link #decayed}. Every parameter starts at a
 * multiple of {@value #ALIGNMENT} elements; what lies between is 0, has no gradient and stays 0.
 * Iteration is in the order of declaration.
 */
public final class Parameters implements Iterable<Parameters.Parameter> {
  /** Elements between possible starts of parameters: a cache line. */
  public static final int ALIGNMENT = 16;

  /**
   * Step of the noise of initial values, 2³² − 1 unsigned: no training step draws from it, whatever
   * streams it uses.
   */
  private static final int BEFORE_TRAINING = -1;

  /**
   * One parameter; the tensors are views of the flat buffers.
   *
   * @param name unique, such as {@code encoder.0.weight}
   * @param value its values, [rows,columns]
   * @param gradient its gradient, the same shape
   */
  public record Parameter(String name, Tensor value, Tensor gradient) {}

  private final Tensor values;
  private final Tensor gradients;
  private final int decayed;
  private final int count;
  private final IntFunction<Tensor> allocator;
  private final Map<String, Parameter> byName = new LinkedHashMap<>();

  private final Map<String, Integer> offsets = new LinkedHashMap<>();

  private Parameters(List<Builder.Declared> declared, long seed, @Nullable MemoryKernels memory) {
    decayed = place(declared, true, 0, offsets);
    int size = place(declared, false, decayed, offsets);
    Tensor initial = Tensor.zeros(size);
    values = memory == null ? initial : memory.allocate(size);
    gradients = memory == null ? Tensor.zeros(size) : memory.allocate(size);
    int numbers = 0;
    for (int i = 0; i < declared.size(); i++) {
      Builder.Declared d = declared.get(i);
      int offset = offsets.getOrDefault(d.name, 0);
      Tensor value = values.slice(offset, d.shape);
      Tensor gradient = gradients.slice(offset, d.shape);
      d.initializer.fill(initial.slice(offset, d.shape), new NoiseKey(seed, i).at(BEFORE_TRAINING));
      byName.put(d.name, new Parameter(d.name, value, gradient));
      numbers += d.shape.size();
    }
    count = numbers;
    allocator = memory == null ? Tensor::zeros : memory::allocate;
    if (memory != null) {
      memory.copy(initial, values);
    }
  }

  /** Gives offsets to the weights, or to the row vectors; returns the end. */
  private static int place(
      List<Builder.Declared> declared, boolean weights, int from, Map<String, Integer> offsets) {
    int end = from;
    for (Builder.Declared d : declared) {
      if (d.shape.rows() > 1 == weights) {
        offsets.put(d.name, end);
        end = Math.addExact(end, Math.ceilDiv(d.shape.size(), ALIGNMENT) * ALIGNMENT);
      }
    }
    return end;
  }

  private Parameters(Parameters other) {
    values = other.values;
    gradients = other.allocate(other.gradients.size());
    decayed = other.decayed;
    count = other.count;
    allocator = other.allocator;
    offsets.putAll(other.offsets);
    for (Parameter p : other) {
      Tensor gradient = gradients.slice(offsets.getOrDefault(p.name(), 0), p.value().shape());
      byName.put(p.name(), new Parameter(p.name(), p.value(), gradient));
    }
  }

  /**
   * The same values with other gradients: what is built over them computes the same, and nothing
   * arrives in the gradients of these. A term of a loss that must not train a network, such as what
   * a discriminator says to the encoder, goes through the network built over held parameters.
   */
  public Parameters held() {
    return new Parameters(this);
  }

  /** Declares the parameters, then makes them. */
  public static Builder builder() {
    return new Builder();
  }

  /** A vector of zeros in the memory where the parameters are: an optimiser's state, say. */
  public Tensor allocate(int length) {
    return allocator.apply(length);
  }

  /** All values, padding included. */
  public Tensor values() {
    return values;
  }

  /** All gradients, padding included; 0 at first. */
  public Tensor gradients() {
    return gradients;
  }

  /** Weight decay acts on the first so many elements of the flat buffers. */
  public int decayed() {
    return decayed;
  }

  /** Number of parameters in the sense of the field: all elements, without padding. */
  public int count() {
    return count;
  }

  /** The values of one parameter; a name that does not exist is an IllegalArgumentException. */
  public Tensor value(String name) {
    return get(name).value();
  }

  /** The gradient of one parameter; a name that does not exist is an IllegalArgumentException. */
  public Tensor gradient(String name) {
    return get(name).gradient();
  }

  /** In the order of declaration. */
  @Override
  public Iterator<Parameter> iterator() {
    return Collections.unmodifiableCollection(byName.values()).iterator();
  }

  /**
   * Named views, in the order of declaration, of another flat buffer with the layout of {@link
   * #values}: an optimiser's state, say.
   *
   * @param flat as many elements as {@link #values}
   * @param prefix put before each name
   */
  public Map<String, Tensor> views(Tensor flat, String prefix) {
    if (flat.size() != values.size()) {
      throw new IllegalArgumentException(
          "Parameters.views: flat " + flat.shape() + " must have " + values.size() + " elements");
    }
    Map<String, Tensor> views = new LinkedHashMap<>();
    for (Parameter p : this) {
      int offset = offsets.getOrDefault(p.name(), 0);
      views.put(prefix + p.name(), flat.slice(offset, p.value().shape()));
    }
    return Collections.unmodifiableMap(views);
  }

  private Parameter get(String name) {
    Parameter p = byName.get(name);
    if (p == null) {
      throw new IllegalArgumentException(
          "Parameters: there is no \"" + name + "\" among " + String.join(", ", byName.keySet()));
    }
    return p;
  }

  /** Declares parameters in order. */
  public static final class Builder {
    private record Declared(String name, Shape shape, Initializer initializer) {}

    private final List<Declared> declared = new ArrayList<>();

    private Builder() {}

    /**
     * Declares a parameter [rows,columns]: a weight is [in,out], a bias [1,out].
     *
     * @param name not blank, and not declared yet
     * @param rows &gt;= 1
     * @param columns &gt;= 1
     * @param initializer sets its initial values
     */
    public Builder add(String name, int rows, int columns, Initializer initializer) {
      if (name.isBlank()) {
        throw new IllegalArgumentException("Parameters.add: name must not be blank");
      }
      if (declared.stream().anyMatch(d -> d.name.equals(name))) {
        throw new IllegalArgumentException("Parameters.add: \"" + name + "\" is declared already");
      }
      if (rows < 1 || columns < 1) {
        throw new IllegalArgumentException(
            "Parameters.add: \"%s\" [%d,%d] must have at least one row and one column"
                .formatted(name, rows, columns));
      }
      declared.add(new Declared(name, Shape.of(rows, columns), initializer));
      return this;
    }

    /**
     * Allocates and initialises: the noise of a parameter is keyed by {@code seed} and its position
     * in the order of declaration, and is no training step's noise.
     */
    public Parameters build(long seed) {
      return new Parameters(List.copyOf(declared), seed, null);
    }

    /** The same in the memory of a backend, whose kernels then need not copy them there. */
    public Parameters build(long seed, MemoryKernels memory) {
      return new Parameters(List.copyOf(declared), seed, memory);
    }
  }
}
