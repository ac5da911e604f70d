"""Checks an implementation of the models' parts against p2rec's fixtures.

    python tests/kit/check.py my_adapters.py [COMPONENT ...]       needs numpy and safetensors

my_adapters.py holds a function for each component that you have. It gets NumPy arrays and returns arrays of
NumPy, PyTorch or JAX. The table shows how much of its tolerance each result uses: 1 and more is wrong. A
component that you do not have is listed, not failed. Without arguments, check.py lists all components.

`PRECISION = "float32"` in your file chooses inputs and tolerances of that precision; the default is "float64".
Exit code: 0 if nothing is wrong, 1 if something is, 2 if your file cannot be used.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from components import COMPONENTS, MODELS  # noqa: E402
from mistakes import known_mistake  # noqa: E402

# |found - expected| <= relative * |expected| + absolute * max |expected|, as in tests/README.md.
TOLERANCES = {
    "float64": {"result": (1e-9, 1e-11), "gradient": (1e-9, 1e-11), "model": (1e-9, 1e-11),
                "model gradient": (1e-9, 1e-11), "ten steps": (1e-9, 1e-11)},
    "float32": {"result": (1e-5, 1e-6), "gradient": (1e-4, 1e-5), "model": (1e-4, 1e-5),
                "model gradient": (1e-3, 1e-5), "ten steps": (1e-4, 0.0)},
}  # fmt: skip


def to_numpy(value):
    if hasattr(value, "detach"):  # PyTorch
        value = value.detach().cpu().numpy()
    return np.asarray(value)


def share_of_tolerance(found, expected, tolerance):
    """The largest error as a share of what is allowed, and its index."""
    relative, absolute = tolerance
    allowed = relative * np.abs(expected) + absolute * np.abs(expected).max(initial=0.0)
    error = np.abs(found.astype(np.float64) - expected)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(error == 0, 0.0, error / allowed)  # an error where zero is expected: infinite
    shares = np.where(np.isfinite(found), shares, np.inf)
    at = np.unravel_index(np.argmax(shares), shares.shape) if shares.size else ()
    return (float(shares[at]) if shares.size else 0.0), tuple(map(int, at))


def judge(found, expected, tolerance):
    """(share, explanation or None) of one result."""
    found, expected = to_numpy(found), np.asarray(expected)
    if found.shape != expected.shape:
        return np.inf, f"shape {found.shape}, expected {expected.shape}"
    if not np.issubdtype(expected.dtype, np.floating):
        wrong = np.argwhere(found != expected)
        if len(wrong) == 0:
            return 0.0, None
        at = tuple(map(int, wrong[0]))
        return np.inf, f"{len(wrong)} of {expected.size} differ; [{at}]: {found[at]}, expected {expected[at]}"
    share, at = share_of_tolerance(found, expected, tolerance)
    if share < 1:
        return share, None
    return share, f"{list(at)}: {found[at]:.9g}, expected {expected[at]:.9g}"


def print_rows(name, parts):
    """One row for each part of a component: the worst of its cases. parts: (part, case, share, explanation).
    True if all are right."""
    worst = {}
    for part, case, share, explanation in parts:
        if part not in worst or share > worst[part][1]:
            worst[part] = (case, share, explanation)
    for part, (case, share, explanation) in worst.items():
        verdict = "ok" if explanation is None else f"WRONG in {case}: {explanation}"
        print(f"{name:20} {part:20} {share:10.2g}  {verdict}")
        name = ""
    return all(explanation is None for _, _, explanation in worst.values())


def check_component(component, adapters, precision):
    """Yields (part, case, share, explanation)."""
    function, backward = getattr(adapters, component.name), getattr(adapters, component.name + "_backward", None)
    tolerances = TOLERANCES[precision]
    for case in component.cases(precision):
        results = function(*case.arguments)
        results = results if isinstance(results, tuple) else (results,)
        for part, expected, found in zip(component.results, case.results, results, strict=True):
            yield part, case.name, *judge(found, expected, tolerances["result"])
        if backward is None or case.gradients is None:
            continue
        found = backward(case.dy, *case.arguments)
        for (part, expected), gradient in zip(case.gradients.items(), found):
            if gradient is not None:
                yield part, case.name, *judge(gradient, expected, tolerances["gradient"])


def check_model(model, adapters, precision):
    tolerances = TOLERANCES[precision]
    case = model.case(precision)
    found = getattr(adapters, model.name)(case.weights, case.batch, case.config)
    for part, value in found.items():
        if part == "grads":
            for name, gradient in value.items():
                if name in case.grads:
                    yield "gradients", name, *judge(gradient, case.grads[name], tolerances["model gradient"])
        elif part == "losses":
            yield "losses of ten steps", model.name, *judge(value, case.results[part], tolerances["ten steps"])
        else:
            yield part, model.name, *judge(value, case.results[part], tolerances["model"])


def load(path):
    specification = importlib.util.spec_from_file_location("adapters", path)
    if specification is None or not Path(path).is_file():
        print(f"{path}: cannot be read; expected a Python file with a function for each component", file=sys.stderr)
        raise SystemExit(2)
    sys.path.insert(0, str(Path(path).resolve().parent))
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def main(path, wanted):
    adapters = load(path)
    precision = getattr(adapters, "PRECISION", "float64")
    known = [c.name for c in COMPONENTS + MODELS]
    unknown = [name for name in wanted if name not in known]
    if unknown or precision not in TOLERANCES:
        print(f"{path}: {unknown or precision} is not known; expected of {known if unknown else list(TOLERANCES)}", file=sys.stderr)
        return 2
    right, wrong, missing = [], [], []
    print(f"{'component':20} {'result':20} {'of allowed':>10}  ({precision}; 1 and more is wrong)")
    for component in COMPONENTS + MODELS:
        if wanted and component.name not in wanted:
            continue
        if not hasattr(adapters, component.name):
            missing.append(component.name)
            continue
        check = check_model if component in MODELS else check_component
        try:
            good = print_rows(component.name, list(check(component, adapters, precision)))
        except Exception as error:  # the student's code may raise anything; the next component is checked all the same
            good = False
            print(f"{component.name:20} {'':20} {'':10}  RAISED {type(error).__name__}: {error}")
        (right if good else wrong).append(component.name)
        if not good and component in COMPONENTS:
            mistake = known_mistake(component, getattr(adapters, component.name), precision)
            if mistake:
                print(f"{'':20} your numbers are those of a known mistake: {mistake}")
    print(f"\nright: {len(right)}  wrong: {len(wrong)} {' '.join(wrong)}  not there: {' '.join(missing) or 'none'}")
    if not right and not wrong:
        print(f"{path}: no component found; hint: check.py without arguments lists their names", file=sys.stderr)
        return 2
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print(__doc__)
        for component in COMPONENTS + MODELS:
            print(f"{component.name}{component.signature}\n    {component.about}")
        raise SystemExit(0)
    raise SystemExit(main(sys.argv[1], sys.argv[2:]))
