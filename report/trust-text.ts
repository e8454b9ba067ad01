import type { FigureName, TrustFigures } from "../core/trust.ts";
import { percent } from "./format.ts";

/** What figures are called, short enough for a table's first column. */
export const FIGURE_LABELS: Readonly<Record<FigureName, string>> = {
	accuracy: "Accuracy, ties half",
	accuracyWithoutTies: "Accuracy without ties",
	swapAgreement: "Order-swap agreement",
	firstPlace: "Preference for the first place",
	longer: "Preference for the longer answer",
	longerWhenWorse: "… where the longer is worse",
	longerWhenBetter: "… where the longer is better",
	longerBalanced: "… whatever the quality",
	ownFamily: "Preference for its own family",
	ownFamilyWhenWorse: "… where its own is worse",
	ownFamilyWhenBetter: "… where its own is better",
	ownFamilyBalanced: "… whatever the quality",
	ties: "Tied comparisons",
	questionTies: "Tied single questions",
	invalid: "Invalid prompts",
	questionsInvalid: "Invalid questions",
	unjudged: "Unjudged prompts",
	questionsUnjudged: "Unjudged questions",
};

/** One plain sentence on what a figure of a judge says. */
export function figureMeaning(name: FigureName, { figures, family }: TrustFigures): string {
	const figure = figures[name];
	if (figure === undefined) return "";
	const share = percent(figure.value);
	const half = halfText(figure);
	switch (name) {
		case "accuracy":
			return `It prefers the better answer ${share} of the time, a tie counted half: ${half("not told apart from chance", "better than chance", "worse than chance")}.`;
		case "accuracyWithoutTies":
			return `Where it prefers one at all, it is the better one ${share} of the time.`;
		case "swapAgreement":
			return `Shown the same two answers the other way round, it says the same ${share} of the time.`;
		case "firstPlace":
			return `The answer shown earlier wins ${share}: ${half("no preference for a place is seen", "it prefers what it reads first", "it prefers what it reads last")}.`;
		case "longer":
			return figures.longerBalanced === undefined
				? `The longer answer wins ${share}: ${half("no preference for length is seen", "it prefers the longer, which may also be the better", "it prefers the shorter, which may also be the better")}.`
				: `The longer answer wins ${share}; the rows below tell length from quality.`;
		case "longerWhenWorse":
			return `A longer answer that is worse still wins ${share}.`;
		case "longerWhenBetter":
			return `A longer answer that is better wins ${share}.`;
		case "longerBalanced":
			return `With better and worse ones weighted alike the longer wins ${share}: ${half("no preference for length is seen", "it prefers length itself", "it prefers brevity itself")}.`;
		case "ownFamily":
			return figures.ownFamilyBalanced === undefined
				? `An answer of its own family (${family}) wins ${share}: ${half("no preference for its family is seen", "it prefers its own, which may also be the better", "it prefers the other, which may also be the better")}.`
				: `An answer of its own family (${family}) wins ${share}; the rows below tell family from quality.`;
		case "ownFamilyWhenWorse":
			return `An answer of its own family that is worse still wins ${share}.`;
		case "ownFamilyWhenBetter":
			return `An answer of its own family that is better wins ${share}.`;
		case "ownFamilyBalanced":
			return `With better and worse ones weighted alike its own family wins ${share}: ${half("no preference for its family is seen", "it prefers its family itself", "it prefers the other families")}.`;
		case "ties":
			return `It prefers neither of two answers, all orders and votes taken together, ${share} of the time.`;
		case "questionTies":
			return `A single reply prefers neither ${share} of the time.`;
		case "invalid":
			return `Of ${share} of the prompts no reply could be read: they are in no other figure.`;
		case "questionsInvalid":
			return `${share} of the questions got a reply that could not be read.`;
		case "unjudged":
			return `${share} of the prompts could not be put to it: they are in no other figure.`;
		case "questionsUnjudged":
			return `${share} of the questions got no reply.`;
	}
}

/** Chooses what is said by the side of ½ that the interval is on. */
function halfText({ low, high }: { readonly low: number; readonly high: number }) {
	return (around: string, above: string, below: string): string => (low > 0.5 ? above : high < 0.5 ? below : around);
}
