"""Runs suites with Great Expectations: the SQL is pushed down, a failure is looked at twice.

The first pass only tells true from false, which takes the fewest queries. A suite that fails is
checked again for counts and samples.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from expectations.results import ExpectationResult
from expectations.rules import Rule
from expectations.suites import CANDIDATES, Suite
from warehouse.connections import sqlalchemy_url

if TYPE_CHECKING:
    from great_expectations.checkpoint.checkpoint import CheckpointResult
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.core.validation_definition import ValidationDefinition
    from great_expectations.data_context.data_context.ephemeral_data_context import (
        EphemeralDataContext,
    )
    from great_expectations.data_context.types.resource_identifiers import (
        ValidationResultIdentifier,
    )
    from great_expectations.datasource.fluent.postgres_datasource import PostgresDatasource

MOST_SAMPLES = 5
_DIAGNOSIS = ".failures"  # what is added to a suite's name for the second pass
_ROWS_FOUND = "observed_value"  # what the library calls the number of rows that a query found
# Sources, and variables that stand for their connection strings: no more is ever written down.
_WAREHOUSE = "warehouse"
_CANDIDATES = "candidates"


@dataclass
class Validation:
    """A finished validation.

    Attributes:
        context: The context of Great Expectations in which it ran, in memory alone.
        documents: What Great Expectations found, by identifier, for the Data Docs.
        results: The same, for us.
    """

    context: EphemeralDataContext
    documents: dict[ValidationResultIdentifier, ExpectationSuiteValidationResult] = field(
        default_factory=dict
    )
    results: list[ExpectationResult] = field(default_factory=list)


def load_library() -> Any:
    """Import Great Expectations, which takes seconds, with its reports to its makers off."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about its own use of modules that will go
        import great_expectations

    return great_expectations


def validate(
    suites: Sequence[Suite],
    *,
    dsn: str,
    name: str,
) -> Validation:
    """Check suites against the warehouse.

    Args:
        suites: What to check.
        dsn: URL of the warehouse as the pipeline's role. It is kept in memory alone.
        name: Of the run, as the Data Docs show it.

    Returns:
        What was found.

    Raises:
        great_expectations.exceptions.GreatExpectationsError: The rows could not be read at all.
    """
    gx = load_library()
    context = _context(gx, dsn)
    validation = Validation(context)
    run = gx.RunIdentifier(run_name=name)
    with _batches(context, suites) as batches:
        first = _run(
            context,
            [
                _definition(context, suite.name, batches[suite.name], dict(enumerate(suite.rules)))
                for suite in suites
            ],
            "BOOLEAN_ONLY",
            run,
        )
        validation.documents.update(first.run_results)
        failed = {
            document.suite_name: {
                number: rule
                for number, rule in enumerate(_suite(suites, document).rules)
                if number in {_number(found) for found in document.results if not found.success}
            }
            for document in first.run_results.values()
            if not document.success
        }
        if failed:
            second = _run(
                context,
                [
                    _definition(context, name + _DIAGNOSIS, batches[name], rules)
                    for name, rules in failed.items()
                ],
                "SUMMARY",
                run,
            )
            _fill_in(validation, second)
    for document in validation.documents.values():
        results = _results(_suite(suites, document), document)
        validation.results += results
        # a run is called failed for what stopped it; its warnings stand on its page
        blocking = (result for result in results if result.severity == "blocking")
        document.success = all(result.is_success for result in blocking)
    return validation


def _context(gx: Any, dsn: str) -> EphemeralDataContext:
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    context: EphemeralDataContext = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        ),
        runtime_environment={
            _WAREHOUSE: sqlalchemy_url(dsn),
            _CANDIDATES: _with_search_path(sqlalchemy_url(dsn), CANDIDATES),
        },
    )
    return context


def _with_search_path(url: str, schema: str) -> str:
    from sqlalchemy.engine import make_url

    parsed = make_url(url)
    options = f"{parsed.query.get('options', '')} -csearch_path={schema}".strip()
    return parsed.update_query_dict({"options": options}).render_as_string(hide_password=False)


@contextmanager
def _batches(
    context: EphemeralDataContext, suites: Sequence[Suite]
) -> Iterator[dict[str, BatchDefinition[Any]]]:
    """Say for each suite, by its name, which rows it checks; disconnect at the end."""
    sources: dict[str, PostgresDatasource] = {}
    batches = {}
    try:
        for suite in suites:
            name = _CANDIDATES if suite.query is None else _WAREHOUSE
            if name not in sources:
                sources[name] = context.data_sources.add_postgres(
                    name,
                    connection_string=f"${{{name}}}",
                    # else the library fetches all rows of a query to learn its columns
                    create_temp_table=suite.query is not None,
                )
            source = sources[name]
            asset: Any = (
                source.add_table_asset(suite.table)
                if suite.query is None
                else source.add_query_asset(suite.table, query=suite.query)
            )
            batches[suite.name] = asset.add_batch_definition_whole_table("all")
        yield batches
    finally:
        for source in sources.values():
            source.get_engine().dispose()
            source.get_execution_engine().close()


def _definition(
    context: EphemeralDataContext, name: str, batch: BatchDefinition[Any], rules: Mapping[int, Rule]
) -> ValidationDefinition:
    from great_expectations import ExpectationSuite, ValidationDefinition
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.metadata_types import FailureSeverity

    severities = {"blocking": FailureSeverity.CRITICAL, "warning": FailureSeverity.WARNING}
    suite = ExpectationSuite(
        name=name,
        expectations=[
            ExpectationConfiguration(
                type=rule.type,
                kwargs=dict(rule.arguments),
                meta={"rule": number},
                severity=severities[rule.severity],
                description=f"{rule.severity.capitalize()}: {rule.sentence}.",
            ).to_domain_obj()
            for number, rule in rules.items()
        ],
    )
    return context.validation_definitions.add(
        ValidationDefinition(name=name, data=batch, suite=context.suites.add(suite))
    )


def _run(
    context: EphemeralDataContext,
    definitions: Sequence[ValidationDefinition],
    result_format: Literal["BOOLEAN_ONLY", "SUMMARY"],
    run: RunIdentifier,
) -> CheckpointResult:
    from great_expectations import Checkpoint

    checkpoint = context.checkpoints.add(
        Checkpoint(
            name=result_format,
            validation_definitions=list(definitions),
            result_format={
                "result_format": result_format,
                "partial_unexpected_count": MOST_SAMPLES,
            },
        )
    )
    return checkpoint.run(run_id=run)


def _fill_in(validation: Validation, second: CheckpointResult) -> None:
    """Put what the second pass found in the place of the bare failures of the first."""
    diagnoses = {
        (document.suite_name.removesuffix(_DIAGNOSIS), _number(found)): found
        for document in second.run_results.values()
        for found in document.results
    }
    for document in validation.documents.values():
        document.results = [
            diagnoses.get((document.suite_name, _number(found)), found)
            for found in document.results
        ]


def _suite(suites: Sequence[Suite], document: ExpectationSuiteValidationResult) -> Suite:
    return next(suite for suite in suites if suite.name == document.suite_name)


def _number(found: ExpectationValidationResult) -> int:
    assert found.expectation_config is not None
    return int(found.expectation_config.meta["rule"])


def _results(
    suite: Suite, document: ExpectationSuiteValidationResult
) -> Iterator[ExpectationResult]:
    for found in sorted(document.results, key=_number):
        rule = suite.rules[_number(found)]
        found.result = found.result or _what_a_pass_says(rule, bool(found.success))
        yield ExpectationResult(
            suite=suite.name,
            expectation=rule.type,
            column=rule.column,
            severity=rule.severity,
            sentence=rule.sentence,
            is_success=bool(found.success),
            unexpected_count=found.result.get("unexpected_count", found.result.get(_ROWS_FOUND)),
            observed=_observed(found.result, found.exception_info or {}),
        )


def _what_a_pass_says(rule: Rule, is_success: bool) -> dict[str, Any]:
    """Return the figures that are known though only true or false was asked for."""
    if not is_success or rule.is_tolerant:
        return {}
    if rule.column is None:
        return {_ROWS_FOUND: 0}
    return {"unexpected_count": 0, "unexpected_percent": 0.0}


def _observed(result: Mapping[str, Any], exceptions: Mapping[str, Any]) -> dict[str, Any]:
    observed = {
        name: result[name] for name in ("element_count", "unexpected_percent") if name in result
    }
    samples = dict.fromkeys(
        str(value) for value in result.get("partial_unexpected_list", ()) if value is not None
    )
    if samples:
        observed["samples"] = list(samples)
    error = _error(exceptions)
    if error:
        observed["error"] = error
    return observed


def _error(exceptions: Mapping[str, Any]) -> str | None:
    """Return the first line of what was raised while an expectation was checked."""
    # either one exception, or one for each metric
    for info in (exceptions, *exceptions.values()):
        if isinstance(info, Mapping) and info.get("raised_exception"):
            return str(info.get("exception_message")).strip().partition("\n")[0]
    return None
