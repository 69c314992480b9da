#!/bin/bash
# What the other scripts share; sourced by them from the root of the checkout. build sets JAVA_HOME and leaves the class
# path in $classes; its arguments go to Maven.
JAVA_HOME=$(scripts/find-jdk.sh)
export JAVA_HOME

build() {
  scripts/mvn.sh -q -f bench/reactor.xml -Dmaven.test.skip=true package \
    -Dclass-path.file=class-path.txt "$@" >&2
  classes=bench/target/classes:$(cat bench/target/class-path.txt)
  commit=$(git describe --always --dirty --exclude '*' 2>/dev/null || echo unknown)
}

# Removes what changes how either side computes: a shell that sets OPENBLAS_CORETYPE, say, would have something measured
# that is nobody's default.
clear_environment() {
  local name
  for name in $(compgen -e); do
    case $name in
      OPENBLAS_* | GOTO_* | OMP_* | GOMP_* | KMP_* | MKL_* | ONEDNN_* | DNNL_* | ATEN_* | TORCH_* | PYTORCH_* | MALLOC_*) unset "$name" ;;
      GLIBC_TUNABLES | LD_PRELOAD | JAVA_TOOL_OPTIONS | JDK_JAVA_OPTIONS | _JAVA_OPTIONS) unset "$name" ;;
    esac
  done
}

# Whether the peer has natives for this machine at all.
peer_platform() {
  [ "$(uname -sm)" = "Linux x86_64" ]
}
