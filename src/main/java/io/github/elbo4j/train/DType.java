package io.github.elbo4j.train;

/** An element type of the safetensors format that this library reads and writes. */
public enum DType {
  F64(8),
  I64(8),
  F32(4),
  U8(1);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one element in bytes. */
  public int bytes() {
    return bytes;
  }
}
