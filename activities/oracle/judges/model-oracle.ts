import { distinctMeetings } from "../../../core/expected-calls.ts";
import {
	judgeName,
	type ModelJudgeConfig,
	modelJudges,
	type OracleConfig,
	type ProgramConfig,
} from "../../../core/oracle-config.ts";
import type { CandidateGroup, Verdict } from "../../../core/records.ts";
import { type Selection, selectGroup, spread, withoutLoopsAndCopies } from "../select-candidates.ts";
import type { Comparisons, ModelJudge } from "./judge.ts";
import { keepByGroup } from "./keep-by-group.ts";
import { createListwise } from "./listwise.ts";
import { askedOf, verdictBase } from "./model-judge.ts";
import { createPairwise } from "./pairwise.ts";
import { createPanel } from "./panel.ts";
import { createScore } from "./score.ts";

/** An oracle that asks models: like one of its judges, but for what needs no asking. */
export interface ModelOracle extends Omit<ModelJudge, "settings"> {
	/** Itself, or the panel's. Calls name theirs. */
	readonly judges: readonly ModelJudge[];
}

/**
 * The oracle that a config names. It is not asked about responses that have become loops, which lose to all others, and
 * once about responses with the same text, which tie; with fewer than two left it is not asked at all.
 *
 * @param rubrics the text of each judge's rubric, by the judge's name
 */
export function createModelOracle(
	config: Exclude<OracleConfig, ProgramConfig>,
	rubrics: ReadonlyMap<string, string>,
): ModelOracle {
	const settings = modelJudges(config);
	const judges = settings.map((each) => {
		const rubric = rubrics.get(judgeName(each));
		if (rubric === undefined) throw new RangeError(`no rubric of the judge ${judgeName(each)}`);
		return createJudge(each, rubric);
	});
	const oracle = config.kind === "panel" ? createPanel(config.rule, judges) : judges[0]!;
	const { name, fingerprint } = oracle;
	const keep = keepByGroup<Narrowed>();
	// The same object for the same question: what the judges keep of it is found again.
	const narrowed = (group: CandidateGroup, comparisons: Comparisons) =>
		keep(group, JSON.stringify(comparisons), () => narrow(group, comparisons));
	return {
		name,
		fingerprint,
		judges,
		calls(group, comparisons, known) {
			const question = narrowed(group, comparisons);
			if (isSettled(question)) return [];
			const calls = oracle.calls(question.group, question.comparisons, known);
			return calls.map((call) => ({ ...call, shown: call.shown.map((place) => question.selection.judged[place]!) }));
		},
		verdict(group, comparisons, known) {
			const question = narrowed(group, comparisons);
			const base = verdictBase(name, fingerprint, group, comparisons);
			const inner: Verdict = isSettled(question)
				? { ...base, ...askedOf([]), ...unasked(question.group) }
				: oracle.verdict(question.group, question.comparisons, known);
			return spread({ ...inner, key: base.key }, question.selection);
		},
	};
}

function createJudge(settings: ModelJudgeConfig, rubric: string): ModelJudge {
	switch (settings.kind) {
		case "listwise":
			return createListwise(settings, rubric);
		case "pairwise":
			return createPairwise(settings, rubric);
		case "score":
			return createScore(settings, rubric);
	}
}

/** What is left to ask: a group, and which of its candidates to compare, by their places in it. */
interface Narrowed {
	readonly group: CandidateGroup;
	readonly comparisons: Comparisons;
	readonly selection: Selection;
}

function narrow(group: CandidateGroup, comparisons: Comparisons): Narrowed {
	const selection = withoutLoopsAndCopies(group.responses);
	return {
		group: selectGroup(group, selection),
		comparisons: comparisons === "all" ? "all" : narrowComparisons(comparisons, selection),
		selection,
	};
}

function narrowComparisons(comparisons: Exclude<Comparisons, "all">, { places }: Selection): Comparisons {
	const between = comparisons.flatMap(([i, j]) => {
		const [a, b] = [places[i], places[j]];
		return a === undefined || b === undefined ? [] : [[a, b] as const];
	});
	return distinctMeetings(between);
}

function isSettled({ group, comparisons }: Narrowed): boolean {
	return group.responses.length < 2 || comparisons.length === 0;
}

/** Of candidates that nobody is asked about. */
function unasked({ responses }: CandidateGroup) {
	const preferences = responses.map((_, i) => responses.map((_, j) => (i === j ? 0.5 : null)));
	return { kind: "preferences" as const, preferences, reasons: responses.map(() => "") };
}
