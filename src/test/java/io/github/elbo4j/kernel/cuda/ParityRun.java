package io.github.elbo4j.kernel.cuda;

import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.train.JsonLine;
import java.util.List;

/**
 * {@link DeviceParity} where there is no JUnit: on a machine with a GPU, by gpu-check. Prints a
 * line {@code #i name} before case i, a JSON object for each that fails, and {@code #end}.
 */
public final class ParityRun {
  /** Status when the device is beyond use: whoever started this goes on after the last case. */
  private static final int LOST = 3;

  private ParityRun() {}

  /**
   * Runs the cases.
   *
   * @param args {@code --from=i} to begin there, {@code --short} for one case of each hook
   */
  public static void main(String[] args) throws InterruptedException {
    boolean brief = false;
    int from = 0;
    for (String arg : args) {
      if (arg.startsWith("--from=")) {
        from = Integer.parseInt(arg.substring("--from=".length()));
      } else if (arg.equals("--short")) {
        brief = true;
      } else {
        throw new IllegalArgumentException("ParityRun: " + arg + " must be --short or --from=i");
      }
    }
    List<KernelCase> cases = brief ? DeviceParity.oneOfEachHook() : DeviceParity.cases();
    for (int i = from; i < cases.size(); i++) {
      System.out.printf("#%d %s%n", i, cases.get(i));
      run(cases.get(i));
    }
    System.out.println("#end");
  }

  private static void run(KernelCase kernel) throws InterruptedException {
    try {
      DeviceParity.check(kernel);
    } catch (AssertionError | RuntimeException e) {
      System.out.println(
          new JsonLine().put("case", kernel.toString()).put("error", String.valueOf(e)));
      stopIfLost();
    }
  }

  /** After an illegal access a context answers every call with the same error. */
  private static void stopIfLost() {
    try {
      Cuda.open(0).synchronize();
    } catch (CudaException e) {
      System.exit(LOST);
    }
  }
}
