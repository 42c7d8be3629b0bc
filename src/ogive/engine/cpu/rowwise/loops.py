"""The loops of the rowwise kernels: walks through rows, and the tasks that threads share.

Rows that lie in memory one behind the other are walked through vector by vector (``rows``); along
any other dimension neighbours are rows of their own, one in each lane (``columns``). Both take the
same steps, on a state with a place for each lane. A row belongs to one thread, so results do not
depend on how many there are.
"""

from __future__ import annotations

from string import Template

from ogive.engine.cpu.loops import SIZE
from ogive.engine.cpu.rowwise.memory import COMPENSATED, HELPERS, MASKED, READ, WIDE, WRITE, stored
from ogive.engine.cpu.rowwise.steps import FIELDS, MINUS_INFINITY, STATE, Kind, Step
from ogive.printers.llvm import TYPES, Text
from ogive.printers.machine import FLOAT32, FLOAT64

#: A chunk of columns has at most so many vectors.
VECTORS = 16
#: The elements of a vector of 64 bytes.
LANES = {FLOAT32: 16, FLOAT64: 8}
#: So many vectors of a row are taken together: their sum is added up as one.
BLOCK = 4


def source(kind: Kind) -> str:
    """The kernel's text; its entry is ``region``."""
    return _Module(kind).text()


class _Module:
    """The functions that the steps call, the steps, and the loops around them."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.program = kind.program
        self.module = Text(kind.format, LANES[kind.format])
        lanes = self.module.lanes
        self.words: dict[str, object] = {
            "lanes": lanes,
            "type": TYPES[kind.format],
            "vector": self.module.type(kind.format),
            "double": self.module.type(FLOAT64),
            "mask": f"<{lanes} x i1>",
            "true": f"<{lanes} x i1> splat (i1 true)",
            "numbers": ", ".join(f"i32 {i}" for i in range(lanes)),
            "lowest": MINUS_INFINITY,
            "state": STATE,
            "vectors": VECTORS,
            "block": BLOCK,
            "many": BLOCK * lanes,
            "given": self.each(", ptr %{o}.at"),
            "paced": self.each(", ptr %{o}.at, i64 %{o}.pace"),
            "line": self.each(", ptr %{o}.here"),
            "here": self.each(", ptr %{o}.here, i64 %{o}.pace"),
            "near": self.each(", ptr %{o}.here, i64 {near}"),
            "apart": self.each("  %{o}.apart = mul i64 %i, {near}\n" + _APART),
            "there": self.each(", ptr %{o}.there, i64 %{o}.pace"),
        }

    def text(self) -> str:
        """The whole text."""
        walks = range(len(self.program.walks))
        loops = [part for k in walks for part in self.walk(k)]
        sums = COMPENSATED if self.kind.format is FLOAT64 else WIDE
        helpers = [*self.memory(), self.fill(HELPERS), self.fill(sums)]
        entries = [self.task(), self.region()]
        return "\n".join([self.module.whole(), *helpers, *loops, *entries, "!0 = !{}", ""])

    def fill(self, template: str, **words: object) -> str:
        return Template(template).substitute({**self.words, **words})

    def each(self, pattern: str) -> str:
        """The pattern for one operand after the other."""
        return "".join(
            pattern.format(o=o, k=k, size=self.size(o), near=self.module.lanes * self.size(o))
            for k, o in enumerate(self.program.operands)
        )

    def size(self, operand: str) -> int:
        return SIZE[self.kind.format.name if operand == "e" else self.kind.dtype]

    def memory(self) -> list[str]:
        """Reading and writing tensors, and what is kept."""
        wide = self.kind.format.name
        kinds = dict.fromkeys([self.kind.dtype, wide])
        text = [self.fill(MASKED, **stored(self.module.lanes, d)) for d in kinds]
        for name, dtype in (("stored", self.kind.dtype), ("kept", wide)):
            words = {**stored(self.module.lanes, dtype), "name": name}
            text.append(self.fill(READ[dtype], **words) + self.fill(WRITE[dtype], **words))
        return text

    def walk(self, k: int) -> list[str]:
        """The steps of a walk, its loop, and what comes after it."""
        walk = self.program.walks[k]
        one, block = (Step(self.kind, self.module, f"step{k}.{u}", u) for u in (1, BLOCK))
        one.take(walk.step)
        block.take(walk.step)
        after = Step(self.kind, self.module, f"after{k}")
        if walk.after:
            walk.after(after)
        moved = self.each("  %{o}.move = mul i64 %i, {size}\n" + _MOVE)
        paced = self.each("  %{o}.move = mul i64 %j, %{o}.pace\n" + _MOVE)
        if self.kind.layout == "rows":
            gather = Step(self.kind, self.module, f"gather{k}")
            for field in walk.gathered:
                gather.gather(field)
            rows = self.fill(_ROW_BY_ROW, k=k, moved=paced, kept=self.kept(walk.gathered))
            loops = [self.fill(_ALONG, k=k, moved=moved), gather.text(), rows]
        else:
            across = [self.fill(_ACROSS, k=k, u=u, moved=moved) for u in (1, BLOCK)]
            loops = [*across, self.fill(_DOWN, k=k, moved=paced)]
        return [one.text(), block.text(), after.text(), *loops]

    def kept(self, gathered: tuple[str, ...]) -> str:
        """What is gathered goes to the row's lane."""
        places = [(FIELDS[f], "$type" if f == "m" else "double") for f in gathered]
        if self.kind.format is FLOAT64:
            places += [(FIELDS[f] + 64, "double") for f in gathered if f != "m"]
        return "".join(self.fill(_KEEP, at=at, kind=self.fill(kind)) for at, kind in places)

    def task(self) -> str:
        """All walks through some rows or columns that lie side by side."""
        call = "  call void @walk$k(ptr %l, ptr %s, i64 %n, i64 %count, i64 %used$paced)\n"
        walks = [self.fill(call, k=k) for k in range(len(self.program.walks))]
        if self.kind.layout == "rows":
            return self.begin() + self.fill(_TASK, used=_ROWS_USED, walks="".join(walks))
        return self.fill(_TASK, used=self.fill(_COLUMNS_USED), walks="".join(walks))

    def begin(self) -> str:
        """``begin``: the state with which a row is walked through."""
        taken = [self.fill(_TAKE, at=FIELDS[f]) for f in ("m", "high", "low")]
        return self.fill(_BEGIN, taken="".join(taken))

    def region(self) -> str:
        """A thread's share of the tasks."""
        loads = [_number(w, 2 + k) for k, w in enumerate(("groups", "n", "columns", "width"))]
        for k, o in enumerate(self.program.operands):
            words = ("slot", "outer", "chunk", "pace")
            loads += [_number(f"{o}.{w}", 6 + 4 * k + i) for i, w in enumerate(words)]
        return self.fill(
            _REGION, loads="".join(loads), bases=self.each(_BASE), moved=self.each(_MOVED)
        )


def _number(name: str, index: int) -> str:
    return f"""\
  %{name}.arg = getelementptr i64, ptr %l, i64 {index}
  %{name} = load i64, ptr %{name}.arg, align 8
"""


_APART = "  %{o}.there = getelementptr i8, ptr %{o}.at, i64 %{o}.apart\n"
_MOVE = "  %{o}.here = getelementptr i8, ptr %{o}.at, i64 %{o}.move\n"
#: The lanes that so many elements fill.
_LANES_OF = """\
  %least = call i64 @llvm.umin.i64(i64 %{count}, i64 $lanes)
  %short = trunc i64 %least to i32
  %one = insertelement <$lanes x i32> poison, i32 %short, i64 0
  %all = shufflevector <$lanes x i32> %one, <$lanes x i32> poison, <$lanes x i32> zeroinitializer
  %mask = icmp sgt <$lanes x i32> %all, <$numbers>
"""
_FILLED = _LANES_OF.format(count="left")
#: The step along a row: block after block, then what is left.
_ALONG = (
    """\
define internal void @along$k(ptr %l, ptr %s, i64 %n$given) #0 {
entry:
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %far, %blocked ], [ %next, %full ]
  %left = sub i64 %n, %i
$moved
  %much = icmp uge i64 %left, $many
  br i1 %much, label %blocked, label %few
blocked:
  call void @step$k.$block(ptr %l, ptr %s, $true$near)
  %far = add i64 %i, $many
  br label %head
few:
  %enough = icmp uge i64 %left, $lanes
  br i1 %enough, label %full, label %rest
full:
  call void @step$k.1(ptr %l, ptr %s, $true$near)
  %next = add i64 %i, $lanes
  br label %head
rest:
  %some = icmp ugt i64 %left, 0
  br i1 %some, label %part, label %end
part:
"""
    + _FILLED
    + """\
  call void @step$k.1(ptr %l, ptr %s, $mask %mask$near)
  br label %end
end:
  ret void
}
"""
)
#: A step across columns, on one element of each or on several.
_ACROSS = (
    """\
define internal void @across$k.$u(ptr %l, ptr %state, i64 %n$paced) #0 {
entry:
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %next, %full ]
  %left = sub i64 %n, %i
  %index = udiv i64 %i, $lanes
  %s = getelementptr [$state x i8], ptr %state, i64 %index
$moved
  %enough = icmp uge i64 %left, $lanes
  br i1 %enough, label %full, label %rest
full:
  call void @step$k.$u(ptr %l, ptr %s, $true$here)
  %next = add i64 %i, $lanes
  br label %head
rest:
  %some = icmp ugt i64 %left, 0
  br i1 %some, label %part, label %end
part:
"""
    + _FILLED
    + """\
  call void @step$k.$u(ptr %l, ptr %s, $mask %mask$here)
  br label %end
end:
  ret void
}
"""
)
#: A walk through some rows. Their state has a lane for each; the state with which a row is walked
#: through is its own. Between two walks through a row there are others, so that it need not wait
#: for its sum.
_ROW_BY_ROW = (
    """\
define internal void @walk$k(ptr %l, ptr %state, i64 %n, i64 %count, i64 %used$paced) #0 {
entry:
  %s = alloca [$state x i8], align 64
  br label %loop
loop:
  %j = phi i64 [ 0, %entry ], [ %next, %loop ]
$moved
  call void @begin(ptr %s, ptr %state, i64 %j)
  call void @along$k(ptr %l, ptr %s, i64 %n$line)
  call void @gather$k(ptr %l, ptr %s, $true$here)
$kept
  %next = add i64 %j, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %loop, label %end
end:
"""
    + _LANES_OF.format(count="count")
    + """\
  call void @after$k(ptr %l, ptr %state, $mask %mask$paced)
  ret void
}

"""
)
#: A number that all lanes of a row have, to the row's lane.
_KEEP = """\
  %from$at = getelementptr i8, ptr %s, i64 $at
  %field$at = getelementptr i8, ptr %state, i64 $at
  %to$at = getelementptr $kind, ptr %field$at, i64 %j
  %x$at = load $kind, ptr %from$at, align 8
  store $kind %x$at, ptr %to$at, align 4
"""
#: A row's own state: nothing is added up, the rest is what its lane has.
_BEGIN = """\
define internal void @begin(ptr %s, ptr %state, i64 %j) #0 {
  call void @llvm.memset.p0.i64(ptr align 64 %s, i8 0, i64 $state, i1 false)
$taken
  ret void
}

"""
_TAKE = """\
  %field$at = getelementptr i8, ptr %state, i64 $at
  %from$at = getelementptr $type, ptr %field$at, i64 %j
  %to$at = getelementptr i8, ptr %s, i64 $at
  %x$at = load $type, ptr %from$at, align 4
  %one$at = insertelement $vector poison, $type %x$at, i64 0
  %all$at = shufflevector $vector %one$at, $vector poison, <$lanes x i32> zeroinitializer
  store $vector %all$at, ptr %to$at, align 64
"""
#: A walk down columns.
_DOWN = (
    """\
define internal void @walk$k(ptr %l, ptr %state, i64 %n, i64 %count, i64 %used$paced) #0 {
entry:
  br label %head
head:
  %j = phi i64 [ 0, %entry ], [ %far, %blocked ], [ %next, %single ]
  %left = sub i64 %n, %j
$moved
  %much = icmp uge i64 %left, $block
  br i1 %much, label %blocked, label %few
blocked:
  call void @across$k.$block(ptr %l, ptr %state, i64 %count$here)
  %far = add i64 %j, $block
  br label %head
few:
  %some = icmp ugt i64 %left, 0
  br i1 %some, label %single, label %after
single:
  call void @across$k.1(ptr %l, ptr %state, i64 %count$here)
  %next = add i64 %j, 1
  br label %head
after:
  %i = phi i64 [ 0, %few ], [ %i.next, %after ]
  %s = getelementptr [$state x i8], ptr %state, i64 %i
  %gone = mul i64 %i, $lanes
  %used.here = sub i64 %count, %gone
$apart
"""
    + _LANES_OF.format(count="used.here")
    + """\
  call void @after$k(ptr %l, ptr %s, $mask %mask$there)
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, %used
  br i1 %more, label %after, label %end
end:
  ret void
}

"""
)
_ROWS_USED = "  %used = add i64 1, 0"
_COLUMNS_USED = """\
  %more = add i64 %count, $lanes
  %past = sub i64 %more, 1
  %used = udiv i64 %past, $lanes"""
_TASK = """\
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare i64 @llvm.umin.i64(i64, i64)

define internal void @task(ptr %l, i64 %n, i64 %count$paced) {
entry:
  %s = alloca [$vectors x [$state x i8]], align 64
$used
  br label %clear
clear:
  %i = phi i64 [ 0, %entry ], [ %next, %clear ]
  %state = getelementptr [$state x i8], ptr %s, i64 %i
  call void @llvm.memset.p0.i64(ptr align 64 %state, i8 0, i64 $state, i1 false)
  store $vector splat ($type $lowest), ptr %state, align 64
  %next = add i64 %i, 1
  %again = icmp ult i64 %next, %used
  br i1 %again, label %clear, label %walk
walk:
$walks
  ret void
}
"""
#: ``region(a, thread, threads)`` with a = layout, then the operands' places. The layout is made by
#: _Plan: two numbers, groups, n, columns, width, and each operand's steps in bytes, from a thread,
#: a group or a width of columns to the next, and from a row (or, in columns, an element) to the
#: next. In the layout of rows, each row is a column.
_REGION = """\
define void @region(ptr %a, i64 %thread, i64 %threads) {
entry:
  %l = load ptr, ptr %a, align 8
$loads$bases
  %wider = add i64 %columns, %width
  %widest = sub i64 %wider, 1
  %chunks = udiv i64 %widest, %width
  %tasks = mul i64 %groups, %chunks
  %from = mul i64 %tasks, %thread
  %start = udiv i64 %from, %threads
  %later = add i64 %thread, 1
  %to = mul i64 %tasks, %later
  %end = udiv i64 %to, %threads
  br label %head
head:
  %task = phi i64 [ %start, %entry ], [ %next, %work ]
  %more = icmp ult i64 %task, %end
  br i1 %more, label %work, label %done
work:
  %o = udiv i64 %task, %chunks
  %c = urem i64 %task, %chunks
  %gone = mul i64 %c, %width
  %left = sub i64 %columns, %gone
  %short = icmp ult i64 %left, %width
  %count = select i1 %short, i64 %left, i64 %width
$moved
  call void @task(ptr %l, i64 %n, i64 %count$paced)
  %next = add i64 %task, 1
  br label %head
done:
  ret void
}
"""
_BASE = """\
  %{o}.arg = getelementptr ptr, ptr %a, i64 {k}
  %{o}.after = getelementptr ptr, ptr %{o}.arg, i64 1
  %{o}.base = load ptr, ptr %{o}.after, align 8
  %{o}.own = mul i64 %thread, %{o}.slot
  %{o}.first = getelementptr i8, ptr %{o}.base, i64 %{o}.own
"""
_MOVED = """\
  %{o}.o = mul i64 %o, %{o}.outer
  %{o}.c = mul i64 %c, %{o}.chunk
  %{o}.oc = add i64 %{o}.o, %{o}.c
  %{o}.at = getelementptr i8, ptr %{o}.first, i64 %{o}.oc
"""
