import { repairMessages } from "../../activities/oracle/judges/reply-format.ts";
import { isJudgment, type Reading, type Verdict } from "../../core/records.ts";
import { preferencesOf } from "../../core/rewards.ts";
import { side } from "../../core/trust-comparisons.ts";
import { plural } from "../../report/format.ts";
import { count } from "../render/format.ts";
import type { Exchange } from "./room.ts";

/** Digits that a fraction of a cent needs. */
const COST_DIGITS = 6;

/** Everything that was sent and received, call by call, and the verdict it made. */
export function exchangeLines(names: readonly string[], verdict: Verdict, exchanges: readonly Exchange[]): string[] {
	const total = exchanges.reduce((sum, { outcome }) => sum + costOf(outcome), 0);
	return [
		...exchanges.flatMap((exchange, i) => [
			`=== question ${i + 1} of ${exchanges.length} to ${exchange.call.judge}, showing ${exchange.call.shown.map((shown) => names[shown]).join(", then ")}`,
			...sent(exchange),
			...received(names, exchange),
			"",
		]),
		`=== verdict of ${verdict.judge}`,
		...verdictLines(names, verdict),
		...(exchanges.length > 0 ? [`${plural(exchanges.length, "question")}, ${dollars(total)}`] : []),
	];
}

/** The messages of the last turn: they begin with those of the first, and what came of it. */
function sent({ call, outcome }: Exchange): string[] {
	const first = outcome.kind === "judged" ? outcome.reply.first : outcome.first;
	const messages = first === undefined ? call.messages : repairMessages(call, first.text, first.problem);
	return messages.flatMap(({ role, content }) => [`--- ${role}`, content]);
}

function received(names: readonly string[], { call, outcome }: Exchange): string[] {
	if (outcome.kind !== "judged") {
		const reply = outcome.text === undefined ? [] : ["--- reply", outcome.text];
		return [...reply, `--- ${outcome.kind}`, outcome.reason];
	}
	const { model, text, first, usage, reading, cost } = outcome.reply;
	const turns = first === undefined ? "" : " in both turns";
	const cached = usage.cachedInput > 0 ? ` (${count(usage.cachedInput)} of them cached)` : "";
	return [
		`--- reply of ${model}: ${count(usage.input)} tokens in${cached}, ${count(usage.output)} out, ${dollars(cost)}${turns}`,
		text,
		"--- read as",
		...readingLines(
			call.shown.map((shown) => names[shown]!),
			reading,
		),
	];
}

function readingLines(shown: readonly string[], reading: Reading): string[] {
	switch (reading.kind) {
		case "scores":
			return shown.map((name, i) => `${name}: ${reading.scores[i]}${because(reading.reasons[i])}`);
		case "choice":
			return [`${preferred(shown, reading.first)}${because(reading.reason)}`];
		case "rating":
			return [`${shown[0]}: ${reading.score}${because(reading.reason)}`];
	}
}

function verdictLines(names: readonly string[], verdict: Verdict): string[] {
	if (!isJudgment(verdict)) return [`${verdict.kind}: ${verdict.reason}`];
	const p = preferencesOf(verdict)[0]?.[1];
	const reasons = names.flatMap((name, i) => (verdict.reasons[i] ? [`${name}: ${verdict.reasons[i]}`] : []));
	return [p === undefined || p === null ? "the two were not compared" : preferred(names, p), ...reasons];
}

function preferred([one, other]: readonly string[], p: number): string {
	const preference = side(p);
	const said = preference === 0 ? "a tie" : `${preference > 0 ? one : other} is preferred`;
	return `${said} (P(${one} ≻ ${other}) = ${Number(p.toFixed(3))})`;
}

function because(reason: string | undefined): string {
	return reason ? `: ${reason}` : "";
}

function costOf(outcome: Exchange["outcome"]): number {
	return outcome.kind === "judged" ? outcome.reply.cost : outcome.cost;
}

function dollars(cost: number): string {
	return `$${Number(cost.toFixed(COST_DIGITS))}`;
}
