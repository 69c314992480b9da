package io.github.elbo4j.train.fit;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import io.github.elbo4j.data.DataException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A table of numbers from a CSV file: commas, dots, a header or none. The first line is a header
 * when no cell of it is a number; without one the columns are called {@code column 1} and so on.
 *
 * @param columns their names
 * @param values the numbers, a row each
 * @param lines the line of the file that each row stands on
 */
public record CsvTable(List<String> columns, List<double[]> values, List<Long> lines) {
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?");

  /**
   * Reads a file.
   *
   * @throws DataException naming line and column of what is no number, a row of another length, or
   *     that there are no rows
   * @throws IOException the file cannot be read
   */
  public static CsvTable read(Path file) throws IOException {
    List<String> columns = new ArrayList<>();
    List<double[]> values = new ArrayList<>();
    List<Long> lines = new ArrayList<>();
    try (CsvReader<CsvRecord> reader =
        CsvReader.builder()
            .extraFieldStrategy(FieldMismatchStrategy.IGNORE) // the check of the length says more
            .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
            .detectBomHeader(true)
            .ofCsvRecord(file)) {
      for (CsvRecord line : reader) {
        List<String> cells = line.getFields().stream().map(String::strip).toList();
        if (columns.isEmpty() && isHeader(file, line.getStartingLineNumber(), cells)) {
          columns.addAll(cells);
          continue;
        }
        if (columns.isEmpty()) {
          IntStream.rangeClosed(1, cells.size()).forEach(c -> columns.add("column " + c));
        }
        values.add(numbers(file, line.getStartingLineNumber(), cells, columns));
        lines.add(line.getStartingLineNumber());
      }
    } catch (CsvParseException e) {
      throw new DataException(file + ": is not CSV: " + e.getMessage(), e);
    }
    if (values.isEmpty()) {
      throw new DataException(file + ": has no rows of numbers");
    }
    return new CsvTable(List.copyOf(columns), values, lines);
  }

  private static boolean isHeader(Path file, long line, List<String> cells) throws DataException {
    int[] words = IntStream.range(0, cells.size()).filter(c -> !isNumber(cells.get(c))).toArray();
    if (words.length > 0 && words.length < cells.size()) {
      int c = words[0];
      throw new DataException(
          "%s line %d, column %d: \"%s\" is not a number, and with numbers beside it the line is no header"
              .formatted(file, line, c + 1, cells.get(c)));
    }
    return words.length > 0;
  }

  private static boolean isNumber(String cell) {
    return NUMBER.matcher(cell).matches();
  }

  private static double[] numbers(Path file, long line, List<String> cells, List<String> columns)
      throws DataException {
    if (cells.size() != columns.size()) {
      throw new DataException(
          "%s line %d: has %d columns, the first line has %d"
              .formatted(file, line, cells.size(), columns.size()));
    }
    double[] row = new double[cells.size()];
    for (int c = 0; c < row.length; c++) {
      String cell = cells.get(c);
      row[c] = isNumber(cell) ? Double.parseDouble(cell) : Double.NaN;
      if (!Double.isFinite(row[c])) { // also 1e999
        throw new DataException(
            "%s line %d, column %d (%s): \"%s\" is not a number"
                .formatted(file, line, c + 1, columns.get(c), cell));
      }
    }
    return row;
  }
}
