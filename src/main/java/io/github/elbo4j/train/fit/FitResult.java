package io.github.elbo4j.train.fit;

import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.vi.fit.Trace;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a fit found.
 *
 * @param parameters each parameter's mean and standard deviation
 * @param scores numbers about the whole, in nats, by name: {@code elbo}, {@code logEvidence}
 *     (exact) …
 * @param settings numbers that shaped it, by name, the ones chosen from the data too
 * @param iterations made
 * @param converged whether it stopped by its tolerance; null for methods that have none
 * @param trace how it went
 * @param approximation its family and what means and standard deviations do not tell of it
 */
public record FitResult(
    List<Parameter> parameters,
    Map<String, Double> scores,
    Map<String, Double> settings,
    int iterations,
    @Nullable Boolean converged,
    Trace trace,
    JsonLine approximation) {

  /**
   * One parameter.
   *
   * @param name what it is
   * @param mean under the approximation, or the point found
   * @param sd under the approximation; NaN for a point
   * @param exactMean of the exact posterior; NaN where that is not known
   * @param exactSd likewise
   */
  public record Parameter(String name, double mean, double sd, double exactMean, double exactSd) {
    JsonLine json() {
      JsonLine json = new JsonLine().put("name", name).put("mean", mean).put("sd", sd);
      return Double.isNaN(exactMean)
          ? json
          : json.put("exactMean", exactMean).put("exactSd", exactSd);
    }
  }

  /** What {@code --json} prints, up to what only the caller knows. */
  public JsonLine summary(JsonLine json) {
    json.put("iterations", iterations);
    if (converged == null) {
      json.put("converged", (String) null);
    } else {
      json.put("converged", converged.booleanValue());
    }
    settings.forEach(json::put);
    scores.forEach(json::put);
    return json.put("parameters", parameters.stream().map(Parameter::json).toList());
  }
}
