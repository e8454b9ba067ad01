import type { JudgeCall, Message, ReplyShape } from "../../../core/judge-calls.ts";
import { judgeName, type ModelJudgeConfig } from "../../../core/oracle-config.ts";
import { type CandidateGroup, SCHEMA_VERSION } from "../../../core/records.ts";
import { hashJson } from "../../store/hash-json.ts";
import { fence, fenceRules, type Shown } from "./fence.ts";
import { replyInstructions } from "./reply-format.ts";

/**
 * Part of every call's key, and of every oracle's fingerprint. To be raised when the same reply comes to mean something else,
 * i.e. when `readReply` reads otherwise, or when the request for the same settings and messages changes: stored replies
 * are then asked for, and paid for, again. What messages say is in the key itself.
 */
export const CALL_VERSION = 1;

/** What a judge is to be asked about a prompt's candidates. */
interface Question {
	readonly rubric: string;
	/** No shown text has it: see `boundaryOf`. */
	readonly boundary: string;
	/** Indices of the candidates, in the order shown. */
	readonly shown: readonly number[];
	/** How the fences name them, in that order. */
	readonly labels: readonly string[];
	readonly vote: number;
	readonly reply: ReplyShape;
	/** Longest reply in tokens where the settings name none. */
	readonly maxTokens: number;
}

/** The call that asks a question. Its key is that of all calls that a server cannot tell from it. */
export function judgeCall(settings: ModelJudgeConfig, group: CandidateGroup, question: Question): JudgeCall {
	const { shown, vote, reply } = question;
	const maxTokens = settings.maxTokens ?? question.maxTokens;
	const messages = judgeMessages(settings, group, question);
	const { model, baseURL, temperature, parameters, replyFormat } = settings;
	const asked = { model, baseURL, temperature, parameters, replyFormat };
	return {
		schemaVersion: SCHEMA_VERSION,
		key: hashJson({ version: CALL_VERSION, ...asked, maxTokens, reply, messages, vote }),
		promptId: group.promptId,
		judge: judgeName(settings),
		shown: [...shown],
		vote,
		messages,
		reply,
		maxTokens,
	};
}

/** What the judge is told goes before the material, the form of the reply behind it, where models remember it best. */
function judgeMessages(settings: ModelJudgeConfig, group: CandidateGroup, question: Question): Message[] {
	const { rubric, boundary, shown, labels, reply } = question;
	const responses = shown.map((index, place): Shown => {
		const label = labels[place]!;
		return { label, text: group.responses[index]!.text, limit: settings.maxCandidateCharacters };
	});
	const material = [{ label: "PROMPT", text: group.prompt }, ...responses].map((each) => fence(each, boundary));
	return [
		{ role: "system", content: `${rubric}\n\n${fenceRules(boundary)}` },
		{ role: "user", content: [...material, replyInstructions(reply)].join("\n\n") },
	];
}

/** All that a boundary must not occur in. */
export function textsOf(group: CandidateGroup, shown: readonly number[]): string[] {
	return [group.prompt, ...shown.map((i) => group.responses[i]!.text)];
}
