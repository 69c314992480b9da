package io.github.elbo4j.train.fit;

import io.github.elbo4j.data.DataException;
import io.github.elbo4j.train.ConfigException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The data of a fit.
 *
 * @param description what they are, for a person
 * @param features names of the columns of x
 * @param x [N,C] row-major
 * @param y N elements; empty for a mixture
 * @param noiseVariance of the observations where it is known, else NaN
 */
public record FitData(
    String description, List<String> features, double[] x, double[] y, double noiseVariance) {

  /** Data made inside the jar. */
  public static final String EMBEDDED = "embedded";

  /** N. */
  public int rows() {
    return x.length / features.size();
  }

  /**
   * Loads {@code embedded} data, or a CSV file.
   *
   * @param target name or number (from 1) of the column to be explained; null for the last one
   * @throws ConfigException the target is no column, or there is none to choose
   * @throws IOException the file cannot be read or holds something else
   */
  public static FitData load(String spec, FitModel model, @Nullable String target, long seed)
      throws IOException {
    boolean mixture = model.kind() == FitModel.Kind.GMM;
    if (target != null && (mixture || spec.equals(EMBEDDED))) {
      throw new ConfigException(
          "--target is for a CSV file and a model that explains a column: "
              + (mixture
                  ? "a mixture uses all columns alike"
                  : "the embedded data have their own"));
    }
    if (spec.equals(EMBEDDED)) {
      return EmbeddedTables.make(model, seed);
    }
    CsvTable table = CsvTable.read(Path.of(spec));
    int explained = mixture ? -1 : column(spec, table.columns(), target);
    FitData data = split(spec, table, explained);
    if (model.kind() == FitModel.Kind.LOGISTIC) {
      requireBinary(spec, table, explained);
    }
    return data;
  }

  private static int column(String spec, List<String> columns, @Nullable String target)
      throws DataException {
    if (columns.size() < 2) {
      throw new DataException(spec + ": has one column, want features and a target");
    }
    if (target == null) {
      return columns.size() - 1;
    }
    int at = columns.indexOf(target);
    if (at >= 0 && at == columns.lastIndexOf(target)) {
      return at;
    }
    if (at < 0 && target.matches("[1-9][0-9]{0,5}") && Integer.parseInt(target) <= columns.size()) {
      return Integer.parseInt(target) - 1;
    }
    throw new ConfigException(
        "--target \"%s\" %s: columns are %s, or their numbers 1 to %d"
            .formatted(
                target,
                at < 0 ? "is no column of " + spec : "is the name of two columns of " + spec,
                String.join(", ", columns),
                columns.size()));
  }

  private static FitData split(String spec, CsvTable table, int target) {
    int columns = table.columns().size();
    int[] kept = IntStream.range(0, columns).filter(c -> c != target).toArray();
    List<double[]> rows = table.values();
    double[] x = new double[rows.size() * kept.length];
    double[] y = new double[target < 0 ? 0 : rows.size()];
    for (int i = 0; i < rows.size(); i++) {
      for (int c = 0; c < kept.length; c++) {
        x[i * kept.length + c] = rows.get(i)[kept[c]];
      }
      if (target >= 0) {
        y[i] = rows.get(i)[target];
      }
    }
    List<String> names = IntStream.of(kept).mapToObj(c -> table.columns().get(c)).toList();
    String what =
        target < 0 ? "" : ", %s explained by the others".formatted(table.columns().get(target));
    String description = "%s: %d rows, %d columns%s".formatted(spec, rows.size(), columns, what);
    return new FitData(description, names, x, y, Double.NaN);
  }

  private static void requireBinary(String spec, CsvTable table, int column) throws DataException {
    for (int i = 0; i < table.values().size(); i++) {
      double y = table.values().get(i)[column];
      if (y != 0 && y != 1) {
        throw new DataException(
            "%s line %d, column %d (%s): %s must be 0 or 1 for logistic regression"
                .formatted(spec, table.lines().get(i), column + 1, table.columns().get(column), y));
      }
    }
  }

  /**
   * With every column of x shifted and scaled to mean 0 and standard deviation 1, and y too when it
   * is a quantity.
   *
   * @throws DataException naming a column that is constant
   */
  public FitData standardised(boolean targetToo) throws DataException {
    double[] scaled = x.clone();
    for (int c = 0; c < features.size(); c++) {
      standardise(scaled, c, features.size(), features.get(c));
    }
    double[] target = y.clone();
    double noise = noiseVariance;
    if (targetToo) {
      double sd = standardise(target, 0, 1, "the target");
      noise /= sd * sd;
    }
    return new FitData(description + ", standardised", features, scaled, target, noise);
  }

  /** Standardises every {@code stride}-th element; returns the standard deviation. */
  private static double standardise(double[] a, int from, int stride, String name)
      throws DataException {
    double n = (double) a.length / stride;
    double mean = 0;
    for (int i = from; i < a.length; i += stride) {
      mean += a[i] / n;
    }
    double squares = 0;
    for (int i = from; i < a.length; i += stride) {
      squares += (a[i] - mean) * (a[i] - mean) / n;
    }
    double sd = Math.sqrt(squares);
    if (!(sd > 1e-12 * Math.abs(mean))) {
      throw new DataException("--standardise: " + name + " is constant");
    }
    for (int i = from; i < a.length; i += stride) {
      a[i] = (a[i] - mean) / sd;
    }
    return sd;
  }
}
