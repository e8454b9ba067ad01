import { judgeName, modelJudges, type OracleConfig } from "./oracle-config.ts";
import { type Asked, isJudgment, type Verdict } from "./records.ts";
import { mean } from "./statistics.ts";
import { type Comparison, placed, questionComparisons, side, swaps, verdictComparisons } from "./trust-comparisons.ts";

/** One prompt's verdict with what the figures need to know of its candidates, in the verdict's order of them. */
export interface TrustItem {
	readonly verdict: Verdict;
	readonly candidates: readonly { readonly text: string; readonly family?: string | undefined }[];
	/** Known quality of each candidate: a known preference where two differ. */
	readonly labels?: readonly number[] | undefined;
}

/** Model family by judge name. */
export type JudgeFamilies = Readonly<Record<string, string>>;

/** Model family by judge, of the judges whose family the oracle's config names. */
export function familiesOf(oracle: OracleConfig): JudgeFamilies {
	return Object.fromEntries(
		modelJudges(oracle).flatMap((judge) => (judge.family === undefined ? [] : [[judgeName(judge), judge.family]])),
	);
}

/** What is counted; {@link TrustFigures} says how each is defined. */
type Counted =
	| "accuracy"
	| "accuracyWithoutTies"
	| "swapAgreement"
	| "firstPlace"
	| `${"longer" | "ownFamily"}${"" | "WhenWorse" | "WhenBetter"}`
	| "ties"
	| "questionTies"
	| "invalid"
	| "questionsInvalid"
	| "unjudged"
	| "questionsUnjudged";

/** Of a figure: the sum of its mean within each prompt, the prompts, and the comparisons or questions in them. */
interface Cell {
	readonly sum: number;
	readonly n: number;
	readonly of: number;
}

/** One judge's figures before they are divided, so that iterations add up. */
export interface TrustTally {
	readonly judge: string;
	readonly family?: string;
	readonly prompts: number;
	readonly questions: number;
	readonly cells: Readonly<Partial<Record<Counted, Cell>>>;
}

/** Counts what the figures are made from: of the oracle, and of each judge of a panel. */
export function tallyTrust(items: readonly TrustItem[], families: JudgeFamilies = {}): TrustTally[] {
	return mergeTallies(items.map((item) => opinions(item.verdict).map((opinion) => tally(opinion, item, families))));
}

/** Adds tallies of different prompts up, judge by judge. */
export function mergeTallies(all: readonly (readonly TrustTally[])[]): TrustTally[] {
	const merged = new Map<string, TrustTally>();
	for (const one of all.flat()) {
		const before = merged.get(one.judge);
		merged.set(one.judge, before === undefined ? one : add(before, one));
	}
	return [...merged.values()];
}

function add(one: TrustTally, other: TrustTally): TrustTally {
	const cells: Partial<Record<Counted, Cell>> = { ...one.cells };
	for (const [name, { sum, n, of }] of Object.entries(other.cells) as [Counted, Cell][]) {
		const before = cells[name] ?? { sum: 0, n: 0, of: 0 };
		cells[name] = { sum: before.sum + sum, n: before.n + n, of: before.of + of };
	}
	return { ...one, prompts: one.prompts + other.prompts, questions: one.questions + other.questions, cells };
}

/** What one judge said of one prompt. */
interface Opinion {
	readonly judge: string;
	readonly outcome: "judged" | "invalid" | "unjudged";
	readonly comparisons: readonly Comparison[];
	readonly asked: readonly Asked[];
}

/** The oracle's own opinion, and where it is a panel its members'. */
function opinions(verdict: Verdict): Opinion[] {
	const asked = verdict.asked ?? [];
	const members = [...new Set(asked.map(({ judge }) => judge))].filter((judge) => judge !== verdict.judge);
	const outcome = isJudgment(verdict) ? "judged" : verdict.kind;
	return [
		{ judge: verdict.judge, outcome, comparisons: verdictComparisons(verdict), asked },
		...members.map((judge) => memberOpinion(judge, asked)),
	];
}

function memberOpinion(judge: string, all: readonly Asked[]): Opinion {
	const asked = all.filter((question) => question.judge === judge);
	const comparisons = questionComparisons(asked);
	const isUnasked = asked.some(({ outcome }) => outcome.kind === "unjudged");
	return { judge, outcome: comparisons.length > 0 ? "judged" : isUnasked ? "unjudged" : "invalid", comparisons, asked };
}

function tally({ judge, outcome, comparisons, asked }: Opinion, item: TrustItem, families: JudgeFamilies): TrustTally {
	const family = families[judge];
	const places = asked.flatMap(placed);
	const truth = known(comparisons, item.labels);
	const values: Record<Counted, readonly number[]> = {
		accuracy: truth.map(({ said }) => (1 + said) / 2),
		accuracyWithoutTies: truth.filter(({ said }) => said !== 0).map(({ said }) => (1 + said) / 2),
		swapAgreement: swaps(asked).map(Number),
		firstPlace: places.filter(({ p }) => side(p) !== 0).map(({ p }) => Number(side(p) > 0)),
		...favour("longer", comparisons, item.labels, (a, b) => longer(item, a, b)),
		...favour("ownFamily", comparisons, item.labels, (a, b) => ofFamily(item, family, a, b)),
		ties: comparisons.map(({ p }) => Number(side(p) === 0)),
		questionTies: places.map(({ p }) => Number(side(p) === 0)),
		invalid: [Number(outcome === "invalid")],
		unjudged: [Number(outcome === "unjudged")],
		questionsInvalid: asked.map((question) => Number(question.outcome.kind === "invalid")),
		questionsUnjudged: asked.map((question) => Number(question.outcome.kind === "unjudged")),
	};
	const cells = Object.entries(values).flatMap(([name, each]) =>
		each.length === 0 ? [] : [[name, { sum: mean(each), n: 1, of: each.length }] as const],
	);
	return {
		judge,
		...(family !== undefined && { family }),
		prompts: 1,
		questions: asked.length,
		cells: Object.fromEntries(cells),
	};
}

/** Comparisons whose outcome is known: 1 where the judge prefers the better one, −1 the worse one, 0 for a tie. */
function known(comparisons: readonly Comparison[], labels: TrustItem["labels"]): { readonly said: -1 | 0 | 1 }[] {
	if (labels === undefined) return [];
	return comparisons.flatMap(({ a, b, p }) => {
		const difference = labels[a]! - labels[b]!;
		return difference === 0 ? [] : [{ said: side(difference > 0 ? p : 1 - p) }];
	});
}

type Trait = "longer" | "ownFamily";

/**
 * Non-tied comparisons between a candidate with a trait and one without, as 1 where the one with it is preferred: all, and
 * where it is known to be the worse or the better one.
 *
 * @param who which of two has the trait: 1 the first, −1 the second, 0 both or neither
 */
function favour<T extends Trait>(
	trait: T,
	comparisons: readonly Comparison[],
	labels: TrustItem["labels"],
	who: (a: number, b: number) => number,
): Record<`${T}${"" | "WhenWorse" | "WhenBetter"}`, number[]> {
	const decided = comparisons.flatMap(({ a, b, p }) => {
		const has = Math.sign(who(a, b));
		if (has === 0 || side(p) === 0) return [];
		const better = labels === undefined ? 0 : Math.sign(labels[a]! - labels[b]!);
		return [{ value: Number(side(p) === has), quality: has * better }];
	});
	const where = (quality: number) => decided.filter((each) => each.quality === quality).map(({ value }) => value);
	return {
		[trait]: decided.map(({ value }) => value),
		[`${trait}WhenWorse`]: where(-1),
		[`${trait}WhenBetter`]: where(1),
	} as Record<`${T}${"" | "WhenWorse" | "WhenBetter"}`, number[]>;
}

function longer({ candidates }: TrustItem, a: number, b: number): number {
	return characters(candidates[a]!.text) - characters(candidates[b]!.text);
}

function characters(text: string): number {
	return [...text].length;
}

function ofFamily({ candidates }: TrustItem, family: string | undefined, a: number, b: number): number {
	const [one, other] = [candidates[a]!.family, candidates[b]!.family];
	if (family === undefined || one === undefined || other === undefined) return 0;
	return Number(one === family) - Number(other === family);
}
