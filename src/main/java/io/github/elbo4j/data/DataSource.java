package io.github.elbo4j.data;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Loads data by a short text, the command line's {@code --data}:
 *
 * <ul>
 *   <li>{@code embedded}: 4,000 + 500 Fashion-MNIST images inside the jar;
 *   <li>a known name ({@link #knownNames}): read from {@code $ELBO4J_DATA/<name>/} when that folder
 *       has data files, else from the user's cache folder, else downloaded into it; always checked
 *       by SHA-256;
 *   <li>a path: an IDX file, or a folder with MNIST-style files ({@code train-images*}, {@code
 *       train-labels*}, {@code t10k-*} or {@code test-*}; labels are optional), each plain or gzip.
 * </ul>
 *
 * A source without test images gets a held-out split of a tenth, and the description says so.
 */
public final class DataSource {
  /** The name of the data inside the jar. */
  public static final String EMBEDDED = "embedded";

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Places places;
  private final List<KnownData> known;
  private final Downloader downloader;

  DataSource(Places places, List<KnownData> known, Downloader downloader) {
    this.places = places;
    this.known = known;
    this.downloader = downloader;
  }

  /** {@link #load(String, DownloadProgress)}, telling nobody of a download's progress. */
  public static DataSplits load(String spec) throws DataException {
    return load(spec, DownloadProgress.NONE);
  }

  /**
   * Loads the data that {@code spec} names.
   *
   * @throws DataException there is no such data, it cannot be downloaded, or a file is not what it
   *     should be
   */
  public static DataSplits load(String spec, DownloadProgress progress) throws DataException {
    return new DataSource(Places.ofThisProcess(), KnownData.ALL, new Downloader(PATIENCE))
        .find(spec, progress);
  }

  /** Names that are downloaded when needed. */
  public static List<String> knownNames() {
    return KnownData.ALL.stream().map(KnownData::name).toList();
  }

  /**
   * The text that names the same data from every folder: a path that exists becomes absolute, a
   * name stays.
   *
   * @throws DataException the path cannot be looked at
   */
  public static String canonical(String spec) throws DataException {
    Path path = spec.equals(EMBEDDED) || knownNames().contains(spec) ? null : existing(spec);
    return path == null ? spec : path.toAbsolutePath().normalize().toString();
  }

  DataSplits find(String spec, DownloadProgress progress) throws DataException {
    if (spec.equals(EMBEDDED)) {
      return embedded();
    }
    for (KnownData data : known) {
      if (data.name().equals(spec)) {
        return MnistFiles.assemble(data.name(), parts(data, progress));
      }
    }
    Path path = existing(spec);
    if (path == null) {
      throw new DataException(
          ("unknown data '%s': want %s, %s, or the path of an IDX file or of a folder with"
                  + " train-images-idx3-ubyte[.gz]")
              .formatted(
                  spec, EMBEDDED, String.join(", ", known.stream().map(KnownData::name).toList())));
    }
    if (Files.isDirectory(path)) {
      return MnistFiles.load(path);
    }
    Idx images = Idx.read(path, Part.TRAIN_IMAGES.rank(), null);
    return HeldOut.split(spec, MnistFiles.images(spec, images, null));
  }

  private static @Nullable Path existing(String spec) throws DataException {
    try {
      return spec.isBlank() || !exists(Path.of(spec)) ? null : Path.of(spec);
    } catch (InvalidPathException e) {
      return null; // not a path, so there is nothing of that name
    }
  }

  /** {@link Files#exists} says no also to what may be there but must not be looked at. */
  private static boolean exists(Path path) throws DataException {
    try {
      Files.readAttributes(path, BasicFileAttributes.class);
      return true;
    } catch (AccessDeniedException e) {
      throw new DataException(path + ": cannot be accessed: permission denied", e);
    } catch (IOException e) {
      return false;
    }
  }

  private static DataSplits embedded() throws DataException {
    String train = "fashion4000-train-";
    String valid = "fashion500-valid-";
    Images trainImages = embedded("embedded train", train);
    Images validImages = embedded("embedded held out", valid);
    return new DataSplits(
        trainImages,
        validImages,
        ("embedded: Fashion-MNIST, the first %d images of its training file; test split: the next"
                + " %d of the same file (%d x %d)")
            .formatted(
                trainImages.count(),
                validImages.count(),
                trainImages.height(),
                trainImages.width()));
  }

  private static Images embedded(String name, String prefix) throws DataException {
    return MnistFiles.images(
        name,
        resource(prefix + "images-idx3-ubyte.gz", 3),
        resource(prefix + "labels-idx1-ubyte.gz", 1));
  }

  private static Idx resource(String file, int rank) throws DataException {
    InputStream in = DataSource.class.getResourceAsStream("embedded/" + file);
    if (in == null) {
      throw new DataException("embedded/" + file + ": is missing from the jar");
    }
    return Idx.read(in, "embedded/" + file, -1, rank, null);
  }

  private Map<Part, Idx> parts(KnownData data, DownloadProgress progress) throws DataException {
    Path given = places.given() == null ? null : places.given().resolve(data.name());
    Map<Part, Path> own =
        given != null && Files.isDirectory(given) ? MnistFiles.find(given) : Map.of();
    Map<Part, Idx> parts = new EnumMap<>(Part.class);
    for (Part part : Part.values()) {
      Path file = own.get(part);
      if (file != null) {
        parts.put(part, Idx.read(file, part.rank(), sum(data, part)));
      } else if (own.isEmpty()) {
        parts.put(part, cached(data, part, progress));
      } else {
        throw new DataException(
            "%s: has no %s or %2$s.gz, want all four files of %s"
                .formatted(given, part.fileName(), data.name()));
      }
    }
    return parts;
  }

  private Idx cached(KnownData data, Part part, DownloadProgress progress) throws DataException {
    String fileName = part.fileName() + ".gz";
    Path file = places.cache().resolve(data.name()).resolve(fileName);
    String why = "";
    if (exists(file)) {
      try {
        return Idx.read(file, part.rank(), sum(data, part));
      } catch (DataException e) {
        why = "the cached copy is damaged (" + e.getMessage() + ") and "; // so it is fetched anew
      }
    }
    try {
      List<URI> urls = data.mirrors().stream().map(mirror -> mirror.resolve(fileName)).toList();
      return downloader.fetch(file, urls, part.rank(), sum(data, part), progress);
    } catch (DataException e) {
      throw new DataException(
          ("%s: %s%s cannot be downloaded: %s. Without a network: put its four files into a folder"
                  + " named %1$s and set %s to the folder above it")
              .formatted(data.name(), why, fileName, e.getMessage(), Places.VARIABLE),
          e);
    }
  }

  private static String sum(KnownData data, Part part) {
    String sum = data.sha256().get(part);
    if (sum == null) {
      throw new IllegalArgumentException("no SHA-256 of " + part.fileName());
    }
    return sum;
  }
}
