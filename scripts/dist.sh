#!/bin/sh
# Makes target/dist: bin/elbo4j, lib/ with the jars and runtime/ with the parts of the JDK they use.
set -eu
cd "$(dirname "$0")/.."
JAVA_HOME=$(scripts/find-jdk.sh)
export JAVA_HOME

# What the code uses: pictures (desktop), downloads over https (net.http, crypto.ec), SIMD kernels
# (vector), thread and memory figures (management). The check below fails when one is missing.
modules=java.base,java.desktop,java.logging,java.management,java.net.http
modules=$modules,jdk.crypto.ec,jdk.incubator.vector,jdk.management

rm -rf target/dist
scripts/mvn.sh -q -Dmaven.test.skip=true package dependency:copy-dependencies@dist
cp target/elbo4j-*[0-9T].jar target/dist/lib/

for module in $("$JAVA_HOME/bin/jdeps" --ignore-missing-deps --print-module-deps \
    --multi-release base --add-modules jdk.incubator.vector target/classes | tr ',' ' '); do
  case ",$modules," in
    *",$module,"*) ;;
    *) echo "scripts/dist.sh: the code uses module $module, which the image lacks: add it." >&2
       exit 1 ;;
  esac
done

# Not compressed: it starts faster, and an archive of the whole folder comes out smaller.
"$JAVA_HOME/bin/jlink" --add-modules "$modules" --strip-debug --no-header-files --no-man-pages \
  --compress zip-0 --output target/dist/runtime 2>&1 | grep -v 'Using incubator modules' || true
[ -x target/dist/runtime/bin/java ] || { echo "scripts/dist.sh: jlink made no runtime" >&2; exit 1; }

mkdir -p target/dist/bin
cp src/main/launcher/elbo4j target/dist/bin/elbo4j
chmod 755 target/dist/bin/elbo4j
cp LICENSE target/dist/
echo "target/dist/bin/elbo4j is ready ($(du -sh target/dist | cut -f1); no Java needed to run it)"
