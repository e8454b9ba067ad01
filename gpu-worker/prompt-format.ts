import { join } from "node:path";
import type { CampaignConfig } from "../core/config.ts";
import { openChatTemplate } from "./formats/chat-template.ts";
import type { Tokenizer } from "./formats/tokenizer.ts";
import { checkTokenizer, readModelConfig } from "./model/folder.ts";

/** How a policy is asked, and how its answers end. */
export interface PromptFormat {
	readonly tokenizer: Tokenizer;
	/** Token ids of a prompt as the policy reads it: through its chat template, or as it is. */
	encodePrompt(text: string): number[];
	/** The token that ends an answer. */
	readonly endOfResponse: number;
}

/** What stands for an answer while the template is asked what follows one. */
const ANSWER = "answer";

/**
 * Opens what a policy's folder says of prompts.
 *
 * @param format `chat` uses the folder's chat template where it has one
 * @throws DnoError where tokenizer or template cannot be used, or the tokenizer belongs to another model
 */
export function openPromptFormat(folder: string, format: CampaignConfig["prompts"]["format"]): PromptFormat {
	const config = readModelConfig(folder);
	const { eosTokenIds } = config;
	const tokenizer = checkTokenizer(join(folder, "tokenizer.json"), config);
	const template = format === "chat" ? openChatTemplate(folder) : undefined;
	if (template === undefined) return { tokenizer, encodePrompt: tokenizer.encode, endOfResponse: eosTokenIds[0]! };
	const ask = (content: string) => template.render([{ role: "user", content }], { addGenerationPrompt: true });
	const answered = template.render([
		{ role: "user", content: "prompt" },
		{ role: "assistant", content: ANSWER },
	]);
	// A chat model may end a text with another token than a turn (Llama 3); a teacher's answer is a turn.
	const after = tokenizer.encode(answered.slice(answered.lastIndexOf(ANSWER) + ANSWER.length));
	return {
		tokenizer,
		encodePrompt: (text) => tokenizer.encode(ask(text)),
		endOfResponse: after.find((token) => eosTokenIds.includes(token)) ?? eosTokenIds[0]!,
	};
}
