import type { CallResult, Usage } from "../../../core/judge-calls.ts";
import { judgeName } from "../../../core/oracle-config.ts";
import { type Reading, SCHEMA_VERSION } from "../../../core/records.ts";
import { putArtifact } from "../../store/durable-step.ts";
import type { Store } from "../../store/store.ts";
import type { Answer } from "./answer.ts";
import type { RawReply } from "./raw-reply.ts";
import { reasonLine } from "./reason-line.ts";
import type { CallJudge, Turn } from "./turn.ts";
import type { VerdictStore } from "./verdict-store.ts";

type Conclusion =
	| { readonly kind: "judged"; readonly reading: Reading }
	| { readonly kind: "unreadable" | "invalid" | "unjudged"; readonly reason: string };

/** What an answer is worth: only a reading is a judgment (promise 1). */
function conclusionOf({ reader }: CallJudge, turn: Turn, answer: Answer): Conclusion {
	if (answer.finishReason === "content_filter") {
		return { kind: "unjudged", reason: "the server's content filter cut the reply off" };
	}
	if (answer.refusal !== undefined) return { kind: "invalid", reason: `the judge refused: ${answer.refusal}` };
	const reading = reader.readReply(turn.call, answer);
	if (!("problem" in reading)) return { kind: "judged", reading };
	// There is nothing to show the judge again of an empty reply, and nothing more to say in a third turn.
	const isLast = turn.number === 2 || answer.text.trim() === "";
	return { kind: isLast ? "invalid" : "unreadable", reason: reading.problem };
}

/**
 * Keeps what an answer brought, before anyone uses it: a judgment in the verdict store, an unreadable reply as an artifact.
 *
 * @param paid what the answer took
 */
export async function conclude(
	{ store, verdicts }: { readonly store: Store; readonly verdicts: VerdictStore },
	judge: CallJudge,
	turn: Turn,
	answer: Answer,
	paid: { readonly usage: Usage; readonly cost: number },
): Promise<CallResult> {
	const { key } = turn.call;
	const conclusion = conclusionOf(judge, turn, answer);
	const { text, model, finishReason } = answer;
	const { first } = turn;
	const told = {
		text,
		...(first && { first: { text: first.text, problem: first.problem } }),
		usage: plus(paid.usage, first?.usage),
		cost: paid.cost + (first?.cost ?? 0),
	};
	if (conclusion.kind === "judged") {
		await verdicts.put({
			schemaVersion: SCHEMA_VERSION,
			key,
			judge: judgeName(judge.settings),
			model,
			reading: conclusion.reading,
			...told,
			at: new Date().toISOString(),
		});
		return { kind: "judged", key, cost: told.cost, repeated: false };
	}
	const { kind } = conclusion;
	const { cost } = paid;
	const reason = reasonLine(conclusion.reason);
	if (kind === "unjudged") return { kind, key, cost, reason };
	const raw: RawReply = { schemaVersion: SCHEMA_VERSION, key, model, finishReason, ...told };
	return { kind, key, cost, reason, text: await putArtifact(store, "unreadable-reply", { key }, JSON.stringify(raw)) };
}

function plus(a: Usage, b: Usage = { input: 0, cachedInput: 0, output: 0 }): Usage {
	return { input: a.input + b.input, cachedInput: a.cachedInput + b.cachedInput, output: a.output + b.output };
}
