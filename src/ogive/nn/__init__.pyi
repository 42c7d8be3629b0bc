"""Modules: ``ogive.nn.<Class>`` for every entry. Written by tools/generate.py."""

from collections.abc import Iterable
from typing import Literal

import torch

from ogive.nn.gated_mlp import GatedMLP as GatedMLP
from ogive.nn.modules import ActivationModule as ActivationModule
from ogive.nn.modules import Softmax2d as Softmax2d
from ogive.nn.modules import module_class as module_class

_Device = torch.device | str | int | None
_Save = Literal["input", "exact", "lean", "output", "mask", "code4", "code8"]
_Names = Iterable[str] | None
_Vector = tuple[float, ...] | list[float]

class APL(ActivationModule):
    """ReLU plus a learned sum of mirrored hinges."""

    def __init__(
        self,
        slopes: _Vector = ...,
        hinges: _Vector = ...,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class APTx(ActivationModule):
    """The input gated by a shifted tanh of learned height and slope."""

    def __init__(
        self,
        alpha: float = 1.0,
        beta: float = 1.0,
        gamma: float = 0.5,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class AReLU(ActivationModule):
    """Amplifies positive inputs by 1 + sigmoid(beta) and scales negative ones by clipped alpha."""

    def __init__(
        self,
        alpha: float = 0.9,
        beta: float = 2.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class ARiA2(ActivationModule):
    """The input times a power of a sigmoid."""

    def __init__(
        self,
        alpha: float = 1.5,
        beta: float = 2.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Absolute(ActivationModule):
    """The distance from 0."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class AconC(ActivationModule):
    """A smooth maximum of two learned lines through 0."""

    def __init__(
        self,
        p1: float = 1.0,
        p2: float = 0.0,
        beta: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class AffineHardsigmoid(ActivationModule):
    """A straight line of any slope and offset, clipped to [0, 1]; as ONNX and Keras 2 have it."""

    def __init__(
        self,
        alpha: float = 0.2,
        beta: float = 0.5,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class ArcTan(ActivationModule):
    """The angle whose tangent is the input."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class BLU(ActivationModule):
    """A line that bends once, near 0, by a learned amount in [-1, 1]."""

    def __init__(
        self,
        beta: float = 0.5,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class BSiLU(ActivationModule):
    """SiLU plus a centred sigmoid; bounded below, a surrogate for ReLU's gradient."""

    def __init__(
        self,
        alpha: float = 1.67,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class BentIdentity(ActivationModule):
    """A line that bends once, near 0."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class BilinearGLU(ActivationModule):
    """The product of the two halves; without an activation, still not linear."""

    def __init__(
        self,
        dim: int = -1,
        *,
        gate: str = 'second',
        interleave: bool = False,
        save: _Save = 'input',
    ) -> None: ...

class BipolarSigmoid(ActivationModule):
    """The sigmoid stretched to (-1, 1); tanh of half the input."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class CELU(ActivationModule):
    """ELU whose tail is stretched so that the derivative is continuous for every alpha."""

    def __init__(
        self,
        alpha: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class CLogLog(ActivationModule):
    """A skewed sigmoid that leaves 0 slowly and nears 1 abruptly."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class CReLU(ActivationModule):
    """ReLU of the row and of its negative, side by side, so that no sign is lost."""

    def __init__(
        self,
        dim: int = -1,
    ) -> None: ...

class ClippedGELU(ActivationModule):
    """GELU kept within an interval, for quantised networks."""

    def __init__(
        self,
        low: float = -10.0,
        high: float = 10.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class CosLU(ActivationModule):
    """The input plus a cosine, gated by the sigmoid of the input."""

    def __init__(
        self,
        alpha: float = 1.0,
        beta: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Cosid(ActivationModule):
    """The cosine less the input."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Cosine(ActivationModule):
    """The cosine of the input."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class DReLUGLU(ActivationModule):
    """ReLU on both halves, for sparsity: TurboSparse's dReLU."""

    def __init__(
        self,
        dim: int = -1,
        *,
        gate: str = 'second',
        interleave: bool = False,
        save: _Save = 'input',
    ) -> None: ...

class DSiLU(ActivationModule):
    """The derivative of SiLU, used as a squasher that overshoots on both sides."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Derf(ActivationModule):
    """The error function with learned slope, shifts and scale; stands in for a normalisation."""

    def __init__(
        self,
        alpha: float = 0.5,
        shift: float = 0.0,
        weight: float = 1.0,
        bias: float = 0.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class DisplacedReLU(ActivationModule):
    """The input, but never below -delta."""

    def __init__(
        self,
        delta: float = 0.05,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class DyT(ActivationModule):
    """tanh with learned slope, scale and shift; stands in for a normalisation layer."""

    def __init__(
        self,
        alpha: float = 0.5,
        weight: float = 1.0,
        bias: float = 0.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class EIS3(ActivationModule):
    """The input over 1 plus a scaled exponential."""

    def __init__(
        self,
        delta: float = 0.68,
        theta: float = 1.7,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class ELU(ActivationModule):
    """Identity for positive inputs, an exponential tail towards -alpha for the rest."""

    def __init__(
        self,
        alpha: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class ELiSH(ActivationModule):
    """SiLU for positive inputs, ELU times sigmoid for negative ones."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class ESwish(ActivationModule):
    """SiLU times a constant, 1.5 to 1.75 in the paper."""

    def __init__(
        self,
        beta: float = 1.5,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Elliott(ActivationModule):
    """Softsign moved into (0, 1)."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Entmax15(ActivationModule):
    """Half way between softmax and sparsemax: sparse, but smooth where it is not 0."""

    def __init__(
        self,
        dim: int = -1,
    ) -> None: ...

class Erf(ActivationModule):
    """The error function."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class ErfAct(ActivationModule):
    """The input gated by the error function of a scaled exponential."""

    def __init__(
        self,
        alpha: float = 0.75,
        beta: float = 0.75,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Exponential(ActivationModule):
    """e to the power of the input."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class FTSwish(ActivationModule):
    """SiLU for positive inputs and flat for the rest, shifted by the threshold."""

    def __init__(
        self,
        threshold: float = -0.2,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class FlexibleReLU(ActivationModule):
    """ReLU whose floor is learned."""

    def __init__(
        self,
        bias: float = 0.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class GCU(ActivationModule):
    """The input times its cosine: a growing wave."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class GEGLU(ActivationModule):
    """The value behind an exact GELU gate."""

    def __init__(
        self,
        dim: int = -1,
        *,
        gate: str = 'second',
        interleave: bool = False,
        save: _Save = 'input',
    ) -> None: ...

class GEGLUTanh(ActivationModule):
    """The value behind the tanh form of GELU."""

    def __init__(
        self,
        dim: int = -1,
        *,
        gate: str = 'second',
        interleave: bool = False,
        save: _Save = 'input',
    ) -> None: ...

class GELU(ActivationModule):
    """The input times the probability that a standard normal number is smaller."""

    def __init__(
        self,
        approximate: str = 'none',
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class GELUTanh(ActivationModule):
    """GELU with the normal distribution function approximated by a tanh of a cubic."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class GLU(ActivationModule):
    """Gated linear unit: the value times the sigmoid of the gate."""

    def __init__(
        self,
        dim: int = -1,
        *,
        gate: str = 'second',
        interleave: bool = False,
        save: _Save = 'input',
    ) -> None: ...

class GTU(ActivationModule):
    """Gated tanh unit of PixelCNN and WaveNet: a bounded value times a sigmoid gate."""

    def __init__(
        self,
        dim: int = -1,
        *,
        gate: str = 'second',
        interleave: bool = False,
        save: _Save = 'input',
    ) -> None: ...

class Gaussian(ActivationModule):
    """The bell curve e to the minus square."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class GaussianRBF(ActivationModule):
    """A bell curve of learned place and given standard deviation."""

    def __init__(
        self,
        center: float = 0.0,
        width: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class GoLU(ActivationModule):
    """The input gated by the distribution function of Gumbel noise."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class GroupSort(ActivationModule):
    """Sorts each group of neighbours: 1-Lipschitz and gradient norm preserving; MaxMin for 2."""

    def __init__(
        self,
        dim: int = -1,
        *,
        group: float = 2.0,
    ) -> None: ...

class GumbelSigmoid(ActivationModule):
    """A relaxed coin with log-odds x (binary concrete); evaluation is its probability."""

    def __init__(
        self,
        tau: float = 1.0,
        inplace: bool = False,
        *,
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class GumbelSoftmax(ActivationModule):
    """A relaxed sample of the categorical distribution with logits x."""

    def __init__(
        self,
        dim: int = -1,
        *,
        tau: float = 1.0,
        hard: float = 0.0,
    ) -> None: ...

class HardConcrete(ActivationModule):
    """A relaxed coin stretched beyond [0, 1] and clipped, so that it can be 0 exactly (L0)."""

    def __init__(
        self,
        beta: float = 0.6666666666666666,
        gamma: float = -0.1,
        zeta: float = 1.1,
        inplace: bool = False,
        *,
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class HardELiSH(ActivationModule):
    """ELiSH with a straight line, clipped to [0, 1], in the place of the sigmoid."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class HardMish(ActivationModule):
    """0 up to -2, identity from 0 on, a parabola between."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Hardmax(ActivationModule):
    """A one-hot row with its 1 at the largest element, the first of them on a tie."""

    def __init__(
        self,
        dim: int = -1,
    ) -> None: ...

class Hardshrink(ActivationModule):
    """0 within [-lambd, lambd], the input outside."""

    def __init__(
        self,
        lambd: float = 0.5,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Hardsigmoid(ActivationModule):
    """A straight line of slope 1/6 from 0 at -3 to 1 at 3, flat outside."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Hardswish(ActivationModule):
    """Swish with a straight line for the sigmoid: 0 up to -3, identity from 3 on."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Hardtanh(ActivationModule):
    """The input kept within an interval."""

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class ISRLU(ActivationModule):
    """Identity for positive inputs, an inverse square root curve for negative ones."""

    def __init__(
        self,
        alpha: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class ISRU(ActivationModule):
    """The input over an inverse square root curve; bounded by 1/sqrt(alpha)."""

    def __init__(
        self,
        alpha: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Identity(ActivationModule):
    """The input, unchanged."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class InverseMultiquadratic(ActivationModule):
    """A bump that fades like 1/x."""

    def __init__(
        self,
        center: float = 0.0,
        width: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class JumpReLU(ActivationModule):
    """The input where it exceeds a learned threshold, 0 elsewhere."""

    def __init__(
        self,
        theta: float = 0.001,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class KWTA(ActivationModule):
    """The k largest elements pass, the others give 0; the earlier one wins a tie."""

    def __init__(
        self,
        dim: int = -1,
        *,
        k: float = 1.0,
    ) -> None: ...

class KerasReLU(ActivationModule):
    """ReLU with a slope below a movable threshold and an upper bound, as Keras has it."""

    def __init__(
        self,
        negative_slope: float = 0.0,
        max_value: float = ...,
        threshold: float = 0.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class L2Normalize(ActivationModule):
    """The row with length 1; rows shorter than eps are only divided by eps."""

    def __init__(
        self,
        dim: int = -1,
        *,
        eps: float = 1e-12,
    ) -> None: ...

class LWTA(ActivationModule):
    """Local winner-take-all: the largest of each group of neighbours passes, the others give 0."""

    def __init__(
        self,
        dim: int = -1,
        *,
        group: float = 2.0,
    ) -> None: ...

class Laplace(ActivationModule):
    """The attention gate of MEGA: a normal distribution function."""

    def __init__(
        self,
        mu: float = 0.707107,
        sigma: float = 0.282095,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class LeCunTanh(ActivationModule):
    """tanh scaled so that -1 and 1 are near to themselves."""

    def __init__(
        self,
        a: float = 1.7159,
        b: float = 0.6666666666666666,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class LeakyReLU(ActivationModule):
    """ReLU that lets a small multiple of negative inputs through."""

    def __init__(
        self,
        negative_slope: float = 0.01,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class LeakyReLUSquared(ActivationModule):
    """The square of leaky ReLU; positive on both sides."""

    def __init__(
        self,
        negative_slope: float = 0.5,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class LiSHT(ActivationModule):
    """The input times its own tanh: an even function."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Log1mExp(ActivationModule):
    """The logarithm of 1 - exp(-x), for x > 0, near 0 and far from it alike."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class LogCosh(ActivationModule):
    """A parabola near 0 that turns into the magnitude less log(2)."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class LogLog(ActivationModule):
    """A skewed sigmoid that leaves 0 abruptly and nears 1 slowly."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class LogMeanExp(ActivationModule):
    """Logsumexp less the logarithm of the row's length; a constant row gives the constant."""

    def __init__(
        self,
        dim: int = -1,
        *,
        keepdim: float = 0.0,
    ) -> None: ...

class LogSigmoid(ActivationModule):
    """The logarithm of the sigmoid."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class LogSoftmax(ActivationModule):
    """The logarithm of softmax, finite wherever the row is."""

    def __init__(
        self,
        dim: int = -1,
    ) -> None: ...

class LogSumExp(ActivationModule):
    """A smooth maximum of the row, whose gradient is softmax; the dimension is removed."""

    def __init__(
        self,
        dim: int = -1,
        *,
        keepdim: float = 0.0,
    ) -> None: ...

class Logish(ActivationModule):
    """The input gated by the logarithm of 1 plus a sigmoid."""

    def __init__(
        self,
        alpha: float = 1.0,
        beta: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class MPELU(ActivationModule):
    """ELU with learned height and rate."""

    def __init__(
        self,
        alpha: float = 1.0,
        beta: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class MQReLU(ActivationModule):
    """Identity for positive inputs, a line of slope -0.99 for negative ones."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Maxout(ActivationModule):
    """The largest of each k neighbours; behind a linear layer, any convex piecewise linear map."""

    def __init__(
        self,
        dim: int = -1,
        *,
        k: float = 2.0,
    ) -> None: ...

class Maxsig(ActivationModule):
    """The larger of the input and its sigmoid."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Maxtanh(ActivationModule):
    """The larger of the input and its hyperbolic tangent: identity above 0, tanh below."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class MexicanHat(ActivationModule):
    """The negative second derivative of a bell curve, of unit norm."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Minsin(ActivationModule):
    """The smaller of the input and its sine."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Mish(ActivationModule):
    """Self-regularised smooth unit: unbounded above, dips below zero once."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Multiquadratic(ActivationModule):
    """The distance from a centre, rounded off near it by a square root."""

    def __init__(
        self,
        center: float = 0.0,
        width: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class NCReLU(ActivationModule):
    """The positive and the negative part side by side, each with its sign."""

    def __init__(
        self,
        dim: int = -1,
    ) -> None: ...

class NCU(ActivationModule):
    """The input less its cube: three zeros."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class NLReLU(ActivationModule):
    """The logarithm of 1 plus a multiple of ReLU: growth slows down."""

    def __init__(
        self,
        beta: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class NReLU(ActivationModule):
    """ReLU of the input plus noise of variance sigmoid(x); evaluation is ReLU."""

    def __init__(
        self,
        inplace: bool = False,
    ) -> None: ...

class NoisyHardsigmoid(ActivationModule):
    """Hard sigmoid with learned noise where it saturates; evaluation takes the mean."""

    def __init__(
        self,
        p: float = 1.0,
        alpha: float = 1.1,
        c: float = 0.15,
        inplace: bool = False,
        *,
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class NoisyHardtanh(ActivationModule):
    """Hard tanh with learned noise where it saturates (NAH with p); evaluation takes the mean."""

    def __init__(
        self,
        p: float = 1.0,
        alpha: float = 1.15,
        c: float = 0.5,
        inplace: bool = False,
        *,
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class NoisyInputHardsigmoid(ActivationModule):
    """Hard sigmoid of a shaken input (NANI); evaluation leaves the noise out, as its authors do."""

    def __init__(
        self,
        c: float = 0.05,
        inplace: bool = False,
        *,
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class NoisyInputHardtanh(ActivationModule):
    """Hard tanh of a shaken input (NANI); evaluation leaves the noise out, as its authors do."""

    def __init__(
        self,
        c: float = 0.05,
        inplace: bool = False,
        *,
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class PELU(ActivationModule):
    """ELU with learned height and decay, and the slope above 0 that fits them."""

    def __init__(
        self,
        a: float = 1.0,
        b: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class PLU(ActivationModule):
    """Identity near 0, a smaller slope beyond c on either side; shaped like tanh, unbounded."""

    def __init__(
        self,
        alpha: float = 0.1,
        c: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class PReLU(ActivationModule):
    """Leaky ReLU whose slope is learned, one for all or one for each channel."""

    def __init__(
        self,
        num_parameters: int = 1,
        init: float = 0.25,
        device: _Device = None,
        dtype: torch.dtype | None = None,
        channel_dim: int = 1,
    ) -> None: ...

class PTELU(ActivationModule):
    """Identity for positive inputs, tanh of learned height and slope for negative ones."""

    def __init__(
        self,
        alpha: float = 1.0,
        beta: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class PenalizedTanh(ActivationModule):
    """tanh, scaled down for negative inputs."""

    def __init__(
        self,
        a: float = 0.25,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Phish(ActivationModule):
    """The input gated by tanh of its GELU."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class PoLU(ActivationModule):
    """Identity for positive inputs, an inverse power towards -1 for negative ones."""

    def __init__(
        self,
        n: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class PolyReLU(ActivationModule):
    """A learned polynomial of ReLU."""

    def __init__(
        self,
        coefficients: _Vector = ...,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class ProbAct(ActivationModule):
    """ReLU plus normal noise of learned size; evaluation is ReLU, the mean."""

    def __init__(
        self,
        sigma: float = 0.1,
        inplace: bool = False,
        *,
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Pserf(ActivationModule):
    """Serf with learned scale and slope of the softplus."""

    def __init__(
        self,
        gamma: float = 1.25,
        delta: float = 0.85,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class QGEGLU(ActivationModule):
    """The value behind the sigmoid form of GELU, gate * sigmoid(1.702 gate)."""

    def __init__(
        self,
        dim: int = -1,
        *,
        gate: str = 'second',
        interleave: bool = False,
        save: _Save = 'input',
    ) -> None: ...

class QReLU(ActivationModule):
    """Identity for positive inputs, a faint parabola for negative ones."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class QuickGELU(ActivationModule):
    """GELU with the normal distribution function approximated by a sigmoid."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class QuietSoftmax(ActivationModule):
    """Softmax with one more class of logit 0 that is not returned: a row may say nothing."""

    def __init__(
        self,
        dim: int = -1,
    ) -> None: ...

class RPReLU(ActivationModule):
    """PReLU with its hinge moved to a learned point (gamma, zeta); from ReActNet."""

    def __init__(
        self,
        gamma: float = 0.0,
        zeta: float = 0.0,
        beta: float = 0.25,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class RReLU(ActivationModule):
    """Leaky ReLU with a slope drawn anew; evaluation takes the middle of the range."""

    def __init__(
        self,
        lower: float = 0.125,
        upper: float = 0.3333333333333333,
        inplace: bool = False,
        *,
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Ramp(ActivationModule):
    """0 up to ``low``, 1 from ``high`` on, a straight line between them."""

    def __init__(
        self,
        low: float = -1.0,
        high: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class RationalA(ActivationModule):
    """A learned rational function; each term of the denominator is taken by its magnitude."""

    def __init__(
        self,
        a: _Vector = ...,
        b: _Vector = ...,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class ReGLU(ActivationModule):
    """The value behind a ReLU gate."""

    def __init__(
        self,
        dim: int = -1,
        *,
        gate: str = 'second',
        interleave: bool = False,
        save: _Save = 'input',
    ) -> None: ...

class ReLU(ActivationModule):
    """The input where it is positive, 0 elsewhere."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class ReLU6(ActivationModule):
    """ReLU bounded by 6."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class ReLUN(ActivationModule):
    """ReLU bounded by n."""

    def __init__(
        self,
        n: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class SELU(ActivationModule):
    """ELU scaled so that mean 0 and variance 1 are a fixed point through the layers."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class SERLU(ActivationModule):
    """A line for positive inputs, a dip that fades back to 0 for negative ones."""

    def __init__(
        self,
        scale: float = 1.07862,
        alpha: float = 2.90427,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class SGELU(ActivationModule):
    """The input times its error function: an even function."""

    def __init__(
        self,
        alpha: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class SLAF(ActivationModule):
    """A learned polynomial."""

    def __init__(
        self,
        coefficients: _Vector = ...,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class SPLASH(ActivationModule):
    """A learned sum of hinges at 0, 1, 2 and 2.5 and their mirror images; ReLU to begin with."""

    def __init__(
        self,
        right: _Vector = ...,
        left: _Vector = ...,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class SQNL(ActivationModule):
    """Two parabolas that meet at 0 and reach -1 and 1 at -2 and 2."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class SQU(ActivationModule):
    """The input plus its square: two zeros."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class SReGLU(ActivationModule):
    """The value behind a squared ReLU gate."""

    def __init__(
        self,
        dim: int = -1,
        *,
        gate: str = 'second',
        interleave: bool = False,
        save: _Save = 'input',
    ) -> None: ...

class SShapedReLU(ActivationModule):
    """Identity between two learned thresholds, with a learned slope beyond each."""

    def __init__(
        self,
        t_left: float = 0.0,
        a_left: float = 0.2,
        t_right: float = 1.0,
        a_right: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class SafeSoftmax(ActivationModule):
    """Softmax that gives zeros, with zero gradient, for a row that is masked throughout."""

    def __init__(
        self,
        dim: int = -1,
    ) -> None: ...

class ScalableSoftmax(ActivationModule):
    """Softmax whose sharpness grows with the length of the row, so that long rows do not fade."""

    def __init__(
        self,
        dim: int = -1,
        *,
        s: float = 1.0,
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class SeGLU(ActivationModule):
    """The value behind a SELU gate."""

    def __init__(
        self,
        dim: int = -1,
        *,
        gate: str = 'second',
        interleave: bool = False,
        save: _Save = 'input',
    ) -> None: ...

class Seagull(ActivationModule):
    """The logarithm of 1 plus the square."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Serf(ActivationModule):
    """The input gated by the error function of its softplus."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class ShiLU(ActivationModule):
    """ReLU with a learned scale and shift."""

    def __init__(
        self,
        alpha: float = 1.0,
        beta: float = 0.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class ShiftedReLU(ActivationModule):
    """The input, but never below -1."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class ShiftedSoftplus(ActivationModule):
    """Softplus lowered so that it passes through 0."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Shrink(ActivationModule):
    """0 within [-lambd, lambd], the input moved towards 0 by the bias outside."""

    def __init__(
        self,
        lambd: float = 0.5,
        bias: float = 0.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class SiLU(ActivationModule):
    """The input gated by its own sigmoid; Swish with beta = 1."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class SiTUGLU(ActivationModule):
    """SwiGLU with soft caps on both halves, so that no output exceeds beta * linear_beta."""

    def __init__(
        self,
        dim: int = -1,
        *,
        beta: float = 4.0,
        linear_beta: float = 25.0,
        gate: str = 'first',
        interleave: bool = False,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Sigmoid(ActivationModule):
    """The logistic curve from 0 to 1; a two-class softmax whose other logit is 0."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Signum(ActivationModule):
    """-1 for negative inputs, 1 for positive ones, 0 at 0."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Sigsoftmax(ActivationModule):
    """Softmax with each exponential times a sigmoid, which lifts the rank of the log-shares."""

    def __init__(
        self,
        dim: int = -1,
    ) -> None: ...

class SinLU(ActivationModule):
    """The input plus a wave, gated by the sigmoid of the input."""

    def __init__(
        self,
        alpha: float = 1.0,
        beta: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Sinc(ActivationModule):
    """The sine over the input, 1 at 0."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Sine(ActivationModule):
    """The sine of a multiple of the input."""

    def __init__(
        self,
        omega: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class SineReLU(ActivationModule):
    """Identity for positive inputs, a faint wave for the others."""

    def __init__(
        self,
        epsilon: float = 0.0025,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Sinp(ActivationModule):
    """The sine less a multiple of the input."""

    def __init__(
        self,
        alpha: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Smish(ActivationModule):
    """The input gated by tanh of the logarithm of 1 plus a sigmoid."""

    def __init__(
        self,
        alpha: float = 1.0,
        beta: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Snake(ActivationModule):
    """The identity plus a squared sine of learned frequency; rises, with periodic rests."""

    def __init__(
        self,
        alpha: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class SnakeBeta(ActivationModule):
    """Snake with height and frequency learned apart."""

    def __init__(
        self,
        alpha: float = 1.0,
        beta: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class SoLU(ActivationModule):
    """Every element times its softmax share: large ones stay, crowds are damped."""

    def __init__(
        self,
        dim: int = -1,
    ) -> None: ...

class SoftClipping(ActivationModule):
    """The identity on [0, 1] clipped smoothly at both ends; 1/2 as alpha goes to 0."""

    def __init__(
        self,
        alpha: float = 50.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class SoftRBF(ActivationModule):
    """The input times a bell curve: one bump and one dip."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class SoftRootSign(ActivationModule):
    """Bounded on both sides: dips below 0, then nears alpha."""

    def __init__(
        self,
        alpha: float = 2.0,
        beta: float = 3.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Softcap(ActivationModule):
    """Nearly the identity near 0, bounded by the cap; used on logits."""

    def __init__(
        self,
        cap: float = 30.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Softmax(ActivationModule):
    """Positive shares that sum to 1; adding a constant to the row changes nothing."""

    def __init__(
        self,
        dim: int = -1,
    ) -> None: ...

class Softmin(ActivationModule):
    """Softmax of the negated row: the smallest element gets the largest share."""

    def __init__(
        self,
        dim: int = -1,
    ) -> None: ...

class Softpick(ActivationModule):
    """A rectified softmax for attention that can point at nothing."""

    def __init__(
        self,
        dim: int = -1,
        *,
        eps: float = 1e-08,
    ) -> None: ...

class Softplus(ActivationModule):
    """A smooth ReLU, log(2)/beta high at 0; a larger beta gives a sharper corner."""

    def __init__(
        self,
        beta: float = 1.0,
        threshold: float = ...,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Softshrink(ActivationModule):
    """The input moved towards 0 by lambd, and 0 where that would change its sign."""

    def __init__(
        self,
        lambd: float = 0.5,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Softsign(ActivationModule):
    """The input over 1 plus its magnitude; reaches -1 and 1 more slowly than tanh."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class SparsePlus(ActivationModule):
    """ReLU with its corner between -1 and 1 rounded off by a parabola."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class SparseSigmoid(ActivationModule):
    """A straight line of slope 1/2 from 0 at -1 to 1 at 1, flat outside."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Sparsemax(ActivationModule):
    """The nearest point of the simplex, in which small elements get exactly 0."""

    def __init__(
        self,
        dim: int = -1,
    ) -> None: ...

class SphericalSoftmax(ActivationModule):
    """Shares in proportion to the squares; multiplying the row changes nothing but for eps."""

    def __init__(
        self,
        dim: int = -1,
        *,
        eps: float = 1e-08,
    ) -> None: ...

class SqrtSoftplus(ActivationModule):
    """The square root of softplus; e to the x/2 far to the left."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Square(ActivationModule):
    """The input times itself."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class SquaredReLU(ActivationModule):
    """The square of ReLU."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Squareplus(ActivationModule):
    """A smooth ReLU from a square root, without exponentials."""

    def __init__(
        self,
        b: float = 4.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Squash(ActivationModule):
    """Keeps a capsule's direction and brings its length below 1."""

    def __init__(
        self,
        dim: int = -1,
    ) -> None: ...

class StarReLU(ActivationModule):
    """Squared ReLU, scaled and shifted."""

    def __init__(
        self,
        scale: float = 0.8944,
        bias: float = -0.4472,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Step(ActivationModule):
    """1 from the threshold on, 0 below it."""

    def __init__(
        self,
        threshold: float = 0.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class StochasticGELU(ActivationModule):
    """The input times a 0/1 mask that is 1 with probability ndtr(x); evaluation takes the mean."""

    def __init__(
        self,
        inplace: bool = False,
    ) -> None: ...

class SwiGLU(ActivationModule):
    """The value behind a SiLU gate: the feed-forward block of most large language models."""

    def __init__(
        self,
        dim: int = -1,
        *,
        gate: str = 'second',
        interleave: bool = False,
        save: _Save = 'input',
    ) -> None: ...

class SwiGLUClipped(ActivationModule):
    """SwiGLU of clamped inputs: DeepSeek-V4, Hunyuan-V4, GLM-5."""

    def __init__(
        self,
        dim: int = -1,
        *,
        limit: float = 10.0,
        gate: str = 'first',
        interleave: bool = False,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class SwiGLUOAI(ActivationModule):
    """The clamped, shifted SwiGLU of gpt-oss; MiniMax-M3 has the same."""

    def __init__(
        self,
        dim: int = -1,
        *,
        alpha: float = 1.702,
        limit: float = 7.0,
        offset: float = 1.0,
        gate: str = 'first',
        interleave: bool = True,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class SwiGLUStep(ActivationModule):
    """SwiGLU whose activated gate is clamped: Step-3.7."""

    def __init__(
        self,
        dim: int = -1,
        *,
        limit: float = 7.0,
        gate: str = 'first',
        interleave: bool = False,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Swish(ActivationModule):
    """The input gated by the sigmoid of beta times the input, beta constant or learned."""

    def __init__(
        self,
        beta: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Symexp(ActivationModule):
    """The inverse of symlog."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Symlog(ActivationModule):
    """The logarithm of 1 plus the magnitude, with the sign of the input."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class Tanh(ActivationModule):
    """The hyperbolic tangent, an odd curve from -1 to 1."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class TanhExp(ActivationModule):
    """The input gated by tanh of its exponential."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class TanhSoft2(ActivationModule):
    """The input gated by tanh of a scaled exponential."""

    def __init__(
        self,
        beta: float = 0.6,
        gamma: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Tanhshrink(ActivationModule):
    """What tanh takes away from the input."""

    def __init__(
        self,
        inplace: bool = False,
        *,
        save: _Save = 'input',
    ) -> None: ...

class TaylorSoftmax(ActivationModule):
    """Softmax with the exponential cut off after its square."""

    def __init__(
        self,
        dim: int = -1,
    ) -> None: ...

class TeLUElu(ActivationModule):
    """The input times tanh of ELU of a scaled input."""

    def __init__(
        self,
        alpha: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Tent(ActivationModule):
    """A triangle of height and half-width delta, 0 outside."""

    def __init__(
        self,
        delta: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class Threshold(ActivationModule):
    """The input where it exceeds the threshold, a constant elsewhere."""

    def __init__(
        self,
        threshold: float = 0.0,
        value: float = 0.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class ThresholdedReLU(ActivationModule):
    """The input where it exceeds alpha, 0 elsewhere."""

    def __init__(
        self,
        alpha: float = 1.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class XGELU(ActivationModule):
    """GELU whose gate is widened to [-alpha, 1 + alpha]."""

    def __init__(
        self,
        alpha: float = 0.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class XIELU(ActivationModule):
    """The integral of ELU: quadratic for positive inputs, slope beta at 0."""

    def __init__(
        self,
        alpha_p: float = 0.8,
        alpha_n: float = 0.8,
        beta: float = 0.5,
        eps: float = 0.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class XSiLU(ActivationModule):
    """SiLU whose gate is widened to [-alpha, 1 + alpha]."""

    def __init__(
        self,
        alpha: float = 0.0,
        inplace: bool = False,
        *,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

class XSwiGLU(ActivationModule):
    """SwiGLU whose sigmoid has a learned range (-alpha, 1 + alpha)."""

    def __init__(
        self,
        dim: int = -1,
        *,
        alpha: float = 0.0,
        gate: str = 'second',
        interleave: bool = False,
        save: _Save = 'input',
        learnable: _Names = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...
