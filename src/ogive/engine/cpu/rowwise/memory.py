"""How the rowwise kernels read, write and add up vectors, as text with words to fill in."""

from __future__ import annotations

from ogive.engine.cpu.loops import STORED


def stored(count: int, dtype: str) -> dict[str, str]:
    """The words for what a dtype is stored as."""
    suffix = {"bfloat16": "i16", "float16": "f16", "float32": "f32", "float64": "f64"}[dtype]
    return {"stored": f"<{count} x {STORED[dtype]}>", "held": f"v{count}{suffix}"}


MASKED = """\
declare $stored @llvm.masked.load.$held.p0(ptr, i32, $mask, $stored)
declare void @llvm.masked.store.$held.p0($stored, ptr, i32, $mask)
"""
_LOAD = """\
define internal $vector @read.$name(ptr %at, $mask %mask) #0 {
  %x = call $stored @llvm.masked.load.$held.p0(ptr %at, i32 1, $mask %mask, $stored zeroinitializer)
"""
_STORE = """\
  call void @llvm.masked.store.$held.p0($stored %x, ptr %at, i32 1, $mask %mask)
  ret void
}
"""
_AS_IS = _LOAD + "  ret $vector %x\n}\n"
READ = {
    "float32": _AS_IS,
    "float64": _AS_IS,
    "float16": _LOAD + "  %wide = fpext $stored %x to $vector\n  ret $vector %wide\n}\n",
    "bfloat16": _LOAD
    + """\
  %bits = zext $stored %x to <$lanes x i32>
  %high = shl <$lanes x i32> %bits, splat (i32 16)
  %wide = bitcast <$lanes x i32> %high to $vector
  ret $vector %wide
}
""",
}
_WRITE_AS_IS = "define internal void @write.$name(ptr %at, $vector %x, $mask %mask) #0 {\n" + _STORE
WRITE = {
    "float32": _WRITE_AS_IS,
    "float64": _WRITE_AS_IS,
    "float16": """\
define internal void @write.$name(ptr %at, $vector %wide, $mask %mask) #0 {
  %x = fptrunc $vector %wide to $stored
"""
    + _STORE,
    # to the nearest, to even between two; a NaN has no low bits that could carry
    "bfloat16": """\
define internal void @write.$name(ptr %at, $vector %wide, $mask %mask) #0 {
  %bits = bitcast $vector %wide to <$lanes x i32>
  %upper = lshr <$lanes x i32> %bits, splat (i32 16)
  %odd = and <$lanes x i32> %upper, splat (i32 1)
  %near = add <$lanes x i32> %bits, splat (i32 32767)
  %even = add <$lanes x i32> %near, %odd
  %rounded = lshr <$lanes x i32> %even, splat (i32 16)
  %x = trunc <$lanes x i32> %rounded to $stored
"""
    + _STORE,
}

HELPERS = """\
define internal $vector @factor(ptr %l, i64 %index) #0 {
  %at = getelementptr $type, ptr %l, i64 %index
  %f = load $type, ptr %at, align 4, !invariant.load !0
  %one = insertelement $vector poison, $type %f, i64 0
  %all = shufflevector $vector %one, $vector poison, <$lanes x i32> zeroinitializer
  ret $vector %all
}
"""
#: Sums of float32 numbers, in float64.
WIDE = """\
define internal $double @widened($vector %x) #0 {
  %wide = fpext $vector %x to $double
  ret $double %wide
}

define internal void @add(ptr %at, $double %x) #0 {
  %before = load $double, ptr %at, align 64
  %sum = fadd $double %before, %x
  store $double %sum, ptr %at, align 64
  ret void
}

define internal { $vector, $vector } @sum(ptr %at) #0 {
  %sum = load $double, ptr %at, align 64
  %high = fptrunc $double %sum to $vector
  %wide = fpext $vector %high to $double
  %rest = fsub $double %sum, %wide
  %low = fptrunc $double %rest to $vector
  %half = insertvalue { $vector, $vector } poison, $vector %high, 0
  %both = insertvalue { $vector, $vector } %half, $vector %low, 1
  ret { $vector, $vector } %both
}
"""
#: Sums of float64 numbers; what each addition lost is kept behind the sum.
COMPENSATED = """\
define internal $double @widened($vector %x) #0 {
  ret $double %x
}

define internal void @add(ptr %at, $double %x) #0 {
  %at.lost = getelementptr i8, ptr %at, i64 64
  %before = load $double, ptr %at, align 64
  %lost = load $double, ptr %at.lost, align 64
  %sum = fadd $double %before, %x
  %other = fsub $double %sum, %before
  %one = fsub $double %sum, %other
  %missed.one = fsub $double %before, %one
  %missed.other = fsub $double %x, %other
  %missed = fadd $double %missed.one, %missed.other
  %both = fadd $double %lost, %missed
  store $double %sum, ptr %at, align 64
  store $double %both, ptr %at.lost, align 64
  ret void
}

define internal { $vector, $vector } @sum(ptr %at) #0 {
  %at.lost = getelementptr i8, ptr %at, i64 64
  %sum = load $double, ptr %at, align 64
  %lost = load $double, ptr %at.lost, align 64
  %high = fadd $double %sum, %lost
  %rest = fsub $double %sum, %high
  %low = fadd $double %rest, %lost
  %half = insertvalue { $vector, $vector } poison, $vector %high, 0
  %both = insertvalue { $vector, $vector } %half, $vector %low, 1
  ret { $vector, $vector } %both
}
"""
