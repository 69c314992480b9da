package io.github.elbo4j.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * The file {@code metrics.jsonl}: one JSON object an epoch, with the members of {@link
 * EpochMetrics} in their order, and those of {@link GradientNoise} where the run reports it. Each
 * line is on disk before {@link #append} returns. A value that is not finite is written as null and
 * read as NaN.
 *
 * <p>A killed process may leave a last line without its line break. It counts as not written:
 * {@link #read} skips it and {@link #keepThrough} removes it. Append an epoch's line before writing
 * its checkpoint, and a resumed run has a line for every epoch.
 */
public final class MetricsLog {
  /** The log's name in a run folder. */
  public static final String FILE = "metrics.jsonl";

  private static final JsonFactory JSON = new JsonFactory();
  private static final List<String> MEMBERS =
      List.of(
          "epoch",
          "step",
          "trainElbo",
          "testElbo",
          "reconstruction",
          "kl",
          "activeUnits",
          "seconds",
          "examplesPerSecond",
          "encoderGradientVariance",
          "encoderGradientSquaredMean",
          "decoderGradientVariance",
          "decoderGradientSquaredMean");

  /** The first so many members are in every line; the others all, or none. */
  private static final int ALWAYS = 9;

  private final Path file;

  /** The log at {@code file}, which need not exist yet. */
  public MetricsLog(Path file) {
    this.file = file;
  }

  /**
   * Appends one line and forces it to disk.
   *
   * @throws IOException when the file cannot be written or ends inside a line
   */
  public void append(EpochMetrics metrics) throws IOException {
    ByteBuffer line = ByteBuffer.wrap((line(metrics) + "\n").getBytes(StandardCharsets.UTF_8));
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long end = channel.size();
      ByteBuffer last = ByteBuffer.allocate(1);
      if (end > 0 && (channel.read(last, end - 1) != 1 || last.get(0) != '\n')) {
        throw new IOException(file + ": ends inside a line: resume the run to mend it");
      }
      channel.position(end);
      while (line.hasRemaining()) {
        channel.write(line);
      }
      channel.force(true);
    }
  }

  /**
   * Drops every line after {@code epoch}, and a torn last one, by an atomic rewrite: the state that
   * belongs to a checkpoint of that epoch. Does nothing when there is no file.
   *
   * @throws IOException as {@link #read}, or when the file cannot be written
   */
  public void keepThrough(int epoch) throws IOException {
    if (!AtomicFiles.exists(file)) {
      return;
    }
    StringBuilder kept = new StringBuilder();
    for (EpochMetrics metrics : read()) {
      if (metrics.epoch() <= epoch) {
        kept.append(line(metrics)).append('\n');
      }
    }
    AtomicFiles.write(file, kept.toString().getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Reads all whole lines; none when there is no file.
   *
   * @throws IOException naming the line that is not an object of exactly the expected members, or
   *     whose epoch does not come after the one before
   */
  public List<EpochMetrics> read() throws IOException {
    List<EpochMetrics> all = new ArrayList<>();
    if (!AtomicFiles.exists(file)) {
      return all;
    }
    // Not readString: a torn line may end inside a character.
    String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    int begin = 0;
    for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', begin)) {
      EpochMetrics metrics = parse(text.substring(begin, end), all.size() + 1);
      if (!all.isEmpty() && metrics.epoch() <= all.getLast().epoch()) {
        throw malformed(all.size() + 1, "epoch " + metrics.epoch() + " is not after the last one");
      }
      all.add(metrics);
      begin = end + 1;
    }
    return all;
  }

  private static String line(EpochMetrics m) {
    JsonLine line =
        new JsonLine()
            .put("epoch", m.epoch())
            .put("step", m.step())
            .put("trainElbo", m.trainElbo())
            .put("testElbo", m.testElbo())
            .put("reconstruction", m.reconstruction())
            .put("kl", m.kl())
            .put("activeUnits", m.activeUnits())
            .put("seconds", m.seconds())
            .put("examplesPerSecond", m.examplesPerSecond());
    GradientNoise noise = m.gradientNoise();
    if (noise != null) {
      line.put("encoderGradientVariance", noise.encoderVariance())
          .put("encoderGradientSquaredMean", noise.encoderSquaredMean())
          .put("decoderGradientVariance", noise.decoderVariance())
          .put("decoderGradientSquaredMean", noise.decoderSquaredMean());
    }
    return line.toString();
  }

  private EpochMetrics parse(String line, int number) throws IOException {
    double[] values = new double[MEMBERS.size()];
    BitSet seen = new BitSet();
    try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), line)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw malformed(number, "it is not a JSON object");
      }
      for (String name = json.nextName(); name != null; name = json.nextName()) {
        int member = MEMBERS.indexOf(name);
        if (member < 0 || seen.get(member)) {
          throw malformed(number, "it has an unknown or repeated member '" + name + "'");
        }
        seen.set(member);
        values[member] = value(json, name, number);
      }
      if (json.nextToken() != null) {
        throw malformed(number, "it goes on after the object");
      }
    } catch (JacksonException e) {
      throw malformed(number, e.getOriginalMessage());
    }
    int count = seen.cardinality();
    if (seen.nextClearBit(0) != count || (count != ALWAYS && count != MEMBERS.size())) {
      throw malformed(number, "it must have the members " + MEMBERS.subList(0, ALWAYS));
    }
    GradientNoise noise =
        count == ALWAYS ? null : new GradientNoise(values[9], values[10], values[11], values[12]);
    return new EpochMetrics(
        (int) integer(values, 0, Integer.MAX_VALUE, number),
        integer(values, 1, 1L << 53, number),
        values[2],
        values[3],
        values[4],
        values[5],
        (int) integer(values, 6, Integer.MAX_VALUE, number),
        values[7],
        values[8],
        noise);
  }

  private double value(JsonParser json, String name, int number) throws IOException {
    return switch (json.nextToken()) {
      case VALUE_NULL -> Double.NaN;
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> json.getDoubleValue();
      case null, default -> throw malformed(number, "'" + name + "' must be a number or null");
    };
  }

  private long integer(double[] values, int member, long max, int number) throws IOException {
    double value = values[member];
    if (value != Math.rint(value) || value < 0 || value > max) { // NaN is not equal to itself
      throw malformed(number, "'" + MEMBERS.get(member) + "' must be a whole number");
    }
    return (long) value;
  }

  private IOException malformed(int number, String problem) {
    return new IOException(
        "%s: line %d is damaged: %s: mend or remove the file".formatted(file, number, problem));
  }
}
