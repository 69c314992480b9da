package io.github.elbo4j.kernel.cuda;

import io.github.elbo4j.kernel.Replay;
import io.github.elbo4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@link Replay} by CUDA graphs, one a form. */
public final class CudaReplay implements Replay {
  private final Cuda cuda;
  private final int numbers;
  private final List<Form> forms = new ArrayList<>();
  private boolean capture = !"false".equals(System.getProperty("elbo4j.cuda.graphs"));
  private @Nullable StepResults results;
  private @Nullable Recording last;
  private boolean running;
  private boolean replayed;

  private record Form(int number, Recording recording) {}

  /** For work that leaves {@code numbers} numbers for the host. */
  public CudaReplay(Cuda cuda, int numbers) {
    this.cuda = cuda;
    this.numbers = numbers;
  }

  @Override
  public Tensor results() {
    return opened().numbers();
  }

  private StepResults opened() {
    StepResults open = results;
    if (open == null) {
      cuda.makeCurrent();
      open = new StepResults(cuda, numbers);
      results = open;
    }
    return open;
  }

  @Override
  public void start(int form, int clock, Runnable work) {
    cuda.makeCurrent();
    if (running) { // its copies must be done before there are others
      cuda.synchronize();
    }
    Recording recording = recording(form);
    last = recording;
    running = true;
    replayed = recording.run(clock, capture && !Cuda.SYNC, work);
  }

  private Recording recording(int form) {
    for (int i = 0; i < forms.size(); i++) { // not an iterator: nothing is allocated
      if (forms.get(i).number == form) {
        return forms.get(i).recording;
      }
    }
    Recording recording = new Recording(cuda, opened());
    forms.add(new Form(form, recording));
    return recording;
  }

  @Override
  public void finish() {
    cuda.makeCurrent();
    cuda.synchronize();
    running = false;
    if (last != null) {
      last.check();
    }
  }

  @Override
  public float result(int index) {
    return opened().number(index);
  }

  @Override
  public boolean replayed() {
    return replayed;
  }

  @Override
  public @Nullable String whyNot() {
    if (!capture || last == null) {
      return null;
    }
    return Cuda.SYNC ? "elbo4j.cuda.sync waits for each kernel" : last.whyNot();
  }

  @Override
  public void capture(boolean wanted) {
    capture = wanted;
    if (!wanted) {
      idle();
      forms.forEach(f -> f.recording.forget());
    }
  }

  @Override
  public void close() {
    idle();
    forms.forEach(f -> f.recording.close());
    forms.clear();
    last = null;
    if (results != null) {
      results.close();
      results = null;
    }
  }

  private void idle() {
    cuda.makeCurrent();
    cuda.synchronize();
    running = false;
  }
}
