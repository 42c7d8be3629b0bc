"""Records of modules whose activations are inside of kernels: recurrent ones, and attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ogive.monitor import watch_operators as operators
from ogive.monitor.observer import Observer
from ogive.monitor.records import WatchRecord

#: Of torch's attention, in their order.
_ATTENTION_ARGUMENTS = (
    "query", "key", "value", "key_padding_mask", "need_weights", "attn_mask",
    "average_attn_weights", "is_causal",
)  # fmt: skip


class HiddenRecord(WatchRecord):
    """A module whose activations are inside of its kernel: computed again from what it is given."""

    def call(self, observer: Observer, module: nn.Module, args: Any, kwargs: Any) -> Any:
        if not observer.busy:
            given, causal = self.given(args, kwargs)
            if torch.compiler.is_compiling():
                operators.told_hidden(given, self, causal)
            else:
                observer.safely(self.hidden, given, causal)
        return super().call(observer, module, args, kwargs)

    def given(self, args: Any, kwargs: Any) -> tuple[list[Any], bool]:
        """What of a call is to be told."""
        raise NotImplementedError


class RecurrentRecord(HiddenRecord):
    """A recurrent module, or a cell; a cell's steps are one place."""

    merges = True

    def given(self, args: Any, kwargs: Any) -> tuple[list[Any], bool]:
        x, state = (*args, *kwargs.values(), None)[:2]
        return [x, *(state if isinstance(state, tuple) else (state,))], False

    def hidden(self, given: Sequence[Any], causal: bool) -> None:
        x, *state = given
        if self.observer is not None:
            self.observer.recurrent(self, x, tuple(state) if len(state) > 1 else state[0])


class AttentionRecord(HiddenRecord):
    """torch's attention, whose softmax is inside of one operator."""

    def given(self, args: Any, kwargs: Any) -> tuple[list[Any], bool]:
        given = dict(zip(_ATTENTION_ARGUMENTS, args, strict=False)) | kwargs
        names = ("query", "key", "attn_mask", "key_padding_mask")
        return [given.get(name) for name in names], bool(given.get("is_causal"))

    def hidden(self, given: Sequence[Any], causal: bool) -> None:
        observer, module = self.observer, self.module
        if observer is None:
            return
        query, key, mask, padding = given
        name = f"{self.place}.softmax".lstrip(".")
        known = module.in_proj_weight is not None and module.bias_k is None
        if not known or module.add_zero_attn:
            observer.notes[name] = "its softmax is hidden in torch's attention"
            return
        q, k = (self._heads(module, t, part) for part, t in enumerate((query, key)))
        observer.attention(name, q, k, _added(mask, padding, len(q)), causal, None)

    def _heads(self, module: Any, x: Tensor, part: int) -> Tensor:
        size, bias = module.embed_dim, module.in_proj_bias
        rows = slice(part * size, (part + 1) * size)
        weight = module.in_proj_weight[rows]
        made = nn.functional.linear(
            x.detach().to(weight.dtype), weight, None if bias is None else bias[rows]
        )
        if made.dim() == 2:
            made = made[:, None]
        elif module.batch_first:
            made = made.transpose(0, 1)
        length, batch = made.shape[:2]
        return made.reshape(length, batch, module.num_heads, -1).permute(1, 2, 0, 3)


def _added(mask: Tensor | None, padding: Tensor | None, batch: int) -> Tensor | None:
    """What torch's attention adds to its logits (samples, heads, queries, keys); in its masks True
    is what is hidden."""
    parts = []
    if mask is not None:
        parts.append(mask if mask.dim() == 2 else mask.view(batch, -1, *mask.shape[1:]))
    if padding is not None:
        parts.append(padding.reshape(batch, 1, 1, -1))
    whole: Tensor | None = None
    for part in parts:
        number = part
        if part.dtype is torch.bool:
            number = torch.zeros_like(part, dtype=torch.float32).masked_fill(part, -torch.inf)
        whole = number if whole is None else whole + number
    return whole
