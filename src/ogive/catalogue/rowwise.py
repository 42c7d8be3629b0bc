"""Functions of a whole row: softmax and its relatives, sparse maps, sorting and pooling.

Such a function is no elementwise formula, so its body is a reference: plain arithmetic on a list of
numbers with the functions of a mathematics module ``m`` (mpmath's, where it is the judge), as close
to the definition as possible and with no thought of speed or overflow. ``ops.rowwise`` has the
implementations on tensors; the tests hold the two together.
"""

from __future__ import annotations

from ogive.catalogue._registry import rowwise
from ogive.catalogue._spec import Count, Flag, LearnedReal, NonNegative, Positive, Uniform


def _shares(weights):
    """Every weight over the sum of them all."""
    total = sum(weights)
    return [w / total for w in weights]


def _pieces(row, size):
    """The row cut into neighbours of ``size``."""
    size = int(size)
    return [row[i : i + size] for i in range(0, len(row), size)]


def _first_largest(row):
    return max(range(len(row)), key=lambda i: (row[i], -i))


def _one_hot(row, m):
    best = _first_largest(row)
    return [m.mpf(i == best) for i in range(len(row))]


@rowwise(
    aliases="torch:softmax keras:softmax jax:softmax tf:softmax onnx:Softmax mlx:softmax "
    "tinygrad:softmax burn:softmax candle:softmax paddle:softmax mindspore:Softmax attorch:Softmax",
    paper="Bridle 1990, Probabilistic interpretation of feedforward classification network outputs",
    formula_text="y[i] = exp(x[i]) / sum(exp(x))",
    latex_text=r"y_i = \frac{e^{x_i}}{\sum_j e^{x_j}}",
    pitfalls=(
        "A row of -inf gives NaN, in torch and here; safe_softmax gives 0.",
        "A row that holds +inf gives NaN.",
        "Without the subtraction of the largest element it overflows.",
        "With two classes, the second logit 0, it is the sigmoid.",
    ),
)
def softmax(row, m):
    """Positive shares that sum to 1; adding a constant to the row changes nothing."""
    return _shares([m.exp(x) for x in row])


@rowwise(
    aliases="torch:softmin mlx:softmin tinygrad:softmin burn:softmin mindspore:Softmin",
    formula_text="y[i] = exp(-x[i]) / sum(exp(-x))",
    latex_text=r"y_i = \frac{e^{-x_i}}{\sum_j e^{-x_j}}",
)
def softmin(row, m):
    """Softmax of the negated row: the smallest element gets the largest share."""
    return softmax([-x for x in row], m)


@rowwise(
    aliases="torch:log_softmax keras:log_softmax jax:log_softmax tf:log_softmax onnx:LogSoftmax "
    "mlx:log_softmax tinygrad:log_softmax burn:log_softmax paddle:log_softmax mindspore:LogSoftmax",
    formula_text="y[i] = x[i] - log(sum(exp(x)))",
    latex_text=r"y_i = x_i - \log \sum_j e^{x_j}",
    pitfalls=("The logarithm of softmax is -inf where softmax has underflowed; this is not.",),
)
def log_softmax(row, m):
    """The logarithm of softmax, finite wherever the row is."""
    (total,) = logsumexp(row, m)
    return [x - total for x in row]


@rowwise(
    title="LogSumExp",
    aliases="torch:logsumexp jax:logsumexp",
    formula_text="y = log(sum(exp(x)))",
    latex_text=r"y = \log \sum_j e^{x_j}",
    under={"jax:logsumexp": {"attributes": {"keepdims": "keepdim"}}},
    pitfalls=("A row of -inf gives -inf, the logarithm of an empty sum.",),
)
def logsumexp(row, m, keepdim: Flag = 0.0):
    """A smooth maximum of the row, whose gradient is softmax; the dimension is removed."""
    return [m.log(sum(m.exp(x) for x in row))]


@rowwise(
    title="LogMeanExp",
    aliases="jax:logmeanexp",
    formula_text="y = log(mean(exp(x)))",
    latex_text=r"y = \log \frac{1}{n} \sum_j e^{x_j}",
)
def logmeanexp(row, m, keepdim: Flag = 0.0):
    """Logsumexp less the logarithm of the row's length; a constant row gives the constant."""
    return [m.log(sum(m.exp(x) for x in row) / len(row))]


@rowwise(
    aliases="torch:_safe_softmax",
    formula_text="y[i] = exp(x[i]) / sum(exp(x)), or 0 if every x is -inf",
    latex_text=r"y_i = \frac{e^{x_i}}{\sum_j e^{x_j}},\quad y = 0 \text{ if all } x_j = -\infty",
)
def safe_softmax(row, m):
    """Softmax that gives zeros, with zero gradient, for a row that is masked throughout."""
    masked = all(x == -m.inf for x in row)
    return [m.mpf(0) for _ in row] if masked else softmax(row, m)


@rowwise(
    paper="Miller 2023, Attention is off by one",
    aliases="burn:quiet_softmax paper:Softmax1",
    formula_text="y[i] = exp(x[i]) / (1 + sum(exp(x)))",
    latex_text=r"y_i = \frac{e^{x_i}}{1 + \sum_j e^{x_j}}",
    pitfalls=("Adding a constant to the row does change it: 0 is a class of its own.",),
)
def quiet_softmax(row, m):
    """Softmax with one more class of logit 0 that is not returned: a row may say nothing."""
    return softmax([*row, m.mpf(0)], m)[:-1]


@rowwise(
    aliases="onnx:Hardmax",
    formula_text="y[i] = 1 for the first largest x[i], else 0",
    latex_text=r"y_i = [\,i = \min \operatorname{arg\,max}_j x_j\,]",
    pitfalls=("Its gradient is 0 everywhere; to train, use gumbel_softmax with hard=True.",),
)
def hardmax(row, m):
    """A one-hot row with its 1 at the largest element, the first of them on a tie."""
    return _one_hot(row, m)


@rowwise(
    paper="arXiv:1602.02068",
    aliases="keras:sparsemax tfa:sparsemax entmax:sparsemax liger:sparsemax "
    "activations_plus:Sparsemax",
    formula_text="y[i] = max(x[i] - t, 0) with t such that sum(y) = 1",
    latex_text=r"y_i = \max(x_i - \tau, 0),\quad \tau:\ \sum_j y_j = 1",
    pitfalls=("A row of -inf, or one that holds +inf, gives NaN, as softmax does for them.",),
)
def sparsemax(row, m):
    """The nearest point of the simplex, in which small elements get exactly 0."""
    ordered = sorted(row, reverse=True)
    for size in range(len(row), 0, -1):
        threshold = (sum(ordered[:size]) - 1) / size
        if ordered[size - 1] > threshold:
            break
    return [max(x - threshold, m.mpf(0)) for x in row]


@rowwise(
    paper="arXiv:1905.05702",
    aliases="entmax:entmax15 activations_plus:Entmax15",
    formula_text="y[i] = max(x[i]/2 - t, 0)**2 with t such that sum(y) = 1",
    latex_text=r"y_i = \max\left(\tfrac{x_i}{2} - \tau, 0\right)^2,\quad \tau:\ \sum_j y_j = 1",
    pitfalls=("A row of -inf, or one that holds +inf, gives NaN, as softmax does for them.",),
)
def entmax15(row, m):
    """Half way between softmax and sparsemax: sparse, but smooth where it is not 0."""
    ordered = sorted((x / 2 for x in row), reverse=True)
    for size in range(len(row), 0, -1):
        mean = sum(ordered[:size]) / size
        rest = 1 - sum((z - mean) ** 2 for z in ordered[:size])
        if rest > 0:
            threshold = mean - m.sqrt(rest / size)
            if ordered[size - 1] > threshold:
                break
    return [max(x / 2 - threshold, m.mpf(0)) ** 2 for x in row]


@rowwise(
    paper="arXiv:1611.01144",
    aliases="torch:gumbel_softmax paddle:gumbel_softmax",
    formula_text="y = softmax((x - log(-log(u))) / tau), u[i] uniform on (0, 1)",
    latex_text=r"y_i = \frac{e^{(x_i + g_i)/\tau}}{\sum_j e^{(x_j + g_j)/\tau}},"
    r"\quad g_i = -\log(-\log u_i)",
    under={"paddle:gumbel_softmax": {"attributes": {"temperature": "tau"}}},
    pitfalls=(
        "Its derivative has the factor 1/tau: (y[i] [i = j] - y[i] y[j]) / tau.",
        "One uniform number a class is enough for a Gumbel sample, not two.",
        "tau = 0 is not allowed; torch's text says non-negative, and 0 gives NaN there.",
        "The largest element is a sample of softmax(x) at every tau; the mean of y is softmax(x) "
        "only as tau goes to 0.",
        "It samples in evaluation too, as in torch.",
    ),
)
def gumbel_softmax(row, m, uniform: Uniform, tau: Positive = 1.0, hard: Flag = 0.0):
    """A relaxed sample of the categorical distribution with logits x.

    With ``hard`` the value is the one-hot row of the largest element and the gradient that of the
    relaxed sample (straight through).
    """
    gumbel = [-m.log(-m.log(u)) for u in uniform]
    soft = softmax([(x + g) / tau for x, g in zip(row, gumbel, strict=True)], m)
    return _one_hot(soft, m) if hard else soft


@rowwise(
    paper="arXiv:1511.05042",
    formula_text="y[i] = (1 + x[i] + x[i]**2/2) / sum(1 + x + x**2/2)",
    latex_text=r"y_i = \frac{1 + x_i + x_i^2/2}{\sum_j (1 + x_j + x_j^2/2)}",
    pitfalls=(
        "Not monotonic: below -1 the share grows again. No class can get less than 1/2 / sum.",
    ),
)
def taylor_softmax(row, m):
    """Softmax with the exponential cut off after its square."""
    return _shares([1 + x + x**2 / 2 for x in row])


@rowwise(
    paper="arXiv:1511.05042",
    formula_text="y[i] = (x[i]**2 + eps) / sum(x**2 + eps)",
    latex_text=r"y_i = \frac{x_i^2 + \varepsilon}{\sum_j (x_j^2 + \varepsilon)}",
    pitfalls=(
        "Even: the sign of an element is lost.",
        "eps keeps a row of zeros from 0/0; with eps = 0 such a row gives NaN.",
    ),
)
def spherical_softmax(row, m, eps: NonNegative = 1e-8):
    """Shares in proportion to the squares; multiplying the row changes nothing but for eps."""
    return _shares([x**2 + eps for x in row])


@rowwise(
    paper="arXiv:1805.10829",
    formula_text="y[i] = exp(x[i]) sigmoid(x[i]) / sum(exp(x) sigmoid(x))",
    latex_text=r"y_i = \frac{e^{x_i}\,\sigma(x_i)}{\sum_j e^{x_j}\,\sigma(x_j)}",
)
def sigsoftmax(row, m):
    """Softmax with each exponential times a sigmoid, which lifts the rank of the log-shares."""
    return _shares([m.exp(x) / (1 + m.exp(-x)) for x in row])


@rowwise(
    paper="arXiv:2501.19399",
    aliases="paper:SSMax",
    formula_text="y = softmax(s log(n) x), n the length of the row",
    latex_text=r"y_i = \frac{n^{s x_i}}{\sum_j n^{s x_j}}",
    pitfalls=("In attention n is the number of keys a query may see, not the padded length.",),
)
def scalable_softmax(row, m, s: LearnedReal = 1.0):
    """Softmax whose sharpness grows with the length of the row, so that long rows do not fade."""
    return softmax([s * m.log(len(row)) * x for x in row], m)


@rowwise(
    paper="arXiv:2504.20966",
    formula_text="y[i] = max(exp(x[i]) - 1, 0) / (sum(|exp(x) - 1|) + eps)",
    latex_text=r"y_i = \frac{\max(e^{x_i} - 1, 0)}{\sum_j |e^{x_j} - 1| + \varepsilon}",
    pitfalls=(
        "It need not sum to 1, and a row without positive elements gives zeros.",
        "-inf is read as masked and left out of the sum, as in the authors' code; a very negative "
        "number counts 1 in it.",
        "The authors' stable form adds eps after scaling by exp(-max); here eps is scaled as well.",
    ),
)
def softpick(row, m, eps: NonNegative = 1e-8):
    """A rectified softmax for attention that can point at nothing."""
    sizes = [m.mpf(0) if x == -m.inf else m.expm1(x) for x in row]
    total = sum(abs(s) for s in sizes) + eps
    return [max(s, m.mpf(0)) / total for s in sizes]


@rowwise(
    title="SoLU",
    paper="Elhage et al. 2022, Softmax linear units",
    aliases="x_transformers:SoLU",
    formula_text="y[i] = x[i] softmax(x)[i]",
    latex_text=r"y_i = x_i\,\frac{e^{x_i}}{\sum_j e^{x_j}}",
    pitfalls=("Its authors put a layer norm behind it, which is no part of this function.",),
)
def solu(row, m):
    """Every element times its softmax share: large ones stay, crowds are damped."""
    return [x * s for x, s in zip(row, softmax(row, m), strict=True)]


@rowwise(
    paper="arXiv:1710.09829",
    formula_text="y = x |x| / (1 + |x|**2), |x| the Euclidean length",
    latex_text=r"y = \frac{\lVert x \rVert^2}{1 + \lVert x \rVert^2}\,\frac{x}{\lVert x \rVert}",
    pitfalls=(
        "Written with x/|x| it is NaN for a row of zeros; its value and derivative there are 0.",
    ),
)
def squash(row, m):
    """Keeps a capsule's direction and brings its length below 1."""
    length = m.sqrt(sum(x**2 for x in row))
    return [x * length / (1 + length**2) for x in row]


@rowwise(
    aliases="torch:normalize",
    formula_text="y = x / max(|x|, eps), |x| the Euclidean length",
    latex_text=r"y = \frac{x}{\max(\lVert x \rVert, \varepsilon)}",
)
def l2_normalize(row, m, eps: Positive = 1e-12):
    """The row with length 1; rows shorter than eps are only divided by eps."""
    length = m.sqrt(sum(x**2 for x in row))
    return [x / max(length, m.mpf(eps)) for x in row]


@rowwise(
    paper="arXiv:1302.4389",
    aliases="paddle:maxout echo:Maxout activations_plus:Maxout",
    formula_text="y[i] = max(x[k i], ..., x[k i + k - 1])",
    latex_text=r"y_i = \max_{0 \le j < k} x_{k i + j}",
    under={"paddle:maxout": {"attributes": {"groups": "k"}}},
    pitfalls=(
        "The layer before it needs k times the units, and so k times the parameters.",
        "Neighbours form a group; in TensorFlow Addons the pieces lie num_units apart, which is "
        "another order of the units.",
    ),
)
def maxout(row, m, k: Count = 2.0):
    """The largest of each k neighbours; behind a linear layer, any convex piecewise linear map."""
    return [max(piece) for piece in _pieces(row, k)]


@rowwise(
    title="LWTA",
    paper="Srivastava et al. 2013, Compete to compute",
    formula_text="y[i] = x[i] for the first largest of its group, else 0",
    latex_text=r"y_i = x_i\,[\,i \text{ is the first largest of its group}\,]",
)
def lwta(row, m, group: Count = 2.0):
    """Local winner-take-all: the largest of each group of neighbours passes, the others give 0."""
    kept = []
    for piece in _pieces(row, group):
        best = _first_largest(piece)
        kept += [x if i == best else m.mpf(0) for i, x in enumerate(piece)]
    return kept


@rowwise(
    title="KWTA",
    paper="arXiv:1905.10510",
    formula_text="y[i] = x[i] if it is among the k largest of the row, else 0",
    latex_text=r"y_i = x_i\,[\,x_i \text{ is among the } k \text{ largest}\,]",
    pitfalls=(
        "The k largest are taken from each row; taking them over the whole batch makes the output "
        "of one example depend on the others.",
        "Discontinuous where an element enters or leaves the k largest.",
    ),
)
def k_wta(row, m, k: Count = 1.0):
    """The k largest elements pass, the others give 0; the earlier one wins a tie."""
    order = sorted(range(len(row)), key=lambda i: (-row[i], i))
    winners = set(order[: int(k)])
    return [x if i in winners else m.mpf(0) for i, x in enumerate(row)]


@rowwise(
    paper="arXiv:1811.05381",
    aliases="paper:MaxMin paper:OPLU",
    presets={"paper:MaxMin": {"group": 2.0}, "paper:OPLU": {"group": 2.0}},
    formula_text="each group of neighbours in ascending order",
    latex_text=r"y_{g i}, \ldots, y_{g i + g - 1} = "
    r"\operatorname{sort}(x_{g i}, \ldots, x_{g i + g - 1})",
    pitfalls=(
        "In some libraries MaxMin means the concatenation of relu(x) and relu(-x), which is CReLU.",
    ),
)
def group_sort(row, m, group: Count = 2.0):
    """Sorts each group of neighbours: 1-Lipschitz and gradient norm preserving; MaxMin for 2."""
    return [x for piece in _pieces(row, group) for x in sorted(piece)]


@rowwise(
    title="CReLU",
    paper="arXiv:1603.05201",
    aliases="tf:crelu",
    formula_text="y = concatenate(max(x, 0), max(-x, 0))",
    latex_text=r"y = [\max(x, 0),\ \max(-x, 0)]",
    pitfalls=(
        "It doubles the size of the dimension; use the channels', which is 1 in torch, last in TF.",
        "The complex ReLU has the same name.",
    ),
)
def crelu(row, m):
    """ReLU of the row and of its negative, side by side, so that no sign is lost."""
    zero = m.mpf(0)
    return [max(x, zero) for x in row] + [max(-x, zero) for x in row]


@rowwise(
    title="NCReLU",
    paper="arXiv:1706.00388",
    formula_text="y = concatenate(max(x, 0), min(x, 0))",
    latex_text=r"y = [\max(x, 0),\ \min(x, 0)]",
)
def ncrelu(row, m):
    """The positive and the negative part side by side, each with its sign."""
    zero = m.mpf(0)
    return [max(x, zero) for x in row] + [min(x, zero) for x in row]
