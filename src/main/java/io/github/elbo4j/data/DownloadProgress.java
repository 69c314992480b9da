package io.github.elbo4j.data;

/** Is told how a download goes on, from a thread of the download. */
@FunctionalInterface
public interface DownloadProgress {
  /** Tells nobody. */
  DownloadProgress NONE = (file, bytes, total) -> {};

  /**
   * More bytes have come.
   *
   * @param file name of the file
   * @param bytes bytes that came so far
   * @param total bytes to come altogether, or -1 when the server does not say
   */
  void received(String file, long bytes, long total);
}
