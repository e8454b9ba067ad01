import { z } from "zod";
import { wilsonInterval } from "./statistics.ts";
import { type JudgeFamilies, type TrustItem, type TrustTally, tallyTrust } from "./trust-tally.ts";

/** In the order in which they are shown. */
export const FIGURES = [
	"accuracy",
	"accuracyWithoutTies",
	"swapAgreement",
	"firstPlace",
	"longer",
	"longerWhenWorse",
	"longerWhenBetter",
	"longerBalanced",
	"ownFamily",
	"ownFamilyWhenWorse",
	"ownFamilyWhenBetter",
	"ownFamilyBalanced",
	"ties",
	"questionTies",
	"invalid",
	"questionsInvalid",
	"unjudged",
	"questionsUnjudged",
] as const;
export type FigureName = (typeof FIGURES)[number];

const rate = z.number().min(0).max(1);

const trustFigure = z.strictObject({
	/** Mean over prompts of the mean within each prompt. */
	value: rate,
	/** Wilson's 95 % interval over prompts. */
	low: rate,
	high: rate,
	/** Prompts that had anything to count. */
	n: z.int().positive(),
	/** Comparisons or questions in them. */
	of: z.int().positive(),
});
type TrustFigure = z.infer<typeof trustFigure>;

/**
 * How far one judge can be trusted. A *comparison* is the judge's final word on two candidates of a prompt, both orders and
 * all votes taken together; a *question* is one call. The judge prefers y to y' where P(y ≻ y') > ½ and ties at ½. Each
 * figure is averaged within a prompt first, and its interval is over prompts: comparisons of one prompt are not independent.
 * A figure that cannot be computed is absent.
 *
 * - `accuracy`: of comparisons with a known better side, (better side preferred + ½·ties) / all.
 * - `accuracyWithoutTies`: better side preferred / not tied.
 * - `swapAgreement`: of pairs asked in both orders, those where both answers name the same candidate or both tie.
 * - `firstPlace`: of non-tied questions that show two, and non-tied pairs within questions that show a list, those won by the
 *   one shown earlier; ½ is no preference.
 * - `longer`: of non-tied comparisons of different length in characters, those won by the longer; `longerWhenWorse` and
 *   `longerWhenBetter` where the longer is known to be the worse or the better; `longerBalanced` = (WhenWorse + WhenBetter)/2,
 *   which is ½ for a judge that does not look at length, however often it is right and however often the longer is better.
 *   Its interval is that of a difference of two rates (Newcombe 1998, method 10), its n the smaller of the two.
 * - `ownFamily…`: the same of comparisons between a candidate of the judge's model family and one of another.
 * - `ties`: tied comparisons / all; `questionTies` likewise within single questions that show two or more.
 * - `invalid`, `unjudged`: prompts without a verdict because the replies were none, or because the judge could not be asked;
 *   `questionsInvalid`, `questionsUnjudged` likewise of single questions.
 */
export const trustFigures = z.strictObject({
	judge: z.string(),
	family: z.string().optional(),
	/** Prompts that were put to it, and questions they took. */
	prompts: z.int().positive(),
	questions: z.int().nonnegative(),
	figures: z.partialRecord(z.enum(FIGURES), trustFigure),
});
export type TrustFigures = z.infer<typeof trustFigures>;

/**
 * The figures of the oracle that gave the verdicts and, where it is a panel, of each of its judges, whose comparisons are
 * the means of its own answers. None of no verdicts.
 */
export function judgeTrust(items: readonly TrustItem[], families: JudgeFamilies = {}): TrustFigures[] {
	return tallyTrust(items, families).map(figuresOf);
}

/** A tally's figures. */
export function figuresOf({ cells, ...about }: TrustTally): TrustFigures {
	const counted = Object.fromEntries(
		Object.entries(cells).map(([name, { sum, n, of }]) => {
			const { mean, low, high } = wilsonInterval(sum, n);
			return [name, { value: mean, low, high, n, of }];
		}),
	) as TrustFigures["figures"];
	const all: TrustFigures["figures"] = {
		...counted,
		...balanced("longerBalanced", counted.longerWhenWorse, counted.longerWhenBetter),
		...balanced("ownFamilyBalanced", counted.ownFamilyWhenWorse, counted.ownFamilyWhenBetter),
	};
	const figures = Object.fromEntries(FIGURES.flatMap((name) => (all[name] ? [[name, all[name]]] : [])));
	return { ...about, figures };
}

function balanced(
	name: "longerBalanced" | "ownFamilyBalanced",
	worse: TrustFigure | undefined,
	better: TrustFigure | undefined,
): TrustFigures["figures"] {
	if (worse === undefined || better === undefined) return {};
	const value = (worse.value + better.value) / 2;
	const low = value - Math.hypot(worse.value - worse.low, better.value - better.low) / 2;
	const high = value + Math.hypot(worse.high - worse.value, better.high - better.value) / 2;
	return {
		[name]: {
			value,
			low: Math.max(0, low),
			high: Math.min(1, high),
			n: Math.min(worse.n, better.n),
			of: worse.of + better.of,
		},
	};
}

/** Share of failures above which a judge, or how it is asked, is at fault. */
const FAILING = 0.05;

/**
 * Whether a figure speaks against its judge: an accuracy or an agreement that chance may have made (interval down to ½ or
 * below), or a preference for a place, for length or for its family (interval without ½). A preference that quality may
 * explain is none where its balanced figure is there to tell. So do failures that are surely more than one in twenty: what
 * is left then is a small and perhaps a lucky part.
 */
export function isConcern(name: FigureName, { figures }: TrustFigures): boolean {
	const figure = figures[name];
	if (figure === undefined) return false;
	const excludesHalf = figure.low > 0.5 || figure.high < 0.5;
	switch (name) {
		case "accuracy":
		case "accuracyWithoutTies":
		case "swapAgreement":
			return figure.low <= 0.5;
		case "firstPlace":
		case "longerBalanced":
		case "ownFamilyBalanced":
			return excludesHalf;
		case "longer":
		case "ownFamily":
			return excludesHalf && figures[`${name}Balanced`] === undefined;
		case "invalid":
		case "questionsInvalid":
		case "unjudged":
		case "questionsUnjudged":
			return figure.low > FAILING;
		default:
			return false;
	}
}
