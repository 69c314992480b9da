package io.github.elbo4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.kernel.selfcheck.SelfCheck;
import io.github.elbo4j.testkit.Families;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * The self check reaches every hook. The families are abstract classes with protected hooks, which
 * no proxy can stand in for: so a subclass of each is made here, whose hooks note their name and
 * pass the call on to the reference.
 */
public class SelfCheckReachTest {
  private static final Set<String> REACHED = new TreeSet<>();

  /** Called by the subclasses made here. */
  public static void note(String hook) {
    REACHED.add(hook);
  }

  @Test
  void everyHookIsReached() throws ReflectiveOperationException {
    Backend noting = notingBackend();
    REACHED.clear();
    assertThat(SelfCheck.run(noting, 1)).allMatch(SelfCheck.Finding::passed);
    assertThat(REACHED)
        .containsExactlyInAnyOrderElementsOf(
            Families.names().stream()
                .flatMap(f -> hooks(f).stream().map(h -> name(f, h)))
                .toList());
  }

  private static Backend notingBackend() throws ReflectiveOperationException {
    RecordComponent[] components = Backend.class.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] arguments = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      Object law = components[i].getAccessor().invoke(Backends.reference());
      arguments[i] = law instanceof String ? "noting" : noting(components[i].getName(), law);
    }
    return Backend.class.getDeclaredConstructor(types).newInstance(arguments);
  }

  private static String name(String family, Method hook) {
    return family + "." + hook.getName();
  }

  private static List<Method> hooks(String family) {
    return Arrays.stream(Families.classOf(family, "Kernels").getDeclaredMethods())
        .filter(m -> Modifier.isAbstract(m.getModifiers()))
        .toList();
  }

  /** A subclass of the family with a field {@code law}, to which every hook passes its call on. */
  private static Object noting(String family, Object law) throws ReflectiveOperationException {
    Class<?> type = Families.classOf(family, "Kernels");
    ClassDesc parent = type.describeConstable().orElseThrow();
    ClassDesc self = ClassDesc.of(type.getPackageName(), "Noting" + type.getSimpleName());
    byte[] code =
        ClassFile.of()
            .build(
                self,
                c -> {
                  c.withSuperclass(parent);
                  c.withField("law", parent, ClassFile.ACC_PUBLIC);
                  c.withMethodBody(
                      ConstantDescs.INIT_NAME,
                      ConstantDescs.MTD_void,
                      ClassFile.ACC_PUBLIC,
                      b ->
                          b.aload(0)
                              .invokespecial(
                                  parent, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void)
                              .return_());
                  for (Method hook : hooks(family)) {
                    c.withMethodBody(
                        hook.getName(),
                        descriptor(hook),
                        ClassFile.ACC_PROTECTED,
                        b -> passOn(b, name(family, hook), hook, self, parent));
                  }
                });
    Class<?> made = MethodHandles.privateLookupIn(type, MethodHandles.lookup()).defineClass(code);
    var constructor = made.getDeclaredConstructor();
    constructor.setAccessible(true);
    Object noting = constructor.newInstance();
    var field = made.getDeclaredField("law");
    field.setAccessible(true);
    field.set(noting, law);
    return noting;
  }

  private static void passOn(
      CodeBuilder b, String name, Method hook, ClassDesc self, ClassDesc parent) {
    b.ldc(name)
        .invokestatic(
            SelfCheckReachTest.class.describeConstable().orElseThrow(),
            "note",
            MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_String));
    b.aload(0).getfield(self, "law", parent);
    for (int i = 0; i < hook.getParameterCount(); i++) {
      b.loadLocal(TypeKind.from(hook.getParameterTypes()[i]), b.parameterSlot(i));
    }
    b.invokevirtual(parent, hook.getName(), descriptor(hook));
    b.return_(TypeKind.from(hook.getReturnType()));
  }

  private static MethodTypeDesc descriptor(Method hook) {
    return MethodType.methodType(hook.getReturnType(), hook.getParameterTypes())
        .describeConstable()
        .orElseThrow();
  }
}
