"""How a study was made, in sentences that follow its settings."""

from __future__ import annotations

from ogive.study.results import Study
from ogive.study.settings import Settings

_MODELS = {
    "mlp": "a multilayer perceptron with layers of {} units, the activation after each",
    "cnn": "3-wide convolutions with {} channels, the activation after each",
    "resnet": "residual blocks of two convolutions with {} channels, the activation between them",
    "transformer": "transformer blocks of width {}, the activation between the two linear layers",
    "lstm": "LSTM layers of {} cells, the activation in the place of tanh",
    "lstm-gates": "LSTM layers of {} cells, the activation in the place of the gates' sigmoid",
}
_INITS = {
    "matched": "weights that keep the signal's size with the activation at hand (ogive.init_)",
    "he": "normal weights of variance 2 / inputs",
    "torch": "what torch's modules start with",
}


def methods(study: Study) -> list[str]:
    """The network, its start, its training and its learning rate, and what is the same for all."""
    settings = study.settings
    found = [_network(settings), _start(settings), _training(settings), _rate(study)]
    if study.sweep is not None:
        found.append(f"Swept: {study.sweep.name}; each of its values replaces the one named here.")
    return [
        *found,
        "Paired: with one seed every activation has the same split, draws from the same random "
        "numbers, and the same order of batches. A gated activation has a layer of twice the width "
        "before it.",
    ]


def _network(settings: Settings) -> str:
    widths = ", ".join(map(str, settings.hidden))
    known = _MODELS.get(settings.model)
    network = known.format(widths) if known else f"built by {settings.model}"
    norm = {"batch": ", batch normalisation", "layer": ", layer normalisation"}
    residual = ", residual connections" if settings.residual else ""
    return f"Network: {network}{norm.get(settings.norm, '')}{residual}."


def _start(settings: Settings) -> str:
    start = _INITS.get(settings.init, f"as {settings.init} sets it")
    scale = f", times {settings.init_scale:g}" if settings.init_scale != 1 else ""
    return f"Start: {start}{scale}."


def _training(settings: Settings) -> str:
    rows = f" on {settings.rows} training rows" if settings.rows else ""
    return (
        f"Training: {settings.epochs} epochs{rows} in batches of {settings.batch_size} with "
        f"{settings.optimizer}."
    )


def _rate(study: Study) -> str:
    if study.sweep is not None and study.sweep.name == "lr":
        return "Learning rate: the swept one, the same for every activation."
    if not study.tuning:
        return (
            f"Learning rate: {study.settings.lr:g}, the same for every activation and tuned for "
            f"none, so one may do better at a rate of its own."
        )
    tried = max(len(tuned.curve) for tuned in study.tuning.values())
    return (
        f"Learning rate: tuned for every activation with the same number of trials, {tried} rates, "
        f"by the score on a part of the training rows; the test rows had no part in it."
    )
