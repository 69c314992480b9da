package io.github.elbo4j.train;

import io.github.elbo4j.kernel.Precision;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Everything that is needed to repeat a training run; stored as {@code config.toml} in the run
 * folder. In the file a field is called like its command-line flag: {@code learningRate} is {@code
 * learning-rate}.
 *
 * <p>A configuration is built in layers, later ones winning: the defaults, a file, flags.
 *
 * <pre>{@code
 * RunConfig config = RunConfig.builder().load(file).set("epochs", 50).build();
 * }</pre>
 *
 * <p>The specifications that are strings are interpreted, and refused, by the classes they name.
 *
 * @param data data set: {@code embedded}, a known name or a path
 * @param epochs passes over the training examples, at least 1
 * @param batch examples a step, at least 1
 * @param seed seed of everything that is random in the run
 * @param learningRate step size of Adam, above 0
 * @param schedule how the learning rate changes: {@code constant}, {@code steps:…}, {@code cosine},
 *     …
 * @param hidden widths of the encoder's hidden layers from data to latent; mirrored in the decoder
 * @param latent number of latent dimensions, at least 1
 * @param activation of the hidden layers
 * @param likelihood {@code bernoulli}, {@code gaussian}, {@code gaussian:learned}, …
 * @param posterior {@code diagonal}, …
 * @param prior {@code normal}, …
 * @param objective {@code elbo}, {@code beta:4}, …
 * @param estimator {@code pathwise}, …
 * @param warmup epochs over which the weight of the KL grows from 0 to 1, {@code 0} for none; or
 *     {@code cyclical:EPOCHS}
 * @param freeBits nats of KL per latent dimension that are not penalised; 0 for none
 * @param condition {@code label}: encoder and decoder are told the class; or {@code none}
 * @param binarize {@code none}, {@code dynamic} or {@code static}
 * @param clipNorm largest norm of the whole gradient; 0 for no limit
 * @param weightDecay AdamW's decoupled decay; 0 for none
 * @param polyak decay of the averaged weights, below 1; 0 for no averaging
 * @param logVarMin lower bound of the posterior's log-variance
 * @param logVarMax upper bound of the posterior's log-variance
 * @param reportGradientVariance whether each epoch ends with a measure of the gradient's noise
 * @param backend {@code auto}, {@code cuda}, {@code simd} or {@code reference}
 * @param precision of matrix products: {@code fp32}, or {@code tf32} on CUDA
 * @param threads worker threads, without influence on the result; 0 for one per processor
 * @param version of elbo4j that made the run; empty in a file written by hand
 */
public record RunConfig(
    String data,
    int epochs,
    int batch,
    long seed,
    double learningRate,
    String schedule,
    List<Integer> hidden,
    int latent,
    String activation,
    String likelihood,
    String posterior,
    String prior,
    String objective,
    String estimator,
    String warmup,
    double freeBits,
    String condition,
    String binarize,
    double clipNorm,
    double weightDecay,
    double polyak,
    double logVarMin,
    double logVarMax,
    boolean reportGradientVariance,
    String backend,
    String precision,
    int threads,
    String version) {

  /** The configuration's name in a run folder. */
  public static final String FILE = "config.toml";

  /** The configuration of {@code elbo4j train} without any flag. */
  public static final RunConfig DEFAULTS =
      new RunConfig(
          "embedded",
          20,
          128,
          1,
          1e-3,
          "constant",
          List.of(400, 200),
          20,
          "relu",
          "bernoulli",
          "diagonal",
          "normal",
          "elbo",
          "pathwise",
          "0",
          0,
          "none",
          "none",
          0,
          0,
          0,
          -20,
          20,
          false,
          "auto",
          "fp32",
          0,
          "");

  /**
   * Checks the ranges.
   *
   * @throws ConfigException naming the key, its value and what was wanted
   */
  public RunConfig {
    hidden = List.copyOf(hidden);
    require(!data.isBlank(), "data", data, "not empty");
    require(epochs >= 1, "epochs", epochs, "at least 1");
    require(batch >= 1, "batch", batch, "at least 1");
    require(positive(learningRate), "learning-rate", learningRate, "above 0");
    require(hidden.stream().allMatch(w -> w >= 1), "hidden", hidden, "widths of at least 1");
    require(latent >= 1, "latent", latent, "at least 1");
    require(notNegative(freeBits), "free-bits", freeBits, "at least 0");
    require(notNegative(clipNorm), "clip-norm", clipNorm, "at least 0");
    require(notNegative(weightDecay), "weight-decay", weightDecay, "at least 0");
    require(polyak >= 0 && polyak < 1, "polyak", polyak, "at least 0 and below 1");
    require(Double.isFinite(logVarMin), "log-var-min", logVarMin, "finite");
    require(Double.isFinite(logVarMax), "log-var-max", logVarMax, "finite");
    require(logVarMax > logVarMin, "log-var-max", logVarMax, "above log-var-min " + logVarMin);
    require(Precision.isName(precision), "precision", precision, "fp32 or tf32");
    require(threads >= 0, "threads", threads, "at least 0");
  }

  private static boolean positive(double value) {
    return value > 0 && Double.isFinite(value);
  }

  private static boolean notNegative(double value) {
    return value >= 0 && Double.isFinite(value);
  }

  private static void require(boolean holds, String key, Object value, String wanted) {
    if (!holds) {
      throw new ConfigException("config: " + key + " is " + value + " and must be " + wanted);
    }
  }

  /** A builder that starts from the defaults. */
  public static RunConfigBuilder builder() {
    return new RunConfigBuilder(DEFAULTS);
  }

  /** A builder that starts from this configuration. */
  public RunConfigBuilder toBuilder() {
    return new RunConfigBuilder(this);
  }

  /** Keys whose values differ: to this configuration's value and then {@code other}'s. */
  public Map<String, List<Object>> differences(RunConfig other) {
    return RunConfigBuilder.differences(this, other);
  }

  /**
   * Replaces {@code file} atomically.
   *
   * @throws IOException naming the file when it cannot be written
   */
  public void write(Path file) throws IOException {
    AtomicFiles.write(file, toToml().getBytes(StandardCharsets.UTF_8));
  }

  /** All fields as TOML 1.0, one a line in the order of the record. */
  public String toToml() {
    return RunConfigToml.format(this);
  }
}
