package io.github.elbo4j.kernel;

import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The checks a contract makes once, before its hook. Messages name the method, the argument, what
 * came and what was wanted. Nothing is allocated unless a check fails.
 */
public final class Checks {
  private Checks() {}

  /**
   * {@code t} (when given) has the shape of {@code wanted}: rows and columns, whatever the rank.
   */
  public static void same(
      String method, String name, @Nullable Tensor t, String wantedName, Tensor wanted) {
    if (t != null && (t.rows() != wanted.rows() || t.columns() != wanted.columns())) {
      throw fail(
          method, name + " " + t.shape() + " must equal " + wantedName + " " + wanted.shape());
    }
  }

  /** {@code t} (when given) is {@code [rows, columns]}. */
  public static void shape(String method, String name, @Nullable Tensor t, int rows, int columns) {
    if (t != null && (t.rows() != rows || t.columns() != columns)) {
      throw fail(method, name + " " + t.shape() + " must be [" + rows + "," + columns + "]");
    }
  }

  /** {@code t} (when given) has {@code length} elements, whatever its shape: one number a row. */
  public static void length(String method, String name, @Nullable Tensor t, int length) {
    if (t != null && t.size() != length) {
      throw fail(method, name + " " + t.shape() + " must have " + length + " elements");
    }
  }

  /**
   * {@code rows} of {@code name} are K &gt;= 1 times {@code points}; returns K (1 when both are 0).
   */
  public static int samples(String method, String name, int rows, String pointsName, int points) {
    if (points == 0 ? rows != 0 : rows == 0 || rows % points != 0) {
      throw fail(
          method,
          "%s has %d rows, which must be a whole multiple of the %d rows of %s"
              .formatted(name, rows, points, pointsName));
    }
    return points == 0 ? 1 : rows / points;
  }

  /** {@code x} has {@code columns} columns. */
  public static void columns(String method, String name, ByteTensor x, int columns) {
    if (x.columns() != columns) {
      throw fail(method, name + " " + x.shapeText() + " must have " + columns + " columns");
    }
  }

  /** {@code t} has {@code columns} columns. */
  public static void columns(String method, String name, Tensor t, int columns) {
    if (t.columns() != columns) {
      throw fail(method, name + " " + t.shape() + " must have " + columns + " columns");
    }
  }

  /** An output shares no element with another argument. */
  public static void distinct(
      String method, String name, @Nullable Tensor out, String otherName, @Nullable Tensor other) {
    if (out != null && other != null && out.overlaps(other)) {
      throw fail(method, name + " must not share memory with " + otherName);
    }
  }

  /** An output is the other argument itself, element for element, or shares nothing with it. */
  public static void sameOrDistinct(
      String method, String name, @Nullable Tensor out, String otherName, @Nullable Tensor other) {
    if (out != null && other != null && out.offset() != other.offset() && out.overlaps(other)) {
      throw fail(method, name + " must be " + otherName + " itself or share no memory with it");
    }
  }

  /** A general condition; the text is only built by callers that already know it failed. */
  public static IllegalArgumentException fail(String method, String text) {
    return new IllegalArgumentException(method + ": " + text);
  }
}
