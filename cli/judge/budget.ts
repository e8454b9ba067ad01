import { DnoError } from "../../core/errors.ts";

/**
 * A budget from an option, in US dollars; undefined where it is not given.
 *
 * @throws {DnoError} It is no amount of money.
 */
export function readBudget(command: string, text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	const budget = Number(text);
	if (text.trim() !== "" && Number.isFinite(budget) && budget >= 0) return budget;
	throw new DnoError({
		what: "--budget takes US dollars",
		where: command,
		got: text,
		mend: "E.g. --budget 50",
		kind: "usage",
	});
}
