"""A compiled policy: immutable, safe to share between threads, evaluated without IO."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from guard.errors import PolicyError
from guard.policy.rego import cache as plan_cache
from guard.policy.rego import metadata, runtime, whole
from guard.policy.rego.builtins import registry
from guard.policy.rego.checks import check_program, check_rules_take_nothing
from guard.policy.rego.child import compile_in_child
from guard.policy.rego.errors import BuiltinError, EvaluationError, LimitError
from guard.policy.rego.generate import Source, generate
from guard.policy.rego.ir import Program
from guard.policy.rego.plan_reader import read_program
from guard.policy.rego.respell import respell
from guard.policy.rego.syntax import outline
from guard.policy.rego.values import UNDEFINED, Boxed, Undefined, Value, compare, embed, equal

BuiltinErrors = Literal["raise", "undefined"]
Entropy = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one evaluation may use.

    Attributes:
        steps: elements that loops may look at, all together; a loop over a single element is free.
        nodes: elements of arrays, objects and sets in the answer.
    """

    steps: int = 10_000_000
    nodes: int = 1_000_000


@dataclass(frozen=True, slots=True)
class RuleValue:
    """A rule that was evaluated and what it gave; functions appear once for each call."""

    rule: str
    value: Value


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer and the rules it rests on, in the order in which they were finished."""

    value: Value
    rules: tuple[RuleValue, ...]


@dataclass(frozen=True, slots=True)
class _Code:
    plans: dict[str, Callable[..., Value]]
    slots: int
    finished: frozenset[Callable[..., Value]]  # plans whose result is fresh JSON as it comes


DEFAULT_LIMITS: Final = Limits()


class Policy:
    """A compiled policy.

    # INVARIANT: nothing reachable from a policy changes after its constructor, apart from caches that any thread
    may fill with the same value.
    """

    def __init__(self, ir: Mapping[str, Any], *, limits: Limits = DEFAULT_LIMITS) -> None:
        self.ir: Final = ir
        self.limits: Final = limits
        self.program: Final[Program] = read_program(ir)
        check_program(self.program, registry())
        self.entrypoints: Final = tuple(plan.name for plan in self.program.plans)
        self._codes: dict[tuple[str, bool], _Code] = {}
        self._strict = self._code("raise", trace=False)

    @classmethod
    def from_plan(cls, plan: Mapping[str, Any], *, limits: Limits = DEFAULT_LIMITS) -> Policy:
        """A policy from OPA's IR: `plan.json` of `opa build -t plan`, or another policy's `ir`.

        Raises:
            PolicyError: the plan is not valid IR, calls an unknown builtin or is recursive.
        """
        return cls(plan, limits=limits)

    def evaluate(
        self,
        path: str,
        input: Value | Undefined = UNDEFINED,  # noqa: A002 - OPA's word
        data: Value = None,
        *,
        now_ns: int | None = None,
        entropy: Entropy | None = None,
        builtin_errors: BuiltinErrors = "raise",
    ) -> Value | Undefined:
        """The value of a document, as fresh JSON; `UNDEFINED` when it has none.

        Args:
            path: `data.guard.decision` or `guard/decision`; one of `entrypoints`.
            input: a JSON value, or `UNDEFINED` for none.
            data: a JSON object; None is the empty object.
            now_ns: what `time.now_ns` answers, in nanoseconds since 1970; without it the builtin is an error.
            entropy: random bytes for `rand.intn` and `uuid.rfc4122`; without it they are an error.
            builtin_errors: a failed builtin ends the evaluation, or is undefined as in OPA's default mode.

        Raises:
            EvaluationError: a conflict, a failed builtin or a limit; the caller must deny.
            PolicyError: no such entry point.
        """
        code = self._strict if builtin_errors == "raise" else self._code("undefined", trace=False)
        plan = code.plans.get(path) or self._find(code, path)
        run = runtime.Run(code.slots, self.limits.steps, self.limits.nodes, now_ns, entropy)
        return self._answer(plan, run, input, data, finished=plan in code.finished)

    def explain(
        self,
        path: str,
        input: Value | Undefined = UNDEFINED,  # noqa: A002 - OPA's word
        data: Value = None,
        *,
        now_ns: int | None = None,
        entropy: Entropy | None = None,
        builtin_errors: BuiltinErrors = "raise",
    ) -> Explanation:
        """Like `evaluate`, with the value of every rule on the way; runs a second, slower variant of the code."""
        code = self._code(builtin_errors, trace=True)
        run = runtime.Run(code.slots, self.limits.steps, self.limits.nodes, now_ns, entropy)
        run.trace = []
        value = self._answer(self._find(code, path), run, input, data, finished=False)
        budget = [self.limits.nodes]
        rules = [RuleValue(name.split(".", 1)[1], _shown(found, budget)) for name, found in run.trace]
        return Explanation(value, tuple(rules))

    def _answer(
        self, plan: Callable[..., Value], run: runtime.Run, document: Value | Undefined, data: Value, *, finished: bool
    ) -> Value | Undefined:
        try:
            value = plan(document, {} if data is None else data, run.fork())
            if value is UNDEFINED:
                return UNDEFINED
            return value["result"] if finished else runtime.to_json(value["result"], run.budget)
        except RecursionError as error:
            raise LimitError("the evaluation is nested too deeply") from error
        except (OverflowError, MemoryError) as error:
            raise LimitError("the evaluation needs more than it may have") from error

    def _find(self, code: _Code, path: str) -> Callable[..., Value]:
        name = path.removeprefix("data.").replace(".", "/") if "/" not in path else path
        found = code.plans.get(name)
        if found is None:
            raise PolicyError(
                f"the policy has no entry point `{path}`", help=f"compiled are: {', '.join(self.entrypoints[:20])}"
            )
        return found

    def _code(self, builtin_errors: BuiltinErrors, *, trace: bool) -> _Code:
        """The functions of one variant, generated at their first use."""
        found = self._codes.get((builtin_errors, trace))
        if found is None:
            source = generate(self.program, builtins=registry(), trace=trace)
            found = self._codes[builtin_errors, trace] = _load(source, builtin_errors)
        return found


compile_python = compile


def _load(source: Source, builtin_errors: BuiltinErrors) -> _Code:
    functions = {name: found.function for name, found in registry().items()}
    if builtin_errors == "undefined":
        functions = {name: _forgiving(function) for name, function in functions.items()}
    scope: dict[str, Any] = {
        "__builtins__": {
            "type": type,
            "len": len,
            "enumerate": enumerate,
            "set": set,
            "list": list,
            "dict": dict,
            "str": str,
            "int": int,
            "bool": bool,
            "map": map,
            "max": max,
            "min": min,
        },
        "E": (KeyError, TypeError),
        "U": UNDEFINED,
        "N": runtime.NOT_ASKED,
        "B": functions,
        "DYNAMIC": {},
        "eq": equal,
        "compare": compare,
        "embed": embed,
        "Boxed": Boxed,
        "Listed": runtime.Listed,
        "dot": runtime.dot,
        "base_dot": runtime.base_dot,
        "along": runtime.along,
        "member": runtime.member,
        "holds": runtime.holds,
        "whole": runtime.only_integers,
        "elements": runtime.elements,
        "elements_any": runtime.elements_any,
        "pairs": runtime.pairs,
        "pairs_any": runtime.pairs_any,
        "merge": runtime.merge,
        "replaced": runtime.replaced,
        "dynamic": runtime.dynamic,
        "conflict": runtime.conflict,
        "settle": runtime.settle,
        "finish": runtime.finish,
        "given": runtime.given,
        "given_alike": runtime.given_alike,
        "spend": runtime.spend,
        "over": runtime.over,
        **source.constants,
    }
    for part in source.parts:
        exec(compile_python(part, "<policy>", "exec"), scope)  # noqa: S102 - source written by `generate`, where policy text appears only as constants
    plans: dict[str, Callable[..., Value]] = {}
    for name, python in source.plans.items():
        plans[name] = scope[python]
        if name != whole.NAME:
            plans["data." + name.replace("/", ".")] = scope[python]
    return _Code(plans, source.slots, frozenset(plans[name] for name in source.finished))


def _forgiving(function: Callable[..., Value]) -> Callable[..., Value]:
    """A failed builtin is undefined, as in OPA without strict errors."""

    def forgiving(*operands: Value) -> Value:
        try:
            return function(*operands)
        except BuiltinError:
            return UNDEFINED

    return forgiving


def _shown(value: Value, budget: list[int]) -> Value:
    return UNDEFINED if value is UNDEFINED else runtime.to_json(value, budget)


def compile(  # noqa: A001 - the verb of the design
    files: Mapping[str, str],
    *,
    entrypoints: Sequence[str] = (),
    cache: Path | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Policy:
    """Compiles Rego modules.

    Args:
        files: name of each module (as errors show it) -> its Rego v1 text.
        entrypoints: documents that will be asked for, such as `guard/decision`, or `data` for the value of every rule
            over the data; without it, every rule.
        cache: a folder for compiled plans; a plan found there saves the compiler's process.
        limits: what one evaluation may use.

    Raises:
        PolicyError: a module does not parse or compile, an unknown builtin, an unsafe variable, recursion; names
            file, line and cure.
    """
    if not files:
        raise PolicyError("there is no policy module", help="give at least one file that begins with `package`")
    outlines = {name: outline(name, text) for name, text in files.items()}
    wanted = [point.removeprefix("data.").replace(".", "/") if "/" not in point else point for point in entrypoints]
    everything = whole.NAME in wanted
    if not wanted or everything:
        wanted = whole.rules_of(outlines)
    if not wanted:
        raise PolicyError("the policy has no rule that could be asked for", help="add a rule that is not a function")
    key = plan_cache.cache_key(files, [*wanted, whole.NAME] if everything else wanted)
    plan = plan_cache.read(cache, key) if cache is not None else None
    if plan is None:
        plan = compile_in_child(respell(files, outlines), wanted)
        if everything:
            plan[whole.KEY] = True
        if chains := metadata.answers(files, outlines):
            plan[metadata.KEY] = chains
        if cache is not None:
            plan_cache.write(cache, key, plan)
    policy = Policy(plan, limits=limits)
    if not any(found.uses_with for found in outlines.values()):
        check_rules_take_nothing(policy.program)
    return policy


__all__ = ["DEFAULT_LIMITS", "EvaluationError", "Explanation", "Limits", "Policy", "RuleValue", "compile"]
