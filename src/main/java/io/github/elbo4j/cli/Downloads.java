package io.github.elbo4j.cli;

import io.github.elbo4j.data.DownloadProgress;
import io.github.elbo4j.train.ProgressBar;
import java.util.Locale;

/** Says which file of a data set is being downloaded, once a file, and how far it is. */
final class Downloads implements DownloadProgress {
  private final String data;
  private final ProgressBar bar;
  private String current = "";

  Downloads(String data, ProgressBar bar) {
    this.data = data;
    this.bar = bar;
  }

  @Override
  public void received(String file, long bytes, long total) {
    String label = "downloading " + data + ": " + file;
    if (!file.equals(current)) {
      current = file;
      bar.println(label);
    }
    if (total > 0) {
      bar.update(file, bytes, total, String.format(Locale.ROOT, "%.1f MB", bytes * 1e-6));
    }
    if (bytes == total) {
      bar.close();
    }
  }
}
