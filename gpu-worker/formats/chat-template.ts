import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Template } from "@huggingface/jinja";
import { readJsonFile } from "./json-file.ts";

export function openChatTemplate(dir: string) {
	const file = join(dir, "chat_template.jinja");
	const config = readJsonFile(join(dir, "tokenizer_config.json")) as Record<string, string>;
	const source = existsSync(file) ? readFileSync(file, "utf8") : config.chat_template;
	if (source === undefined) return undefined;
	const template = new Template(source);
	return {
		render: (messages: readonly { role: string; content: string }[], { addGenerationPrompt = false } = {}): string =>
			template.render({ messages, add_generation_prompt: addGenerationPrompt }),
	};
}
