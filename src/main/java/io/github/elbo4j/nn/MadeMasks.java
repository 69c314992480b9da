package io.github.elbo4j.nn;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The masks of a network whose output i depends on inputs before i only (MADE, Germain et al.
 * 2015). Every unit has a degree: an input its place in the order, 1 to D; a hidden unit is
 * connected to units before it of a degree no larger than its own, an output to those of a smaller
 * one. A mask is [In,Out] like its weight, of zeros and ones.
 *
 * <p>Hidden degrees run over 1 to D − 1. With a context they run from 0: units that read the
 * context alone, without which the first output could not depend on it.
 */
public final class MadeMasks {
  private final List<Tensor> hidden = new ArrayList<>();
  private final Tensor output;

  private interface Degrees {
    int of(int layer, int unit, int least, int most);
  }

  private MadeMasks(
      int dimensions, List<Integer> widths, boolean reversed, boolean context, Degrees degrees) {
    if (dimensions < 1) {
      throw new IllegalArgumentException("MadeMasks: dimensions " + dimensions + " must be >= 1");
    }
    int least = context || dimensions == 1 ? 0 : 1;
    int[] inputs = new int[dimensions];
    for (int i = 0; i < dimensions; i++) {
      inputs[i] = reversed ? dimensions - i : i + 1;
    }
    int[] before = inputs;
    for (int layer = 0; layer < widths.size(); layer++) {
      int[] units = new int[widths.get(layer)];
      for (int j = 0; j < units.length; j++) {
        units[j] = degrees.of(layer, j, least, dimensions - 1);
      }
      hidden.add(mask(before, units, 0));
      before = units;
    }
    output = mask(before, inputs, 1);
  }

  /**
   * Hidden degrees in turn: every layer has each of them as often as the others, up to one.
   *
   * @param dimensions D &gt;= 1
   * @param widths of the hidden layers
   * @param reversed whether the last dimension comes first: steps of a flow alternate
   * @param context whether the hidden units read a context too
   */
  public static MadeMasks inTurn(
      int dimensions, List<Integer> widths, boolean reversed, boolean context) {
    return new MadeMasks(
        dimensions,
        widths,
        reversed,
        context,
        (layer, unit, least, most) -> least + unit % (most - least + 1));
  }

  /** Hidden degrees drawn with a seed, equally likely. */
  public static MadeMasks drawn(
      int dimensions, List<Integer> widths, boolean reversed, boolean context, long seed) {
    return new MadeMasks(
        dimensions,
        widths,
        reversed,
        context,
        (layer, unit, least, most) -> {
          Tensor u = Tensor.zeros(1);
          Backends.reference().random().uniform(new NoiseKey(seed, layer).at(unit), 0, u);
          return Math.min(most, least + (int) (u.get(0) * (most - least + 1)));
        });
  }

  /** 1 where {@code to >= from + gap}. */
  private static Tensor mask(int[] from, int[] to, int gap) {
    Tensor mask = Tensor.zeros(from.length, to.length);
    for (int i = 0; i < from.length; i++) {
      for (int j = 0; j < to.length; j++) {
        mask.array()[i * to.length + j] = to[j] >= from[i] + gap ? 1 : 0;
      }
    }
    return mask;
  }

  /** Hidden layers. */
  public int layers() {
    return hidden.size();
  }

  /** Of the weight of hidden layer {@code i}. */
  public Tensor hidden(int i) {
    return hidden.get(i);
  }

  /** Of the weight of each output layer, [last width, D]. */
  public Tensor output() {
    return output;
  }
}
