import type { JudgeCall } from "../../../../core/judge-calls.ts";
import { type ModelJudgeConfig, modelJudges, oracleConfig } from "../../../../core/oracle-config.ts";
import type { ReplyReader } from "../reply-reader.ts";

/** The environment variable that holds the planted key, and the key. */
export const KEY_VARIABLE = "JUDGE_KEY";
export const KEY = "planted.secret/0123456789";

/** A pairwise judge at a server. */
export function judgeAt(baseURL: string, more: Readonly<Record<string, unknown>> = {}): ModelJudgeConfig {
	const config = { kind: "pairwise", model: "model-1", baseURL, apiKeyEnv: KEY_VARIABLE, ...more };
	return modelJudges(oracleConfig.parse(config))[0]!;
}

/** US dollars per million tokens: 600 tokens of input, 400 of cached input and 100 of output cost $0.0009. */
export const PRICE = { input: 1, cachedInput: 0.25, output: 2 };
export const COST = (600 * 1 + 400 * 0.25 + 100 * 2) / 1e6;

/** Reads a whole A or B; everything else is a problem. */
export const reader: ReplyReader = {
	readReply: (_, { text, finishReason }) => {
		if (finishReason === "length") return { problem: "the reply was cut off" };
		if (text !== "A" && text !== "B") return { problem: `"${text}" is neither A nor B` };
		return { kind: "choice", first: text === "A" ? 1 : 0, reason: "" };
	},
	replySchema: () => ({ type: "string", enum: ["A", "B"] }),
	repairMessages: ({ messages }, text, problem) => [
		...messages,
		{ role: "assistant", content: text },
		{ role: "user", content: problem },
	],
};

export function call(name: string, reply: JudgeCall["reply"] = { kind: "choice", from: "text" }): JudgeCall {
	return {
		schemaVersion: 1,
		key: Buffer.from(name).toString("hex").padEnd(64, "0"),
		promptId: name,
		judge: "model-1",
		shown: [0, 1],
		vote: 0,
		messages: [{ role: "user", content: `Which is better? ${name}` }],
		reply,
		maxTokens: 50,
	};
}
