"""What is told of every activation that a watched model calls, and adds it up by places.

It is told by Python, or inside of compiled programs by operators; both end here, at run time and
outside of autograd, and neither changes a number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

import torch
from torch import Tensor, nn

from ogive.catalogue import Spec, entries
from ogive.monitor import watch_operators as operators
from ogive.monitor.gate_gradients import GradientPart, at_gate, behind_gate, divided, gate_parts
from ogive.monitor.origin import is_normalised, parameters_behind, static_unit_dim, unit_dim
from ogive.monitor.recurrent import gate_values
from ogive.monitor.sampling import SHOWN_VALUES, most_logits, sampling, some_queries
from ogive.monitor.slopes import slope_judge
from ogive.monitor.softmax_sums import sums_along
from ogive.monitor.spread import gathered
from ogive.monitor.tallies import Tally, WatchedPlace
from ogive.monitor.thresholds import Thresholds
from ogive.monitor.watched_calls import called_entry, watched_functions
from ogive.nn.accelerated import Accelerated
from ogive.nn.gated_mlp import GatedMLP
from ogive.nn.modules import ActivationModule
from ogive.nn.recognise import Recognised
from ogive.ops import ActivationFunction, watched
from ogive.torch_private import (
    in_backward,
    jit_tracing,
    tracer_active,
    transforms_active,
    transparent_mode,
    unobserved,
)

#: Uses of a module in one forward that are places of their own; later ones belong to the last.
MOST_USES = 8
#: Rowwise entries of which the entropy is asked.
SOFTMAXES = (
    "softmax", "softmin", "safe_softmax", "quiet_softmax", "gumbel_softmax", "scalable_softmax",
)  # fmt: skip
#: Modules whose units are told by what opens their gates.
BLOCKS_OF_OGIVE = GatedMLP, Accelerated
#: The place of what the model is fed.
INPUT = "input"
#: What a call is called that gives a gated unit its gate alone.
GATE = "gate"
OBSERVERS: WeakValueDictionary[int, Observer] = WeakValueDictionary()
_NUMBERS = count(1)


class Observer:
    """The tallies of one model, by the names of places.

    Args:
        model: what is watched.
        thresholds: what a sample is judged by.
        most: of a larger tensor so many numbers are looked at.
        begins: is told that a forward begins, and says whether it is observed.

    Attributes:
        inside: whether a forward is being observed.
        busy: whether what is called now is no call of the model's own.
        current: the record of the module whose code runs.
        tallies: by place, in the order of their first use.
        turn: with which numbers the looking begins.
        forwards: how many the open step, or evaluation, has had.
        evaluating: whether the model is in evaluation mode.
        functions_held: whether modules of the model hold functions of ogive's.
    """

    def __init__(
        self,
        model: nn.Module,
        thresholds: Thresholds,
        most: int,
        begins: Callable[[], bool],
    ) -> None:
        self.model, self.thresholds, self.most = model, thresholds, most
        self.parameters = {id(p): name for name, p in model.named_parameters()}
        self.functions = watched_functions()
        self.inside = self.busy = False
        self.current: Any = None
        self.records: list[Any] = []
        self.tallies: dict[str, Tally] = {}
        self.places: dict[str, WatchedPlace] = {}
        self.notes: dict[str, str] = {}
        self.turn = 0
        self.forwards, self.evaluating = 0, False
        self.begins = begins
        self.functions_held = False
        self.number = next(_NUMBERS)
        OBSERVERS[self.number] = self

    def restart(self) -> None:
        """Forgets the records: the modules are others now."""
        self.records, self.current = [], None
        self.places = {}
        self.parameters = {id(p): name for name, p in self.model.named_parameters()}
        self.functions_held = any(map(_holds_functions, self.model.modules()))

    # places

    def place(self, record: Any, function: str, use: int) -> str:
        """The name of a place."""
        name: str = record.place if not function else f"{function}@{record.caller}"
        return self.numbered(name, 0 if record.merges else use)

    def numbered(self, name: str, use: int) -> str:
        """The name of a use of a place."""
        use = min(use, MOST_USES - 1)
        return f"{name}#{use + 1}" if use else name

    def tally(self, name: str, make: Callable[[], WatchedPlace]) -> Tally:
        """The tally of a place, for this step."""
        if name not in self.tallies:
            if name not in self.places:
                self.places[name] = make()
            self.tallies[name] = Tally(self.places[name])
        return self.tallies[name]

    # what is told

    def elementwise(
        self,
        name: str,
        spec: Spec,
        z: Tensor,
        record: Any,
        learned: dict[str, Tensor] | None = None,
        grad_fn: Any = None,
    ) -> Tally | None:
        """An activation is about to be computed of z."""
        spread, z, learned = z, _local(z), learned or {}
        if z.numel() == 0 or not z.is_floating_point() or z.is_meta:
            return None
        z = z.reshape(1) if z.dim() == 0 else z

        def make() -> WatchedPlace:
            judge = slope_judge(spec, tuple(learned), self.thresholds)
            found = unit_dim(grad_fn, z.dim())
            if found is None:
                found = static_unit_dim(self.model, record.module, z.dim())
            behind = parameters_behind(grad_fn, self.parameters)
            even = is_normalised(grad_fn, self.model, record.module)
            return WatchedPlace(name, spec.name, judge, found, behind, normalised=even)

        tally, given = self.tally(name, make), list(learned.values())
        look = tally.place.look(z, given, self.most)
        looked = look.sampling.of(z, self.turn)
        sums, samples = look.sums(looked, given), look.samples
        if spread is not z:
            sums, samples = gathered(sums, samples, spread, tally.place.dim % z.dim())
        tally.add(sums, samples)
        tally.looked_at(look.sampling, look.shown, looked, self.turn)
        return tally

    def rowwise(
        self, name: str, spec: Spec, z: Tensor, dim: int, values: dict[str, Any] | None = None
    ) -> Tally | None:
        """A function of rows is about to be computed of z."""
        z = _local(z)
        if z.numel() == 0 or z.dim() == 0 or not z.is_floating_point() or z.is_meta:
            return None
        tally = self.tally(name, lambda: WatchedPlace(name, spec.name, None, dim))
        if spec.name not in SOFTMAXES:
            tally.place.note = f"{spec.name} has no statistics of its own"
            return tally
        tau = float((values or {}).get("tau", 1.0))
        taken = sampling(z, dim % z.dim(), most_logits(z.shape[dim]))
        looked = taken.of(z, self.turn)
        scaled = looked / tau if spec.name == "gumbel_softmax" and tau != 1 else looked
        logits = -scaled if spec.name == "softmin" else scaled
        tally.along.append(sums_along(logits, dim))
        tally.units, tally.temperature = z.shape[dim], tau
        tally.looked_at(taken, sampling(looked, None, SHOWN_VALUES), looked, self.turn)
        return tally

    def attention(
        self,
        name: str,
        q: Tensor,
        k: Tensor,
        mask: Tensor | None,
        causal: bool,
        scale: float | None,
    ) -> Tally | None:
        """The softmax that an attention in one operator hides: of some of its queries."""
        q, k = _local(q), _local(k)
        if q.dim() < 2 or q.numel() == 0 or k.numel() == 0 or q.is_meta:
            return None
        keys, size = k.shape[-2:]
        rows = most_logits(keys) // keys
        *before, queries, _ = some_queries(q, rows, self.turn)
        if before:
            k = _keys_of(k, q, before)
        scale = size**-0.5 if scale is None else scale
        logits = (q[(*before, queries)].float() @ k.float().transpose(-1, -2)) * scale
        if causal:
            numbers = torch.arange(keys, device=q.device)
            logits = logits.masked_fill(numbers > numbers[queries, None], -torch.inf)
        if mask is not None:
            mask = mask.expand(*q.shape[:-1], keys)[(*before, queries)]
            off = mask.dtype is torch.bool
            logits = logits.masked_fill(~mask, -torch.inf) if off else logits + mask
        tally = self.rowwise(name, entries()["softmax"], logits, -1)
        if tally is not None:
            tally.place.note = (
                "its softmax is inside one operator: computed again from some queries"
            )
        return tally

    def functional(
        self,
        record: Any,
        text: str,
        use: int,
        z: Tensor,
        parameter: Tensor | None,
        grad_fn: Any = None,
    ) -> Tally | None:
        """A function of torch's is about to be called."""
        spec, values = called_entry(text)
        if spec is None:
            return None
        name = self.name_of_call(record, text, use)
        if spec.kind == "rowwise":
            dim = values.get("dim", -1)
            return self.rowwise(name, spec, z, -1 if dim is None else int(dim), values)
        if spec.kind == "gated":
            z = divided(spec, (z,), values)[1]
        learned = {spec.parameters[0].name: parameter} if parameter is not None else None
        return self.elementwise(name, spec, z, record, learned, grad_fn)

    @contextmanager
    def own_functions(self) -> Iterator[None]:
        """In the block ogive's functions that the model's code calls are told, where it holds some:
        they are no functions of torch's."""
        if not self.functions_held:
            yield
            return
        with transparent_mode(), watched(self._called):
            yield

    def _called(self, function: Any, inputs: Any, arguments: Any) -> Any:
        record, z = self.current, inputs[-1] if function.kind == "gated" else inputs[0]
        told_already = record is None or isinstance(record.module, BLOCKS_OF_OGIVE)
        if self.busy or told_already or not isinstance(z, Tensor):
            return function(*inputs, **arguments)
        if (use := record.use_of(function.name, z)) is None:
            return function(*inputs, **arguments)
        arguments_now = {**function.preset, **arguments}
        at, behind = gate_parts(function.spec, inputs, arguments_now)
        self.busy = True
        try:
            told = record, function, use, inputs, arguments_now
            tally = self.safely(self._own_function, *told)
            self.hook(tally, z, False, at)
            result = function(*inputs, **arguments)
        finally:
            self.busy = False
        self.hook(tally, result, True, behind)
        return result

    def _own_function(
        self, record: Any, function: Any, use: int, inputs: Any, values: Any
    ) -> Tally | None:
        name, dim, z = self.place(record, function.name, use), values.get("dim", -1), inputs[-1]
        grad_fn, z = z.grad_fn, z.detach()
        if function.kind == "rowwise":
            return self.rowwise(name, function.spec, z, dim, values)
        numbers = {n: v for n, v in values.items() if not isinstance(v, Tensor)}
        spec = Recognised(function.spec, numbers).with_values() or function.spec
        if function.kind == "gated":
            name, z = f"{name}.gate", divided(spec, inputs, values)[1].detach()
        return self.elementwise(name, spec, z, record, None, grad_fn)

    def name_of_call(self, record: Any, text: str, use: int) -> str:
        """The place of a call of a function."""
        spec, _ = called_entry(text)
        name = self.place(record, text.partition(";")[0], use)
        return f"{name}.gate" if spec is not None and spec.kind == "gated" else name

    def given(self, record: Any, x: Tensor) -> None:
        """What the model is fed."""
        if x.dim() and x.is_floating_point():
            self.elementwise(INPUT, entries()["identity"], x, record)

    def recurrent(self, record: Any, x: Any, state: Any) -> None:
        """The gates of a recurrent module, which its kernel hides."""
        for gate, spec, z in gate_values(record.module, x, state):
            name = f"{record.place}.{gate}"
            tally = self.elementwise(name, spec, z, record)
            if tally is not None:
                tally.place.note = (
                    "inside a kernel: computed again for the first sequences and steps"
                )

    def gradient(self, tally: Tally, of_output: bool, part: GradientPart | None, g: Tensor) -> None:
        """The loss's gradient with respect to z, or to f(z): a part of what is given."""
        try:
            with unobserved():
                g = _local(g)
                told = g if part is None else part(g)
                tally.add_gradient(told, of_output, self.most, self.turn)
        except Exception as error:
            self.note(error)

    def hook(
        self, tally: Tally | None, tensor: Any, of_output: bool, part: GradientPart | None = None
    ) -> None:
        """Has the gradient of a tensor told, or a part of it."""
        if tally is not None and isinstance(tensor, Tensor) and tensor.requires_grad:
            node, index = tensor.grad_fn, tensor.output_nr
            if node is None:
                tensor.register_hook(partial(self.gradient, tally, of_output, part))  # type: ignore[no-untyped-call]
                return

            def told(gradients: tuple[Tensor | None, ...]) -> None:
                if (g := gradients[index]) is not None:
                    self.gradient(tally, of_output, part, g)

            node.register_prehook(told)  # in half the time of a tensor's hook

    def fresh_uses(self) -> None:
        """A forward begins: every module's next use is its first."""
        for record in self.records:
            record.begin(self.evaluating)

    def cannot(self) -> bool:
        """Whether this call is not to be observed: it is made again in backward, inside of a
        transform, or for a trace."""
        return in_backward() or transforms_active() or jit_tracing() or tracer_active()

    def safely(self, observe: Callable[..., Tally | None], *args: Any) -> Tally | None:
        """Observes without gradients; what goes wrong is noted, and is not the training's."""
        try:
            with unobserved(), torch.no_grad() if torch.is_grad_enabled() else nullcontext():
                return observe(*args)
        except Exception as error:  # whatever a tensor of somebody's class raises
            self.note(error)
            return None

    def note(self, error: Exception) -> None:
        """Notes what could not be measured."""
        text = " ".join(str(error).split())[:200]
        self.notes["not measured"] = f"{type(error).__name__}: {text}"

    def take(self) -> dict[str, Tally]:
        """The tallies of the step that ends."""
        taken, self.tallies = self.tallies, {}
        self.turn += 1
        return taken


def _holds_functions(module: nn.Module) -> bool:
    """Whether a module of somebody else's holds a function of ogive's."""
    if isinstance(module, (ActivationModule, *BLOCKS_OF_OGIVE)):
        return False
    return any(isinstance(value, ActivationFunction) for value in vars(module).values())


def _local(x: Tensor) -> Tensor:
    """The part of a distributed tensor that is here."""
    if type(x) is Tensor:
        return x
    local = getattr(x, "to_local", None)
    return local() if local is not None else x


def _keys_of(k: Tensor, q: Tensor, before: Sequence[slice[Any, Any, Any]]) -> Tensor:
    """The keys that some of the queries meet; heads may share theirs, in groups."""
    heads, own = q.shape[-3], k.shape[-3] if k.dim() > 2 else 1
    k = k.expand(*q.shape[:-3], own, *k.shape[-2:])
    if own == heads:
        return k[tuple(before)]
    groups = torch.arange(heads, device=k.device)[before[-1]] // (heads // own)
    index: tuple[Any, ...] = (*before[:-1], groups)
    return k[index]


def elsewhere(name: str, entry: str, thresholds: Thresholds) -> Tally:
    """The tally of a place that only another process has met."""
    spec = entries()[entry]
    judge = None if spec.kind == "rowwise" else slope_judge(spec, (), thresholds)
    return Tally(WatchedPlace(name, entry, judge))


def observer_of(number: int) -> Observer | None:
    """The observer of that number, if it is still there."""
    return OBSERVERS.get(number)


def record_of(slot: Tensor) -> Any:
    """The record that a slot stands for; None if its observer is gone, or not observing."""
    number, index = slot.tolist()
    observer = observer_of(number)
    return None if observer is None or index < 0 else observer.records[index]


# --- from compiled programs -----------------------------------------------------------------------


def _before(z: Tensor, slot: Tensor, call: str, use: int, parameter: Tensor | None) -> None:
    record = record_of(slot)
    if record is None or in_backward():  # a checkpoint calls again
        return
    observer = record.observer
    if call == INPUT:
        observer.safely(observer.given, record, z)
    elif call and call != GATE:
        observer.safely(observer.functional, record, call, use, z, parameter)
    else:
        observer.safely(record.observed, use, z, None, call)


def _gradient(
    g: Tensor, value: Tensor | None, label: Tensor, call: str, use: int, of_output: bool
) -> None:
    record = record_of(label)
    if record is None:
        return
    observer = record.observer
    functional = call and call != GATE
    name = observer.name_of_call(record, call, use) if functional else record.name(use)
    if name in observer.tallies:
        spec, values = called_entry(call) if functional else record.computed
        part = None
        if spec is not None and spec.kind == "gated" and value is not None:
            part = behind_gate(spec, value)
        elif spec is not None and spec.kind == "gated" and call != GATE and not of_output:
            part = at_gate(divided(spec, (g,), values)[2])
        observer.gradient(observer.tallies[name], of_output, part, g)


def _attention(
    q: Tensor, k: Tensor, mask: Any, slot: Tensor, causal: bool, scale: Any, use: int
) -> None:
    record = record_of(slot)
    if record is not None and not in_backward():
        name = record.observer.place(record, "scaled_dot_product_attention", use)
        record.observer.safely(record.observer.attention, name, q, k, mask, causal, scale)


def _hidden(given: Any, slot: Tensor, causal: bool) -> None:
    record = record_of(slot)
    if record is not None and not in_backward():
        record.observer.safely(record.hidden, given, causal)


operators.told_by(before=_before, gradient=_gradient, attention=_attention, hidden=_hidden)
